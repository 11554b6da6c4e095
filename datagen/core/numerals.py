"""The ten classes and how they are written. Facts only: no I/O, no randomness."""

from functools import lru_cache
from typing import Final, Literal, get_args

Letter = Literal["i", "v", "x"]
Case = Literal["lower", "upper", "unknown"]
CaseStyle = Literal["lower", "upper", "mixed", "unknown"]
Numeral = Literal["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"]
Split = Literal["train", "val", "test"]

LETTERS: Final[tuple[Letter, ...]] = get_args(Letter)
SPLITS: Final[tuple[Split, ...]] = ("train", "val")
"""What is trained with and what the budget counts."""

PARTS: Final[tuple[Split, ...]] = get_args(Split)
"""The same and `test`, which a dataset may have as a third part."""

CLASSES: Final[tuple[Numeral, ...]] = get_args(Numeral)
"""Class names in the evaluator's order, which is numeric and not alphabetical."""

MIXED_SPELLINGS: Final[dict[str, str]] = {
    "iv": "iV",
    "vi": "Vi",
    "vii": "Vii",
    "viii": "Viii",
    "ix": "iX",
}
"""Mixed case as people write it: a capital V or X beside dotted i's. Other classes have none."""


def class_name(numeral: str) -> str:
    """Return `numeral`.

    Raises:
        ValueError: it is not one of `CLASSES`.
    """
    if numeral not in CLASSES:
        raise ValueError(f"expected one of {' '.join(CLASSES)}")
    return numeral


def case_styles(numeral: str) -> tuple[CaseStyle, ...]:
    """Return the case styles in which people write `numeral`."""
    return ("lower", "upper", "mixed") if numeral in MIXED_SPELLINGS else ("lower", "upper")


@lru_cache(maxsize=64)
def spell(numeral: str, style: CaseStyle) -> tuple[tuple[Letter, Case], ...]:
    """Return the letters of `numeral`, left to right, each with its case.

    Args:
        numeral: one of `CLASSES`.
        style: how it is written; `"mixed"` falls back to capitals for a class that has no
            mixed form, `"unknown"` leaves every case open.

    Raises:
        ValueError: `numeral` is not one of the ten classes.
    """
    if numeral not in CLASSES:
        raise ValueError(f"{numeral!r} is not one of the classes {', '.join(CLASSES)}")
    if style == "unknown":
        return tuple((_letter(char), "unknown") for char in numeral)
    written = {"lower": numeral, "upper": numeral.upper()}.get(style) or MIXED_SPELLINGS.get(
        numeral, numeral.upper()
    )
    return tuple((_letter(char), "upper" if char.isupper() else "lower") for char in written)


def _letter(char: str) -> Letter:
    return LETTERS[("i", "v", "x").index(char.lower())]
