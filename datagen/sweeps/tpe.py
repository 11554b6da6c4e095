"""The sweep in Optuna's terms: proposals by its TPE sampler, its journal file as their memory.

Optuna is imported late: it takes a third of a second, and a sweep that is done never asks it.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from datagen.core.errors import CorruptInputError
from datagen.sweeps.candidates import Candidate
from datagen.sweeps.spec import Spec

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

_UNIT: Final = (1e-6, 1.0)
"""Range of a share's variable; see `shares`."""

_POINT: Final = "point"


def open_study(journal: Path, name: str) -> "Study":
    """Open, or begin, a study of a sweep, in an Optuna journal file.

    Raises:
        CorruptInputError: the file is damaged.
    """
    import optuna  # noqa: PLC0415
    from optuna.storages import JournalStorage  # noqa: PLC0415
    from optuna.storages.journal import JournalFileBackend  # noqa: PLC0415

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage = JournalStorage(JournalFileBackend(str(journal)))
    except (ValueError, TypeError, LookupError, AssertionError) as error:  # so Optuna says it
        raise CorruptInputError(
            f"{journal} is damaged ({type(error).__name__}: {error}); remove it: all results are "
            "in the sweep's own logs"
        ) from error
    return optuna.create_study(
        storage=storage,
        study_name=name,
        direction="maximize",
        load_if_exists=True,
    )


def shares(variables: Sequence[float]) -> tuple[float, ...]:
    """Map variables of 0 < x ≤ 1 onto the simplex; uniform ones become uniform on it.

    `-ln x` of a uniform x is exponential, and exponentials divided by their sum are Dirichlet(1).
    """
    lengths = [-math.log(variable) for variable in variables]
    total = sum(lengths)
    return tuple(length / total if total else 1 / len(lengths) for length in lengths)


def nearest(parameters: Mapping[str, Any], points: Sequence[Candidate]) -> Candidate:
    """Return the point that a proposal means: of its settings, the mix nearest to its shares."""
    alike = [
        point
        for point in points
        if all(repr(value) == parameters[key] for key, value in point.settings.items())
    ]
    if not points[0].ratios:
        return alike[0]
    place = shares([parameters[_share(key)] for key in points[0].ratios])
    return min(alike, key=lambda point: math.dist(tuple(point.ratios.values()), place))


def _share(key: str) -> str:
    return f"share {key}"


class Proposals:
    """What TPE proposes, and what it is told."""

    def __init__(self, spec: Spec, points: Sequence[Candidate], journal: Path) -> None:
        self._spec = spec
        self._points = points
        self._by_id = {point.id: point for point in points}
        self._space = _space(points)
        # Optuna lets no study change its space: an extended sweep begins one
        space = json.dumps({key: str(value) for key, value in self._space.items()})
        self._study = open_study(journal, f"tpe-{hashlib.sha256(space.encode()).hexdigest()[:8]}")

    def known(self) -> dict[str, float | None]:
        """Return what was answered, by point; None where it failed."""
        found: dict[str, float | None] = {}
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state.is_finished() and (point := self._point(trial)) is not None:
                found[point.id] = trial.value if trial.values else None
        return found

    def unanswered(self) -> list[tuple[int, Candidate]]:
        """Return the proposals, by number, that a kill left without an answer."""
        found = []
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state.is_finished():
                continue
            if (point := self._point(trial)) is not None:
                found.append((trial.number, point))
            else:
                self.answer(trial.number, None)
        return found

    def propose(self) -> tuple[int, Candidate]:
        """Ask for one more point; return its number and the point."""
        from optuna.samplers import TPESampler  # noqa: PLC0415

        # a sampler of its own for each: its draws then depend on none from before a restart
        so_far = len(self._study.get_trials(deepcopy=False))
        self._study.sampler = TPESampler(
            seed=self._spec.sampler_seed + so_far,
            n_startup_trials=min(10, max(2, self._spec.trials // 3)),
            multivariate=True,
            constant_liar=True,
        )
        trial = self._study.ask(self._space)
        point = nearest(trial.params, self._points)
        trial.set_user_attr(_POINT, point.id)
        return trial.number, point

    def answer(self, number: int, value: float | None) -> None:
        """Tell what a proposal gave; None: it failed."""
        from optuna.trial import TrialState  # noqa: PLC0415

        if value is None:
            self._study.tell(number, state=TrialState.FAIL)
        else:
            self._study.tell(number, value)

    def mend(self, point: str, value: float) -> None:
        """Tell what a point gave that had failed before."""
        from optuna.trial import create_trial  # noqa: PLC0415

        for trial in self._study.get_trials(deepcopy=False):
            meant = self._point(trial) if trial.state.is_finished() else None
            if meant is not None and meant.id == point:
                mended = create_trial(
                    params=trial.params,
                    distributions=trial.distributions,
                    user_attrs=trial.user_attrs,
                    value=value,
                )
                self._study.add_trial(mended)
                return

    def _point(self, trial: "FrozenTrial") -> Candidate | None:
        """Return the point that a proposal meant when it was made; a nearer one may be there now.

        None where it is no more, for a file that it names was edited, or where the proposal was
        killed while it was written down.
        """
        if trial.params.keys() != self._space.keys():
            return None
        if _POINT in trial.user_attrs:
            return self._by_id.get(trial.user_attrs[_POINT])
        return nearest(trial.params, self._points)  # of an earlier version, or killed just then


def _space(points: Sequence[Candidate]) -> "dict[str, BaseDistribution]":
    from optuna.distributions import (  # noqa: PLC0415
        CategoricalDistribution,
        FloatDistribution,
    )

    space: dict[str, BaseDistribution] = {
        _share(key): FloatDistribution(*_UNIT) for key in points[0].ratios
    }
    for key in points[0].settings:
        values = dict.fromkeys(repr(point.settings[key]) for point in points)
        space[key] = CategoricalDistribution(tuple(values))
    return space


def note_points(
    journal: Path,
    points: Sequence[Candidate],
    values: Mapping[str, Mapping[int, float]],
    epochs: int,
) -> None:
    """Write what grid or halving found into the journal, for Optuna's own tools to show.

    Args:
        journal: of the sweep.
        points: of the sweep.
        values: what each point had at which epoch; none where it failed.
        epochs: of a run to the end; a point that came less far was pruned.
    """
    from optuna.distributions import (  # noqa: PLC0415
        CategoricalDistribution,
        FloatDistribution,
    )
    from optuna.trial import TrialState, create_trial  # noqa: PLC0415

    study = open_study(journal, "points")
    noted = {
        (trial.user_attrs.get(_POINT), tuple(trial.intermediate_values))
        for trial in study.get_trials(deepcopy=False)
    }
    space = {key: value for key, value in _space(points).items() if key in points[0].settings}
    for point in points:
        found = dict(values.get(point.id, {}))
        if (point.id, tuple(found)) in noted:
            continue
        ended = TrialState.COMPLETE if epochs in found else TrialState.PRUNED
        study.add_trial(
            create_trial(
                state=ended if found else TrialState.FAIL,
                value=found.get(epochs),
                params={
                    **point.ratios,
                    **{key: repr(value) for key, value in point.settings.items()},
                },
                distributions={
                    **{key: FloatDistribution(0, 1) for key in point.ratios},
                    **{
                        key: distribution
                        for key, distribution in space.items()
                        if isinstance(distribution, CategoricalDistribution)
                    },
                },
                intermediate_values=found,
                user_attrs={_POINT: point.id, "name": point.name},
            )
        )
