"""Are the glyphs at a font's i, v, x letters? Fonts of symbols have pictures in their places.

Enters: a font's file, or its drawn letters. Leaves: the reason to pass the font over, or "". The
glyphs' own names are asked first, then their shapes: makers of symbol fonts often leave the names
of letters on their pictures.
"""

import logging
import struct
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from datagen.core.arrays import Coverage
from datagen.core.errors import InputError
from datagen.files.reading import open_regular

LIKENESS: Final = 0.4
"""Mean correlation with the shapes of v, x, V, X, -1 … 1, below which they are no letters.

Of 98 fonts whose names allow letters (matplotlib's own, Debian's fonts-dejavu, fonts-liberation and
fonts-urw-base35), 96 are Latin and have 0.57 (a calligraphic one) or more, two of symbols at most
0.11. Symbols drawn at random among arrows, signs and dingbats have less than 0.33 in 99 % of 3,000
draws, and at most 0.47 (`python -m tests.benchmarks.letter_shapes --check FOLDER`).
"""

SIDE: Final = 12  # pixels of a shape
SHAPED: Final = "vxVX"  # i and I are too plain for their shape to tell them from a bar
_BLUR: Final = 0.75  # pixels

_COLLECTION: Final = struct.Struct(">4s4xI")  # tag, version, number of fonts
_MOST_FONTS: Final = 256  # in a file; the largest collections have some dozens

_SYMBOL: Final = (3, 0)  # platform and encoding of a character map
_UNICODE: Final = {(3, 1), (3, 10)}  # and all of platform 0

Shape = npt.NDArray[np.float32]

# What fontTools raises for a damaged or unusual font; its own TTLibError is an Exception only.
_UNREADABLE: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
)


# fontTools complains of damaged fonts without naming them; we name those that are unusable.
logging.getLogger("fontTools").addHandler(logging.NullHandler())


def fonts_in(file: Path) -> int:
    """Return how many fonts a file holds, by its header: more than one in a TTC or OTC file.

    1 also where it cannot be read: whatever draws it says why.
    """
    try:
        with open_regular(file) as stream:
            tag, number = _COLLECTION.unpack(stream.read(_COLLECTION.size))
    except (InputError, struct.error):
        return 1
    return int(number) if tag == b"ttcf" and 0 < number <= _MOST_FONTS else 1


def refuse_by_names(file: Path, letters: str, number: int = 0) -> str:
    """Return why the glyphs at `letters` are none, by the font's own tables; "" where they may be.

    Args:
        file: a TTF or OTF file. One that fontTools cannot read is left to whatever draws it.
        letters: characters, such as "ivxIVX".
        number: of the font in a file that holds several.
    """
    from fontTools.ttLib import TTFont, TTLibError  # noqa: PLC0415 - 0.1 s

    try:
        with file.open("rb") as stream, TTFont(stream, lazy=True, fontNumber=number) as font:
            encodings = {(table.platformID, table.platEncID) for table in font["cmap"].tables}
            if _SYMBOL in encodings and not any(e[0] == 0 or e in _UNICODE for e in encodings):
                return "is a font of symbols"
            names = font.getBestCmap()
            if names is None:
                return ""
            return next(filter(None, (_refuse(letter, names) for letter in letters)), "")
    except (TTLibError, *_UNREADABLE):
        return ""


def _refuse(letter: str, names: dict[int, str]) -> str:
    name = names.get(ord(letter))
    if name is None:
        return f"lacks the letter {letter!r}"
    meant = _meaning(name)
    if meant is not None and meant.lower() != letter.lower():
        return f"has symbols in the places of letters (its {letter!r} is called {name})"
    return ""


def _meaning(name: str) -> str | None:
    """Return the character that a glyph's name stands for; None where it stands for none.

    By Adobe's glyph list: `x`, `uni0078`, `x.alt` and `xsmall` all are x, `xi` is ξ, and `a82` one
    of the dingbats; `glyph82` and `cid00082` tell nothing.
    """
    from fontTools.agl import toUnicode  # noqa: PLC0415

    base = name.partition(".")[0]
    if len(base) > len("small") and base.lower().endswith("small"):
        base = base[: -len("small")]
    return toUnicode(base) or toUnicode(base, isZapfDingbats=True) or None


def refuse_by_shapes(drawn: dict[str, Coverage]) -> str:
    """Return why drawn glyphs are no letters, by what they look like; "" where they may be.

    Args:
        drawn: character → its ink, cropped; at least those of `SHAPED`.
    """
    if likeness(drawn) >= LIKENESS:
        return ""
    return "has pictures in the places of letters (they do not look like v, x, V, X)"


def likeness(drawn: dict[str, Coverage]) -> float:
    """Return how much glyphs look like the letters of Latin fonts, upright or italic, -1 … 1."""
    found = []
    for letter in SHAPED:
        shape = shape_of(drawn[letter])
        found.append(max(_correlation(shape, known) for known in _known()[letter]))
    return float(np.mean(found))


def shape_of(ink: Coverage) -> Shape:
    """Return the ink of a glyph, squeezed into a small blurred square."""
    small = cv2.resize(ink, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), _BLUR), np.float32)


def _correlation(one: Shape, other: Shape) -> float:
    a, b = one - one.mean(), other - other.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size else 0.0


@cache
def _known() -> dict[str, list[Shape]]:
    """Return letter → its upright and its italic shape, from `letter_shapes.txt`."""
    text = files("datagen.sources").joinpath("letter_shapes.txt").read_text("ascii")
    known: dict[str, list[Shape]] = {letter: [] for letter in SHAPED}
    for block in text.split("\n\n"):
        title, *rows = [line for line in block.splitlines() if not line.startswith("#")]
        pixels = [[int(digit, 16) for digit in row] for row in rows]
        known[title].append(np.array(pixels, np.float32))
    return known
