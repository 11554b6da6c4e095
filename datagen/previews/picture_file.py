"""The file of a picture that people look at: where it may go, and that it replaces only our own."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PIL import ExifTags, Image

from datagen.core.errors import UsageError
from datagen.files.atomic import require_writable, staged_file
from datagen.files.paths import place_refused

_MARK: Final = b"drawn by datagen"
"""Of a file that may be drawn again, in its Exif tag `Software`; a format without one has none."""
_FORMATS: Final = {"AVIF", "BMP", "GIF", "JPEG", "PDF", "PNG", "PPM", "TIFF", "WEBP"}


def check_picture(place: Path, flag: str = "--out") -> None:
    """Refuse, before any work is spent on it, a picture that cannot be written.

    Args:
        place: of the file.
        flag: that names another place.

    Raises:
        UsageError: the name's ending is no known format, the folder is not there or cannot be
            written, or there is a file that datagen did not draw.
    """
    if _format(place) is None:
        known = "such as a.png"
        raise UsageError(
            f"cannot write {place}: unknown file extension {place.suffix!r}; choose another "
            f"{flag}, {known}"
        )
    try:
        require_writable(place)
        drawn = not place.exists() or _MARK in place.read_bytes()
    except OSError as error:
        raise _refused(place, flag, error) from error
    if not drawn:
        raise UsageError(
            f"{place} exists and is no picture that datagen drew; choose another {flag}, or remove "
            "it first"
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
    mark = Image.Exif()
    mark[ExifTags.Base.Software] = _MARK.decode()
    picture = draw()
    try:
        with staged_file(place) as temporary:
            picture.save(temporary, _format(place), exif=mark)
    except OSError as error:
        if not place_refused(error):
            raise
        raise _refused(place, flag, error) from error


def _format(place: Path) -> str | None:
    found = Image.registered_extensions().get(place.suffix.lower())
    return found if found in _FORMATS and found in Image.SAVE else None


def _refused(place: Path, flag: str, error: OSError) -> UsageError:
    return UsageError(
        f"cannot write {place}: {error.strerror}; choose another {flag}, such as a.png"
    )
