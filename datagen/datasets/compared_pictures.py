"""A dataset's pictures beside a test set's: which are one, and which look alike; remembered.

Enters: the content of both. Leaves: a `Compared`, which depends on the images alone.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from datagen.core.arrays import GrayImage
from datagen.core.errors import InputError
from datagen.core.evaluator_facts import SIDE
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.models import StrictModel
from datagen.core.numerals import CLASSES
from datagen.core.version import installed_version
from datagen.datasets.content import Content
from datagen.files.cache_dir import cache_folder, cache_key, read_cached, write_cached
from datagen.files.decode import read_gray
from datagen.files.hashing import view_hash
from datagen.files.reading import RECORD, read_bytes
from datagen.files.threads import look_at_all
from datagen.images.near_duplicates import Sketches, between
from datagen.images.shrinking import shrunk

FORMAT: Final = 2

_COMPARED: Final = 512  # pixels: longer sides of photos, of which thousands have to be in memory
_INKED: Final = 160  # grey level: a picture without a darker pixel has no ink to compare

Inked = tuple[list[str], Sketches]
"""SHA-256 of pictures, and their sketches."""


class Compared(StrictModel):
    """What depends on the images alone, and is remembered.

    Attributes:
        views: `view_hash` of every test picture that can be decoded, by SHA-256.
        same: SHA-256 of those that the dataset holds → of its files that show them.
        near: SHA-256 of those like one in it → of that one.
    """

    views: dict[str, str]
    same: dict[str, tuple[str, ...]]
    near: dict[str, str] | None


class Held:
    """A dataset's pictures, looked at once for all test sets that are compared with them.

    Attributes:
        content: the dataset's images.
        several: keep what is slow to make, some 20 kB for each picture, for the next test set.
    """

    def __init__(self, content: Content, *, several: bool = False) -> None:
        self.content = content
        self.several = several
        self._inked: dict[tuple[str, bool], Inked] = {}

    @cached_property
    def views(self) -> tuple[dict[str, str], set[tuple[int, ...]]]:
        """As `views_of` says."""
        return views_of(self.content.files)

    def inked(self, numeral: str, *, small: bool) -> Inked:
        """Sketches of the pictures of one class that have ink."""
        key = numeral, small
        found = self._inked.get(key)
        if found is None:
            found = _inked(self.content, numeral, set(self.content.files), small=small)
            if self.several:
                self._inked[key] = found
        return found


def remembered(known: Held, test: Content, *, near: bool) -> Compared:
    """Return the comparison, from the cache where it was made before.

    Args:
        known: the dataset's images.
        test: those of the test set.
        near: look for near-duplicates too.
    """
    held = known.content.fingerprint
    key = cache_key([FORMAT, installed_version(), held, test.fingerprint, near])
    place = cache_folder() / "leaks" / f"{key}.json"
    found = read_cached(place, _read)
    if found is None:
        found = _compare(known, test, near=near)
        text = found.model_dump_json()
        write_cached(place, lambda temporary: temporary.write_text(text, "utf-8"))
    return found


def _read(path: Path) -> Compared:
    return Compared.model_validate_json(read_bytes(path, RECORD))


def _compare(known: Held, test: Content, *, near: bool) -> Compared:
    held, sizes = known.views
    views, _ = views_of(test.files)
    showing: dict[str, list[str]] = {}
    for digest in sorted(held):
        showing.setdefault(held[digest], []).append(digest)
    same = {
        digest: tuple(showing.get(view) or [digest])
        for digest, view in sorted(views.items())
        if view in showing or digest in known.content.files
    }
    alike = None
    if near:
        small = sizes <= {(SIDE, SIDE)}
        alike = dict(sorted(_alike(known, test, views.keys() - same.keys(), small=small)))
    return Compared(views=views, same=same, near=alike)


def views_of(files: Mapping[str, Path]) -> tuple[dict[str, str], set[tuple[int, ...]]]:
    """Return the view hash of every file that can be decoded, and the sizes that occur."""

    def view(file: Path) -> tuple[str, tuple[int, ...]] | None:
        image = _decoded(file)
        return None if image is None else (view_hash(image), image.shape)

    found = dict(zip(files, look_at_all(view, list(files.values())), strict=True))
    sound = {digest: each for digest, each in found.items() if each is not None}
    return {digest: each[0] for digest, each in sound.items()}, {s for _, s in sound.values()}


def _decoded(file: Path) -> GrayImage | None:
    """Return a picture, by the rule that all sources go by; None where it cannot be read."""
    try:
        return read_gray(file)
    except InputError:
        return None


def _alike(
    known: Held, test: Content, asked: Iterable[str], *, small: bool
) -> Iterator[tuple[str, str]]:
    """Yield which of the test pictures `asked` for look like one of their class, and like which.

    Args:
        known: the dataset's images.
        test: the test set's.
        asked: SHA-256 of test pictures.
        small: compare as the evaluator sees them, for the dataset is stored so; else as stored.
    """
    wanted = set(asked)
    with warnings.catch_warnings(action="ignore"):
        for numeral in CLASSES:
            theirs, pictures = _inked(test, numeral, wanted, small=small)
            ours, held = known.inked(numeral, small=small)
            pairs = between(pictures, held)
            yield from {theirs[a]: ours[b] for a, b in reversed(pairs)}.items()


def _inked(content: Content, numeral: str, wanted: set[str], *, small: bool) -> Inked:
    """Sketch those pictures of one class, `wanted` by SHA-256, that have ink."""
    digests: list[str] = []

    def pictures() -> Iterator[GrayImage]:  # one at a time: a large folder would fill the memory
        of_class = (d for _, each, d in content.rows if each == numeral and d in wanted)
        for digest in dict.fromkeys(of_class):
            image = _decoded(content.files[digest])
            if image is None or image.min() >= _INKED:
                continue
            image = evaluator_view(image) if small else shrunk(image, _COMPARED)
            if image.min() < _INKED:
                digests.append(digest)
                yield image

    return digests, Sketches.of(pictures())
