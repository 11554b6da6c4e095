"""What holdouts, hard examples and rare styles share: a record and a picture beside it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from datagen.core.errors import UsageError
from datagen.datasets.inputs import refuse_among_inputs
from datagen.files.atomic import file_target
from datagen.files.paths import place_refused
from datagen.previews.contact_sheet import check_writable, save
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


def check_places(out: Path | None, sheet: Path | None, *read: Path) -> None:
    """Refuse what cannot be written before work is spent on it; None is not written.

    Args:
        out: the record.
        sheet: the picture.
        read: folders that are only read.

    Raises:
        UsageError: one cannot be written there, both are one file, or one lies among the images or
            records of a folder that is read.
    """
    _check_writable(out, sheet)
    for folder in read:
        refuse_among_inputs(out, folder, "--out")
        refuse_among_inputs(sheet, folder, "--sheet")


def _check_writable(out: Path | None, sheet: Path | None) -> None:
    if out is not None:
        try:
            file_target(out)
            reason = "" if out.parent.is_dir() else f"no folder {out.parent}"
        except OSError as error:
            reason = str(error.strerror)
        if reason:
            raise UsageError(f"cannot write {out}: {reason}; choose another --out")
    if sheet is None:
        return
    if out is not None and out.absolute() == sheet.absolute():
        raise UsageError(f"{out} cannot be both the record and the picture; name --sheet otherwise")
    try:
        check_writable(sheet)
    except (ValueError, OSError) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"cannot write {sheet}: {reason}; choose another --sheet, such as a.png"
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
        write_picture(draw, sheet)


def write_picture(draw: Callable[[], "Image"], sheet: Path) -> None:
    """Draw and write a picture.

    Raises:
        UsageError: the system refuses it.
    """
    try:
        save(draw(), sheet)
    except OSError as error:
        if not place_refused(error):
            raise
        raise UsageError(
            f"cannot write {sheet}: {error.strerror}; choose another --sheet"
        ) from error
