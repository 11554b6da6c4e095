"""How chunks are shared out between this process and others; threads stand for those."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
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


def test_opencv_has_its_threads_again_afterwards() -> None:
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    try:
        with _one_thread_for_opencv():
            assert cv2.getNumThreads() == 1
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)
