"""Evaluator processes side by side: followed, stopped together, their scores kept.

Enters: jobs, and where their scores are kept. Leaves: a score for each, or none where one fails.
"""

import queue
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

from datagen.core.errors import DatasetError, EvaluationError, StoppedError
from datagen.evaluation.cache import LOCK, Slot, clear, located, recall, remember
from datagen.evaluation.leaks import completed
from datagen.evaluation.prepare import Prepared, Tell
from datagen.evaluation.process import EvaluationJob, EvaluatorProcess, Event
from datagen.evaluation.records import Score
from datagen.files.locks import locked


class Runs:
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
            + (f"; finished epochs are kept, {how} resumes there" if kept else "; nothing to keep")
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
