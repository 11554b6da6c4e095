"""`datagen letters predict`: every image that can be read has its answer; the others are named."""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from datagen.core.errors import UsageError
from datagen.letters import reader
from datagen.letters.characters import CHARACTERS

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one stroke and one file that is no image, and a network that reads only V."""

    def said(_: Sequence[str], arrays: Mapping[str, Any], __: Sequence[object]) -> Any:
        row = np.full(len(CHARACTERS), np.log(0.1 / (len(CHARACTERS) - 1)), np.float32)
        row[CHARACTERS.index("V")] = np.log(0.9)
        return np.stack([row] * len(arrays["images"]))

    monkeypatch.setattr(reader, "ask_with_arrays", said)
    (tmp_path / "letters.keras").write_bytes(b"a model")
    folder = tmp_path / "scans"
    folder.mkdir()
    image = np.full((60, 60), 255, np.uint8)
    cv2.line(image, (10, 10), (30, 50), 0, 5)
    cv2.imwrite(str(folder / "b.png"), image)
    (folder / "a.png").write_bytes(b"hello")
    return folder


def test_a_file_that_is_no_image_hides_no_answer(datagen_here: Run, scans: Path) -> None:
    done = datagen_here("letters", "predict", "--input", scans, "--json")
    assert done.returncode == 4
    bad, good = map(json.loads, done.stdout.splitlines())
    assert (bad["path"], bad["label"], bad["probability"]) == (str(scans / "a.png"), None, None)
    assert "a.png" in bad["error"]
    assert (good["label"], good["probability"], good["error"]) == ("V", 0.9, None)
    assert done.stderr.startswith("datagen: 1 of 2 files cannot be read, the first: ")
    plain = datagen_here("letters", "predict", "--input", scans)
    assert (plain.returncode, plain.stdout) == (4, f"V  {scans / 'b.png'}\n")


def test_no_images_at_all_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.keras").touch()
    with pytest.raises(UsageError, match="no images to read"):
        reader.read_letters([], model=tmp_path / "model.keras")


def test_where_nothing_can_be_read_that_is_the_error(datagen_here: Run, scans: Path) -> None:
    (scans / "b.png").unlink()
    done = datagen_here("letters", "predict", "--input", scans)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (4, "", 1)
    assert done.stderr.startswith(f"datagen: {scans / 'a.png'}")
    plain = datagen_here("letters", "predict", "--input", scans / "a.png", "--json")
    assert (plain.returncode, plain.stderr) == (4, done.stderr)
    (bad,) = map(json.loads, plain.stdout.splitlines())
    assert (bad["path"], bad["label"]) == (str(scans / "a.png"), None)
    assert done.stderr == f"datagen: {bad['error']}\n"
