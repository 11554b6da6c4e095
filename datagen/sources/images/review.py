"""A review: what a person who looked at images of a collection found wrong with them, or sound.

A YAML file of file hashes, classes and reasons, which holds no image and so can be shared where
the images cannot. Enters: a review and a listing of class folders. Leaves: the listing put right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from datagen.core.errors import CorruptInputError, RecipeError
from datagen.core.limits import Sha256
from datagen.core.models import StrictModel
from datagen.core.numerals import CLASSES, class_name
from datagen.core.pydantic_errors import explain
from datagen.files.hashing import file_hash, hash_files
from datagen.files.presets import Presets, plain_yaml, read_text
from datagen.files.reading import REVIEW

_PRESETS: Final = Presets("review", "datagen.sources.images.reviews", REVIEW)


def _in_utc(text: str) -> str:
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise ValueError(text)
        return utc_text(time)
    except (ValueError, OverflowError):  # overflow: the year 1 in the east, 9999 in the west
        raise ValueError("expected a time such as '2026-11-27T04:30:00Z', in quotes") from None


def utc_text(time: datetime) -> str:
    """Return a time as reviews have it: in UTC, to the second.

    Example:
        >>> utc_text(datetime.fromisoformat("2026-11-27T05:30:00+01:00"))
        '2026-11-27T04:30:00Z'
    """
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


_Class = Annotated[str, AfterValidator(class_name)]
_Time = Annotated[str, AfterValidator(_in_utc)]
_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

LOOKED_AT: Final = "looked at"
"""The reason of an image that is kept, where none is given."""

Decision: TypeAlias = Literal["keep", "drop", "relabel"]


class LabelCorrection(StrictModel):
    """What a person decided about one image.

    Attributes:
        verdict: leave it out, move it to another class, or keep it as it is: it was looked at.
        numeral: the class it plainly shows; only of a relabelled one. Called `class` in YAML.
        was: the class it was given under. Where its owner has moved it since, it is left alone.
        reason: a short phrase, such as "scribble" or "reads viii"; may be left out with `keep`.
        who: decided; None where nobody said.
        when: it was decided, as `utc_text` gives it; None where nobody said.
    """

    verdict: Decision
    numeral: _Class | None = Field(default=None, alias="class")
    was: _Class
    reason: _Text = ""  # not that it may be empty: what needs one says so itself
    who: _Text | None = None
    when: _Time | None = None

    @model_validator(mode="before")
    @classmethod
    def _a_kept_one_needs_no_reason(cls, plain: Any) -> Any:
        if isinstance(plain, dict) and plain.get("verdict") == "keep":
            return {"reason": LOOKED_AT, **plain}
        return plain

    @model_validator(mode="after")
    def _a_class_to_move_to(self) -> Self:
        if self.verdict == "relabel" and self.numeral in {None, self.was}:
            raise ValueError("relabel needs the true class, other than the one it was given under")
        if self.verdict != "relabel" and self.numeral is not None:
            raise ValueError(f"{self.verdict} takes no class; say relabel to move the image to it")
        if not self.reason:
            raise ValueError(f"{self.verdict} needs a reason, such as 'scribble' or 'reads viii'")
        return self

    @property
    def shows(self) -> str | None:
        """The class that the image shows by this decision; None where it is dropped."""
        return self.was if self.verdict == "keep" else self.numeral


class Review(StrictModel):
    """The decisions about images of one collection.

    Attributes:
        name: what the command line calls it.
        about: which collection, and what was found.
        images: SHA-256 of a file's bytes → what was decided. Files not named are used as they are.
    """

    review: Literal[1]  # version of this format
    name: _Text
    about: _Text
    images: dict[Sha256, LabelCorrection]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A listing put right.

    Attributes:
        names: path → class, of the files that stay, in class order, then by path.
        judged: path → what was found wrong with it and done about it; no file that is kept.
        moved_before: files that stand in the class the review moves them to: it was done already.
        sound: files that the review keeps as they are.
    """

    names: Mapping[str, str]
    judged: Mapping[str, LabelCorrection]
    moved_before: int = 0
    sound: int = 0

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


def read(path: Path) -> Review:
    """Read a review file, whatever it is called.

    Raises:
        MissingInputError: no such file.
        RecipeError: it cannot be read, is not YAML, or does not validate.
    """
    found = read_text(path, "review", REVIEW)
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
    moved_before = sound = 0
    for name, numeral in names.items():
        found = hashes[name]
        correction = None if isinstance(found, CorruptInputError) else review.images.get(found)
        if correction is None or correction.was != numeral or correction.verdict == "keep":
            kept[name] = numeral
            if correction is not None and correction.shows == numeral:
                sound += correction.verdict == "keep"
                moved_before += correction.verdict == "relabel"
            continue
        judged[name] = correction
        if correction.numeral is not None:
            kept[name] = correction.numeral
    order = sorted(kept, key=lambda name: (CLASSES.index(kept[name]), name))
    return Reviewed({name: kept[name] for name in order}, judged, moved_before, sound)
