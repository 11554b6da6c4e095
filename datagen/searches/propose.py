"""Proposals of Optuna's TPE: a function of what is known, so that a restart repeats them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from datagen.searches.space import SPACE, Range, Settings, Value

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

_RANDOM: Final = 10
"""Candidates with a result before TPE learns from them; until then proposals are drawn."""


def propose(
    known: Sequence[tuple[Settings, float | None]], running: Sequence[Settings], seed: int
) -> dict[str, Value]:
    """Return the settings to try next.

    Args:
        known: settings that were tried, with what they gave; None: they failed.
        running: settings that are about to be tried.
        seed: of this proposal.
    """
    import optuna  # noqa: PLC0415 - a third of a second
    from optuna.samplers import TPESampler  # noqa: PLC0415

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = TPESampler(seed=seed, n_startup_trials=_RANDOM, multivariate=True, constant_liar=True)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    space = _distributions()
    for settings, value in known:
        study.add_trial(_trial(settings, space, value, ended=True))
    for settings in running:
        study.add_trial(_trial(settings, space, None, ended=False))
    asked = study.ask(space)
    return {
        key: part.nearest(asked.params[key]) if isinstance(part, Range) else asked.params[key]
        for key, part in SPACE.items()
    }


def _trial(
    settings: Settings,
    space: "Mapping[str, BaseDistribution]",
    value: float | None,
    *,
    ended: bool,
) -> "FrozenTrial":
    from optuna.trial import TrialState, create_trial  # noqa: PLC0415

    state = TrialState.RUNNING
    if ended:
        state = TrialState.FAIL if value is None else TrialState.COMPLETE
    return create_trial(
        state=state,
        value=value if ended else None,
        params={key: settings[key] for key in space},
        distributions=dict(space),
    )


def _distributions() -> "dict[str, BaseDistribution]":
    from optuna.distributions import (  # noqa: PLC0415
        CategoricalDistribution,
        FloatDistribution,
    )

    return {
        key: FloatDistribution(part.low, part.high, step=part.step)
        if isinstance(part, Range)
        else CategoricalDistribution(part)
        for key, part in SPACE.items()
    }
