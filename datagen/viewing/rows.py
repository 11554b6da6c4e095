"""The images of a dataset to look at, ours with their manifest lines, or anybody's class folders.

Enters: a folder. Leaves: its images in order, and what is to be said of the folder. Only names and
the manifest are read here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from datagen.core.errors import MissingInputError
from datagen.core.numerals import CLASSES, PARTS
from datagen.core.text import how_many
from datagen.datasets.format import MANIFEST, ManifestEntry, inside, read_manifest
from datagen.files.class_folders import SAMPLE_RULES, named_files
from datagen.files.leftovers import require_folder
from datagen.files.paths import require_unicode

MOST: Final = 20_000
"""Images that one page holds: twice the budget, about 20 MB. Of more, a sample is shown."""


@dataclass(frozen=True, slots=True)
class ViewImage:
    """One image of the page.

    Attributes:
        name: its path below the folder, with `/`.
        file: where it lies.
        part: train, val or test; "" in a folder of class folders; or the name of a score's test
            set.
        numeral: its class: the name of its class folder, whatever that is.
        source: key of its source in the recipe; without a manifest, the folders between the class
            folder and the file.
        entry: its line of the manifest, where there is one.
    """

    name: str
    file: Path
    part: str
    numeral: str
    source: str = ""
    entry: ManifestEntry | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The images of a folder.

    Attributes:
        images: part by part, in class order, then by path.
        total: images there; more than `images` where these are a sample.
        has_manifest: whether datagen built it.
        notes: what is to be said of the folder; sentences.
    """

    images: tuple[ViewImage, ...]
    total: int
    has_manifest: bool
    notes: tuple[str, ...] = field(default=())


def list_images(root: Path, most: int = MOST) -> Listing:
    """List the images of a dataset or of class folders, whatever the classes are called.

    Args:
        root: a folder with train/, val/ or test/, or with class folders.
        most: images; of more, evenly spaced ones of each part and class are taken.

    Raises:
        MissingInputError: there is no such folder, or no image in a class folder.
        CorruptInputError: the manifest is damaged, a name is no Unicode, or a link of a dataset of
            ours leads out of it.
    """
    require_folder(root, "a dataset, or class folders with images", "dataset")
    has_manifest = (root / MANIFEST).is_file()
    entries = {entry.path: entry for entry in read_manifest(root)} if has_manifest else {}
    images = [_image(root, part, *found, entries) for part, found in _files(root)]
    if not images:
        raise MissingInputError(
            f"{root} has no images in class folders; expected folders {CLASSES[0]} … {CLASSES[-1]} "
            "with images, or train/ and val/ with such folders"
        )
    images.sort(key=lambda image: (_part_order(image.part), class_order(image.numeral)))
    kept = sample(images, most)
    return Listing(kept, len(images), has_manifest, tuple(_notes(images, kept, entries)))


def class_order(numeral: str) -> tuple[int, str]:
    """Return what sorts classes: the numerals in numeric order, then others by name."""
    return (CLASSES.index(numeral) if numeral in CLASSES else len(CLASSES), numeral)


def sample(images: Sequence[ViewImage], most: int) -> tuple[ViewImage, ...]:
    """Return at most about `most` images, evenly spaced ones of each part and class, in order."""
    if len(images) <= most:
        return tuple(images)
    share = most / len(images)
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for image in images:
        cell = image.part, image.numeral
        before = int(seen[cell] * share)
        seen[cell] += 1
        if int(seen[cell] * share) > before or seen[cell] == 1:
            kept.append(image)
    return tuple(kept)


def _files(root: Path) -> Iterable[tuple[str, tuple[str, Path]]]:
    parts: list[str] = [part for part in PARTS if (root / part).is_dir()]
    for part in parts or [""]:
        for found in named_files(root / part, SAMPLE_RULES):
            yield part, found


def _image(
    root: Path, part: str, numeral: str, file: Path, entries: dict[str, ManifestEntry]
) -> ViewImage:
    below = file.relative_to(root)
    require_unicode(root, below)
    name = below.as_posix()
    entry = entries.get(name)
    if entries:
        inside(root, file)
    folders = file.relative_to(root / part / numeral).parent.as_posix()
    source = entry.source if entry else "" if folders == "." else folders
    return ViewImage(name, file, part, numeral, source, entry)


def _part_order(part: str) -> int:
    return PARTS.index(part) if part in PARTS else -1


def _notes(
    images: Sequence[ViewImage], kept: Sequence[ViewImage], entries: dict[str, ManifestEntry]
) -> Iterable[str]:
    if len(kept) < len(images):
        yield (
            f"{len(images):,} images are more than one page holds: it shows {len(kept):,}, evenly "
            "spaced ones of each part and class"
        )
    there = {image.name for image in images}
    missing = [path for path in entries if path not in there]
    if missing:
        yield f"the manifest names {how_many(len(missing), 'image')} not there, first {missing[0]}"
    strange = [image.name for image in images if entries and image.entry is None]
    if strange:
        yield f"the manifest does not name {how_many(len(strange), 'image')}, first {strange[0]}"
    others: dict[str, int] = defaultdict(int)
    for image in images:
        if image.numeral not in CLASSES:
            others[image.numeral] += 1
    known = any(image.numeral in CLASSES for image in images)
    if others and known:
        names = ", ".join(list(others)[:3]) + (", …" if len(others) > 3 else "")
        yield (
            f"{how_many(sum(others.values()), 'image')} in folders that are no class of ours: "
            f"{names}"
        )
