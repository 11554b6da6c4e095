"""Proposals of Optuna's TPE sampler, which are kept in its journal file.

Only the strategy "tpe" needs them. Optuna is imported late: that takes a third of a second.
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

_CANDIDATE: Final = "point"  # as it stands in journals on disk


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
        return optuna.create_study(  # it reads the journal's last lines again
            storage=storage,
            study_name=name,
            direction="maximize",
            load_if_exists=True,
        )
    except (ValueError, TypeError, LookupError, AssertionError) as error:  # so Optuna says it
        raise CorruptInputError(
            f"{journal} is damaged ({type(error).__name__}: {error}); remove it: all results are "
            "in the sweep's own logs"
        ) from error


def shares(variables: Sequence[float]) -> tuple[float, ...]:
    """Map variables of 0 < x ≤ 1 onto the simplex; uniform ones become uniform on it.

    `-ln x` of a uniform x is exponential, and exponentials divided by their sum are Dirichlet(1).
    """
    lengths = [-math.log(variable) for variable in variables]
    total = sum(lengths)
    return tuple(length / total if total else 1 / len(lengths) for length in lengths)


def nearest(parameters: Mapping[str, Any], candidates: Sequence[Candidate]) -> Candidate:
    """Return the candidate with a proposal's settings whose mix is nearest to its shares."""
    alike = [
        candidate
        for candidate in candidates
        if all(repr(value) == parameters[key] for key, value in candidate.settings.items())
    ]
    if not candidates[0].ratios:
        return alike[0]
    place = shares([parameters[_share(key)] for key in candidates[0].ratios])
    return min(alike, key=lambda candidate: math.dist(tuple(candidate.ratios.values()), place))


def _share(key: str) -> str:
    return f"share {key}"


class Proposals:
    """The proposals of TPE, and the results it is given."""

    def __init__(self, spec: Spec, candidates: Sequence[Candidate], journal: Path) -> None:
        self._spec = spec
        self._candidates = candidates
        self._by_id = {candidate.id: candidate for candidate in candidates}
        self._space = _space(candidates)
        # Optuna lets no study change its space: an extended sweep begins one
        space = json.dumps({key: str(value) for key, value in self._space.items()})
        self._study = open_study(journal, f"tpe-{hashlib.sha256(space.encode()).hexdigest()[:8]}")

    def known(self) -> dict[str, float | None]:
        """Return the known results by candidate; None where it failed."""
        found: dict[str, float | None] = {}
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state.is_finished() and (candidate := self._candidate(trial)) is not None:
                found[candidate.id] = trial.value if trial.values else None
        return found

    def unanswered(self) -> list[tuple[int, Candidate]]:
        """Return the proposals, by number, that have no result because the sweep was killed."""
        found = []
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state.is_finished():
                continue
            if (candidate := self._candidate(trial)) is not None:
                found.append((trial.number, candidate))
            else:
                self.answer(trial.number, None)
        return found

    def propose(self) -> tuple[int, Candidate]:
        """Ask for one more candidate; return its number and the candidate."""
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
        candidate = nearest(trial.params, self._candidates)
        trial.set_user_attr(_CANDIDATE, candidate.id)
        return trial.number, candidate

    def answer(self, number: int, value: float | None) -> None:
        """Record the result of a proposal; None: it failed."""
        from optuna.trial import TrialState  # noqa: PLC0415

        if value is None:
            self._study.tell(number, state=TrialState.FAIL)
        else:
            self._study.tell(number, value)

    def mend(self, candidate_id: str, value: float) -> None:
        """Record the result of a candidate that had failed before."""
        from optuna.trial import create_trial  # noqa: PLC0415

        for trial in self._study.get_trials(deepcopy=False):
            meant = self._candidate(trial) if trial.state.is_finished() else None
            if meant is not None and meant.id == candidate_id:
                mended = create_trial(
                    params=trial.params,
                    distributions=trial.distributions,
                    user_attrs=trial.user_attrs,
                    value=value,
                )
                self._study.add_trial(mended)
                return

    def _candidate(self, trial: "FrozenTrial") -> Candidate | None:
        """Return the candidate that a proposal meant when it was made; None where it is no more.

        It is no more where a file that it names was edited, or where the proposal was killed while
        it was written down. Another candidate may be nearer to the proposal by now.
        """
        if trial.params.keys() != self._space.keys():
            return None
        if _CANDIDATE in trial.user_attrs:
            return self._by_id.get(trial.user_attrs[_CANDIDATE])
        return nearest(trial.params, self._candidates)  # of an earlier version, or killed just then


def _space(candidates: Sequence[Candidate]) -> "dict[str, BaseDistribution]":
    from optuna.distributions import (  # noqa: PLC0415
        CategoricalDistribution,
        FloatDistribution,
    )

    space: dict[str, BaseDistribution] = {
        _share(key): FloatDistribution(*_UNIT) for key in candidates[0].ratios
    }
    for key in candidates[0].settings:
        values = dict.fromkeys(repr(candidate.settings[key]) for candidate in candidates)
        space[key] = CategoricalDistribution(tuple(values))
    return space
