"""The answer of a sweep: its candidates, best first, and whether the best leads by more than noise.

Enters: a sweep's folder, finished or not. What it is ranked by is a held-out selection set or,
without one, val; test sets decide nothing here; they show afterwards how good the choice is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from datagen.evaluation.compare import Difference, difference, holm
from datagen.sweeps.records import DATASETS, Scored, Trial, read_trials
from datagen.sweeps.results.candidates import (
    CandidateResult,
    ImageSet,
    SweepAccuracy,
    gather,
)
from datagen.sweeps.results.cost import Cost, cost

__all__ = [
    "Answer",
    "CandidateResult",
    "Cost",
    "ImageSet",
    "Lead",
    "RankedBy",
    "SweepAccuracy",
    "read",
]

RankedBy = Literal["selection", "val"]

_ORDER: Final = {"done": 0, "partly": 1, "stopped": 2, "failed": 3}


@dataclass(frozen=True, slots=True)
class Lead:
    """The best candidate beside the next one, image by image.

    Attributes:
        next: the second of the ranking.
        on: the set whose images both were scored on; None where they have none in common.
        ranked: whether `on` is what the candidates were ranked by; False where it is a test set.
        difference: best minus next, over the seeds that both have; its p-value is corrected for
            all candidates that were compared with the best, for it was the best of them all.
    """

    next: CandidateResult
    on: ImageSet | None
    ranked: bool
    difference: Difference | None

    @property
    def real(self) -> bool | None:
        """Whether the best beats the next by more than noise; None where that is not known."""
        if self.difference is None:
            return None
        return self.difference.real and self.difference.accuracy.mean > 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sweep has found so far.

    Attributes:
        candidates: best first: those done with all seeds, then those done with some, then those
            stopped early, by how far they came, then those that failed; within each by score.
        ranked_by: "selection" or, where the sweep has no such set, "val".
        selection: the selection set.
        tests: the test sets, in the sweep's order.
        seeds: of the evaluator, in the whole sweep.
        to_come: trials of the known candidates that have no record yet.
        best: first of the candidates; None where none has run to the end.
        lead: of the best over the next that ran to the end; None where there is no such pair.
        failed: the trials that failed; each has an `error`.
    """

    folder: Path
    candidates: tuple[CandidateResult, ...]
    ranked_by: RankedBy
    selection: ImageSet | None
    tests: tuple[ImageSet, ...]
    seeds: tuple[int, ...]
    to_come: int
    cost: Cost
    best: CandidateResult | None
    lead: Lead | None
    failed: tuple[Trial, ...]

    @property
    def judge(self) -> ImageSet | None:
        """The set on which candidates are compared image by image: selection, or the first test."""
        return self.selection or (self.tests[0] if self.tests else None)

    @property
    def official(self) -> bool:
        """Whether every score that ran to the end is an official one."""
        return all(candidate.official for candidate in self.finished)

    @property
    def finished(self) -> tuple[CandidateResult, ...]:
        """The candidates with a score of a run to the end, best first."""
        return tuple(
            candidate for candidate in self.candidates if candidate.state in {"done", "partly"}
        )

    def score(self, candidate: CandidateResult) -> SweepAccuracy | None:
        """Return what `candidate` is ranked by."""
        return candidate.selection if self.ranked_by == "selection" else candidate.val

    def on(self, candidate: CandidateResult, images: ImageSet) -> SweepAccuracy | None:
        """Return the accuracy of `candidate` on the selection set or a test set."""
        if self.selection is not None and images.fingerprint == self.selection.fingerprint:
            return candidate.selection
        return candidate.tests.get(images.fingerprint)


def read(folder: Path) -> Answer:
    """Read the answer of a sweep, finished or not.

    Raises:
        MissingInputError: there is no sweep in `folder`.
        CorruptInputError: a line of `sweep.jsonl` is not a trial.
    """
    trials = read_trials(folder)
    candidates = gather(trials, folder)
    selection = _sets([trial.selection for trial in trials if trial.selection])
    ranked_by: RankedBy = "selection" if selection else "val"
    candidates.sort(key=lambda candidate: _rank(candidate, ranked_by))
    seeds = tuple(sorted({trial.seed for trial in trials}))
    answer = Answer(
        folder=folder,
        candidates=tuple(candidates),
        ranked_by=ranked_by,
        selection=selection[0] if selection else None,
        tests=tuple(_sets([test for trial in trials for test in trial.tests])),
        seeds=seeds,
        to_come=_to_come(trials, folder),
        cost=cost(trials),
        best=next((p for p in candidates if p.state in {"done", "partly"}), None),
        lead=None,
        failed=tuple(trial for trial in trials if trial.state == "failed"),
    )
    compared = replace(answer, candidates=_to_best(answer))
    return replace(compared, lead=_lead(compared))


def _rank(candidate: CandidateResult, ranked_by: RankedBy) -> tuple[float, ...]:
    """Return the sort key; equal scores keep the order of the sweep."""
    found = candidate.selection if ranked_by == "selection" else candidate.val
    score = -1.0 if found is None else found.decides
    # a preview never ranks above an official score
    return _ORDER[candidate.state], not candidate.official, -candidate.epochs, -score


def _sets(scored: Sequence[Scored]) -> list[ImageSet]:
    """Return the different sets, in order of appearance."""
    found = {
        each.fingerprint: ImageSet(each.path, each.fingerprint, each.images) for each in scored
    }
    return list(found.values())


def _to_come(trials: Sequence[Trial], folder: Path) -> int:
    """Count the trials without a record: what a running sweep still has to do, as far as known."""
    seeds = {trial.seed for trial in trials}
    candidates = {trial.point for trial in trials}
    candidates |= {recipe.parent.name for recipe in (folder / DATASETS).glob("*/recipe.yaml")}
    return len(candidates) * len(seeds) - len(trials)


def _to_best(answer: Answer) -> tuple[CandidateResult, ...]:
    """Return the finished candidates with their difference to the best, the others as they are."""
    if answer.best is None:
        return answer.candidates
    others = answer.finished[1:]
    found = holm([_difference(answer, candidate, answer.best) for candidate in others])
    compared = [replace(p, to_best=each) for p, each in zip(others, found, strict=True)]
    return (answer.best, *compared, *answer.candidates[len(answer.finished) :])


def _lead(answer: Answer) -> Lead | None:
    if len(answer.finished) < 2:
        return None
    best, following = answer.finished[:2]
    found = _difference(answer, best, following)
    if found is not None and following.to_best is not None:
        corrected = following.to_best
        found = replace(found, p=corrected.p, compared=corrected.compared)
    return Lead(
        next=following,
        on=None if found is None else answer.judge,
        ranked=answer.selection is not None,
        difference=found,
    )


def _difference(
    answer: Answer, candidate: CandidateResult, other: CandidateResult
) -> Difference | None:
    """Compare two candidates on the set that decides; None without a common seed or image."""
    if answer.judge is None:
        return None
    ours, theirs = (_hits(answer.on(each, answer.judge)) for each in (candidate, other))
    return difference(ours, theirs)


def _hits(accuracy: SweepAccuracy | None) -> Mapping[int, str]:
    return {} if accuracy is None else accuracy.hits
