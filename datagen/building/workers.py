"""Processes that make the images of a plan and write them: this one, and others beside it.

The same files come out for any number of workers: an item knows all that its image depends on.
"""

import atexit
import gc
import logging
import multiprocessing
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import cv2

from datagen.building.open_sources import open_sources
from datagen.building.render import ImageRenderer, RenderedImage
from datagen.core.errors import BuildError, UsageError
from datagen.core.machine import cores, one_blas_thread
from datagen.core.numerals import CaseStyle, Split
from datagen.datasets.format import manifest_line
from datagen.files.signals import held_back, ignore_ctrl_c
from datagen.planning.assign import Item
from datagen.planning.plan import Plan
from datagen.planning.resolve import ResolvedRecipe
from datagen.recipes.paths import recorded_recipe
from datagen.sources.registry import Source, outside_sources, register_again

Progress = Callable[[int], None]
"""Called with the number of images made so far."""

_CHUNK: Final = 64  # items per task: enough to make sending cheap, few enough to be stopped soon
_LAST_CHUNK: Final = 16  # items per task at the end: no process waits long for the others
_AHEAD: Final = 3  # chunks that a process has at a time: it never waits for the next one
_MANY: Final = 4_000  # items that take longer than that to make, whatever they are
_STARTING: Final = 1.5  # seconds of work in one process that more processes, slow to start, pay for


def write_all(
    planned: Plan, writer: "ImageWriter", workers: int | None, progress: Progress
) -> list["WrittenImage"]:
    """Make and write every item, in order of index.

    Args:
        planned: the items.
        writer: writes in this process.
        workers: processes that make images, this one included; None: one per core, where starting
            them is worth it.
        progress: told how far the work is.

    Raises:
        BuildError: a worker process could not start, or was killed.
        UsageError: this process can start no workers, or they cannot import a source that was
            registered from outside.
    """
    items = planned.items
    chunks = [items[k : k + _CHUNK] for k in range(0, len(items), _CHUNK)]
    written: list[WrittenImage] = []
    parts = _parts(chunks, writer, planned.sources.resolved, workers)
    try:
        # an exception here must end the workers before it rises further
        with closing(parts), _one_thread_for_opencv():
            for part in parts:
                written += part
                progress(len(written))
    except _NotStartedError as error:
        raise BuildError(
            "a worker process was killed, or could not start, before it made an image; nothing was "
            'kept. In a script of your own, call build under `if __name__ == "__main__":`, because '
            "workers import the script; elsewhere memory may have run out. 1 worker needs neither"
        ) from error
    except BrokenProcessPool as error:
        raise BuildError(
            f"a worker process was killed after {len(written):,} of {len(items):,} images, perhaps "
            "because memory ran out; nothing was kept. Try fewer --workers"
        ) from error
    return sorted(written, key=lambda made: made.place)


class _NotStartedError(BrokenProcessPool):
    """A worker process ended before any of them made an image."""


@contextmanager
def _one_thread_for_opencv() -> Iterator[None]:
    """Keep OpenCV from using the cores on which other workers work; sheets are small anyway."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _parts(
    chunks: Sequence[Sequence[Item]],
    writer: "ImageWriter",
    resolved: ResolvedRecipe,
    workers: int | None,
) -> Generator[list["WrittenImage"]]:
    """Yield what is written, chunk by chunk, here or by several processes."""
    if workers is None and len(chunks) * _CHUNK >= _MANY:
        workers = 1 if _why_alone() else cores()
    elif workers is None:
        yield from map(writer.write, chunks[:1])  # it reads letters, too, so its time says little
        began = time.perf_counter()
        yield from map(writer.write, chunks[1:2])
        chunks = chunks[2:]
        left = (time.perf_counter() - began) * len(chunks)
        workers = cores() if left > _STARTING and not _why_alone() else 1
    elif workers > 1 and (reason := _why_alone()):
        raise UsageError(f"{reason}; use 1 worker, not {workers}")
    workers = min(workers, len(chunks))
    if workers > 1:
        yield from _in_processes(chunks, writer, resolved, workers)
    else:
        yield from map(writer.write, chunks)


def _why_alone() -> str | None:
    """Return why this process cannot start workers, if it cannot."""
    if multiprocessing.current_process().daemon:
        return "a daemon process, such as a worker of multiprocessing.Pool, can start no workers"
    main = sys.modules["__main__"]
    script = getattr(main, "__file__", None)  # none in a notebook, or at a prompt
    named = getattr(main, "__spec__", None) is not None  # `python -m NAME`
    if script is not None and not named and not Path(script).is_file():
        return f"workers import the script that starts them, and {script} is no file that they find"
    return None


def _in_processes(
    chunks: Sequence[Sequence[Item]],
    writer: "ImageWriter",
    resolved: ResolvedRecipe,
    workers: int,
) -> Generator[list["WrittenImage"]]:
    """Yield what this process and `workers` - 1 fresh ones write, chunk by chunk, in any order.

    Raises:
        BuildError: the system refuses more processes, or the shared memory that they need.
    """
    outside = outside_sources(part.source for part in resolved.ingredients.values())
    with _start_errors():
        executor = ProcessPoolExecutor(
            workers - 1,
            mp_context=multiprocessing.get_context("spawn"),  # the same on every system
            initializer=_set_up_worker,
            initargs=(resolved, writer.root, outside),
        )
    try:
        ahead = _AHEAD * (workers - 1)
        yield from _take_part(_fine_end(chunks, ahead + 1), executor, writer, ahead)
    except BaseException:
        # waits for the chunks in work, so that none is written into a folder being deleted
        executor.shutdown(wait=True, cancel_futures=True)
        raise
    executor.shutdown(wait=False)  # nothing is in work: the processes end while others go on


def _fine_end(chunks: Sequence[Sequence[Item]], last: int) -> list[Sequence[Item]]:
    """Return `chunks`, the `last` of them cut into smaller ones."""
    fine = [
        chunk[k : k + _LAST_CHUNK]
        for chunk in chunks[-last:]
        for k in range(0, len(chunk), _LAST_CHUNK)
    ]
    return [*chunks[:-last], *fine]


def _take_part(
    chunks: Sequence[Sequence[Item]], executor: Executor, writer: "ImageWriter", ahead: int
) -> Iterator[list["WrittenImage"]]:
    """Yield what other processes write, and write chunks here while they do.

    Args:
        chunks: all that is to be written.
        executor: starts its processes when it gets its first chunks.
        writer: of this process.
        ahead: chunks that the others have at a time; none is ever taken back, for an executor
            whose worker is killed fails at chunks that were.

    Raises:
        BrokenProcessPool: a worker was killed; a `_NotStartedError` where none had done a chunk.
    """
    left = deque(chunks)
    started = False

    def sent(most: int) -> set[Future[list[WrittenImage]]]:
        return {executor.submit(_work, left.popleft()) for _ in range(min(most, len(left)))}

    with held_back(), _start_errors(), one_blas_thread():
        running = sent(ahead)
    try:
        while running:
            if left:
                yield writer.write(left.popleft())
            done, running = wait(running, 0 if left else None, FIRST_COMPLETED)
            for future in done:
                yield future.result()
                started = True
            running |= sent(ahead - len(running))
    except BrokenProcessPool as error:
        if started:
            raise
        raise _NotStartedError from error


@contextmanager
def _start_errors() -> Iterator[None]:
    """Say that it is the worker processes which the system refuses, and how to go without."""
    try:
        yield
    except OSError as error:
        raise BuildError(
            f"cannot start worker processes: {error.strerror or error} (they need memory, and some "
            "of it in /dev/shm); nothing was kept. Try --workers 1, which starts none"
        ) from error


class WrittenImage(NamedTuple):
    """A file that was written.

    A tuple, and its record as text already: so it goes from process to process twenty times as
    fast as a `ManifestEntry` would.

    Attributes:
        place: in the plan, counted from 0.
        line: of the manifest.
        attempt, has_ink, legible: as in `RenderedImage`; the others as in `ManifestEntry`.
    """

    place: int
    path: str
    sha256: str
    numeral: str
    split: Split
    source: str
    style: CaseStyle
    parent: str | None
    line: bytes
    attempt: int
    has_ink: bool
    legible: bool


class ImageWriter:
    """Makes images and writes their files below `root`.

    Attributes:
        pipelines: the recipe's names of its pipelines, and what the dataset's records call them.
    """

    def __init__(self, renderer: ImageRenderer, root: Path) -> None:
        self._renderer = renderer
        self.root = root
        self._folder = str(root)  # a path costs more to put together than the file to open
        self.pipelines: dict[str, str] = {
            name: recorded_recipe(name, root, "pipeline") for name in renderer.pipelines
        }

    def write(self, items: Sequence[Item]) -> list[WrittenImage]:
        """Make and write `items`, each at its first attempt."""
        return [self._written(made) for made in self._renderer.make_all(items)]

    def write_one(self, item: Item, attempt: int = 0) -> WrittenImage:
        """Make and write one image; see `ImageRenderer.make` for `attempt`."""
        return self._written(self._renderer.make(item, attempt))

    def _written(self, made: RenderedImage) -> WrittenImage:
        entry = made.entry
        _write_file(f"{self._folder}/{entry.path}", made.png)
        if entry.pipeline is not None:
            entry = replace(entry, pipeline=self.pipelines[entry.pipeline])
        return WrittenImage(
            place=entry.index,
            path=entry.path,
            sha256=entry.sha256,
            numeral=entry.numeral,
            split=entry.split,
            source=entry.source,
            style=entry.style,
            parent=entry.parent,
            line=manifest_line(entry),
            attempt=made.attempt,
            has_ink=made.has_ink,
            legible=made.legible,
        )


def _write_file(path: str, data: bytes) -> None:
    with open(path, "wb", buffering=0) as file:  # noqa: PTH123 - twice as fast as Path.open
        while data:
            data = data[file.write(data) :]  # the last of a full disk takes a part


_writer: ImageWriter | None = None  # a worker process has one, made by its initializer


def _set_up_worker(resolved: ResolvedRecipe, root: Path, outside: Sequence[type[Source]]) -> None:
    global _writer  # noqa: PLW0603 - an initializer cannot return what it made
    ignore_ctrl_c()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    register_again(outside)
    logging.getLogger("datagen").setLevel(logging.ERROR)  # the parent has warned already
    # opened and divided anew, not handed over: more than a pipe holds would keep the parent from
    # starting the next worker until this one reads it
    _writer = ImageWriter(ImageRenderer(open_sources(resolved)), root)
    gc.freeze()  # what was set up stays; looking through it again and again took 1 part in 25
    atexit.register(gc.freeze)  # Python, as it ends, would look through everything once more


def _end_with_parent() -> None:
    """End this worker when its parent is killed: it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(items: Sequence[Item]) -> list[WrittenImage]:
    if _writer is None:
        raise BuildError("a worker got work before it was set up")
    return _writer.write(items)
