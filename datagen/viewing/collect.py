"""Everything that a page shows of a dataset, put together.

Enters: a folder, and what shall be on the page. Leaves: a `View`. Nothing is written.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.text import how_many
from datagen.datasets.format import DatasetInfo, info_if_any
from datagen.viewing.looks import Looks, look
from datagen.viewing.making import Maker, Making
from datagen.viewing.measured import Measured, measure
from datagen.viewing.mistakes import KnownScores, read_scored
from datagen.viewing.rows import MOST, Listing, ViewImage, list_images

Tell = Callable[[str, int, int], None]
"""Told of each step how many images are done, and of how many."""


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """What shall be on a page.

    Attributes:
        root: the dataset, or a folder of class folders.
        scores: scores or reports beside those that are found by themselves.
        steps: of so many images the pictures of every step are kept on the page.
        images: images, by their names, of which they are kept in any case.
        most: images that the page shows.
    """

    root: Path
    scores: tuple[Path, ...] = ()
    steps: int = 100
    images: tuple[str, ...] = ()
    most: int = MOST


@dataclass(frozen=True, slots=True)
class View:
    """A dataset as a page shows it.

    Attributes:
        request: what was asked for.
        listing: the dataset's own images.
        images: these, and then those of test sets from elsewhere.
        measured: of each image.
        looks: of all images together.
        scored: what scores said.
        makings: name of an image → how it was made; for some images only.
        info: what `dataset.json` says; None where there is none.
        notes: what is to be said of the whole; sentences.
    """

    request: ViewRequest
    listing: Listing
    images: tuple[ViewImage, ...]
    measured: tuple[Measured, ...]
    looks: Looks
    scored: KnownScores
    makings: Mapping[str, Making]
    info: DatasetInfo | None
    notes: tuple[str, ...]


def _quiet(step: str, done: int, total: int) -> None:
    """Say nothing."""


def collect(request: ViewRequest, tell: Tell = _quiet) -> View:
    """Read, measure and compare everything that a page shows.

    Raises:
        MissingInputError: there is no dataset, no image, or none of a name asked for.
        CorruptInputError: the manifest or `dataset.json` is damaged, or a score is.
        UsageError: a score is of another dataset.
    """
    root = request.root
    listing = list_images(root, request.most)
    info = info_if_any(root)
    chosen = _chosen(request, listing)
    scored = read_scored(root, request.scores)
    images = (*listing.images, *_further(scored, request.most - len(listing.images)))
    found = measure(
        [image.file for image in images], lambda done: tell("reading", done, len(images))
    )
    looks = look(root, images, found, lambda done: tell("comparing", done, len(images)))
    maker = Maker(root)
    makings = {}
    for number, image in enumerate(chosen, 1):
        if image.entry is not None:
            makings[image.name] = maker.make(image.entry)
        tell("making again", number, len(chosen))
    return View(
        request=replace(request, images=()),
        listing=listing,
        images=images,
        measured=tuple(found),
        looks=looks,
        scored=scored,
        makings=makings,
        info=info,
        notes=tuple(_notes(listing, images, found, looks)),
    )


def _further(scored: KnownScores, room: int) -> tuple[ViewImage, ...]:
    """Return the test images from elsewhere; where there is no room for all, the mistakes."""
    if len(scored.images) <= room:
        return scored.images
    wrong = {name for each in scored.sets for name, p in each.predictions.items() if p.wrong}
    return tuple(image for image in scored.images if image.name in wrong)[: max(0, room)]


def _chosen(request: ViewRequest, listing: Listing) -> list[ViewImage]:
    """Return the images whose steps are kept: those asked for, then some of every kind.

    Raises:
        MissingInputError: an image that is asked for is not there.
        CorruptInputError: it has no line in a manifest.
    """
    by_name = {image.name: image for image in listing.images}
    asked = []
    for name in request.images:
        image = by_name.get(name)
        if image is None:
            raise MissingInputError(
                f"{request.root} has no image {name}; expected a path below it, such as "
                f"{listing.images[0].name}"
            )
        if image.entry is None:
            raise CorruptInputError(
                f"{name} has no line in a manifest, so its steps are not known; leave --image out"
            )
        asked.append(image)
    spread = _one_of_each_kind([image for image in listing.images if image.entry is not None])
    return [
        *asked,
        *(image for image in spread[: request.steps] if image.name not in request.images),
    ]


def _one_of_each_kind(images: Sequence[ViewImage]) -> list[ViewImage]:
    """Return the images in an order in which every kind comes once before any comes twice."""
    kinds: dict[tuple[object, ...], list[ViewImage]] = {}
    for image in images:
        entry = image.entry
        if entry is not None:
            kind = (entry.source, entry.pipeline, entry.style, image.numeral)
            kinds.setdefault(kind, []).append(image)
    of_class: Counter[str] = Counter()
    turns = []
    for members in kinds.values():
        numeral = members[0].numeral
        turns += [(number, of_class[numeral], image) for number, image in enumerate(members)]
        of_class[numeral] += 1
    return [image for _, _, image in sorted(turns, key=itemgetter(0, 1))]


def _notes(
    listing: Listing, images: Sequence[ViewImage], found: Sequence[Measured], looks: Looks
) -> Iterator[str]:
    yield from listing.notes
    bad = [each.reason for each in found if each.reason]
    if bad:
        yield f"{how_many(len(bad), 'image')} not readable, first: {bad[0]}"
    blank = [image.name for image, each in zip(images, found, strict=True) if each.blank]
    if blank:
        yield f"{how_many(len(blank), 'image')} blank, first {blank[0]}"
    changed = [
        image.name
        for image, each in zip(images, found, strict=True)
        if image.entry is not None and each.sha256 and each.sha256 != image.entry.sha256
    ]
    if changed:
        yield f"{how_many(len(changed), 'image')} changed since it was built, first {changed[0]}"
    if looks.note:
        yield looks.note
