"""Rare styles: pictures of a folder whose way of writing few others share serve more often.

Enters: a folder of finished numerals. Leaves: a `Rare`, `rare.json`, in which every picture has a
weight that falls with the number of pictures of its class that look like it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from datagen.core.budget import RATIO_LIMIT
from datagen.core.limits import Sha256, require
from datagen.core.numerals import CLASSES, Numeral
from datagen.files.hashing import file_hash
from datagen.files.paths import require_unicode
from datagen.sources.images.read import read_numeral
from datagen.sources.images.source import ImagesOptions, survey
from datagen.sources.images.weights import WeightsRecord

CLUSTERS: Final = 12
"""Styles per class: about two cases, with bars and without, upright and slanted, and odd ones."""

MOST: Final = 4.0
"""A style serves at most this many times more often, or less often, than one of average size: the
smallest clusters hold mishaps as well as styles."""

MOST_CLUSTERS: Final = 1000


Tell = Callable[[int], None]
"""Told how many classes are done."""


class RareImage(WeightsRecord):
    """One picture of the folder.

    Attributes:
        path: below the folder, with `/`.
        sha256: of the file's bytes, hexadecimal.
        numeral: its class (key `class` in the file).
        style: number of its cluster within the class.
        alike: pictures in that cluster, itself among them.
        weight: how much more often than others of its class it should serve.
    """

    path: str
    sha256: Sha256
    numeral: Annotated[Numeral, Field(alias="class")]
    style: Annotated[int, Field(ge=0)]
    alike: Annotated[int, Field(ge=1)]
    weight: Annotated[float, Field(gt=0, le=RATIO_LIMIT)]


class Rare(WeightsRecord):
    """`rare.json`.

    Attributes:
        folder: its absolute path; in the file it is relative to the file's folder.
        clusters: asked for, per class.
        seed: of the clustering.
        images: each distinct picture once, by class; in a class the rarest first.
    """

    places: ClassVar[tuple[str, ...]] = ("folder",)

    schema_version: Literal[1] = 1
    folder: str
    clusters: int
    seed: int
    images: tuple[RareImage, ...]

    def of(self, numeral: str) -> tuple[RareImage, ...]:
        """Return the pictures of a class."""
        return tuple(image for image in self.images if image.numeral == numeral)


def find_rare(
    folder: Path,
    *,
    clusters: int = CLUSTERS,
    seed: int = 0,
    options: ImagesOptions | None = None,
    tell: Tell = lambda _: None,
) -> Rare:
    """Gather the pictures of every class by style, and weigh them by how few are alike.

    Args:
        folder: class folders, or train/ and val/ that hold them.
        clusters: styles per class; fewer where a class has fewer than 8 pictures for each.
        seed: of the clustering.
        options: how the folder is read, as the source `images` reads it; None: with its defaults.
        tell: told how many classes are done.

    Raises:
        UsageError: `clusters` or `seed` is out of range.
        MissingInputError, CorruptInputError, UnknownNameError, RecipeError: see `survey`.
    """
    require("clusters", clusters, 2, MOST_CLUSTERS)
    require("seed", seed, 0, 2**32 - 1)
    require_unicode(folder.absolute())
    options = options or ImagesOptions()
    found = survey(folder, options)
    from datagen.images import style_clusters as styles  # noqa: PLC0415 - 1 s of scikit-learn; bad input is told before

    images: list[RareImage] = []
    for done, numeral in enumerate(CLASSES):
        tell(done)
        names = [name for name in found.kept if found.names[name] == numeral]
        pictures = [read_numeral(folder / name, invert=options.invert) for name in names]
        style = styles.clusters(pictures, clusters, seed)
        alike = Counter(style)
        images += sorted(
            (
                RareImage(
                    path=name,
                    sha256=file_hash(folder / name),
                    numeral=numeral,
                    style=own,
                    alike=alike[own],
                    weight=weight,
                )
                for name, own, weight in zip(names, style, weights(style), strict=True)
            ),
            key=lambda image: (image.alike, image.style, image.path),
        )
    tell(len(CLASSES))
    return Rare(folder=str(folder.absolute()), clusters=clusters, seed=seed, images=tuple(images))


def weights(style: Sequence[int]) -> list[float]:
    """Return the weights of a class's pictures, given the cluster of each.

    The inverse of the cluster's size beside the average cluster, within 1/`MOST` … `MOST`, and
    scaled so that the mean is 1.
    """
    sizes = Counter(style)
    average = len(style) / max(len(sizes), 1)
    raw = [min(max(average / sizes[own], 1 / MOST), MOST) for own in style]
    mean = fmean(raw or (1.0,))
    return [round(each / mean, 4) for each in raw]
