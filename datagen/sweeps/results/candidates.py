"""The candidates of a sweep: every recipe with all its seeds together, and how well it did.

Enters: trials. Leaves: one `CandidateResult` per recipe, in order of appearance, not ranked.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from datagen.core.errors import InputError
from datagen.core.numerals import CLASSES
from datagen.datasets.format import read_info
from datagen.evaluation.compare import Difference
from datagen.evaluation.summary import Spread, spread, wilson
from datagen.sweeps.records import DATASETS, Scored, Setting, Trial

CandidateState = Literal["done", "partly", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class ImageSet:
    """A labelled set that candidates are scored on."""

    path: str
    fingerprint: str
    images: int


@dataclass(frozen=True, slots=True)
class SweepAccuracy:
    """One candidate on one set of images, over its seeds.

    Attributes:
        mean: over the seeds, 0–1.
        std: sample standard deviation over the seeds; None with one.
        interval: 95 % Wilson interval of the mean: what other images would have given; None where
            the number of images is not known.
        seeds: accuracy per seed.
        hits: per seed, as in `Scored`; empty for val: every candidate has its own val images.
        classes: mean recall per class over the seeds, in the order of `CLASSES`; empty for val.
        leaked: images of the set that the candidate's dataset knows.
        leak_free: mean accuracy without them; None where none is left, or it is not known.
    """

    mean: float
    std: float | None
    interval: tuple[float, float] | None
    seeds: Mapping[int, float]
    hits: Mapping[int, str]
    classes: Mapping[str, float | None]
    leaked: int = 0
    leak_free: float | None = None

    @property
    def decides(self) -> float:
        """What candidates are ordered by: the mean on images that their dataset does not know."""
        if not self.leaked:
            return self.mean
        return -1.0 if self.leak_free is None else self.leak_free

    @property
    def spread(self) -> Spread:
        """Mean and standard deviation, as they are printed."""
        return Spread(mean=self.mean, std=self.std)


@dataclass(frozen=True, slots=True)
class CandidateResult:
    """One recipe of the sweep.

    Attributes:
        state: "done": every seed of the sweep ran to the end; "partly": some did; "stopped": none
            did, and the scores are those at the epoch it was stopped at; "failed": no score.
        official: whether all its scores are official ones.
        epochs: how many the scored seeds trained; 0 without a score.
        images: train + val.
        seeds: those that the scores are of.
        missing: seeds of the sweep that the scores lack, with the reason: "stopped", "failed" or
            "to come".
        val: accuracy on its own val images; None without a score.
        selection: on the held-out selection set; None without one.
        tests: by fingerprint of the test set.
        seconds: spent on it in this sweep, building included.
        cached: trials whose score was known.
        errors: one sentence per seed that failed.
        evaluators: `evaluation.process.identity` of what scored it, where the log says so.
        to_best: its hits against those of the best candidate, on the set it was ranked by or, where
            that is val, on the first test set, corrected for how many candidates were compared so;
            None for the best, and without common images.
    """

    id: str
    name: str
    ratios: Mapping[str, float]
    settings: Mapping[str, Setting]
    state: CandidateState
    official: bool
    epochs: int
    images: int | None
    seeds: tuple[int, ...]
    missing: Mapping[int, str]
    val: SweepAccuracy | None
    selection: SweepAccuracy | None
    tests: Mapping[str, SweepAccuracy]
    seconds: float
    cached: int
    errors: tuple[str, ...]
    evaluators: frozenset[str]
    to_best: Difference | None = None


def gather(trials: Sequence[Trial], folder: Path) -> list[CandidateResult]:
    """Bring the seeds of each candidate together.

    Args:
        trials: of one sweep.
        folder: the sweep's; its datasets tell how many images val has.
    """
    seeds = sorted({trial.seed for trial in trials})
    grouped: dict[str, list[Trial]] = {}
    for trial in trials:
        grouped.setdefault(trial.point, []).append(trial)
    return [_candidate(group, seeds, folder) for group in grouped.values()]


def _candidate(trials: Sequence[Trial], seeds: Sequence[int], folder: Path) -> CandidateResult:
    first = trials[0]
    scored = _scored(trials)
    done = bool(scored) and scored[0].state == "done"
    known = {trial.seed: trial for trial in trials}
    used = {trial.seed for trial in scored}
    prints = dict.fromkeys(test.fingerprint for trial in scored for test in trial.tests)
    return CandidateResult(
        id=first.point,
        name=first.name,
        ratios=first.ratios,
        settings=first.settings,
        state=_state(scored, all_seeds=len(scored) == len(seeds)),
        official=done and all(trial.official for trial in scored),
        epochs=max((trial.epochs for trial in scored), default=0),
        images=next((trial.images for trial in trials if trial.images is not None), None),
        seeds=tuple(sorted(used)),
        missing={
            seed: known[seed].state if seed in known else "to come"
            for seed in seeds
            if seed not in used
        },
        val=_val(scored, folder),
        selection=_accuracy({t.seed: t.selection for t in scored if t.selection}),
        tests={
            fingerprint: found
            for fingerprint in prints
            if (found := _accuracy(_on(scored, fingerprint))) is not None
        },
        seconds=sum(trial.build_seconds + trial.evaluate_seconds for trial in trials),
        cached=sum(trial.cached for trial in trials),
        errors=tuple(dict.fromkeys(trial.error for trial in trials if trial.error)),
        evaluators=frozenset(trial.evaluator for trial in scored if trial.evaluator),
    )


def _scored(trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials whose scores count: those done or, without any, those that came farthest.

    Scores of different epochs are never averaged.
    """
    done = [trial for trial in trials if trial.state == "done" and trial.val_accuracy is not None]
    if done:
        return done
    stopped = [t for t in trials if t.state == "stopped" and t.val_accuracy is not None]
    farthest = max((trial.epochs for trial in stopped), default=0)
    return [trial for trial in stopped if trial.epochs == farthest]


def _state(scored: Sequence[Trial], *, all_seeds: bool) -> CandidateState:
    if not scored:
        return "failed"
    if scored[0].state == "stopped":
        return "stopped"
    return "done" if all_seeds else "partly"


def _on(trials: Sequence[Trial], fingerprint: str) -> dict[int, Scored]:
    return {
        trial.seed: test
        for trial in trials
        for test in trial.tests
        if test.fingerprint == fingerprint
    }


def _val(trials: Sequence[Trial], folder: Path) -> SweepAccuracy | None:
    seeds = {trial.seed: trial.val_accuracy for trial in trials if trial.val_accuracy is not None}
    if not seeds:
        return None
    over = spread(list(seeds.values()))
    images = _val_images(trials[0], folder)
    return SweepAccuracy(
        mean=over.mean,
        std=over.std,
        interval=wilson(over.mean, images) if images else None,
        seeds=seeds,
        hits={},
        classes={},
    )


def _val_images(trial: Trial, folder: Path) -> int | None:
    """Return how many val images a candidate has; None where its dataset is no longer there."""
    places = [folder / DATASETS / trial.point]
    if trial.dataset:
        places += [folder / trial.dataset, Path(trial.dataset)]
    for place in places:
        try:
            return sum(read_info(place).counts["val"].values())
        except (InputError, OSError):
            continue
    return None


def _accuracy(scored: Mapping[int, Scored]) -> SweepAccuracy | None:
    """Return the accuracy over the seeds on one set; None without any."""
    if not scored:
        return None
    over = spread([each.accuracy for each in scored.values()])
    clean = [each.leak_free for each in scored.values() if each.leak_free is not None]
    return SweepAccuracy(
        mean=over.mean,
        std=over.std,
        interval=wilson(over.mean, next(iter(scored.values())).images),
        seeds={seed: each.accuracy for seed, each in scored.items()},
        hits={seed: each.hits for seed, each in scored.items()},
        classes={name: _recall(scored, name) for name in CLASSES},
        leaked=max(each.leaked or 0 for each in scored.values()),
        leak_free=statistics.fmean(clean) if clean else None,
    )


def _recall(scored: Mapping[int, Scored], name: str) -> float | None:
    found = [each.classes.get(name) for each in scored.values()]
    known = [recall for recall in found if recall is not None]
    return statistics.fmean(known) if known else None
