"""Folds for an audit: what may know of one another is judged together, and never learnt from.

Enters: the images of a folder. Leaves: the group of each, and its fold.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
import numpy.typing as npt

from datagen.core.arrays import GrayImage
from datagen.curation.audit.measure import MeasuredImage, load_gray
from datagen.curation.holdout.at_random import GroupedImage, assign_folds
from datagen.curation.holdout.collection import Given, Ties, tie
from datagen.images.known_groups import group_names

TOO_LARGE = 0.2
"""Share of all images in one group from which a tie by writers is let go: it leaves no folds."""


def groups_of(
    root: Path,
    images: Sequence[MeasuredImage],
    ties: Ties,
    tell: Callable[[int, int], None],
) -> tuple[list[str], list[str]]:
    """Return for each image a name of its near-duplicates, and one of all that it belongs with.

    It belongs with near-duplicates, images of one writer, and those made from one parent.

    Writers are let go where they join more than a fifth of all images, as letters of several
    writers in one image do; near-duplicates and parents still count.

    Args:
        root: the folder.
        images: as `measure_folder` returns them.
        ties: who wrote what, as `read_ties` returns it.
        tell: told how many are compared, of how many.
    """
    first = {image.pixels: image.path for image in reversed(images)}
    done = count(1)

    def load(pixels: str) -> GrayImage:
        tell(next(done), len(first))
        return load_gray(root, first[pixels])

    names = group_names({pixels: partial(load, pixels) for pixels in first})
    alike = [names[image.pixels] for image in images]
    pictures = [
        Given(image.path, image.sha256, image.pixels, image.numeral, image.numeral, None, None)
        for image in images
    ]
    groups = tie(pictures, alike, ties)
    if ties.writers and max(Counter(groups).values()) > TOO_LARGE * len(images):
        groups = tie(pictures, alike, Ties(None, {}, ties.parents))
    return alike, groups


def folds_of(
    images: Sequence[MeasuredImage], groups: Sequence[str], folds: int, seed: int
) -> npt.NDArray[np.intp]:
    """Return the fold of each image, 0 … `folds` - 1; classes are spread evenly over them.

    Args:
        images: as `measure_folder` returns them.
        groups: the group of each.
        folds: how many.
        seed: of the draw.
    """
    pictures = [
        GroupedImage(image.sha256, image.numeral, group)
        for image, group in zip(images, groups, strict=True)
    ]
    found = assign_folds(pictures, folds, seed)
    return np.array([found[group] - 1 for group in groups], np.intp)
