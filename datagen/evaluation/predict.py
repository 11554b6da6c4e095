"""What a trained network reads in images: prepared here, read by `python -m fixed_eval.predict`.

Enters: an exported model, image files and folders. Leaves: one `Prediction` per file, in order.

Images that the evaluator sees as a person does are handed over as they are, so that a picture of a
test set gets the class that its evaluation gave it. Others are written anew: upright, over paper
where they are transparent, with the ink of the images that the network has learnt from.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

from datagen.core.errors import CorruptInputError, InputError, MissingInputError
from datagen.datasets.traps import TrapKind, traps_of
from datagen.evaluation.process import word_of
from datagen.evaluation.records import EvaluatorRecord
from datagen.evaluation.tools import Counted, run_tool
from datagen.files.class_folders import SAMPLE_RULES, files_below
from datagen.files.decode import decode_colour, decode_gray
from datagen.files.encode import encode_png
from datagen.files.leftovers import is_folder
from datagen.files.reading import IMAGE, read_bytes
from datagen.files.scratch import scratch
from datagen.files.threads import look_at_all
from datagen.images.polarity import MIN_CONTRAST, contrast, has_light_ink, paper_under, turned

Told = Callable[[int, int], None]
"""Told how many images are read, and how many are to be."""

_UNREADABLE: Final = 4  # exit code of the tool after it has printed a line for every file


class TrainedModel(EvaluatorRecord):
    """What an exported model says of itself.

    Attributes:
        protocol: that trained it.
        classes: that it tells apart.
        image_size: side of what it sees, pixels.
        ink: of the images that it has learnt from; None where they are not alike.
    """

    protocol: str
    classes: tuple[str, ...]
    image_size: int
    ink: Literal["dark", "light"] | None


class Guess(EvaluatorRecord):
    """A class and how probable the network takes it to be, 0..1."""

    label: str
    probability: float


class Prediction(EvaluatorRecord):
    """What the network reads in one file.

    Attributes:
        path: the file.
        label: the most probable class; None where the file cannot be read.
        probability: of it, 0..1: the network's own, which is often too sure.
        likely: the three most probable classes, the first first.
        width, height: of the image, upright, pixels.
        corrected: what was put right before: `alpha`, `orientation`, `polarity` …
        warnings: why the answer may be worth little.
        error: why the file cannot be read.
    """

    path: str
    label: str | None = None
    probability: float | None = None
    likely: tuple[Guess, ...] = ()
    width: int | None = None
    height: int | None = None
    corrected: tuple[TrapKind, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str | None = None


def predict_images(
    model: Path, images: Sequence[Path], told: Told = lambda _, __: None
) -> list[Prediction]:
    """Return what a network reads in images.

    Args:
        model: a file that `evaluate` exported.
        images: image files, and folders in which they are looked for at any depth.
        told: called with how many images are read, and how many are to be.

    Raises:
        MissingInputError: something is not there, or a folder holds no image.
        InputError: the model cannot be read, or is none of ours.
        EvaluationError: the evaluator failed.
    """
    trained = TrainedModel.model_validate(run_tool("predict", word_of(model), "--json")[0])
    files = [file for given in images for file in _files(given)]
    with scratch("datagen-predict") as folder:
        known = _prepare_all(files, trained, folder)
        readable = [position for position, each in enumerate(known) if each.error is None]
        to_read = [_place(files[position], position, folder) for position in readable]
        found = _read(model, to_read, folder, lambda done: told(done, len(to_read)))
        for position, read in zip(readable, found, strict=True):
            known[position] = _completed(known[position], read)
    return known


def _completed(known: Prediction, read: "_Reading") -> Prediction:
    found: dict[str, object] = {"likely": read.likely, "error": read.error}
    if read.likely:
        first = read.likely[0]
        found |= {"label": first.label, "probability": first.probability}
    return known.model_copy(update=found)


def _files(given: Path) -> list[Path]:
    if not is_folder(given):
        if not given.exists():
            raise MissingInputError(f"no file at {given}; expected an image or a folder of images")
        return [given]
    found = files_below(given, SAMPLE_RULES)
    if not found:
        endings = " ".join(sorted(SAMPLE_RULES.suffixes or ()))
        raise MissingInputError(f"{given} holds no images; expected files that end in {endings}")
    return found


def _written(position: int, folder: Path) -> Path:
    return folder / f"{position}.png"


def _place(file: Path, position: int, folder: Path) -> Path:
    """Return the file, or where it is written anew."""
    anew = _written(position, folder)
    return anew if anew.exists() else file.absolute()


def _prepare_all(files: Sequence[Path], trained: TrainedModel, folder: Path) -> list[Prediction]:
    """Return what is known of each file; those that need it are written anew into `folder`."""

    def prepare(position: int) -> Prediction:
        file = files[position]
        try:
            return _prepare(read_bytes(file, IMAGE), file, trained, _written(position, folder))
        except InputError as error:
            return Prediction(path=str(file), error=_reason(error, file))

    return look_at_all(prepare, range(len(files)))


def _prepare(data: bytes, file: Path, trained: TrainedModel, anew: Path) -> Prediction:
    """Look at one file, and write it to `anew` where the network would see another picture.

    Raises:
        CorruptInputError: it cannot be read as an image.
    """
    name = str(file)
    gray = decode_gray(data, name)
    paper = paper_under(data, name, gray)
    light = paper == "black" or has_light_ink(gray)
    turn = trained.ink is not None and light == (trained.ink == "dark")
    kinds = tuple(trap.kind for trap in traps_of(data, file, gray) if trap.kind != "polarity")
    if kinds or turn or paper == "black":
        pixels = decode_colour(data, name, paper=paper)
        anew.write_bytes(encode_png(turned(pixels) if turn else pixels))
    height, width = gray.shape
    blank = paper == "white" and contrast(gray) < MIN_CONTRAST
    return Prediction(
        path=name,
        width=width,
        height=height,
        corrected=(*kinds, "polarity") if turn else kinds,
        warnings=_warnings(width, height, trained.image_size, blank=blank),
    )


def _warnings(width: int, height: int, side: int, *, blank: bool) -> tuple[str, ...]:
    small = f"{width}×{height} pixels, less than the {side}×{side} that the network sees"
    found = {small: min(width, height) < side, "blank: it shows no ink": blank}
    return tuple(text for text, is_so in found.items() if is_so)


class _Reading(EvaluatorRecord):
    """A line of the tool."""

    path: str
    likely: tuple[Guess, ...]
    error: str | None


def _read(model: Path, files: Sequence[Path], folder: Path, counted: Counted) -> list[_Reading]:
    """Return what the network reads, in the order of the files."""
    if not files:
        return []
    listed = folder / "files.jsonl"
    listed.write_text("".join(f"{json.dumps(str(file))}\n" for file in files), "utf-8")
    words = (word_of(model), "--listed", str(listed), "--json")
    lines = run_tool("predict", *words, ends=(0, _UNREADABLE), counted=counted)
    return [_Reading.model_validate(line) for line in lines]


def _reason(error: InputError, file: Path) -> str:
    """Return what is wrong with a file without its name."""
    text = str(error)
    if isinstance(error, CorruptInputError):
        text = text.removeprefix(f"{file}: ").removeprefix(f"{file} ")
    return text
