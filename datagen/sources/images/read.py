"""Reading one finished numeral: decoded, its polarity as asked, large enough, not blank."""

from pathlib import Path
from typing import Final, Literal

from datagen.core.arrays import GrayImage
from datagen.core.errors import CorruptInputError, LightInkError, MissingInputError
from datagen.files.decode import decode_gray
from datagen.files.reading import IMAGE, read_bytes
from datagen.images.polarity import MIN_CONTRAST, contrast, has_light_ink, paper_under, turned
from pipelines.ops import scan as scan_conversion

MIN_SIDE: Final = 4  # pixels: less cannot hold a numeral

Invert = Literal["auto", "yes", "no"]

DARK_INK_EXPECTED: Final = (
    "light ink on dark paper, expected dark ink on light paper; turn it with the option invert "
    "(--option images.invert=auto), or a copy of it with "
    "`datagen export FOLDER COPY --flatten --invert auto`"
)


def read_numeral(file: Path, *, scan: bool = False, invert: Invert | None = None) -> GrayImage:
    """Return one usable image, `uint8 H×W`, ink 0 on paper 255.

    Args:
        file: an image file.
        scan: pass it through the organisers' scan conversion.
        invert: what is done with light ink on dark paper; None refuses it.

    Raises:
        CorruptInputError: it cannot be read, is too small, or is blank.
        LightInkError: it is light ink on dark paper, and `invert` is None.
    """
    return read_both(file, scan=scan, invert=invert)[1]


def read_both(
    file: Path, *, scan: bool = False, invert: Invert | None = None
) -> tuple[GrayImage, GrayImage]:
    """Return one image as it was given, decoded only, and as `read_numeral` makes it usable.

    Raises:
        CorruptInputError, LightInkError: see `read_numeral`.
    """
    try:
        data = read_bytes(file, IMAGE)
    except MissingInputError as error:  # it was there just now
        raise CorruptInputError(f"{error}; run again") from error
    given = decode_gray(data, str(file))
    image = _dark_ink(given, data, str(file), invert)
    return given, _usable(image, file, scan=scan)


def _usable(image: GrayImage, file: Path, *, scan: bool) -> GrayImage:
    """Return an image, or its scan; refuse one that is too small or blank."""
    height, width = image.shape
    if min(height, width) < MIN_SIDE:
        raise CorruptInputError(
            f"{file} is {width}×{height} pixels, expected at least {MIN_SIDE}×{MIN_SIDE}; "
            "replace or remove it"
        )
    scanned = scan_conversion(image) if scan else image
    if contrast(scanned) < MIN_CONTRAST:
        low, high = int(scanned.min()), int(scanned.max())
        after = " after the scan conversion" if scan else ""
        raise CorruptInputError(
            f"{file} is blank{after} (all gray levels within {low} … {high}), expected dark ink on "
            "white paper; replace or remove it"
        )
    return scanned


def _dark_ink(image: GrayImage, data: bytes, name: str, invert: Invert | None) -> GrayImage:
    """Return a decoded image; whether it is turned, or refused, is what `invert` says.

    White ink without paper, as drawing programs export it, is blank over white and shows over
    black: it counts as light ink too.

    Raises:
        CorruptInputError: see `decode_gray`.
        LightInkError: it is light ink on dark paper, and `invert` is None.
    """
    if invert == "no":
        return image
    paper = paper_under(data, name, image)
    if paper == "black":
        image = decode_gray(data, name, paper=paper)
    light = has_light_ink(image)
    if light and invert is None:
        raise LightInkError(f"{name} is {DARK_INK_EXPECTED}")
    return turned(image) if light or invert == "yes" else image
