"""The crew: processes that make the images of a plan and write them.

The same files come out for any number of workers: an item knows all that its image depends on.
"""

import hashlib
import logging
import multiprocessing
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2

from datagen.building.render import ImageRenderer, open_pools
from datagen.core.errors import BuildError
from datagen.datasets.format import ManifestEntry, entry_adapter, image_path
from datagen.files.signals import held_back, ignore_ctrl_c
from datagen.planning.assign import Item
from datagen.planning.plan import Plan, divide_pools
from datagen.planning.quotas import keyed_ingredients
from datagen.planning.split import Pool
from datagen.recipes.schema import Recipe
from datagen.sources.registry import Source, outside_sources, register_again

Progress = Callable[[int], None]
"""Called with the number of images made so far."""

_CHUNK: Final = 64  # items per task: long enough to hide the hand-over, short enough to interrupt


@dataclass(frozen=True, slots=True)
class WrittenImage:
    """A written image, as it comes back from a worker: small, for it crosses processes."""

    item: Item
    numeral: str
    path: str
    sha256: str
    line: bytes


def write_all(
    recipe: Recipe,
    pools: Mapping[str, Pool],
    planned: Plan,
    root: Path,
    workers: int,
    progress: Progress,
) -> list[WrittenImage]:
    """Make and write every item, in order of index.

    Raises:
        BuildError: a worker process was killed.
        UsageError: worker processes cannot import a source that was registered from outside.
    """
    items = planned.items
    chunks = [items[k : k + _CHUNK] for k in range(0, len(items), _CHUNK)]
    written: list[WrittenImage] = []
    if workers == 1 or len(chunks) == 1:
        writer = ImageWriter(ImageRenderer(recipe, pools, planned.pool_splits), root)
        parts = (writer.write(chunk) for chunk in chunks)
    else:
        parts = _in_processes(chunks, recipe, root, min(workers, len(chunks)))
    try:
        with closing(parts):  # an exception here must end the workers before it rises further
            for part in parts:
                written += part
                progress(len(written))
    except BrokenProcessPool as error:
        raise BuildError(
            f"a worker process was killed after {len(written):,} of {len(items):,} images, perhaps "
            "for memory; nothing was kept. Try fewer --workers"
        ) from error
    return written


def _in_processes(
    chunks: Sequence[Sequence[Item]],
    recipe: Recipe,
    root: Path,
    workers: int,
) -> Generator[list[WrittenImage]]:
    """Yield what fresh processes wrote, chunk by chunk."""
    outside = outside_sources(part.source for part in keyed_ingredients(recipe).values())
    executor = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),  # the same on every system
        initializer=_set_up_worker,
        initargs=(recipe, root, outside),
    )
    try:
        with held_back():
            futures = [executor.submit(_work, chunk) for chunk in chunks]
        for future in futures:
            yield future.result()
    finally:
        # waits for the chunks in hand, so that nobody writes into a folder that is going away
        executor.shutdown(wait=True, cancel_futures=True)


class ImageWriter:
    """Where images are made and written."""

    def __init__(self, renderer: ImageRenderer, root: Path) -> None:
        self._renderer = renderer
        self._root = root

    def write(self, items: Sequence[Item], attempt: int = 0) -> list[WrittenImage]:
        """Make and write `items`; see `ImageRenderer.make` for `attempt`."""
        return [self._write_one(item, attempt) for item in items]

    def _write_one(self, item: Item, attempt: int) -> WrittenImage:
        made = self._renderer.make(item, attempt)
        encoded = cv2.imencode(".png", made.image)[1].tobytes()
        path = image_path(item.split, made.numeral, item.index)
        with open(self._root / path, "wb") as file:  # noqa: PTH123 - twice as fast as Path.open
            file.write(encoded)
        entry = ManifestEntry(
            index=item.index,
            path=path,
            sha256=hashlib.sha256(encoded).hexdigest(),
            numeral=made.numeral,
            split=item.split,
            source=item.source,
            style=item.style,
            glyphs=made.glyphs,
            writers=made.writers,
            composition=made.composition,
            ops=made.ops,
            seed=made.seed,
            parent=made.parent,
            pipeline=item.pipeline,
        )
        line = entry_adapter.dump_json(entry, by_alias=True)
        return WrittenImage(item, made.numeral, path, entry.sha256, line)


_writer: ImageWriter | None = None  # a worker process has one, made by its initializer


def _set_up_worker(recipe: Recipe, root: Path, outside: Sequence[type[Source]]) -> None:
    global _writer  # noqa: PLW0603 - an initializer has no other way to hand on what it made
    ignore_ctrl_c()
    cv2.setNumThreads(1)
    register_again(outside)
    logging.getLogger("datagen").setLevel(logging.ERROR)  # the parent has warned already
    # divided anew, not handed over: more than a pipe holds would keep the parent from starting
    # the next worker until this one reads it
    pools = open_pools(recipe)
    _writer = ImageWriter(ImageRenderer(recipe, pools, divide_pools(recipe, pools)), root)


def _work(items: Sequence[Item]) -> list[WrittenImage]:
    if _writer is None:
        raise BuildError("a worker got work before it was set up")
    return _writer.write(items)
