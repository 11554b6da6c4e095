"""What is special about a style of writing, in a few words: "thick pen, bar above".

Enters: standardised features of pictures and their clusters. Leaves: a text per cluster.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from datagen.images.style_features import FEATURES, Features

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "ink height": ("low", "tall"),
    "ink width": ("narrow", "wide"),
    "pen": ("thin pen", "thick pen"),
    "darkness": ("pale ink", "dark ink"),
    "bar above": ("no bar above", "bar above"),
    "bar below": ("no bar below", "bar below"),
    "slant": ("leaning left", "leaning right"),
    "pieces": ("in one piece", "in pieces"),
    "dots": ("without dots", "with dots"),
    "ragged": ("smooth edges", "ragged edges"),
    "place across": ("at the left", "at the right"),
    "place down": ("high up", "low down"),
    "paper": ("dark paper", "light paper"),
    "noise": ("even paper", "noisy paper"),
    "specks": ("no specks", "specks"),
    "ruled": ("plain paper", "ruled paper"),
    "cut": ("inside the sheet", "cut by the edge"),
}
"""What little and what much of a feature is called; features without words are left out."""

_SPECIAL: Final = 0.7  # deviations from the middle of all: less is not worth a word
_FEW, _MOST = 2, 4  # words a style; more only where another style would have the same ones


def style_words(points: Features, labels: npt.NDArray[np.intp]) -> list[str]:
    """Return for each cluster what tells it from the others; "plain" where nothing does.

    Args:
        points: `N×F`, as `style_clusters.standardise` gives them.
        labels: the number of each point's cluster.
    """
    weights = np.array([feature.weight for feature in FEATURES.values()])
    middle = np.median(points / weights, axis=0)
    special = [
        _special(np.asarray((points[labels == k] / weights).mean(axis=0) - middle).tolist())
        for k in range(int(labels.max(initial=-1)) + 1)
    ]
    texts = [", ".join(sorted(words)) for words, _ in special]
    return [
        ", ".join([*words, *more] if texts.count(text) > 1 else words) or "plain"
        for (words, more), text in zip(special, texts, strict=True)
    ]


def _special(means: Sequence[float]) -> tuple[list[str], list[str]]:
    """Return words for what is far from the middle, the furthest first, and some less far."""
    named = [(value, name) for value, name in zip(means, FEATURES, strict=True) if name in WORDS]
    furthest = sorted(named, key=lambda each: -abs(each[0]))[:_MOST]
    words = [WORDS[name][int(value > 0)] for value, name in furthest]
    count = sum(abs(value) >= _SPECIAL for value, _ in furthest[:_FEW])
    return words[:count], words[count:]
