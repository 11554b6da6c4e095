"""Made-up input for every source that needs files: small, and different in every picture.

A new source that takes a path needs an entry in `INPUTS`; without one its tests fail and say so.
"""

import gzip
import io
import json
import struct
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pytest
from PIL import ImageFont

import datagen
from datagen.core.numerals import CLASSES, LETTERS
from datagen.sources import Source

WRITERS: Final = 12
"""People, or pictures of each letter or class and side: enough for both sides of a split."""

_LINES: Final[Mapping[str, tuple[tuple[tuple[float, float], ...], ...]]] = {
    "i": (((0.5, 0.05), (0.5, 0.08)), ((0.5, 0.3), (0.5, 1.0))),
    "v": (((0.0, 0.0), (0.5, 1.0), (1.0, 0.0)),),
    "x": (((0.0, 0.0), (1.0, 1.0)), ((1.0, 0.0), (0.0, 1.0))),
}
"""Strokes of each letter in its box: x to the right, y down."""


def strokes(letter: str, number: int) -> list[list[list[float]]]:
    """Return the letter as writer `number` would draw it: each a little narrower and slanted."""
    width, slant = 0.5 + 0.03 * number, 0.01 * number
    return [
        [[width * x + slant * (1 - y), y] for x, y in stroke] for stroke in _LINES[letter.lower()]
    ]


def drawn(text: str, number: int, height: int, pen: int) -> np.ndarray:
    """Return `uint8` ink 0 on paper 255: the letters of `text` side by side, with a margin."""
    canvas = np.full((2 * height, (len(text) + 1) * height), 255, np.uint8)
    for place, letter in enumerate(text):
        for stroke in strokes(letter, number):
            points = np.add(stroke, [place + 0.5, 0.5]) * height
            cv2.polylines(canvas, [points.round().astype(np.int32)], False, 0, pen)
    return canvas


def _letters() -> list[str]:
    return [char for letter in LETTERS for char in (letter, letter.upper())]


def _png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def _idx(array: np.ndarray) -> bytes:
    return struct.pack(f">{1 + array.ndim}I", 0x800 | array.ndim, *array.shape) + array.tobytes()


def emnist(folder: Path) -> Path:
    """Write EMNIST's `byclass` files, whose images are transposed, white on black."""
    labels = {char: 10 + ord(char) - ord("A") for char in "IVX"}
    labels |= {char: 36 + ord(char) - ord("a") for char in "ivx"}
    rows = [(labels[char], number) for number in range(WRITERS) for char in _letters()]
    chars = {label: char for char, label in labels.items()}
    images = np.zeros((len(rows), 28, 28), np.uint8)
    for k, (label, number) in enumerate(rows):
        images[k, 4:, 4:] = (255 - drawn(chars[label], number, 16, 2))[6:30, 4:28].T
    folder.mkdir()
    for part in ("train", "test"):
        name = f"emnist-byclass-{part}"
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(_idx(images)))
        numbers = np.array([label for label, _ in rows], np.uint8)
        (folder / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(_idx(numbers)))
    return folder


def chars74k(folder: Path) -> Path:
    """Write `EnglishHnd.tgz`: a page per letter and person."""
    samples = {"I": 19, "V": 32, "X": 34, "i": 45, "v": 58, "x": 60}
    folder.mkdir()
    path = folder / "EnglishHnd.tgz"
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for char, sample in samples.items():
            for number in range(WRITERS):
                name = f"English/Hnd/Img/Sample{sample:03d}/img{sample:03d}-{number + 1:03d}.png"
                data = _png(drawn(char, number, 100, 8))
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return path


def fonts(folder: Path) -> Path:
    """Write the font that Pillow carries in itself."""
    font = ImageFont.load_default(20)
    assert isinstance(font, ImageFont.FreeTypeFont)
    folder.mkdir()
    (folder / "carried.ttf").write_bytes(font.font_bytes)
    return folder


def images(folder: Path) -> Path:
    """Build finished numerals in `train/` and `val/`, no two of which are near-duplicates."""
    count = 2 * WRITERS * len(CLASSES)
    datagen.build({"images": count, "size": "native", "val": {"fraction": 0.5}}, folder)
    return folder


def trajectories(folder: Path) -> Path:
    """Write a JSON file of pen strokes."""
    records = [
        {"src": "made-up", "label": char, "writer": f"w{n}", "strokes": strokes(char, n)}
        for n in range(WRITERS)
        for char in _letters()
    ]
    folder.mkdir()
    path = folder / "strokes.json"
    path.write_text(json.dumps(records))
    return path


INPUTS: Final[Mapping[str, Callable[[Path], Path]]] = {
    "chars74k": chars74k,
    "emnist": emnist,
    "fonts": fonts,
    "images": images,
    "trajectories": trajectories,
}
"""What writes the input of a source into a new folder and returns the path to open."""

OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {"pen": {"writers": WRITERS}}
"""Options with which a source is small."""


def input_of(source: Source, folder: Path) -> Path | None:
    """Write made-up input for a source; None for one that takes no path.

    Fails the test where a source takes a path and has no entry in `INPUTS`.
    """
    if source.path_hint is None:
        return None
    if source.name not in INPUTS:
        pytest.fail(
            f"source {source.name!r} takes a path and has no made-up input: add a function to "
            "INPUTS in tests/conformance/inputs.py that writes a small one"
        )
    return INPUTS[source.name](folder / source.name)
