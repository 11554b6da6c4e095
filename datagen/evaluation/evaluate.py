"""A dataset becomes scores: from the cache where they are known, else by running the evaluator.

Enters: an `EvaluationRequest`. Leaves: an `Evaluation`, one score per seed. The evaluator runs in
processes of their own, several seeds at once.
"""

import queue
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from datagen.core.errors import DatasetError, EvaluationError, StoppedError, UsageError
from datagen.core.evaluator_facts import OFFICIAL_SEED, PROTOCOL
from datagen.core.limits import (
    MOST_EPOCHS,
    MOST_EVALUATOR_SEED,
    MOST_PROCESSES,
    MOST_RUNS,
    require,
)
from datagen.datasets.inputs import refuse_among_inputs, refuse_repeated
from datagen.evaluation.cache import (
    LOCK,
    Slot,
    clear,
    known_scores,
    located,
    recall,
    remember,
)
from datagen.evaluation.leaks import completed
from datagen.evaluation.models import refuse_letter_reader
from datagen.evaluation.origin import dataset_origin
from datagen.evaluation.own_part import with_own_part
from datagen.evaluation.prepare import (
    Prepared,
    Tell,
    prepare,
    tell_of_other_scores,
    warn_of_leaks,
)
from datagen.evaluation.process import (
    Engine,
    EvaluationJob,
    EvaluatorProcess,
    Event,
)
from datagen.evaluation.records import Score
from datagen.evaluation.summary import Summary, summarise, summary_html
from datagen.evaluation.traps import trap_warnings
from datagen.files.locks import locked


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What to evaluate, and how.

    Attributes:
        dataset: a folder with `train/` and `val/`.
        tests: class folders to score on.
        protocol: name of the frozen protocol.
        engine: how it is computed; "auto" takes `native` on a CPU and `fast` on a GPU.
        seed: of the first run; an official score's is 123.
        seeds: how many runs, with consecutive seeds.
        preview: epochs of a shorter run that is no official score.
        until: epoch after which to pause: the scores are those reached there, never cached, and a
            later request without it goes on. Where more is kept, the scores are those of all of it.
        force: run again although the score is known.
        workers: evaluator processes at once.
        threads: of each process; None shares the cores of this machine among those that run.
        extra_train: further folders to train on, for protocols that know them.
        weights: what the base of a pretrained protocol begins with: `imagenet`, `none`, or a file.
        export_model: a `.keras` file to write the trained network to; a known score is made again
            for it, without training where the state of the run is kept.
        near_duplicates: count test pictures that are like one of the dataset, too.
    """

    dataset: Path
    tests: tuple[Path, ...] = ()
    protocol: str = PROTOCOL
    engine: Engine = "auto"
    seed: int = OFFICIAL_SEED
    seeds: int = 1
    preview: int | None = None
    until: int | None = None
    force: bool = False
    workers: int = 1
    threads: int | None = None
    near_duplicates: bool = True
    extra_train: tuple[Path, ...] = ()
    weights: str | None = None
    export_model: Path | None = None

    def jobs(self) -> list[EvaluationJob]:
        """Return one job per seed."""
        return [
            EvaluationJob(
                dataset=self.dataset,
                tests=self.tests,
                seed=seed,
                protocol=self.protocol,
                engine=self.engine,
                preview=self.preview,
                threads=self.threads,
                until=self.until,
                extra_train=self.extra_train,
                weights=self.weights,
                export_model=self.export_model,
            )
            for seed in range(self.seed, self.seed + self.seeds)
        ]


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


def evaluate_dataset(request: EvaluationRequest, tell: Tell = _keep_silent) -> Evaluation:
    """Score a dataset once per seed.

    Raises:
        UsageError: a number is out of range, a test set is given twice, or the protocol is the
            reader of letters.
        RuleError: the dataset or a test set breaks a rule of the protocol.
        InputError: something is missing or unreadable.
        StoppedError: Ctrl-C; finished epochs are kept.
        EvaluationError: the evaluator failed or was killed.
    """
    _check(request)
    jobs = request.jobs()
    found = prepare(request, jobs)
    warn_of_leaks(found.leaks, request, tell)  # before hours are spent
    traps = tuple(trap_warnings(request.dataset, found.dataset, request.tests))
    for message in traps:
        tell(request.seed, {"event": "warning", "message": message, "of": "dataset"})
    anew = request.force or request.until is not None or request.export_model is not None
    known = {} if anew else _recalled(jobs, found)
    fresh = [job for job in jobs if job.seed not in known]
    if fresh:
        tell_of_other_scores(found.dataset, request, tell)
        ran = _Runs(fresh, found, tell, force=request.force).finish(request.workers)
    scores = tuple(known[job.seed] if job.seed in known else ran[job.seed] for job in jobs)
    return Evaluation(
        request=request,
        scores=_with_origin(scores, request, found),
        images=found.images,
        cached=frozenset(known),
        traps=traps,
    )


def recall_scores(request: EvaluationRequest) -> tuple[Score, ...] | None:
    """Return the scores of the whole runs that `request` asks for, if all are known already."""
    jobs = request.jobs()
    found = prepare(request, jobs)
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


def _check(request: EvaluationRequest) -> None:
    require("seeds", request.seeds, 1, MOST_RUNS)
    require("seed", request.seed, 0, MOST_EVALUATOR_SEED - request.seeds + 1)
    require("workers", request.workers, 1, MOST_PROCESSES)
    require("threads", request.threads, 1, MOST_PROCESSES)
    require("preview", request.preview, 1, MOST_EPOCHS)
    require("until", request.until, 1, MOST_EPOCHS)
    refuse_letter_reader(request.protocol)
    for read in (request.dataset, *request.tests, *request.extra_train):
        refuse_among_inputs(request.export_model, read, "--export-model")
    if request.export_model is not None and request.seeds > 1:
        raise UsageError(
            f"export_model keeps one network and {request.seeds} seeds train {request.seeds}; "
            "evaluate one seed for it"
        )
    refuse_repeated(request.tests)


def _recalled(jobs: Sequence[EvaluationJob], found: Prepared) -> dict[int, Score]:
    scores = {job.seed: recall(found.slots[job.seed], job) for job in jobs}
    return {
        seed: completed(score, found.leaks) for seed, score in scores.items() if score is not None
    }


class _Runs:
    """Evaluator processes side by side, their events told one at a time."""

    def __init__(
        self, jobs: Sequence[EvaluationJob], found: Prepared, tell: Tell, *, force: bool
    ) -> None:
        slots = self._slots = found.slots
        self._leaks = found.leaks
        self._tell = tell
        self._force = force
        self._stopping = threading.Event()
        self._events: queue.SimpleQueue[tuple[int, Event | None]] = queue.SimpleQueue()
        self._runs = {
            job.seed: EvaluatorProcess(job, slots[job.seed].run / "score.json", slots[job.seed].run)
            for job in jobs
        }

    def finish(self, workers: int) -> dict[int, Score]:
        """Run them all; where one fails or Ctrl-C comes, all are stopped and waited for."""
        with ThreadPoolExecutor(workers) as pool:
            futures = {seed: pool.submit(self._one, run) for seed, run in self._runs.items()}
            try:
                self._follow(futures)
                return {seed: future.result() for seed, future in futures.items()}
            except KeyboardInterrupt:
                self._stop(futures)
                raise StoppedError(self._where(futures)) from None
            except BaseException:
                self._stop(futures)
                raise

    def _follow(self, futures: dict[int, "Future[Score]"]) -> None:
        """Tell events until every run has ended; raise what the first failed one raised."""
        running = set(futures)
        while running:
            seed, event = self._events.get()
            if event is not None:
                self._tell(seed, event)
                continue
            running.discard(seed)
            futures[seed].result()

    def _one(self, run: EvaluatorProcess) -> Score:
        """Follow one run to its end, in a thread of its own."""
        seed, place = run.job.seed, self._slots[run.job.seed]
        try:
            with self._alone(run) as lock:
                anew = self._force or run.job.until or run.job.export_model
                known = None if anew else recall(place, run.job)
                if known:  # another process was at the very same run, and has finished it
                    return completed(known, self._leaks)
                return self._followed(run, place, lock)
        finally:
            self._events.put((seed, None))

    @contextmanager
    def _alone(self, run: EvaluatorProcess) -> Iterator[int]:
        """Hold the folder of a run's state; another process may be at the very same run."""
        told = False

        def wait() -> None:
            nonlocal told
            if self._stopping.is_set():
                raise StoppedError("interrupted while another process evaluated the same")
            if not told:
                message = "another process evaluates the same; waiting for it to end"
                self._events.put((run.job.seed, {"event": "warning", "message": message}))
            told = True

        place = self._slots[run.job.seed]
        with ExitStack() as stack:
            try:
                descriptor = stack.enter_context(locked(place.run / LOCK, wait))
                if self._force:
                    clear(place.run)
            except OSError as error:
                raise EvaluationError(
                    f"cannot make {place.run}: {error.strerror}; DATAGEN_CACHE names another folder"
                ) from error
            yield descriptor
        with suppress(OSError):
            place.run.rmdir()  # where nothing is kept in it

    def _followed(self, run: EvaluatorProcess, place: Slot, lock: int) -> Score:
        self._events.put((run.job.seed, {"event": "launch"}))  # the evaluator's come seconds later
        run.lock = lock
        run.start()
        if self._stopping.is_set():
            run.interrupt()
        events = self._events
        score = located(run.listen(lambda event: events.put((run.job.seed, event))), run.job)
        _check_unchanged(score, place)
        score = completed(score, self._leaks)
        remember(place, score)
        if score.complete and not score.official:
            shutil.rmtree(place.run, ignore_errors=True)
        # An official run's state stays (4 MB): another test set then takes no training.
        return score

    def _stop(self, futures: dict[int, "Future[Score]"]) -> None:
        self._stopping.set()
        for future in futures.values():
            future.cancel()
        for run in self._runs.values():
            run.interrupt()
        for run in self._runs.values():
            run.reap()

    def _where(self, futures: dict[int, "Future[Score]"]) -> str:
        """Say where the runs stopped and how to go on."""
        ended = {seed for seed, future in futures.items() if _succeeded(future)}
        places = [
            f"seed {seed} {'is done' if seed in ended else f'after epoch {run.epoch}'}"
            for seed, run in self._runs.items()
        ]
        epochs = max(run.epochs for run in self._runs.values())
        kept = any(run.epoch for run in self._runs.values())
        how = "the same command" + (" without --force" if self._force else "")
        return (
            f"interrupted: {', '.join(places)}"
            + (f" of {epochs}" if epochs else "")
            + (f"; finished epochs are kept, {how} goes on there" if kept else "; nothing to keep")
        )


def _succeeded(future: "Future[Score]") -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _check_unchanged(score: Score, place: Slot) -> None:
    """Refuse a score of other data than those that were hashed.

    Raises:
        DatasetError: the folders changed between hashing and reading them.
    """
    found = (score.dataset.fingerprint, *(test.fingerprint for test in score.tests))
    if found != (place.dataset, *place.tests):
        raise DatasetError(
            f"{score.dataset.path} or a test set changed while it was evaluated; "
            "there is no score: evaluate it again"
        )
