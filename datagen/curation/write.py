"""What holdouts, hard examples and rare styles share: a record and a picture beside it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from datagen.core.errors import InputError, UsageError
from datagen.datasets.inputs import refuse_among_inputs
from datagen.files.atomic import holds_something, require_writable
from datagen.files.paths import place_refused
from datagen.previews.picture_file import check_picture, write_picture
from datagen.sources.images.weights import WeightsRecord, write_record

if TYPE_CHECKING:
    from PIL.Image import Image


def picture_beside(out: Path) -> Path:
    """Return the place of a record's picture: its name with another ending.

    Raises:
        UsageError: the record has no name.
    """
    if not out.name:
        raise UsageError(f"cannot write {out}: it is a folder; choose another --out")
    return out.with_suffix(".png")


def check_places(
    out: Path | None,
    sheet: Path | None,
    *read: Path,
    ours: Callable[[Path], object] | None = None,
) -> None:
    """Refuse what cannot be written before work is spent on it; None is not written.

    Args:
        out: the record.
        sheet: the picture.
        read: folders that are only read.
        ours: reads an earlier record, which may be replaced; raises `InputError` for other files.

    Raises:
        UsageError: one cannot be written there or would replace a file of another kind, both are
            one file, or one lies among the images or records of a folder that is read.
    """
    for folder in read:
        refuse_among_inputs(out, folder, "--out")
        refuse_among_inputs(sheet, folder, "--sheet")
    if out is not None:
        _check_record(out, ours)
    if sheet is None:
        return
    if out is not None and out.absolute() == sheet.absolute():
        raise UsageError(f"{out} cannot be both the record and the picture; name --sheet otherwise")
    check_picture(sheet, "--sheet")


def _check_record(out: Path, ours: Callable[[Path], object] | None) -> None:
    require_writable(out)
    if ours is None or not holds_something(out):
        return
    try:
        ours(out)
    except InputError as error:
        raise UsageError(
            f"{out} exists and is no record of this command; choose another --out, or remove it "
            "first"
        ) from error


def write_asked(
    record: WeightsRecord, draw: Callable[[], "Image"], out: Path | None, sheet: Path | None
) -> None:
    """Write the record, then draw and write the picture, each where a place is given.

    Raises:
        UsageError: the system refuses one of them.
    """
    if out is not None:
        try:
            write_record(record, out)
        except OSError as error:
            if not place_refused(error):
                raise
            raise UsageError(
                f"cannot write {out}: {error.strerror}; choose another --out"
            ) from error
    if sheet is not None:
        write_picture(draw, sheet, "--sheet")
