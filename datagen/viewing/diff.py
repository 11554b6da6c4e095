"""Two datasets beside each other: which images stayed, moved, changed, came and went.

Enters: two folders, ours with their manifests or anybody's class folders. Leaves: a `DatasetDiff`
that has every image of both exactly once.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from datagen.core.errors import CorruptInputError
from datagen.core.numerals import SPLITS
from datagen.datasets.format import fingerprint
from datagen.files.class_folders import IMAGE_SUFFIXES
from datagen.files.decode import DECODER, read_gray
from datagen.files.hashing import file_hash, hash_files, view_hash
from datagen.viewing.diff_recipe import RecipeChange, recipe_changes
from datagen.viewing.diff_scores import ScoreChange
from datagen.viewing.rows import ViewImage, class_order, list_images

ChangeKind: TypeAlias = Literal["same", "stored", "moved", "changed", "went", "came"]
KINDS: Final[tuple[ChangeKind, ...]] = ("same", "stored", "moved", "changed", "went", "came")
"""`same`: the same bytes in the same class and part; `stored`: the same picture in other bytes;
`moved`: the same picture in another class or part; `changed`: another picture, made of the same
letters or parent, or at the same path; `went`: only in the first; `came`: only in the second."""

Match: TypeAlias = Literal["bytes", "picture", "lineage", "path"]

_EVERY: Final = 10**9


@dataclass(frozen=True, slots=True)
class ImageChange:
    """What became of one image.

    Attributes:
        kind: see `KINDS`.
        before: in the first dataset; None of what came.
        after: in the second; None of what went.
        by: how the two were found to belong together; None where there is one alone.
    """

    kind: ChangeKind
    before: ViewImage | None
    after: ViewImage | None
    by: Match | None = None

    @property
    def image(self) -> ViewImage:
        """The image as it is now, or as it was where it went."""
        image = self.after or self.before
        if image is None:
            raise ValueError("a change has an image before or after it")
        return image


@dataclass(frozen=True, slots=True)
class Tally:
    """Images of one class, or of one part, in both datasets.

    `first` is kept + changed + moved_out + went, `second` kept + changed + moved_in + came.

    Attributes:
        first, second: how many.
        kept: the same picture, here before and after.
        changed: another picture that belongs together with the earlier one, here before and after.
        moved_in, moved_out: stood elsewhere before, or does so after; changed or not.
        came, went: only in the second, only in the first.
    """

    first: int
    second: int
    kept: int
    changed: int
    moved_in: int
    moved_out: int
    came: int
    went: int


@dataclass(frozen=True, slots=True)
class DatasetSide:
    """One of the two.

    Attributes:
        path: as it was given.
        images: of all parts.
        fingerprint: of train and val; of class folders as the evaluator computes it of a test set.
    """

    path: Path
    images: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class DatasetDiff:
    """What differs between two datasets.

    Attributes:
        first, second: the two.
        changes: every image of both, in order of class, kind and path.
        recipe: keys that differ; None where one of them has no recipe.
        scores: what the change did, where both were scored on the same test images.
    """

    first: DatasetSide
    second: DatasetSide
    changes: tuple[ImageChange, ...]
    recipe: tuple[RecipeChange, ...] | None = None
    scores: tuple[ScoreChange, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether both hold the same bytes under the same classes and parts."""
        return all(change.kind == "same" for change in self.changes)

    @property
    def counts(self) -> dict[ChangeKind, int]:
        """How many changes there are of each kind."""
        found = Counter(change.kind for change in self.changes)
        return {kind: found[kind] for kind in KINDS}

    def by_class(self) -> dict[str, Tally]:
        """Return what happened in each class, in class order."""
        found = _tallies(self.changes, lambda image: image.numeral)
        return {numeral: found[numeral] for numeral in sorted(found, key=class_order)}

    def by_part(self) -> dict[str, Tally]:
        """Return what happened in each part; plain class folders are the part ""."""
        return _tallies(self.changes, lambda image: image.part)


@dataclass(frozen=True, slots=True)
class _Item:
    """An image with the SHA-256 of its bytes."""

    image: ViewImage
    sha256: str


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two images that belong together."""

    before: _Item
    after: _Item
    by: Match


def diff_datasets(first: Path, second: Path) -> DatasetDiff:
    """Compare two datasets, or folders of class folders.

    Images belong together where their bytes are equal; else where the evaluator sees the same
    picture; else where the manifests say that they were made of the same letters or parent; else,
    where one has no manifest, by their paths. Each image belongs to one other at most.

    Args:
        first: what it was.
        second: what it became.

    Raises:
        MissingInputError: there is no such folder, or no image in it.
        CorruptInputError: a manifest is damaged, or a file cannot be read.
    """
    befores, afters = _items(first), _items(second)
    pairs = list(_pairs(first, befores, second, afters))
    changes = [_change(pair) for pair in pairs]
    paired = {id(item) for pair in pairs for item in (pair.before, pair.after)}
    changes += [ImageChange("went", i.image, None) for i in befores if id(i) not in paired]
    changes += [ImageChange("came", None, i.image) for i in afters if id(i) not in paired]
    return DatasetDiff(
        _side(first, befores),
        _side(second, afters),
        tuple(sorted(changes, key=_order)),
        recipe_changes(first, second),
    )


def _items(root: Path) -> list[_Item]:
    images = list_images(root, _EVERY).images
    hashes = hash_files(root, [image.name for image in images], "bytes", file_hash)
    items = []
    for image in images:
        found = hashes[image.name]
        if isinstance(found, CorruptInputError):
            raise found
        items.append(_Item(image, found))
    return items


def _views(root: Path, items: Sequence[_Item]) -> dict[int, str]:
    """Return id of an item → hash of the picture as the evaluator sees it, if it can be read."""
    names = [item.image.name for item in items]
    found = hash_files(root, names, f"evaluator's view, decoder {DECODER}", _view)
    views = ((id(item), found[item.image.name]) for item in items)
    return {key: view for key, view in views if isinstance(view, str)}


def _view(file: Path) -> str:
    return view_hash(read_gray(file))


def _pairs(
    first: Path, befores: Sequence[_Item], second: Path, afters: Sequence[_Item]
) -> Iterator[_Pair]:
    """Yield the images that belong together: first those of which that is surest."""
    left, right = list(befores), list(afters)

    def match(by: Match, key: Callable[[_Item], Hashable]) -> Iterator[_Pair]:
        found = _matched(left, right, key)
        taken = {id(item) for pair in found for item in pair}
        left[:] = [item for item in left if id(item) not in taken]
        right[:] = [item for item in right if id(item) not in taken]
        return (_Pair(before, after, by) for before, after in found)

    yield from match("bytes", lambda item: (*_place(item), item.sha256))
    yield from match("bytes", lambda item: (item.image.numeral, item.sha256))
    yield from match("bytes", lambda item: item.sha256)
    seen = {**_views(first, left), **_views(second, right)}
    yield from match("picture", lambda item: _with(seen.get(id(item)), *_place(item)))
    yield from match("picture", lambda item: seen.get(id(item)))
    yield from match("lineage", lambda item: _with(_lineage(item), _pipeline(item), *_place(item)))
    yield from match("lineage", _lineage)
    if not all(any(item.image.entry for item in side) for side in (befores, afters)):
        yield from match("path", lambda item: item.image.name)


def _matched(
    befores: Iterable[_Item], afters: Iterable[_Item], key: Callable[[_Item], Hashable]
) -> list[tuple[_Item, _Item]]:
    """Pair items of equal keys, each once, in order; what has the key None stays alone."""
    waiting: dict[Hashable, deque[_Item]] = defaultdict(deque)
    for item in afters:
        waiting[key(item)].append(item)
    waiting.pop(None, None)
    return [(item, waiting[found].popleft()) for item in befores if waiting.get(found := key(item))]


def _place(item: _Item) -> tuple[str, str]:
    return item.image.part, item.image.numeral


def _with(found: Hashable | None, *more: Hashable) -> Hashable | None:
    return None if found is None else (found, *more)


def _lineage(item: _Item) -> Hashable | None:
    """Return what an image was made of, equal in every dataset that was made of the same."""
    entry = item.image.entry
    if entry is None:
        return None
    if entry.parent is not None:
        return entry.parent_pixels or (entry.source, entry.parent)
    return (entry.source, entry.glyphs) if entry.glyphs else None


def _pipeline(item: _Item) -> str | None:
    return item.image.entry.pipeline if item.image.entry else None


def _change(pair: _Pair) -> ImageChange:
    kind: ChangeKind = "changed"
    if pair.by in {"bytes", "picture"}:
        kind = "same" if pair.before.sha256 == pair.after.sha256 else "stored"
        if _place(pair.before) != _place(pair.after):
            kind = "moved"
    return ImageChange(kind, pair.before.image, pair.after.image, pair.by)


def _order(change: ImageChange) -> tuple[tuple[int, str], int, str]:
    return class_order(change.image.numeral), KINDS.index(change.kind), change.image.name


def _tallies(changes: Sequence[ImageChange], key: Callable[[ViewImage], str]) -> dict[str, Tally]:
    """Count changes by what `key` says of their images."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for change in changes:
        before = None if change.before is None else key(change.before)
        after = None if change.after is None else key(change.after)
        if before is not None:
            counts[before]["first"] += 1
        if after is not None:
            counts[after]["second"] += 1
        if before is None and after is not None:
            counts[after]["came"] += 1
        elif after is None and before is not None:
            counts[before]["went"] += 1
        elif before is not None and after is not None and before != after:
            counts[before]["moved_out"] += 1
            counts[after]["moved_in"] += 1
        elif before is not None:
            counts[before]["changed" if change.kind == "changed" else "kept"] += 1
    names = ("first", "second", "kept", "changed", "moved_in", "moved_out", "came", "went")
    return {each: Tally(*(found[name] for name in names)) for each, found in counts.items()}


def _side(root: Path, items: Sequence[_Item]) -> DatasetSide:
    rows = [
        (item.image.part or "test", item.image.numeral, item.sha256)
        for item in items
        if item.image.name.lower().endswith(IMAGE_SUFFIXES)
    ]
    trained = [row for row in rows if row[0] in SPLITS]
    return DatasetSide(root, len(items), fingerprint(trained or rows))
