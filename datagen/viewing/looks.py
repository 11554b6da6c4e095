"""How the images of a page look beside one another: look-alikes, copies, and styles of writing.

Enters: the images and what was measured of them. Leaves: `Looks`. What takes long is remembered by
what the pictures hold, wherever they lie.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from datagen.core.arrays import GrayImage
from datagen.core.evaluator_facts import SIDE
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.models import StrictModel
from datagen.core.numerals import PARTS
from datagen.datasets.leakage import NEAR_LIMIT
from datagen.datasets.near_duplicates import near_duplicates
from datagen.files.cache_dir import cache_folder, cache_key, read_cached, write_cached
from datagen.files.decode import read_gray
from datagen.files.reading import RECORD, read_bytes
from datagen.images.known_groups import group_names
from datagen.images.look_alikes import look_alikes
from datagen.images.shrinking import shrunk
from datagen.images.style_clusters import cluster, standardise
from datagen.images.style_features import describe
from datagen.images.style_words import style_words
from datagen.viewing.measured import Measured
from datagen.viewing.rows import ViewImage

FORMAT: Final = 2
"""Raised when the same pictures get other look-alikes or styles, so old files are never used."""

ALIKE: Final = 6
"""Look-alikes shown of each image."""

STYLES: Final = 8
"""Styles of writing that the images are gathered into."""

_LARGEST: Final = 512  # pixels: longer sides of photos, which many are in memory of at once


@dataclass(frozen=True, slots=True)
class Looks:
    """How images look beside one another, by their positions.

    Attributes:
        alike: of each image, positions of its look-alikes in other parts and their likeness, 0 … 1.
        copies: position → that of an image that is the same picture to the evaluator.
        near: position → that of a near-duplicate, another picture of the same writing.
        styles: of each image, the number of its style; None where its case style is known.
        style_words: what is special about each style.
        note: why something was not looked at; None where all was.
    """

    alike: tuple[tuple[tuple[int, float], ...], ...]
    copies: Mapping[int, int]
    near: Mapping[int, int]
    styles: tuple[int | None, ...]
    style_words: tuple[str, ...]
    note: str | None = None


class _Remembered(StrictModel):
    """What is kept in the cache, by positions among the images that are compared."""

    alike: tuple[tuple[tuple[int, float], ...], ...]
    styles: tuple[int | None, ...]
    words: tuple[str, ...]


def look(
    root: Path,
    images: Sequence[ViewImage],
    found: Sequence[Measured],
    tell: Callable[[int], None] = lambda _: None,
) -> Looks:
    """Compare the images of a page.

    Args:
        root: the dataset.
        images: to compare.
        found: what was measured of each.
        tell: told how many are looked at.
    """
    sound = [k for k, each in enumerate(found) if each.seen and not each.blank]
    copies = _copies(images, found, sound)
    if len(sound) > NEAR_LIMIT:
        note = (
            f"look-alikes and styles were not looked for: {len(sound):,} images are more than the "
            f"{NEAR_LIMIT:,} that can be compared in a minute"
        )
        empty = ((),) * len(images)
        return Looks(empty, copies, {}, (None,) * len(images), (), note)
    memory = _remembered(images, found, sound, tell)
    alike: list[tuple[tuple[int, float], ...]] = [()] * len(images)
    styles: list[int | None] = [None] * len(images)
    for k, near, style in zip(sound, memory.alike, memory.styles, strict=True):
        alike[k] = tuple((sound[other], likeness) for other, likeness in near)
        styles[k] = style
    near_ones = dict(_near(root, images, found, sound))
    return Looks(tuple(alike), copies, near_ones, tuple(styles), memory.words)


def _copies(
    images: Sequence[ViewImage], found: Sequence[Measured], sound: Sequence[int]
) -> dict[int, int]:
    """Return of each image one that is the same picture, rather of another part than of its own."""
    showing = defaultdict(list)
    for k in sound:
        showing[found[k].seen].append(k)
    copies = {}
    for same in showing.values():
        for k in same if len(same) > 1 else ():
            others = [each for each in same if each != k]
            elsewhere = [each for each in others if images[each].part != images[k].part]
            copies[k] = (elsewhere or others)[0]
    return copies


def _near(
    root: Path, images: Sequence[ViewImage], found: Sequence[Measured], sound: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield the near-duplicates that `inspect` counts; in a folder without parts, all there are."""
    own = [k for k in sound if _own(images[k])]
    if all(images[k].part == "" for k in own):
        yield from _near_in_one_part(images, found, own)
        return
    places = {images[k].name: k for k in own}
    entries = [image.entry for image in images if image.entry is not None]
    pairs = near_duplicates(root, {name: found[k].seen for name, k in places.items()}, entries)
    for held_out, known in pairs:
        if held_out in places and known in places:
            yield places[held_out], places[known]
            yield places[known], places[held_out]


def _near_in_one_part(
    images: Sequence[ViewImage], found: Sequence[Measured], own: Sequence[int]
) -> Iterator[tuple[int, int]]:
    if not own:
        return
    group_of = group_names({found[k].seen: partial(_load, images[k].file) for k in own})
    groups = defaultdict(list)
    for k in own:
        groups[group_of[found[k].seen]].append(k)
    for members in groups.values():
        for k in members:
            other = next((m for m in members if found[m].seen != found[k].seen), None)
            if other is not None:
                yield k, other


def _remembered(
    images: Sequence[ViewImage],
    found: Sequence[Measured],
    sound: Sequence[int],
    tell: Callable[[int], None],
) -> _Remembered:
    """Return look-alikes and styles from the cache, else work them out and remember them."""
    rows = [(images[k].part, images[k].numeral, found[k].seen, _is_open(images[k])) for k in sound]
    key = cache_key([FORMAT, ALIKE, STYLES, rows])
    place = cache_folder() / "looks" / f"{key}.json"
    known = read_cached(place, lambda path: _read(path, len(rows)))
    if known is None:
        small = all(max(found[k].width, found[k].height) <= SIDE for k in sound if _own(images[k]))
        known = _worked_out([images[k] for k in sound], tell, small=small)
        text = known.model_dump_json()
        write_cached(place, lambda path: path.write_text(text, "utf-8"))
    return known


def _read(path: Path, count: int) -> _Remembered:
    known = _Remembered.model_validate(json.loads(read_bytes(path, RECORD)))
    places = [place for alike in known.alike for place, _ in alike]
    named = {style for style in known.styles if style is not None}
    whole = len(known.alike) == len(known.styles) == count
    if not whole or not set(places) <= set(range(count)):
        raise ValueError("look-alikes of other pictures")
    if not named <= set(range(len(known.words))):
        raise ValueError("styles without words")
    return known


def _worked_out(
    images: Sequence[ViewImage], tell: Callable[[int], None], *, small: bool
) -> _Remembered:
    """Compare images; `small`: as the evaluator sees them, for the dataset is stored so."""

    def load(image: ViewImage) -> GrayImage:
        return _load(image.file, small=small)

    done = 0

    def counted() -> Iterator[GrayImage]:
        nonlocal done
        with ThreadPoolExecutor() as pool:
            for picture in pool.map(load, images):
                done += 1
                tell(done)
                yield picture

    alike = look_alikes(counted(), [image.part for image in images], ALIKE)
    unknown = [k for k, image in enumerate(images) if _is_open(image)]
    styles: list[int | None] = [None] * len(images)
    words: list[str] = []
    if unknown:
        with ThreadPoolExecutor() as pool:
            features = list(pool.map(lambda k: describe(load(images[k])), unknown))
        points = standardise(np.stack(features), [images[k].numeral for k in unknown])
        labels = cluster(points, STYLES, seed=0)
        words = style_words(points, labels)
        for k, label in zip(unknown, labels.tolist(), strict=True):
            styles[k] = label
    return _Remembered(alike=tuple(alike), styles=tuple(styles), words=tuple(words))


def _is_open(image: ViewImage) -> bool:
    """Return whether nobody has said how an image of the dataset is written."""
    return _own(image) and (image.entry is None or image.entry.style == "unknown")


def _own(image: ViewImage) -> bool:
    return image.part in (*PARTS, "")


def _load(file: Path, *, small: bool = False) -> GrayImage:
    image = read_gray(file)
    return evaluator_view(image) if small else shrunk(image, _LARGEST)
