"""Weights of pictures: how much more often than others each is to serve.

`datagen mine` and `datagen rare` write them among other things; the source `images` reads them.
"""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from datagen.core.budget import RATIO_LIMIT
from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.limits import Sha256
from datagen.core.models import StrictModel
from datagen.core.pydantic_errors import explain
from datagen.files.atomic import staged_file
from datagen.files.paths import recorded_place
from datagen.files.reading import RECORD, read_bytes
from pipelines.numbers import Numbers

_WRITERS = "`datagen mine` and `datagen rare` write one"


class WeightsRecord(StrictModel):
    """What `hard.json` and `rare.json` have in common: fields go by their names or their keys."""

    model_config = ConfigDict(populate_by_name=True)

    places: ClassVar[tuple[str, ...]] = ()
    """Fields that are paths: in the file they are relative to the file's folder."""


class _Weighed(Numbers):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    sha256: Sha256
    weight: Annotated[float, Field(gt=0, le=RATIO_LIMIT)]


class _Weights(BaseModel):
    images: tuple[_Weighed, ...]


def write_record(record: WeightsRecord, path: Path) -> None:
    """Write `hard.json` or `rare.json`; it appears whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    with staged_file(path) as temporary:
        found = {key: recorded_place(getattr(record, key), path.parent) for key in record.places}
        text = record.model_copy(update=found).model_dump_json(by_alias=True, indent=1) + "\n"
        temporary.write_text(text, "utf-8", newline="\n")


def require_record(path: Path, kind: type[WeightsRecord]) -> None:
    """Refuse a file that is no record of that kind: `hard.json`, or `rare.json`.

    Raises:
        InputError: it cannot be read, or is something else.
    """
    try:
        kind.model_validate_json(read_bytes(path, RECORD))
    except ValidationError as error:
        raise CorruptInputError(f"{path} is no record: {explain(error, kind)}") from error


def read_weights(path: Path) -> dict[str, float]:
    """Return sha256 of a file → weight, of every image that a record names.

    Args:
        path: JSON whose `images` have `sha256` and `weight`; whatever else it holds is its own.

    Raises:
        MissingInputError: there is no such file.
        CorruptInputError: it is no such record.
    """
    try:
        found = _Weights.model_validate_json(read_bytes(path, RECORD))
    except MissingInputError:
        raise MissingInputError(f"no file {path}; {_WRITERS}") from None
    except ValidationError as error:
        raise CorruptInputError(
            f"{path} is no record of weights: {explain(error, _Weights)}; {_WRITERS}"
        ) from error
    return {image.sha256: image.weight for image in found.images}
