"""Which pictures of a test set a dataset knows: the same ones, parents of its images, look-alikes.

Enters: a dataset's content and parents, and the content of a test set. Leaves: a `Leaks`. Nothing
is trained. The evaluator compares what its own decoder makes of the files; here both sides go
through ours, as grey pictures: a JPEG means a little different levels to each decoder.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args

from datagen.datasets.compared_pictures import Compared, Held, remembered
from datagen.datasets.content import Content
from datagen.datasets.format import MANIFEST
from datagen.datasets.parents import Parents

LeakKind = Literal["same picture", "parent", "near-duplicate"]
"""How a dataset knows a picture: it holds it; images were made from it; it holds one much like it.

The first two have leaked. A near-duplicate is only counted: it may be another writing.
"""

NEAR_LIMIT: Final = 12_000
"""Images, of dataset and test set together, up to which near-duplicates are looked for.

A dataset of the whole budget and a usual test set. `datagen inspect DS --against TEST` with 9,997
images of `competition` and 578 test images took 22 s of CPU the first time; it is remembered.
"""


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
        ours: path below the dataset of every image by which a file is known → how, and SHA-256 of
            such files.
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
    ours: Mapping[str, tuple[LeakKind, tuple[str, ...]]] = field(default_factory=dict)

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
    return f"{leaked:,} of {images:,} images of {path} are leaked ({kinds})"


def leak_warning(path: str, images: int, *, leaked: int, parents: int) -> str | None:
    """Return `known_in_words`, and what it means for a score."""
    known = known_in_words(path, images, leaked=leaked, parents=parents)
    return (
        known
        and f"{known}: the accuracy on them is too high; the leak-free accuracy leaves them out"
    )


def find_leaks(
    known: Held,
    parents: Parents,
    test: Content,
    path: Path,
    *,
    near: bool = True,
    near_limit: float | None = None,
) -> Leaks:
    """Compare a test set with a dataset and what its manifest says it was made from.

    Args:
        known: the dataset's images; one `Held` for all its test sets looks at them once.
        parents: what they were made from.
        test: those of the test set.
        path: of the test set.
        near: look for near-duplicates too, where there are not too many images.
        near_limit: how many images are not too many; None for `NEAR_LIMIT`.
    """
    notes, near_note = [], None
    total = len(known.content.files) + len(test.files)
    limit = NEAR_LIMIT if near_limit is None else near_limit
    if near and total > limit:
        near = False
        near_note = (
            f"near-duplicates were not looked for: {total:,} images are more than the "
            f"{limit:,} that can be compared in half a minute"
        )
    compared = remembered(known, test, near=near)
    if parents.unknown:
        notes.append(
            f"{parents.unknown:,} parents of images are unknown: {MANIFEST} does not say how they "
            "look, and they are not where they were; build the dataset again"
        )
    unreadable = tuple(file for d, file in test.files.items() if d not in compared.views)
    if unreadable:
        notes.append(f"{len(unreadable):,} files cannot be compared, the first: {unreadable[0]}")
    kinds: dict[str, LeakKind] = dict.fromkeys(compared.near or (), "near-duplicate")
    kinds |= {digest: "parent" for digest, view in compared.views.items() if view in parents.made}
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
        ours=_ours(known.content, compared, parents.made),
    )


def _ours(
    known: Content, compared: Compared, parents: Mapping[str, Sequence[str]]
) -> dict[str, tuple[LeakKind, tuple[str, ...]]]:
    """Return by which images of the dataset test pictures are known; the first way of each."""
    near, same, made = (defaultdict[str, list[str]](list) for _ in range(3))
    for digest, like in (compared.near or {}).items():
        near[like].append(digest)
    for digest, held in compared.same.items():
        for own in held:
            same[own].append(digest)
    for digest, view in compared.views.items():
        for path in parents.get(view, ()):
            made[path].append(digest)
    found: dict[str, tuple[LeakKind, tuple[str, ...]]] = {}
    for path, own in known.paths.items():
        if own in same:
            found[path] = "same picture", tuple(same[own])
        elif path in made:
            found[path] = "parent", tuple(made[path])
        elif own in near:
            found[path] = "near-duplicate", tuple(near[own])
    return found


def _named(test: Content, kinds: Mapping[str, LeakKind]) -> tuple[tuple[str, LeakKind], ...]:
    order = get_args(LeakKind)
    found = [(path, kinds[d]) for path, d in test.paths.items() if d in kinds]
    return tuple(sorted(found, key=lambda each: (order.index(each[1]), each[0])))
