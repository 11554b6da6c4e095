"""Which images of a dataset's val have a near-duplicate in its train, and of its test in both.

Enters: a dataset's folder, the hashes of its images, its manifest. Leaves: pairs of paths.

The manifest says of finished images which belong together. Composed images are not compared: no
letter of theirs stands on both sides. All other files are compared by their looks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from datagen.core.arrays import GrayImage
from datagen.core.numerals import Split
from datagen.datasets.format import ManifestEntry
from datagen.files.decode import read_gray
from datagen.images.known_groups import pairs_between

_EARLIER: Final[Mapping[Split, tuple[Split, ...]]] = {"val": ("train",), "test": ("train", "val")}
"""With which parts each is compared."""


def near_duplicates(
    root: Path, pixels: Mapping[str, str], entries: Sequence[ManifestEntry]
) -> tuple[tuple[str, str], ...]:
    """Return a pair for each image of val (test) with a near-duplicate in train (or val), sorted.

    Images that are equal pixel by pixel, or have one parent, are no near-duplicates.

    Args:
        root: the dataset's folder.
        pixels: path below it → hash of the image's pixels.
        entries: of its manifest; none where it has none.
    """
    told = {entry.path for entry in entries if entry.parent is None or entry.group is not None}
    unknown = {path: found for path, found in pixels.items() if path not in told}
    return tuple(sorted([*_recorded(entries), *_compared(root, unknown)]))


def _recorded(entries: Sequence[ManifestEntry]) -> Iterator[tuple[str, str]]:
    """Yield the pairs that the manifest tells of."""
    for part, earlier in _EARLIER.items():
        known: dict[str, dict[tuple[str, str | None], str]] = {}
        for entry in entries:
            if entry.split in earlier and entry.group is not None:
                parents = known.setdefault(entry.group, {})
                parents.setdefault((entry.source, entry.parent), entry.path)
        for entry in entries:
            if entry.split == part and entry.group in known:
                parent = (entry.source, entry.parent)
                others = (path for name, path in known[entry.group].items() if name != parent)
                if (other := next(others, None)) is not None:
                    yield entry.path, other


def _compared(root: Path, pixels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the pairs among images that nothing is known of."""
    for part, earlier in _EARLIER.items():
        known, asked = _by_pixels(pixels, earlier), _by_pixels(pixels, (part,))
        for found in known.keys() & asked.keys():
            del asked[found]  # the same picture: counted as such
        pairs = pairs_between(loaders(root, asked), loaders(root, known)) if known and asked else ()
        for mine, yours in pairs:
            yield asked[mine], known[yours]


def _by_pixels(pixels: Mapping[str, str], parts: Sequence[Split]) -> dict[str, str]:
    """Return hash → the first path in these parts that has it."""
    first: dict[str, str] = {}
    for path in sorted(pixels):
        if path.startswith(tuple(f"{part}/" for part in parts)):
            first.setdefault(pixels[path], path)
    return first


def loaders(
    root: Path, paths: Mapping[str, str], prepare: Callable[[GrayImage], GrayImage] | None = None
) -> dict[str, Callable[[], GrayImage]]:
    """Return what loads each picture, as `known_groups` takes it.

    Args:
        root: the folder.
        paths: the name of a picture → its path below the folder.
        prepare: what is done with each before it is compared.
    """

    def load(path: str) -> GrayImage:
        image = read_gray(root / path)
        return image if prepare is None else prepare(image)

    return {name: partial(load, path) for name, path in paths.items()}
