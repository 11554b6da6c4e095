"""What to believe of a sweep's answer, and what to run where it is open.

Enters: an answer. Leaves: an `Advice`: whether it is decided, which candidates to run again, with
how many seeds, and for how long by what their seeds have taken so far.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from datagen.core.errors import DatagenError
from datagen.core.text import duration
from datagen.datasets.format import read_info
from datagen.evaluation.compare import ALPHA, Difference, difference
from datagen.evaluation.summary import short_path
from datagen.sweeps.records import DATASETS
from datagen.sweeps.results.ranking import Answer, CandidateResult, ImageSet, SweepAccuracy
from datagen.sweeps.timing import known_timing

_EPOCHS: Final = 100  # of an official score
_FIRST: Final = 5  # seeds, where one alone shows nothing of how far a score moves
_MOST: Final = 20  # seeds: what more of them could tell apart is too little to matter
_POWER: Final = 1.96 + 0.84  # a true difference is found at 5 % in four of five trials


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about an open answer.

    Attributes:
        text: in words, one or two sentences.
        pair: the two candidates to run again; empty where nothing is to be run.
        on: the images to score them on.
        seeds: of each.
    """

    text: str
    pair: tuple[CandidateResult, ...] = ()
    on: ImageSet | None = None
    seeds: int = 0


def advice(answer: Answer) -> Advice | None:
    """Return what to believe and do; None where nothing ran to the end or nothing was compared."""
    if answer.best is None or answer.lead is None:
        return None
    best, following, found = answer.best, answer.lead.next, answer.lead.difference
    if found is None or answer.judge is None:
        return Advice(
            "Do not trust this order yet: every candidate was scored on its own val images. "
            "Give --select DIR, class folders of held-out images, and run the sweep again."
        )
    pair, seen = (best, following), len(best.seeds)
    if not answer.official:
        seeds = max(3, seen)
        return Advice(
            f"Trust only large differences: these are not official scores. Run the first two, "
            f"{best.name} and {following.name}, for all {_EPOCHS} epochs with {seeds} seeds each"
            f"{_took(answer, pair, seeds, known=0)}.",
            pair,
            answer.judge,
            seeds,
        )
    return _of_official(answer, pair, found)


def _of_official(
    answer: Answer, pair: tuple[CandidateResult, CandidateResult], found: Difference
) -> Advice:
    """Say whether official scores decide between the first two, and what would."""
    best, following = pair
    seen = len(best.seeds)
    if found.real and found.accuracy.mean > 0:
        return Advice(f"Trust it: {best.name} is better than all that came after it.")
    if found.real:
        return Advice(
            f"Choose {following.name} instead: on images that were not used for ranking it is "
            "better by more than noise."
        )
    seeds = needed_seeds(found, seen)
    if seeds > _MOST:
        return Advice(
            f"{best.name} and {following.name} are equally good, as far as {_MOST} seeds could "
            "show; take the one that is simpler."
        )
    return Advice(
        f"It is not decided which of the first two is better. Run {best.name} and "
        f"{following.name} with {seeds} seeds each{_took(answer, pair, seeds, known=seen)}.",
        pair,
        answer.judge,
        seeds,
    )


def needed_seeds(found: Difference, seen: int) -> int:
    """Return how many seeds would show a difference as large as this one, if it is real.

    By the power of a paired t-test at 5 %, found in four of five trials; at least two more than
    there are.
    """
    if found.accuracy.std is None:
        return max(_FIRST, seen + 2)
    mean = abs(found.accuracy.mean)
    if mean == 0:
        return _MOST + 1
    by_power = math.ceil((_POWER * found.accuracy.std / mean) ** 2) + 2  # + 2: t, not normal
    return max(seen + 2, by_power)


def trial_seconds(answer: Answer, candidate: CandidateResult) -> float | None:
    """Return the seconds of a whole run of one seed; None where that is not known.

    Of a preview the start is a large part, so that a timing of this machine comes first.
    """
    if candidate.epochs < _EPOCHS and (seconds := _timed(answer, candidate)) is not None:
        return seconds
    ran = len(candidate.seeds) - candidate.cached
    if ran < 1 or not candidate.epochs or not candidate.seconds:
        return None
    return candidate.seconds / ran * _EPOCHS / candidate.epochs


def _timed(answer: Answer, candidate: CandidateResult) -> float | None:
    """Return the seconds of a whole run by a timing of this machine, if there is one."""
    try:
        timing = known_timing("auto", None)
        count = read_info(dataset_of(answer, candidate)).count
    except DatagenError:
        return None
    return None if timing is None else timing.start + _EPOCHS * timing.epoch(count)


def _took(answer: Answer, pair: tuple[CandidateResult, ...], seeds: int, known: int) -> str:
    """Say how long the missing seeds take, by what the known ones took."""
    found = (trial_seconds(answer, candidate) for candidate in pair)
    each = [seconds for seconds in found if seconds is not None]
    if not each:
        return ""
    work = len(pair) * (seeds - known) * sum(each) / len(each)
    return f": about {duration(work)} of work on this machine"


def misled(answer: Answer) -> list[str]:
    """Return a warning for every test set on which the winner on val is the worst candidate."""
    pairs = [(candidate, candidate.val) for candidate in answer.finished if candidate.val]
    if len(pairs) < 2:
        return []
    winner, on_val = max(pairs, key=lambda pair: pair[1].mean)
    said = []
    for images in dict.fromkeys((answer.selection, *answer.tests)):
        if images is None:
            continue
        scored = [(c, s) for c, _ in pairs if (s := answer.on(c, images)) is not None]
        own = answer.on(winner, images)
        if own is None or len(scored) < 2 or any(s.decides < own.decides for _, s in scored):
            continue
        top, there = max(scored, key=lambda pair: pair[1].decides)
        if there.decides > own.decides:
            said.append(_misled(winner, on_val, own, images, top, there))
    return said


def _misled(
    winner: CandidateResult,
    on_val: SweepAccuracy,
    own: SweepAccuracy,
    images: ImageSet,
    top: CandidateResult,
    there: SweepAccuracy,
) -> str:
    found = difference(own.hits, there.hits)
    noise = "" if found is not None and found.p < ALPHA else " (within noise)"
    return (
        f"val misleads: {winner.name} is the best on val ({on_val.mean:.4f}) and the worst on "
        f"{short_path(images.path)} ({own.mean:.4f}, {top.name} {there.mean:.4f}){noise}"
    )


def dataset_of(answer: Answer, candidate: CandidateResult) -> Path:
    """Return the folder of a candidate's dataset."""
    return answer.folder / DATASETS / candidate.id
