"""A built dataset opens as it is where people will open it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from datagen.core.numerals import CLASSES

KERAS = """
import json, sys, keras
sizes = {}
for split in ("train", "val"):
    data = keras.utils.image_dataset_from_directory(
        f"{sys.argv[1]}/{split}", class_names=sys.argv[2].split(), label_mode="categorical",
        color_mode="rgb", image_size=(32, 32), batch_size=8, seed=123, verbose=False)
    batches = [(images.numpy(), labels.numpy()) for images, labels in data]
    assert batches[0][0].shape == (8, 32, 32, 3)
    sizes[split] = [int(n) for n in sum(labels.sum(axis=0) for _, labels in batches)]
print(json.dumps(sizes))
"""
HUGGING_FACE = """
import json, sys, datasets
datasets.disable_progress_bars()
data = datasets.load_dataset("imagefolder", data_files={
    "train": sys.argv[1] + "/train/**", "validation": sys.argv[1] + "/val/**"},
    cache_dir=sys.argv[2])
first = data["train"][0]
print(json.dumps({"sizes": {k: len(v) for k, v in data.items()},
                  "names": data["train"].features["label"].names,
                  "image": first["image"].size}))
"""


def run(script: str, *arguments: str) -> dict[str, object]:
    """Run a script as a user of the library would, in a process of its own."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | quiet,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return loaded


@pytest.mark.tensorflow
def test_keras(dataset: Path) -> None:
    assert run(KERAS, str(dataset), " ".join(CLASSES)) == {"train": [8] * 10, "val": [2] * 10}


@pytest.mark.tensorflow
def test_hugging_face(dataset: Path, tmp_path: Path) -> None:
    pytest.importorskip("datasets", reason="Hugging Face datasets is not installed")
    loaded = run(HUGGING_FACE, str(dataset), str(tmp_path / "hf"))
    assert loaded["sizes"] == {"train": 80, "validation": 20}
    assert loaded["names"] == sorted(CLASSES)
    assert loaded["image"] == [32, 32]


def test_torchvision(dataset: Path) -> None:
    torchvision = pytest.importorskip("torchvision", reason="torchvision is not installed")
    folder = torchvision.datasets.ImageFolder(dataset / "train")
    assert len(folder) == 80
    assert folder.classes == sorted(CLASSES)
