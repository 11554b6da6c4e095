"""Which pictures of a test set a dataset knows: the same ones, parents of its images, look-alikes.

Enters: a dataset's folder, and the content of it and of a test set. Leaves: a `Leaks`. Nothing is
trained. The evaluator compares what its own decoder makes of the files; here both sides go through
ours, as grey pictures: a JPEG means a little different levels to each decoder.
"""

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from datagen.core.arrays import GrayImage
from datagen.core.errors import DatagenError, InputError
from datagen.core.evaluator_facts import SIDE
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.machine import cores
from datagen.core.models import StrictModel
from datagen.core.numerals import CLASSES
from datagen.core.version import installed_version
from datagen.datasets.content import Content
from datagen.datasets.format import INFO, MANIFEST, read_info, read_manifest
from datagen.files.cache_dir import cache_folder, cache_key, read_cached, write_cached
from datagen.files.decode import decode_gray
from datagen.files.hashing import view_hash
from datagen.files.paths import absolute
from datagen.files.reading import IMAGE, RECORD, read_bytes
from datagen.images.near_duplicates import between
from datagen.images.shrinking import shrunk

LeakKind = Literal["same picture", "parent", "near-duplicate"]
"""How a dataset knows a picture: it holds it; images were made from it; it holds one much like it.

The first two have leaked. A near-duplicate is only counted: it may be another writing.
"""

NEAR_LIMIT: Final = 12_000
"""Images, of dataset and test set together, up to which near-duplicates are looked for.

A dataset of the whole budget and a usual test set. `datagen inspect DS --against TEST` with 9,997
images of `competition` and 578 test images took 22 s of CPU the first time; it is remembered.
"""

FORMAT: Final = 1

_COMPARED: Final = 512  # pixels: longer sides of photos, of which thousands have to be in memory
_INKED: Final = 160  # grey level: a picture without a darker pixel has no ink to compare


@dataclass(frozen=True, slots=True)
class Leaks:
    """What a dataset knows of a test set.

    Attributes:
        path: the test set.
        images: files in it.
        kinds: how a file is known, by SHA-256; those that are not known are not in it.
        files: path below the folder and kind of every known file, the leaked ones first.
        same_picture, parents: files that leaked, of each kind.
        near_duplicates: files that are only alike; None where they were not looked for.
        near_note: why near-duplicates were not looked for, although that was asked.
        notes: what else could not be found out, and why; sentences.
        unreadable: files that cannot be decoded.
    """

    path: Path
    images: int
    kinds: Mapping[str, LeakKind]
    files: tuple[tuple[str, LeakKind], ...]
    same_picture: int
    parents: int
    near_duplicates: int | None
    near_note: str | None
    notes: tuple[str, ...]
    unreadable: tuple[Path, ...]

    @property
    def leaked(self) -> int:
        """Files that leaked, by any kind."""
        return self.same_picture + self.parents

    @property
    def known(self) -> str | None:
        """How many images the dataset knows, and how, as a sentence; None where nothing leaked."""
        return known_in_words(str(self.path), self.images, leaked=self.leaked, parents=self.parents)

    @property
    def warning(self) -> str | None:
        """What to know before a score is made; None where nothing leaked."""
        return leak_warning(str(self.path), self.images, leaked=self.leaked, parents=self.parents)


def known_in_words(path: str, images: int, *, leaked: int, parents: int) -> str | None:
    """Return how many images of a test set a dataset knows, and how; None where nothing leaked.

    Args:
        path: of the test set.
        images: files in it.
        leaked: of them that leaked.
        parents: of those, that only images made from them are in the dataset.
    """
    if not leaked:
        return None
    ways = ((leaked - parents, "in train or val"), (parents, "that images there were made from"))
    kinds = ", ".join(f"{count:,} {way}" for count, way in ways if count)
    return f"{leaked:,} of {images:,} images of {path} are known to the dataset ({kinds})"


def leak_warning(path: str, images: int, *, leaked: int, parents: int) -> str | None:
    """Return `known_in_words`, and what it means for a score."""
    known = known_in_words(path, images, leaked=leaked, parents=parents)
    return known and f"{known}: they flatter the score; the leak-free accuracy leaves them out"


class _Compared(StrictModel):
    """What depends on the images alone, and is remembered.

    Attributes:
        views: `view_hash` of every test picture that can be decoded, by SHA-256.
        same, near: SHA-256 of those that the dataset holds, and of those like one in it.
    """

    views: dict[str, str]
    same: tuple[str, ...]
    near: tuple[str, ...] | None


def find_leaks(
    dataset: Path, known: Content, test: Content, path: Path, *, near: bool = True
) -> Leaks:
    """Compare a test set with a dataset and what its manifest says it was made from.

    Args:
        dataset: its folder.
        known: its images.
        test: those of the test set.
        path: of the test set.
        near: look for near-duplicates too, where there are not too many images.
    """
    notes, near_note = [], None
    total = len(known.files) + len(test.files)
    if near and total > NEAR_LIMIT:
        near = False
        near_note = (
            f"near-duplicates were not looked for: {total:,} images are more than the "
            f"{NEAR_LIMIT:,} that can be compared in half a minute"
        )
    compared = _remembered(known, test, near=near)
    parents, unknown = _parents(dataset)
    if unknown:
        notes.append(
            f"{unknown:,} parents of images are unknown: {MANIFEST} does not say how they look, "
            "and they are not where they were; build the dataset again"
        )
    unreadable = tuple(file for d, file in test.files.items() if d not in compared.views)
    if unreadable:
        notes.append(f"{len(unreadable):,} files cannot be compared, the first: {unreadable[0]}")
    kinds: dict[str, LeakKind] = dict.fromkeys(compared.near or (), "near-duplicate")
    kinds |= {digest: "parent" for digest, view in compared.views.items() if view in parents}
    kinds |= dict.fromkeys(compared.same, "same picture")
    counted = Counter(kinds.get(digest) for _, _, digest in test.rows)
    return Leaks(
        path=path,
        images=len(test.rows),
        kinds=kinds,
        files=_named(test, kinds),
        same_picture=counted["same picture"],
        parents=counted["parent"],
        near_duplicates=None if compared.near is None else counted["near-duplicate"],
        near_note=near_note,
        notes=tuple(notes),
        unreadable=unreadable,
    )


def _named(test: Content, kinds: Mapping[str, LeakKind]) -> tuple[tuple[str, LeakKind], ...]:
    order = get_args(LeakKind)
    found = [(path, kinds[d]) for path, d in test.paths.items() if d in kinds]
    return tuple(sorted(found, key=lambda each: (order.index(each[1]), each[0])))


def _remembered(known: Content, test: Content, *, near: bool) -> _Compared:
    key = cache_key([FORMAT, installed_version(), known.fingerprint, test.fingerprint, near])
    place = cache_folder() / "leaks" / f"{key}.json"
    found = read_cached(place, _read)
    if found is None:
        found = _compare(known, test, near=near)
        text = found.model_dump_json()
        write_cached(place, lambda temporary: temporary.write_text(text, "utf-8"))
    return found


def _read(path: Path) -> _Compared:
    return _Compared.model_validate_json(read_bytes(path, RECORD))


def _compare(known: Content, test: Content, *, near: bool) -> _Compared:
    held, sizes = _views(known.files)
    views, _ = _views(test.files)
    pictures = set(held.values())
    same = tuple(sorted(d for d, view in views.items() if view in pictures or d in known.files))
    alike = None
    if near:
        small = sizes <= {(SIDE, SIDE)}
        alike = tuple(sorted(_alike(known, test, views.keys() - set(same), small=small)))
    return _Compared(views=views, same=same, near=alike)


def _views(files: Mapping[str, Path]) -> tuple[dict[str, str], set[tuple[int, ...]]]:
    """Return the view hash of every file that can be decoded, and the sizes that occur."""

    def view(file: Path) -> tuple[str, tuple[int, ...]] | None:
        image = _decoded(file)
        return None if image is None else (view_hash(image), image.shape)

    # Pillow warns of odd metadata; inside threads silencing it is not safe.
    with warnings.catch_warnings(action="ignore"), ThreadPoolExecutor(cores()) as pool:
        found = dict(zip(files, pool.map(view, files.values()), strict=True))
    sound = {digest: each for digest, each in found.items() if each is not None}
    return {digest: each[0] for digest, each in sound.items()}, {s for _, s in sound.values()}


def _decoded(file: Path) -> GrayImage | None:
    """Return a picture, by the rule that all sources go by; None where it cannot be read."""
    try:
        return decode_gray(read_bytes(file, IMAGE), str(file))
    except InputError:
        return None


def _alike(known: Content, test: Content, asked: Iterable[str], *, small: bool) -> Iterable[str]:
    """Yield which of the test pictures `asked` for look like one of their class in the dataset.

    Args:
        known: the dataset's images.
        test: the test set's.
        asked: SHA-256 of test pictures.
        small: compare as the evaluator sees them, for the dataset is stored so; else as stored.
    """
    wanted = set(asked)
    with warnings.catch_warnings(action="ignore"):
        for numeral in CLASSES:
            ours = _inked(known, numeral, set(known.files), small=small)
            theirs = _inked(test, numeral, wanted, small=small)
            if ours and theirs:
                pairs = between(theirs.values(), ours.values())
                digests = list(theirs)
                yield from {digests[position] for position, _ in pairs}


def _inked(
    content: Content, numeral: str, wanted: set[str], *, small: bool
) -> dict[str, GrayImage]:
    """Return the pictures of one class that have ink, by SHA-256."""
    digests = dict.fromkeys(d for _, each, d in content.rows if each == numeral and d in wanted)
    found = {}
    for digest in digests:
        image = _decoded(content.files[digest])
        if image is not None and image.min() < _INKED:
            found[digest] = evaluator_view(image) if small else shrunk(image, _COMPARED)
    return {digest: image for digest, image in found.items() if image.min() < _INKED}


def _parents(dataset: Path) -> tuple[set[str], int]:
    """Return the view hashes of what a dataset was made from, and how many are not known.

    In datasets of earlier versions, which do not record them, the parents' files are read where
    they still are.
    """
    if not (dataset / MANIFEST).is_file():
        return set(), 0
    try:
        entries = [entry for entry in read_manifest(dataset) if entry.parent is not None]
        recorded = {entry.parent_pixels for entry in entries} - {None}
        missing = {(e.source, e.parent) for e in entries if e.parent_pixels is None and e.parent}
        folders = {}
        if missing and (dataset / INFO).is_file():
            folders = {source.key: source.path for source in read_info(dataset).sources}
    except DatagenError:
        return set(), 0  # `datagen inspect` reports a damaged record
    files = [
        absolute(folder, dataset.absolute()) / parent
        for key, parent in missing
        if (folder := folders.get(key))
    ]
    views, _ = _views({str(file): file for file in files})
    return {view for view in recorded if view} | set(views.values()), len(missing) - len(views)
