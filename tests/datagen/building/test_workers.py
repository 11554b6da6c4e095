"""How chunks are shared out between this process and others; threads stand for those."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import cv2
import pytest

from datagen.building.workers import ImageWriter, _one_thread_for_opencv, _take_part
from datagen.planning.assign import Item


class Here:
    """Stands for the writer of this process: notes which chunks it was given."""

    def __init__(self, until: int = 0) -> None:
        self.chunks: list[Any] = []
        self.done = threading.Event()
        self._until = until

    def write(self, items: Sequence[Item]) -> list[str]:
        self.chunks.append(items)
        if len(self.chunks) == self._until:
            self.done.set()
        return [f"here {items}"]


class There(Executor):
    """Runs another function than the one it is given, for that needs a real worker process."""

    def __init__(self, work: Callable[[Any], list[str]], threads: int) -> None:
        self._work = work
        self._pool = ThreadPoolExecutor(threads)

    def submit(self, _function: Any, /, *arguments: Any, **_named: Any) -> Future[Any]:
        return self._pool.submit(self._work, *arguments)


def _shared_out(chunks: Sequence[Any], there: There, here: Here, ahead: int) -> list[str]:
    parts = _take_part(chunks, there, cast("ImageWriter", here), ahead)
    return [cast("str", part[0]) for part in parts]


def test_this_process_takes_chunks_while_another_is_busy() -> None:
    here = Here(until=3)

    def slowly(chunk: str) -> list[str]:
        assert here.done.wait(20)
        return [f"there {chunk}"]

    parts = _shared_out("abcde", There(slowly, 1), here, ahead=2)
    assert here.chunks == ["c", "d", "e"]
    assert sorted(parts) == ["here c", "here d", "here e", "there a", "there b"]


@pytest.mark.parametrize("ahead", [1, 3, 500])
def test_every_chunk_is_written_once_whoever_is_faster(ahead: int) -> None:
    parts = _shared_out(range(200), There(lambda k: [f"there {k}"], 3), Here(), ahead)
    assert sorted(int(part.split()[1]) for part in parts) == list(range(200))


def test_what_fails_elsewhere_ends_the_work_here() -> None:
    here = Here()

    def fails(_chunk: int) -> list[str]:
        raise ValueError("no ink")

    with pytest.raises(ValueError, match="no ink"):
        _shared_out(range(10_000), There(fails, 1), here, ahead=1)
    assert len(here.chunks) < 10_000 - 1


def test_a_script_without_a_main_guard_is_told_what_it_lacks(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text('import datagen\ndatagen.build({"images": 300}, "ds", workers=2)\n')
    ended = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert 'call build under `if __name__ == "__main__":`' in ended.stderr.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["script.py"]


DAEMON = """
import datagen, datagen.building.workers, multiprocessing
datagen.building.workers._STARTING = 0  # any build is worth more processes
def build(workers):
    try:
        return str(datagen.build({"images": 300}, f"ds-{workers}", workers=workers).path.name)
    except datagen.DatagenError as error:
        return str(error)
if __name__ == "__main__":
    with multiprocessing.Pool(1) as pool:
        print(pool.apply(build, (2,)), pool.apply(build, (None,)), sep="\\n")
"""


def test_a_daemon_builds_alone(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(DAEMON)
    said = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert said[0].startswith("a daemon process")
    assert said[0].endswith("can start no workers; use 1 worker, not 2")
    assert said[1] == "ds-None"


def test_a_script_from_a_pipe_builds_alone(tmp_path: Path) -> None:
    code = 'import datagen; datagen.build({"images": 300}, "ds", workers=2)'
    ended = subprocess.run(
        [sys.executable, "-"], input=code, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "<stdin> is no file that they find; use 1 worker, not 2" in ended.stderr.splitlines()[-1]


def test_opencv_has_its_threads_again_afterwards() -> None:
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    try:
        with _one_thread_for_opencv():
            assert cv2.getNumThreads() == 1
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)
