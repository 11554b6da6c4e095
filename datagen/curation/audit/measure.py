"""The images of a folder, each read once: what is kept of it is small, however large the file.

Enters: class folders, or `train/` and `val/` that hold them. Leaves: a `MeasuredImage` of each.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from datagen.core.arrays import GrayImage
from datagen.core.errors import CorruptInputError
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.numerals import Numeral
from datagen.core.text import how_many
from datagen.curation.audit.sheet_signals import SheetSignals, sheet_signals
from datagen.files.class_folders import list_numerals
from datagen.files.decode import decode_gray, read_gray
from datagen.files.hashing import pixel_hash
from datagen.files.reading import IMAGE, read_bytes
from datagen.files.threads import look_at_all
from datagen.images.outlines import Sketch, sketch
from datagen.images.polarity import has_light_ink, turned
from datagen.images.style_features import Features, describe
from pipelines.text import quoted

_AT_ONCE: Final = 256  # files given to the threads together: an interrupt waits for no more

_log = logging.getLogger(__name__)

TellDone = Callable[[int, int], None]
"""Told how many are done, of how many."""


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredImage:
    """One image of the folder.

    Attributes:
        path: below the folder, with `/`.
        sha256: of the file's bytes, hexadecimal.
        pixels: equal for equal pixels.
        numeral: its class as given.
        part: "train" or "val", "" where there are no parts.
        light_ink: whether it shows light ink on dark paper; all below is of its negative then.
        view: `uint8 32×32`, what the evaluator sees of the file as it is.
        sketch: its outline.
        style: the numbers that `datagen.images.style_features.FEATURES` names.
        signals: what is wrong with it by itself.
    """

    path: str
    sha256: str
    pixels: str
    numeral: Numeral
    part: str
    light_ink: bool
    view: GrayImage
    sketch: Sketch
    style: Features
    signals: SheetSignals


def measure_folder(root: Path, *, skip_bad: bool, tell: TellDone) -> list[MeasuredImage]:
    """Read every image of a folder, several at a time, in class order, then by path.

    Args:
        root: the folder; classes may be missing.
        skip_bad: pass over files that cannot be read, with a warning.
        tell: told how many are done, of how many.

    Raises:
        MissingInputError: no folder, or no class folders in it.
        CorruptInputError: a folder that is no class, or an image that cannot be read.
    """
    listed = list(list_numerals(root, partial=True).items())
    found = look_at_all(
        lambda each: _measured(root, *each), listed, lambda done: tell(done, len(listed)), _AT_ONCE
    )
    bad = [each for each in found if isinstance(each, CorruptInputError)]
    if bad:
        _report(bad, root, skip=skip_bad)
    sound = [each for each in found if isinstance(each, MeasuredImage)]
    if not sound:
        raise CorruptInputError(
            f"{root} has no image that can be read; `datagen doctor {root}` says what is wrong"
        )
    return sound


def load_gray(root: Path, path: str) -> GrayImage:
    """Read an image as it is looked at: dark ink on light paper.

    Raises:
        MissingInputError, CorruptInputError: it is not there any more, or cannot be read.
    """
    image = read_gray(root / path)
    return turned(image) if has_light_ink(image) else image


def _measured(root: Path, name: str, numeral: str) -> MeasuredImage | CorruptInputError:
    file = root / name
    try:
        data = read_bytes(file, IMAGE)
        given = decode_gray(data, str(file))
    except CorruptInputError as error:
        return error
    light = has_light_ink(given)
    image = turned(given) if light else given
    return MeasuredImage(
        path=name,
        sha256=hashlib.sha256(data).hexdigest(),
        pixels=pixel_hash(image),
        numeral=numeral,  # type: ignore[arg-type]
        part=name.split("/", 1)[0] if name.startswith(("train/", "val/")) else "",
        light_ink=light,
        view=evaluator_view(given),
        sketch=sketch(image),
        style=describe(image),
        signals=sheet_signals(image),
    )


def _report(bad: list[CorruptInputError], root: Path, *, skip: bool) -> None:
    """Refuse files that cannot be read, or say that they are passed over.

    Raises:
        CorruptInputError: they are not to be passed over.
    """
    more = f", and {how_many(len(bad) - 1, 'more such file')}" if len(bad) > 1 else ""
    if not skip:
        raise type(bad[0])(f"{bad[0]}{more}; --skip-bad passes over such files")
    what = how_many(len(bad), "unusable file")
    _log.warning("audit: %s of %s passed over, the first: %s", what, quoted(str(root)), bad[0])
