"""`datagen models` as a user runs it."""

import json
import subprocess
from collections.abc import Callable

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_all_are_listed(datagen_here: Run) -> None:
    done = datagen_here("models", "--json")
    assert done.returncode == 0, done.stderr
    found = {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert next(iter(found)) == "cutoff-resnet50"
    assert found["model-s"]["extra_train"]
    assert found["transfer-resnet50"]["pretrained"] == "ResNet50"
    assert {line["command"] for line in found.values()} == {"models"}
    shown = datagen_here("models").stdout
    assert all(name in shown for name in found)
    assert "23,858,890 parameters, ImageNet weights" in shown
    assert "\nnext         datagen models simple-cnn" in shown
    assert datagen_here("models", "--quiet").stdout == ""


@pytest.mark.slow
@pytest.mark.tensorflow
def test_one_is_shown_with_its_layers(datagen_here: Run) -> None:
    done = datagen_here("models", "simple-cnn", "--no-timing", "--classes", "4", "--json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert found["parameters"] == 160_298 - 6 * 513
    assert found["speed"] is None
    assert "those of the dataset; 4 below" in done.stderr
    assert "max_pooling2d_2" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("simple-cnm",), "unknown model 'simple-cnm' (did you mean 'simple-cnn'?)"),
        (("simple-cnn", "--classes", "1"), "--classes is 1; expected 2 … 1,000"),
        (("simple-cnn", "--images", "0"), "--images is 0; expected 1 … 10,000"),
        (("--no-timing",), "--images and --no-timing need a model: give its name"),
        (("--images", "9"), "--images and --no-timing need a model: give its name"),
        (("--classes", "10"), "need a model: give its name"),
        (("",), "an argument is empty"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    datagen_here: Run, arguments: tuple[str, ...], says: str
) -> None:
    done = datagen_here("models", *arguments)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
