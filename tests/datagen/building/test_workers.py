"""How chunks are shared out between this process and others; futures of threads stand for those."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast

import cv2
import pytest

from datagen.building.workers import ImageWriter, WrittenImage, _one_thread_for_opencv, _take_part
from datagen.planning.assign import Item

Written = list[WrittenImage]


class Here:
    """Stands for the writer of this process: notes which chunks it was given."""

    def __init__(self) -> None:
        self.chunks: list[object] = []
        self.done = threading.Event()

    def write(self, items: Sequence[Item]) -> Written:
        self.chunks.append(items)
        if len(self.chunks) == 3:
            self.done.set()
        return cast("Written", [f"here {items}"])


def _shared_out(sent: dict[Future[Any], Any], here: Here) -> list[Any]:
    return [part[0] for part in _take_part(sent, cast("ImageWriter", here))]


def test_this_process_takes_the_last_chunks_while_another_has_the_first() -> None:
    here = Here()

    def there(chunk: str) -> list[str]:
        assert here.done.wait(20)
        return [f"there {chunk}"]

    with ThreadPoolExecutor(1) as other:
        sent = {other.submit(there, chunk): chunk for chunk in "abcd"}
        parts = _shared_out(sent, here)
    assert here.chunks == ["d", "c", "b"]
    assert sorted(parts) == ["here b", "here c", "here d", "there a"]


def test_every_chunk_is_written_once_whoever_is_faster() -> None:
    here = Here()
    with ThreadPoolExecutor(3) as others:
        sent = {others.submit(lambda k=k: [f"there {k}"]): k for k in range(200)}
        parts = _shared_out(sent, here)
    assert sorted(int(part.split()[1]) for part in parts) == list(range(200))


def test_what_fails_elsewhere_ends_the_work_here() -> None:
    here = Here()
    failed: Future[Any] = Future()
    failed.set_exception(ValueError("no ink"))
    waiting: dict[Future[Any], Any] = {Future(): k for k in range(50)}
    with pytest.raises(ValueError, match="no ink"):
        _shared_out({failed: "first", **waiting}, here)
    assert len(here.chunks) == 1


def test_opencv_has_its_threads_again_afterwards() -> None:
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    try:
        with _one_thread_for_opencv():
            assert cv2.getNumThreads() == 1
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)
