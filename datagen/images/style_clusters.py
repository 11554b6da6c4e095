"""Styles of writing: pictures gathered by pen, size, bars, slant, paper and sheet, not by class.

Enters: pictures, ink 0 on paper 255, or their features. Leaves: the number of each one's cluster.
Pure functions; the order of the pictures changes nothing but the clusters' numbers.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from datagen.core.arrays import GrayImage
from datagen.images.style_features import FEATURES, Features, describe

LEAST: Final = 8
"""Pictures per cluster, on average: fewer clusters are made where there are too few."""

_LIMIT: Final = 3.0  # deviations: beyond, one feature would outweigh all others


def clusters(images: Sequence[GrayImage], count: int, seed: int) -> list[int]:
    """Return for each image the number of its cluster, 0 for that of the first image.

    The same images and seed give the same clusters, on any number of cores.

    Args:
        images: `uint8 H×W`, of one class.
        count: clusters; fewer where there are fewer than `LEAST` images for each.
        seed: of k-means.
    """
    if not images:
        return []
    features = np.stack([describe(image) for image in images])
    labels = cluster(standardise(features, [""] * len(images)), count, seed).tolist()
    order = {label: k for k, label in enumerate(dict.fromkeys(labels))}
    return [order[label] for label in labels]


def standardise(features: Features, classes: Sequence[str]) -> Features:
    """Bring features to one scale, `float64 N×F`, so that distances compare styles.

    What is usual for the class is taken off where it says nothing of the style. A feature that is
    the same everywhere becomes 0.

    Args:
        features: `N×F` as `describe` gives them.
        classes: the class of each picture.
    """
    centred = features - np.median(features, axis=0)
    by_class = np.array([feature.by_class for feature in FEATURES.values()])
    for numeral in set(classes):
        own = np.array([name == numeral for name in classes])
        centred[np.ix_(own, by_class)] -= np.median(centred[np.ix_(own, by_class)], axis=0)
    scale = _spread(centred)
    inside = np.clip(centred / np.where(scale > 0, scale, 1), -_LIMIT, _LIMIT)
    weights = np.array([feature.weight for feature in FEATURES.values()])
    result: Features = inside * weights * (scale > 0)
    return result


def _spread(centred: Features) -> Features:
    """Return a deviation per feature by percentiles, which no order of adding up can change.

    Most pictures may share a value, as of paper: then the outer percentiles say the spread.
    """
    edges = np.percentile(centred, [0, 2.5, 16, 84, 97.5, 100], axis=0)
    inner, outer, whole = edges[3] - edges[2], edges[4] - edges[1], edges[5] - edges[0]
    spread: Features = np.maximum.reduce([inner / 2, outer / 6, whole / 20])
    return spread


def cluster(points: Features, count: int, seed: int) -> npt.NDArray[np.intp]:
    """Return the number of each point's cluster, in an order in which neighbours are alike.

    Args:
        points: `N×F`, as `standardise` gives them.
        count: clusters; fewer where there are fewer than `LEAST` points for each.
        seed: of k-means.
    """
    order = np.lexsort(points.T)  # k-means starts by row number: which must not depend on a listing
    rows = points[order]
    wanted = min(count, len(np.unique(rows, axis=0)), max(1, len(rows) // LEAST))
    found = np.zeros(len(rows), np.intp)
    if wanted > 1:
        with threadpool_limits(limits=1):  # more threads add up in another order each time
            fitted = KMeans(wanted, n_init=4, random_state=seed).fit(rows)
        rank = np.empty(wanted, np.intp)
        rank[chain(fitted.cluster_centers_)] = np.arange(wanted)
        found = rank[fitted.labels_]
    labels = np.empty(len(rows), np.intp)
    labels[order] = found
    return labels


def chain(centres: Features) -> npt.NDArray[np.intp]:
    """Return the order in which similar clusters stand side by side (Ward, optimal leaf order)."""
    if len(centres) < 3:
        return np.arange(len(centres))
    tree = linkage(centres, "ward")
    return np.asarray(leaves_list(optimal_leaf_ordering(tree, centres)), np.intp)
