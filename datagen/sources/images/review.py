"""A review: what a person who looked at every image of a collection found wrong with it.

A YAML file of file hashes, classes and reasons, which holds no image and so can be shared where
the images cannot. Enters: a review and a listing of class folders. Leaves: the listing put right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from datagen.core.errors import CorruptInputError, RecipeError
from datagen.core.models import StrictModel
from datagen.core.numerals import CLASSES
from datagen.core.pydantic_errors import explain
from datagen.files.hashing import file_hash, hash_files
from datagen.files.presets import Presets, plain_yaml

_PRESETS: Final = Presets("review", "datagen.sources.images.reviews")


def _one_of_the_ten(numeral: str) -> str:
    if numeral not in CLASSES:
        raise ValueError(f"expected one of {' '.join(CLASSES)}")
    return numeral


_Class = Annotated[str, AfterValidator(_one_of_the_ten)]
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class LabelCorrection(StrictModel):
    """What is wrong with one image.

    Attributes:
        verdict: leave it out, or move it to another class.
        numeral: the class it plainly shows; only of a relabelled one. Called `class` in YAML.
        was: the class it was given under. Where its owner has moved it since, it is left alone.
        reason: a short phrase, such as "scribble" or "reads viii".
    """

    verdict: Literal["drop", "relabel"]
    numeral: _Class | None = Field(default=None, alias="class")
    was: _Class
    reason: _Text

    @model_validator(mode="after")
    def _a_class_to_move_to(self) -> Self:
        if self.verdict == "relabel" and self.numeral in {None, self.was}:
            raise ValueError("relabel needs the true class, other than the one it was given under")
        if self.verdict == "drop" and self.numeral is not None:
            raise ValueError("drop takes no class; say relabel to move the image to it")
        return self


class Review(StrictModel):
    """The label corrections of one collection.

    Attributes:
        name: what the command line calls it.
        about: which collection, and what was found.
        images: SHA-256 of a file's bytes → what is wrong with it. Files not named are sound.
    """

    review: Literal[1]  # version of this format
    name: _Text
    about: _Text
    images: dict[_Sha256, LabelCorrection]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A listing put right.

    Attributes:
        names: path → class, of the files that stay, in class order, then by path.
        judged: path → what was found wrong with it and done about it.
        moved_before: files that stand in the class the review moves them to: it was done already.
    """

    names: Mapping[str, str]
    judged: Mapping[str, LabelCorrection]
    moved_before: int = 0

    def count(self, verdict: Literal["drop", "relabel"]) -> int:
        """Return how many files met with `verdict`."""
        return sum(correction.verdict == verdict for correction in self.judged.values())


def shipped() -> dict[str, str]:
    """Return the YAML text of every review in the package, by name."""
    return _PRESETS.shipped()


def load(name_or_path: str) -> Review:
    """Read a review: a file's path, or the name of a shipped one.

    Raises:
        MissingInputError: no such file.
        UnknownNameError: neither a file nor a shipped review.
        RecipeError: it is not YAML, or does not validate; the message names the key.
    """
    found = _PRESETS.find(name_or_path)
    return parse(found.text, origin=found.origin)


def parse(text: str, *, origin: str) -> Review:
    """Validate YAML text as a review.

    Raises:
        RecipeError: it is not YAML, judges one file twice, or does not validate.
    """
    plain = plain_yaml(text, origin)
    if not isinstance(plain, dict):
        raise RecipeError(
            f"{origin} is not a review: expected the keys review, name, about, images"
        )
    try:
        return Review.model_validate(plain)
    except ValidationError as error:
        raise RecipeError(f"{origin}: {explain(error, Review)}") from error


def apply(review: Review, root: Path, names: Mapping[str, str]) -> Reviewed:
    """Return `names` without what the review drops, and with its classes put right.

    Only bytes are hashed; no image is decoded. A file that cannot be read stays listed:
    opening it reports the error.

    Args:
        review: the corrections.
        root: the folder.
        names: path below it → class.
    """
    hashes = hash_files(root, list(names), "bytes", file_hash)
    judged: dict[str, LabelCorrection] = {}
    kept: dict[str, str] = {}
    moved_before = 0
    for name, numeral in names.items():
        found = hashes[name]
        correction = None if isinstance(found, CorruptInputError) else review.images.get(found)
        if correction is None or correction.was != numeral:
            kept[name] = numeral
            moved_before += correction is not None and correction.numeral == numeral
            continue
        judged[name] = correction
        if correction.numeral is not None:
            kept[name] = correction.numeral
    order = sorted(kept, key=lambda name: (CLASSES.index(kept[name]), name))
    return Reviewed({name: kept[name] for name in order}, judged, moved_before)
