"""`audit.jsonl`: one line per image, with every signal that something may be wrong with it.

`datagen audit` writes it; the review page reads it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, ValidationError

from datagen.core.errors import CorruptInputError, UsageError
from datagen.core.limits import Sha256
from datagen.core.models import StrictModel
from datagen.core.numerals import Numeral
from datagen.core.pydantic_errors import explain
from datagen.files.atomic import staged_file
from datagen.files.hashing import file_hash
from datagen.files.reading import RECORD, read_bytes

Suggestion = Literal["keep", "drop", "relabel"]
Probability = Annotated[float, Field(ge=0, le=1)]


class AuditImage(StrictModel):
    """What an audit found about one image.

    Attributes:
        path: below the folder, with `/`.
        sha256: of the file's bytes, hexadecimal.
        numeral: its class as given (key `class` in the file).
        rank: 1 for the most suspicious image of the folder.
        suspicion: 0 … 1, by which images are ranked.
        suggestion: what a person would probably decide.
        likelier: the class that it should probably have; None where the given one is the likeliest.
        reason: why, in one sentence.
        probabilities: of each class, in class order, by networks that did not train on it; mean
            over the seeds.
        signals: name of each signal → its strength, 0 … 1.
        group: equal for near-duplicates and for images of one writer.
        style: number of its style cluster within the class; None where styles were not looked at.
        alike: paths of the images most like it, the most alike first.
        value: what the image is worth to the frozen score, in accuracy; None where not estimated.
        value_low: lower end of the 95 % interval of `value`.
        value_high: upper end of it.
    """

    model_config = ConfigDict(populate_by_name=True)

    path: str
    sha256: Sha256
    numeral: Annotated[Numeral, Field(alias="class")]
    rank: Annotated[int, Field(ge=1)]
    suspicion: Probability
    suggestion: Suggestion
    likelier: Numeral | None = None
    reason: str
    probabilities: tuple[Probability, ...]
    signals: dict[str, Probability]
    group: str
    style: int | None = None
    alike: tuple[str, ...] = ()
    value: float | None = None
    value_low: float | None = None
    value_high: float | None = None


def write_audit(path: Path, images: Sequence[AuditImage]) -> None:
    """Write `audit.jsonl`; it appears whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    with staged_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as out:
        for image in images:
            out.write(image.model_dump_json(by_alias=True) + "\n")


def read_audit(path: Path) -> tuple[AuditImage, ...]:
    """Read `audit.jsonl`.

    Raises:
        MissingInputError: there is no such file.
        CorruptInputError: a line is no such record; the message names it.
    """
    images = []
    for number, line in enumerate(read_bytes(path, RECORD).splitlines(), 1):
        try:
            images.append(AuditImage.model_validate_json(line))
        except ValidationError as error:
            raise CorruptInputError(
                f"{path}, line {number}: {explain(error, AuditImage)}; `datagen audit` writes one"
            ) from error
    if not images:
        raise CorruptInputError(f"{path} is empty; `datagen audit` writes one")
    return tuple(images)


def require_audit_of(path: Path, folder: Path) -> None:
    """Refuse to replace a file that is no audit, or that of another folder, by one of `folder`.

    Raises:
        InputError: it is no audit.
        UsageError: `folder` has none of the images that it names.
    """
    images = read_audit(path)
    here = ((folder / image.path, image.sha256) for image in images)
    if not any(file.is_file() and file_hash(file) == digest for file, digest in here):
        raise UsageError(
            f"{path} is the audit of other images than those of {folder}; choose another --out, or "
            "remove it first"
        )
