"""`import datagen.cli` stays light: no TensorFlow, and nothing heavy before a command runs."""

import json
import subprocess
import sys

import pytest

SCRIPT = "import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
HEAVY = {"tensorflow", "keras", "fixed_eval"}


def loaded_by(module: str) -> set[str]:
    """Return the top-level modules that importing `module` in a new process loads."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(module=module)],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.split(".")[0] for name in json.loads(done.stdout)}


def test_the_command_line_loads_no_tensorflow() -> None:
    assert not loaded_by("datagen.cli") & HEAVY


def test_the_command_line_loads_nothing_slow() -> None:
    slow = {"numpy", "cv2", "PIL", "pydantic", "albumentations", "pooch"}
    assert not loaded_by("datagen.cli") & slow


def test_building_loads_neither_tensorflow_nor_scipy() -> None:
    assert not loaded_by("datagen.building.workers") & (HEAVY | {"scipy", "sklearn"})


@pytest.mark.tensorflow
@pytest.mark.parametrize("module", ["keras", "tensorflow"])
def test_this_test_can_fail(module: str) -> None:
    assert module in loaded_by(module) & HEAVY
