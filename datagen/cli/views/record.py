"""What `mine` and `rare` share: a record of images and a picture beside it, written where asked."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from datagen.core.errors import UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

    from datagen.sources.images.weights import WeightsRecord


def check_places(out: Path, picture: Path) -> None:
    """Refuse what cannot be written before work is spent on it.

    Raises:
        UsageError: one cannot be written there, or both are one file.
    """
    from datagen.previews.contact_sheet import check_writable

    if out.is_dir() or not out.parent.is_dir():
        reason = "it is a folder" if out.is_dir() else f"no folder {out.parent}"
        raise UsageError(f"cannot write {out}: {reason}; choose another --out")
    if out.absolute() == picture.absolute():
        raise UsageError(f"{out} cannot be both the record and the picture; name --sheet otherwise")
    try:
        check_writable(picture)
    except ValueError as error:
        raise UsageError(
            f"cannot write {picture}: {error}; choose another --sheet, such as a.png"
        ) from error


def write_both(
    out: Path, record: "WeightsRecord", picture: Path, draw: Callable[[], "Image"]
) -> None:
    """Write the record, then draw and write the picture.

    Raises:
        UsageError: the system refuses one of them.
    """
    from datagen.previews.contact_sheet import save
    from datagen.sources.images.weights import write_record

    for path, option in ((out, "--out"), (picture, "--sheet")):
        try:
            if path is out:
                write_record(record, out)
            else:
                save(draw(), picture)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error}; choose another {option}") from error
