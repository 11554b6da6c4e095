"""Evaluations that tests share: real runs made once, and starts that take no seconds.

Fixtures, which `tests/datagen/conftest.py` brings in.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from datagen.core.numerals import CLASSES
from datagen.evaluation.evaluate import Evaluation, evaluate_dataset
from datagen.evaluation.fork_server import SOCKET, ForkServer
from datagen.evaluation.process import Event
from datagen.evaluation.request import EvaluationRequest


def write_bars(folder: Path, rng: np.random.Generator, each: int) -> None:
    """Class folders of images with as many dark bars as the class's number, and some noise."""
    for number, numeral in enumerate(CLASSES, 1):
        (folder / numeral).mkdir(parents=True)
        for k in range(each):
            image = rng.integers(200, 256, (40, 46), dtype=np.uint8)
            for bar in range(number):
                image[6:-6, 3 + 4 * bar : 5 + 4 * bar] = 20
            cv2.imwrite(str(folder / numeral / f"{k}.png"), image)


@pytest.fixture
def evaluable(tmp_path: Path) -> Path:
    """A folder with `tiny`, a dataset of 10 + 10 images, and `test` with 20 images."""
    root = tmp_path / "evaluable"
    _write_evaluable(root)
    return root


def _write_evaluable(root: Path) -> None:
    rng = np.random.default_rng(3)
    write_bars(root / "tiny" / "train", rng, 1)
    write_bars(root / "tiny" / "val", rng, 1)
    write_bars(root / "test", rng, 2)


@pytest.fixture(scope="session")
def _fork_server() -> Iterator[int | None]:
    server = ForkServer()
    yield server.descriptor(os.environ)
    server.close()


class _Borrowed(ForkServer):
    """A fork server that is somebody else's, as a sweep in this process may use it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._theirs = descriptor

    def descriptor(self, _environment: Mapping[str, str]) -> int | None:
        """Return the descriptor."""
        return self._theirs


def _fork_from(descriptor: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let evaluations of this process, and of its sweeps, be forks of the one behind a socket."""
    if descriptor is not None:
        monkeypatch.setenv(SOCKET, str(descriptor))
        place = "datagen.sweeps.executors.local.ForkServer"
        monkeypatch.setattr(place, lambda: _Borrowed(descriptor))


@pytest.fixture
def forked(_fork_server: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork evaluations of this process from one that has imported TensorFlow, as sweeps do.

    That spares most of what a short evaluation takes. For absolute paths, and where nothing depends
    on a process of its own: `test_fork_server.py` shows that scores are the same to the bit.
    """
    _fork_from(_fork_server, monkeypatch)


@pytest.fixture
def forked_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, ...]]:
    """Do as `forked` for paths relative to `tmp_path`; return what a process is to inherit."""
    monkeypatch.chdir(tmp_path)
    server = ForkServer()
    descriptor = server.descriptor(os.environ)
    _fork_from(descriptor, monkeypatch)
    yield () if descriptor is None else (descriptor,)
    server.close()


class Official(NamedTuple):
    """A whole run of 100 epochs on `tiny` of `evaluable`, tested on `test` and on its own val.

    Attributes:
        events: what was told.
        cache: the cache folder that remembers its score and its end state.
    """

    evaluation: Evaluation
    events: list[Event]
    cache: Path


@pytest.fixture(scope="session")
def _official_once(_fork_server: int | None, tmp_path_factory: pytest.TempPathFactory) -> Official:
    root = tmp_path_factory.mktemp("official")
    _write_evaluable(root)
    events: list[Event] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATAGEN_CACHE", str(root / "cache"))
        _fork_from(_fork_server, patch)
        request = EvaluationRequest(root / "tiny", (root / "test", root / "tiny" / "val"))
        found = evaluate_dataset(request, lambda _, event: events.append(event))
    return Official(found, events, root / "cache")


@pytest.fixture
def official(_official_once: Official, _own_cache: None, tmp_path: Path) -> Official:
    """The official run on the images of `evaluable`, remembered by the test's own cache."""
    cache = shutil.copytree(_official_once.cache, tmp_path / "cache")
    return _official_once._replace(cache=cache)


@pytest.fixture(scope="session")
def evaluation(
    _built_once: Path, _fork_server: int | None, tmp_path_factory: pytest.TempPathFactory
) -> Evaluation:
    """A preview of two seeds on the built dataset, with a test set of which one image leaked."""
    root = tmp_path_factory.mktemp("evaluated")
    write_bars(root / "test", np.random.default_rng(1), 2)
    shutil.copy(next((_built_once / "train" / "v").iterdir()), root / "test" / "v" / "leak.PNG")
    (root / "test" / "notes.txt").write_text("not an image")
    (root / "test" / "x" / "more").mkdir()
    (root / "test" / "x" / "1.png").rename(root / "test" / "x" / "more" / "1.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATAGEN_CACHE", str(root / "cache"))
        _fork_from(_fork_server, patch)
        request = EvaluationRequest(_built_once, (root / "test",), seeds=2, preview=2, workers=2)
        found = evaluate_dataset(request)
        assert not (root / "cache" / "scores").exists()  # a preview is no score
        assert list((root / "cache" / "runs").iterdir()) == []
    return found
