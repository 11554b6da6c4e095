"""The images most like one, and which of them are the same writing.

Enters: the images of a folder, and what an audit says of look-alikes, where there is one. Leaves:
paths. Without an audit every image is described once, in a thread of its own, so that the page is
there at once. Whether two are the same writing is seen to when somebody looks at one of them.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from datagen.core.errors import InputError
from datagen.curation.audit.look_alikes import Descriptions, describe_outline
from datagen.images.near_duplicates import are_same
from datagen.images.outlines import Sketch, sketch
from datagen.reviews.page.suspects import Suspect
from datagen.reviews.page.unchanged import read_unchanged
from datagen.sources.images.read import read_numeral

COUNT: Final = 8

_SKETCHES: Final = 4096  # kept, of 9 kB each


class Near(NamedTuple):
    """What lies near an image.

    Attributes:
        alike: paths, the most alike first; None as long as nobody knows.
        twins: those of them that are the same writing, whatever their class.
    """

    alike: tuple[str, ...] | None
    twins: tuple[str, ...] = ()


class Neighbours:
    """The neighbours of every image; safe to be shared by threads.

    Args:
        root: the folder.
        images: all of it.
    """

    def __init__(self, root: Path, images: Sequence[Suspect]) -> None:
        self._root = root
        self._hashes = {image.path: image.sha256 for image in images}
        self._known = {image.path: image.alike for image in images if image.found is not None}
        self._rest = [image.path for image in images if image.found is None]
        self._described: Descriptions | None = None
        self._sketch = lru_cache(_SKETCHES)(self._make_sketch)
        self._of = lru_cache(_SKETCHES)(self._find)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Describe the images in a thread, where no audit says what they are like."""
        if self._rest and not self._known:
            self._thread = threading.Thread(target=self.describe, name="look-alikes", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End that thread: at the end of the process it must not be inside OpenCV."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def of(self, path: str) -> Near:
        """Return what lies near an image."""
        if path in self._known or self._described is not None:
            return self._of(path)
        return Near(() if self._known else None)

    def _find(self, path: str) -> Near:
        alike = self._known[path] if path in self._known else self._nearest(path)
        own = self._sketch(path)
        if own is None:
            return Near(alike)
        others = [(other, self._sketch(other)) for other in alike]
        return Near(alike, tuple(p for p, o in others if o is not None and are_same(own, o)))

    def _nearest(self, path: str) -> tuple[str, ...]:
        described = self._described
        if described is None or path not in self._rest:
            return ()
        number = self._rest.index(path)
        likeness = described @ described[number]
        likeness[number] = -1
        order = np.argsort(-likeness, kind="stable")[:COUNT]
        return tuple(self._rest[k] for k in order if likeness[k] > 0)

    def describe(self) -> None:
        """Describe the images that no audit knows, unless the work is ended meanwhile."""
        if not self._rest or self._known:
            return
        blank = np.zeros(512, np.float32)
        rows = []
        for path in self._rest:
            if self._ended.is_set():
                return
            found = self._make_sketch(path)
            rows.append(blank if found is None else describe_outline(found))
        self._described = np.stack(rows)

    def _make_sketch(self, path: str) -> Sketch | None:
        """Return the outline of an image; None of one that has changed, or is no numeral."""
        try:
            read_unchanged(self._root, path, self._hashes[path])
            return sketch(read_numeral(self._root / path, invert="auto"))
        except InputError:
            return None
