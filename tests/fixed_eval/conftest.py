"""Datasets the tests make themselves, and TensorFlow made deterministic once."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fixed_eval import data
from fixed_eval.data import Split
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50 as PROTOCOL

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

MakeDataset = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def _deterministic_tensorflow() -> None:
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()


def encode(pixels: np.ndarray, suffix: str = ".png") -> bytes:
    """A file's bytes for uint8 or uint16 H×W×C pixels."""
    import tensorflow as tf

    write = {".png": tf.io.encode_png, ".jpg": tf.io.encode_jpeg}[suffix]
    return bytes(write(pixels).numpy())


def strokes(label: int, rng: np.random.Generator, height: int = 40, width: int = 36) -> np.ndarray:
    """White paper with label + 1 dark bars and some noise: learnable, and never twice the same."""
    pixels = rng.integers(200, 256, (height, width, 1), dtype=np.uint8)
    for bar in range(label + 1):
        pixels[5:-5, 2 + 3 * bar : 4 + 3 * bar] = rng.integers(0, 60)
    return pixels


def write_split(folder: Path, counts: dict[str, int], rng: np.random.Generator) -> None:
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = strokes(PROTOCOL.classes.index(name), rng)
            (folder / name / f"{number:03}.png").write_bytes(encode(pixels))


@pytest.fixture(scope="session")
def make_dataset(tmp_path_factory: pytest.TempPathFactory) -> MakeDataset:
    """`make_dataset(train=…, val=…, seed=…)`: a new dataset with so many images per class."""

    def make(train: int = 3, val: int = 2, seed: int = 0) -> Path:
        root = tmp_path_factory.mktemp("dataset")
        rng = np.random.default_rng(seed)
        write_split(root / "train", dict.fromkeys(PROTOCOL.classes, train), rng)
        write_split(root / "val", dict.fromkeys(PROTOCOL.classes, val), rng)
        return root

    return make


@pytest.fixture(scope="session")
def dataset(make_dataset: MakeDataset) -> Path:
    """30 + 20 images, which a test must not change."""
    return make_dataset()


@pytest.fixture(scope="session", name="encode")
def encode_fixture() -> Callable[..., bytes]:
    return encode


@pytest.fixture(scope="session", name="strokes")
def strokes_fixture() -> Callable[..., np.ndarray]:
    return strokes


@pytest.fixture(scope="session", name="write_split")
def write_split_fixture() -> Callable[..., None]:
    return write_split


@pytest.fixture(scope="session")
def load() -> Callable[..., tuple[Split, Split]]:
    """`load(root, seed)`: train and val of a dataset in memory."""

    def run(root: Path, seed: int = 123) -> tuple[Split, Split]:
        train, val, _ = data.list_dataset(root, PROTOCOL, seed)
        return data.load_split("train", train, PROTOCOL), data.load_split("val", val, PROTOCOL)

    return run
