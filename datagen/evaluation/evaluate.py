"""A dataset becomes scores: from the cache where they are known, else by running the evaluator.

Enters: an `EvaluationRequest`. Leaves: an `Evaluation`, one score per seed. The evaluator runs in
processes of their own, several seeds at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datagen.evaluation.cache import known_scores, recall
from datagen.evaluation.leaks import completed
from datagen.evaluation.origin import dataset_origin
from datagen.evaluation.own_part import with_own_part
from datagen.evaluation.prepare import (
    Prepared,
    Tell,
    prepare,
    tell_of_other_scores,
    warn_of_leaks,
    warning_of_no_test,
)
from datagen.evaluation.process import EvaluationJob, Event
from datagen.evaluation.records import Score
from datagen.evaluation.request import EvaluationRequest, require_sound
from datagen.evaluation.runs import Runs
from datagen.evaluation.summary import Summary, summarise, summary_html
from datagen.evaluation.traps import trap_warnings


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of one dataset, in order of their seeds.

    Attributes:
        images: a file of each SHA-256 in the test sets, for showing them.
        cached: the seeds whose score was known already.
        traps: which files the network sees otherwise than a person does; sentences.
    """

    request: EvaluationRequest
    scores: tuple[Score, ...]
    images: dict[str, Path]
    cached: frozenset[int]
    traps: tuple[str, ...] = ()

    @property
    def all_cached(self) -> bool:
        """Whether nothing was run."""
        return len(self.cached) == len(self.scores)

    @property
    def summary(self) -> Summary:
        """Means over the seeds, with intervals: what `datagen evaluate --json` prints."""
        dataset = str(self.request.dataset)
        return summarise(self.scores, path=dataset, cached=self.cached, traps=self.traps)

    def _repr_html_(self) -> str:
        return summary_html(self.summary)


def _keep_silent(seed: int, event: Event) -> None:
    """Ignore the event."""


def evaluate_dataset(
    request: EvaluationRequest, tell: Tell = _keep_silent, *, found: Prepared | None = None
) -> Evaluation:
    """Score a dataset once per seed.

    Args:
        request: what to score, and how.
        tell: told every event.
        found: of the same request, where it is known; `until` makes no difference to it.

    Raises:
        UsageError: a number is out of range, a test set is given twice, or the protocol is the
            reader of letters.
        RuleError: the dataset or a test set breaks a rule of the protocol.
        InputError: something is missing or unreadable.
        StoppedError: Ctrl-C; finished epochs are kept.
        EvaluationError: the evaluator failed or was killed.
    """
    require_sound(request)
    jobs = request.jobs()
    found = found or prepare(request, jobs)
    warn_of_leaks(found.leaks, request, tell)  # before hours are spent
    traps = tuple(trap_warnings(request.dataset, found.dataset, request.tests))
    for message in traps:
        tell(request.seed, {"event": "warning", "message": message, "of": "dataset"})
    anew = request.force or request.until is not None or request.export_model is not None
    known = {} if anew else _recalled(jobs, found)
    fresh = [job for job in jobs if job.seed not in known]
    if fresh:
        tell_of_other_scores(found.dataset, request, tell)
        telling = warning_of_no_test(request, tell)
        ran = Runs(fresh, found, telling, force=request.force).finish(request.workers)
    scores = tuple(known[job.seed] if job.seed in known else ran[job.seed] for job in jobs)
    return Evaluation(
        request=request,
        scores=_with_origin(scores, request, found),
        images=found.images,
        cached=frozenset(known),
        traps=traps,
    )


def recall_scores(request: EvaluationRequest, found: Prepared) -> tuple[Score, ...] | None:
    """Return the scores of the whole runs that `request` asks for, if all are known already."""
    jobs = request.jobs()
    known = _recalled(jobs, found)
    if len(known) < len(jobs):
        return None
    return _with_origin(tuple(known[job.seed] for job in jobs), request, found)


def _with_origin(
    scores: tuple[Score, ...], request: EvaluationRequest, found: Prepared
) -> tuple[Score, ...]:
    """Return the scores with how their dataset is made again, and which test is a part of it.

    It is not kept with them in the cache: the same images may lie elsewhere without a recipe.
    """
    if found.dataset is None:
        return scores
    origin = dataset_origin(request.dataset, found.dataset)
    return tuple(
        with_own_part(score.model_copy(update={"origin": origin}), request.dataset, request.tests)
        for score in scores
    )


def seeds_to_train(request: EvaluationRequest) -> tuple[int, ...]:
    """Return the seeds of `request` that need training; the others are known or fully trained.

    A run that was interrupted counts, however little it lacks; what the evaluator will refuse needs
    none.
    """
    jobs = request.jobs()
    found = prepare(request, jobs)
    if found.dataset is None or None in found.leaks:
        return ()
    known = {} if request.force else _recalled(jobs, found)
    ended = {score.seed for score in known_scores(found.dataset)}
    return tuple(
        job.seed
        for job in jobs
        if job.seed not in known
        and not (job.seed in ended and any(found.slots[job.seed].run.glob("state-*")))
    )


def _recalled(jobs: Sequence[EvaluationJob], found: Prepared) -> dict[int, Score]:
    scores = {job.seed: recall(found.slots[job.seed], job) for job in jobs}
    return {
        seed: completed(score, found.leaks) for seed, score in scores.items() if score is not None
    }
