"""Which settings mattered: how much worse a forest guesses accuracies when one is shuffled.

A random forest learns accuracy from the settings of a bootstrap sample of the candidates, and is
asked about the others, as they are and with one setting shuffled (Breiman, 2001). What that costs
is the setting's importance; many samples give its interval.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from datagen.core.models import StrictModel
from datagen.searches.space import SPACE, Range, Settings

ENOUGH: Final = 12
"""Candidates with a result below which nothing can be said."""
_SAMPLES: Final = 30
_TREES: Final = 20
_SHUFFLES: Final = 2


class Importance(StrictModel):
    """One setting.

    Attributes:
        setting: its name.
        share: of the variance between candidates that is no longer explained without it; about 0
            where it does not matter.
        low, high: 95 % interval.
    """

    setting: str
    share: float
    low: float
    high: float

    @property
    def real(self) -> bool:
        """Whether it matters by more than noise."""
        return self.low > 0


def importances(results: Sequence[tuple[Settings, float]], seed: int = 0) -> tuple[Importance, ...]:
    """Return how much every setting mattered, most first; nothing where candidates are too few.

    Args:
        results: settings and mean accuracy of candidates that trained equally long.
        seed: of samples, trees and shuffles.
    """
    if len(results) < ENOUGH:
        return ()
    columns = {key: _column(key, [settings for settings, _ in results]) for key in SPACE}
    features = np.hstack(list(columns.values()))
    ends = np.cumsum([column.shape[1] for column in columns.values()])
    parts = {
        key: slice(end - columns[key].shape[1], end) for key, end in zip(SPACE, ends, strict=True)
    }
    accuracies = np.array([value for _, value in results])
    rng = np.random.default_rng(seed)
    found = [_one_sample(features, accuracies, parts, rng) for _ in range(_SAMPLES)]
    drops = {key: np.array([each[key] for each in found if each]) for key in SPACE}
    said = [
        Importance(
            setting=key,
            share=round(float(values.mean()), 4),
            low=round(float(np.quantile(values, 0.025)), 4),
            high=round(float(np.quantile(values, 0.975)), 4),
        )
        for key, values in drops.items()
        if len(values)
    ]
    return tuple(sorted(said, key=lambda each: -each.share))


def _column(key: str, settings: Sequence[Settings]) -> npt.NDArray[np.float64]:
    """Return a setting as numbers: one column, or one per word."""
    part = SPACE[key]
    if isinstance(part, Range):
        return np.array([[float(each[key])] for each in settings])
    return np.array([[float(each[key] == word) for word in part] for each in settings])


def _one_sample(
    features: npt.NDArray[np.float64],
    accuracies: npt.NDArray[np.float64],
    parts: Mapping[str, slice],
    rng: np.random.Generator,
) -> dict[str, float]:
    """Return what each setting is worth on candidates that a bootstrap sample left out."""
    from sklearn.ensemble import RandomForestRegressor  # noqa: PLC0415 - half a second

    number = len(accuracies)
    inside = rng.integers(0, number, number)
    outside = np.setdiff1d(np.arange(number), inside)
    spread = float(accuracies.var())
    if len(outside) < 3 or spread == 0:
        return {}
    forest = RandomForestRegressor(_TREES, random_state=int(rng.integers(2**31)))
    forest.fit(features[inside], accuracies[inside])
    asked, truth = features[outside], accuracies[outside]

    def error(of: npt.NDArray[np.float64]) -> float:
        return float(((forest.predict(of) - truth) ** 2).mean())

    whole = error(asked)
    found = {}
    for key, part in parts.items():
        shuffled = []
        for _ in range(_SHUFFLES):
            changed = asked.copy()
            changed[:, part] = asked[rng.permutation(len(outside)), part]
            shuffled.append(error(changed))
        found[key] = (float(np.mean(shuffled)) - whole) / spread
    return found
