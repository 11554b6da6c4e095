"""The file of a picture that people look at: where it may go, and that it replaces only our own."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PIL import ExifTags, Image

from datagen.core.errors import UsageError
from datagen.files.atomic import require_writable, staged_file
from datagen.files.paths import place_refused

_MARK: Final = "drawn by datagen"
"""In a picture that may be drawn again; a few formats, such as BMP, have no place for it."""


def check_picture(place: Path, flag: str = "--out") -> None:
    """Refuse, before any work is spent on it, a picture that cannot be written.

    Args:
        place: of the file.
        flag: that names another place.

    Raises:
        UsageError: the name's ending is no known format, the folder is not there or cannot be
            written, or there is a file that datagen did not draw.
    """
    _require_format(place, flag)
    require_writable(place, _another(flag))
    try:
        there = place.read_bytes() if place.exists() else b""
    except OSError as error:
        raise _refused(place, flag, error) from error
    if there and _MARK.encode() not in there:
        raise UsageError(
            f"{place} exists, and nothing in it says that datagen drew it; choose another {flag}, "
            "or remove it first"
        )


def write_picture(draw: Callable[[], Image.Image], place: Path, flag: str = "--out") -> None:
    """Draw and write a picture in the format that its name says; it appears whole or not at all.

    Args:
        draw: called once it is known that the picture can be written.
        place: see `check_picture`.
        flag: see `check_picture`.

    Raises:
        UsageError: see `check_picture`.
        OSError: the disk is full.
    """
    check_picture(place, flag)
    picture = draw()
    try:
        with staged_file(place) as temporary:
            _save(picture, temporary, _format(place))
    except OSError as error:
        if not place_refused(error):
            raise
        raise _refused(place, flag, error) from error


def _format(place: Path) -> str:
    return Image.registered_extensions().get(place.suffix.lower(), "")


def _require_format(place: Path, flag: str) -> None:
    try:
        if _format(place) not in Image.SAVE:
            raise ValueError(f"unknown file extension {place.suffix!r}")
        _save(Image.new("L", (1, 1)), io.BytesIO(), _format(place))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot write {place}: {error}; choose {_another(flag)}") from error


def _save(picture: Image.Image, file: Path | io.BytesIO, form: str) -> None:
    """Write a picture with the mark, in whichever place a format has for it."""
    mark = Image.Exif()
    mark[ExifTags.Base.Software] = _MARK
    picture.save(file, form, exif=mark, comment=_MARK, creator=_MARK)


def _refused(place: Path, flag: str, error: OSError) -> UsageError:
    return UsageError(f"cannot write {place}: {error.strerror}; choose {_another(flag)}")


def _another(flag: str) -> str:
    return f"another {flag}, such as a.png"
