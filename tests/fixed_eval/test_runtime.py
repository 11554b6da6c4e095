"""Which engine a run takes, and that TensorFlow is started only where it has to be."""

import subprocess
import sys
from pathlib import Path

import pytest

from fixed_eval import runtime
from fixed_eval.runtime import may_have_gpu, running_tensorflow, start


@pytest.mark.parametrize(
    ("device", "visible", "expected"),
    [
        (None, None, False),
        ("nvidia0", None, True),
        ("nvidia0", "0", True),
        ("nvidia0", "", False),
        ("nvidia0", "-1", False),
        ("nvidiactl", None, False),  # of the driver, without a card
        ("dxg", None, True),
        ("kfd", None, True),
        ("kfd", "", True),  # of AMD's, another variable decides
    ],
)
def test_a_gpu_has_a_device_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    device: str | None,
    visible: str | None,
    expected: bool,
):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    if device:
        (tmp_path / device).touch()
    assert may_have_gpu(tmp_path, "linux") is expected


def test_where_the_files_say_nothing_tensorflow_is_asked(tmp_path: Path):
    assert may_have_gpu(tmp_path, "darwin")
    assert not may_have_gpu(tmp_path, "win32")


NO_GPU = "auto: no GPU, and a CPU"


@pytest.mark.parametrize(
    ("asked", "gpu", "fuses", "started", "expected"),
    [
        ("native", True, True, False, ("native", "cpu", "asked for")),
        ("auto", False, True, False, ("native", "cpu", f"{NO_GPU} with fused multiply-adds")),
        ("auto", False, False, True, ("fast", "cpu", f"{NO_GPU} without fused multiply-adds")),
        ("auto", True, True, True, ("fast", "gpu", "auto: TensorFlow sees a GPU")),
        ("fast", False, True, True, ("fast", "cpu", "asked for")),
        ("reference", True, True, True, ("reference", "gpu", "asked for")),
    ],
)
def test_tensorflow_is_started_only_for_its_engines_or_to_find_a_gpu(
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    gpu: bool,
    fuses: bool,
    started: bool,
    expected: tuple[str, str, str],
):
    calls: list[int] = []

    def start_tensorflow(threads: int) -> str:
        calls.append(threads)
        return "gpu" if gpu else "cpu"

    monkeypatch.setattr(runtime, "may_have_gpu", lambda: gpu)
    monkeypatch.setattr(runtime, "_fuses", lambda: fuses)
    monkeypatch.setattr(runtime, "start_tensorflow", start_tensorflow)
    assert start(asked, ("native", "fast", "reference"), 3) == expected
    assert calls == [3] * started


def test_images_that_only_tensorflow_reads_start_it_once(monkeypatch: pytest.MonkeyPatch):
    calls: list[int] = []

    def start_tensorflow(threads: int) -> str:
        calls.append(threads)
        sys.modules["tensorflow"] = sys
        return "cpu"

    monkeypatch.setitem(sys.modules, "tensorflow", sys)  # comes back afterwards
    monkeypatch.delitem(sys.modules, "tensorflow")
    monkeypatch.setattr(runtime, "start_tensorflow", start_tensorflow)
    assert running_tensorflow() is running_tensorflow() is sys
    assert calls == [1]


def test_listing_a_dataset_takes_nothing_that_is_slow_to_import():
    """A refusal is to come at once."""
    code = "import sys, fixed_eval.__main__; print(*{'numba', 'tensorflow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
