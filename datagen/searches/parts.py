"""A person's images in parts: one kept for the end, the others folds that choose.

The kept part is set aside first, so that no image of it is in anything that chooses. What is left
is divided into folds of whole styles, each with what a recipe may be built from (`rest`).
"""

from dataclasses import dataclass
from pathlib import Path

from datagen.core.errors import SplitError
from datagen.curation.holdout.divide import Tell, hold_out
from datagen.curation.holdout.place import fold_folder
from datagen.curation.holdout.record import RECORD, SIDES
from datagen.searches.spec import SearchSpec


@dataclass(frozen=True, slots=True)
class Part:
    """A test and what may be trained on for it; no image of one is in the other."""

    test: Path
    rest: Path


@dataclass(frozen=True, slots=True)
class Parts:
    """All parts of a person's images.

    Attributes:
        folds: those that choose, by number.
        kept: scored at the end only; none of its test is in any fold.
    """

    folds: dict[int, Part]
    kept: Part


def parts_of(spec: SearchSpec, folder: Path) -> Parts:
    """Return where the parts of a search are, or will be."""
    holdout, rest = SIDES
    divided = folder / "folds"

    def part(place: Path) -> Part:
        return Part(place / holdout, place / rest)

    folds = {k: part(divided / fold_folder(k)) for k in range(1, spec.folds + 1)}
    return Parts(folds, part(folder / "kept"))


def divide(spec: SearchSpec, folder: Path, tell: Tell) -> Parts:
    """Divide the person's images, unless that is done already.

    A review is not applied here: what is tested on stays as given, what is trained on is reviewed
    when it is built.

    Raises:
        SplitError: a class has too few images.
        UsageError, InputError: as `hold_out`.
    """
    parts = parts_of(spec, folder)
    kept, divided = parts.kept.test.parent, folder / "folds"
    fraction = 1 / (spec.folds + 1)
    try:
        if not (kept / RECORD).is_file():
            hold_out(
                spec.real,
                kept,
                fraction=fraction,
                seed=spec.seed,
                skip_bad=spec.skip_bad,
                tell=tell,
            )
        if not (divided / RECORD).is_file():
            hold_out(parts.kept.rest, divided, folds=spec.folds, seed=spec.seed, tell=tell)
    except SplitError as error:  # its advice is that of `datagen holdout`
        raise SplitError(
            f"{spec.real} cannot be divided in {spec.folds} folds and a kept part: "
            f"{str(error).split(';')[0]}; add images, or ask for fewer --folds (at least 2)"
        ) from error
    return parts
