"""One trial: a recipe becomes a dataset, the dataset a score, up to a rung or to the end.

Enters: a `Task`, which knows all it needs. Leaves: a `TrialOutcome`. The same function runs in a
local process and on a node of a cluster; what it has done already it finds again on disk.
"""

import dataclasses
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from datagen.building.build import build
from datagen.core.errors import (
    CorruptInputError,
    DatagenError,
    EvaluationError,
    StoppedError,
    SweepError,
)
from datagen.core.limits import Share, Tally
from datagen.core.models import StrictModel
from datagen.datasets.format import INFO
from datagen.evaluation.evaluate import evaluate_dataset, recall_scores
from datagen.evaluation.places import located_score, recorded_score
from datagen.evaluation.prepare import Prepared, prepare
from datagen.evaluation.process import PARTS, Engine, Event, identity
from datagen.evaluation.records import Score, TestResult, read_score
from datagen.evaluation.request import EvaluationRequest
from datagen.files.atomic import staged_file
from datagen.files.cache_dir import set_aside
from datagen.files.locks import locked
from datagen.files.paths import recorded_place
from datagen.recipes import load as recipes
from datagen.sweeps.records import DATASETS, Reached, Scored
from pipelines.errors import PipelineError

SPEC: Final = "spec.yaml"
SCORES: Final = "scores"

Tell = Callable[[Event], None]


class Task(StrictModel):
    """What one trial is to do next.

    Attributes:
        folder: of the sweep, absolute, as every node sees it.
        point, seed: which trial.
        recipe: to build, as plain data.
        until: the rung to pause at; None runs to the end.
        tests: folders to score on.
        selection: held-out folder that decides instead of val.
        evaluator: `evaluation.process.identity` of who asks: another one gives other scores.
    """

    folder: Path
    point: str
    seed: int
    recipe: Mapping[str, Any]
    until: int | None
    tests: tuple[Path, ...]
    selection: Path | None
    preview: int | None
    engine: Engine
    threads: int | None
    evaluator: str

    def request(self) -> EvaluationRequest:
        """Return what to ask of the evaluator; the selection set comes first."""
        selection = () if self.selection is None else (self.selection,)
        return EvaluationRequest(
            dataset=self.folder / DATASETS / self.point,
            tests=(*selection, *self.tests),
            engine=self.engine,
            seed=self.seed,
            preview=self.preview,
            until=self.until,
            threads=self.threads,
            near_duplicates=False,  # seconds for every trial, and they decide nothing
        )

    def score_path(self, until: int | None) -> Path:
        """Return where the score of this trial is kept, below the sweep's folder."""
        rung = "" if until is None else f"-epoch-{until}"
        return Path(SCORES) / f"{self.point}-{self.seed}{rung}.json"


class TrialOutcome(Reached):
    """What a task came to.

    Attributes:
        until: the rung that was asked for; None: the end.
        complete: whether it ran to the end, or was known to.
        value: what decides at this rung: accuracy on val, or on the selection set.
        loss: on val, of the epoch with that accuracy; None where a selection set decides, and in
            the logs of earlier versions.
    """

    until: Tally | None
    complete: bool = False
    value: Share | None = None
    loss: float | None = None


def run_trial(task: Task, tell: Tell = lambda _: None) -> TrialOutcome:
    """Bring a trial to its rung, or to the end; what refuses it becomes its error.

    Raises:
        StoppedError: it was interrupted; nothing finished is lost.
    """
    build_seconds = 0.0
    try:
        _check_place(task)
        build_seconds = _build_once(task)
        return _evaluate(task, build_seconds, tell)
    except StoppedError:
        raise
    except (DatagenError, PipelineError) as error:
        return failed(task, str(error), build_seconds)
    except MemoryError:
        return failed(task, OUT_OF_MEMORY, build_seconds)
    except OSError as error:
        return failed(task, f"the system refused: {error}", build_seconds)


OUT_OF_MEMORY: Final = (
    "the trial ran out of memory; fewer --workers need less, --retry-failed tries again"
)


def failed(task: Task, error: str, build_seconds: float = 0.0) -> TrialOutcome:
    """Return the outcome of a trial that has no score."""
    return TrialOutcome(
        point=task.point,
        seed=task.seed,
        until=task.until,
        evaluator=task.evaluator,
        build_seconds=build_seconds,
        error=" ".join(error.split()),
    )


def _check_place(task: Task) -> None:
    """Refuse to work where the sweep is out of sight, or the evaluator is another.

    Raises:
        SweepError: the sweep's folder is not there.
        EvaluationError: scores of this machine are not comparable.
    """
    if not (task.folder / SPEC).is_file():
        raise SweepError(
            f"the sweep's folder {task.folder} cannot be seen from here; put --out where every "
            "machine sees it under one path"
        )
    if identity() != task.evaluator:
        raise EvaluationError(
            f"this machine's evaluator is another one ({PARTS}), so its scores cannot be compared; "
            "install the same on every machine"
        )


def _build_once(task: Task) -> float:
    """Build the dataset unless it is there; return the seconds that took."""
    root = task.folder / DATASETS / task.point
    if (root / INFO).is_file():
        return 0.0
    # not beside the dataset: its folder appears by a rename
    with locked(task.folder / DATASETS / f".{task.point}.lock"):
        if (root / INFO).is_file():  # another seed's trial was first
            return 0.0
        began = time.monotonic()
        recipe = recipes.validate(task.recipe, origin="the trial's recipe", folder=Path.cwd())
        build(recipe, root)
        return time.monotonic() - began


def _evaluate(task: Task, build_seconds: float, tell: Tell) -> TrialOutcome:
    began = time.monotonic()
    score, cached = _kept(task), True
    if score is None:
        whole = task.model_copy(update={"until": None}).request()
        found = prepare(whole, whole.jobs())
        score = _recalled(task, whole, found)
        if score is None:
            score, cached = _run(task, found, tell), False
        with staged_file(task.folder / _path_of(score, task)) as temporary:
            temporary.write_text(
                recorded_score(score, task.folder / SCORES).model_dump_json(), "utf-8"
            )
    return _outcome(task, score, cached, build_seconds, time.monotonic() - began)


def _kept(task: Task) -> Score | None:
    """Return the score that this trial asks for, or that of its whole run, if the sweep has one.

    Where a held-out set decides, a whole run cannot say what it gave at a rung.
    """
    for until in dict.fromkeys((task.until, None)):
        path = task.folder / task.score_path(until)
        if path.is_file() and (until == task.until or task.selection is None):
            try:
                return located_score(read_score(path), path.parent)
            except CorruptInputError as error:
                set_aside(path, error)
    return None


def _recalled(task: Task, whole: EvaluationRequest, found: Prepared) -> Score | None:
    """Return the score of a trial's whole run, if it is in the cache and answers the task."""
    if task.until is not None and task.selection is not None:
        return None
    scores = recall_scores(whole, found)
    return None if scores is None else scores[0]


def _path_of(score: Score, task: Task) -> Path:
    """Return where to keep a score; it may be of a whole run although a rung was asked for."""
    return task.score_path(None if score.complete else task.until)


def _run(task: Task, found: Prepared, tell: Tell) -> Score:
    """Run the evaluator; begin anew where a kept state is past the rung and that matters."""
    request = task.request()
    (score,) = evaluate_dataset(request, lambda _, event: tell(event), found=found).scores
    if task.until is not None and len(score.history) > task.until and task.selection is not None:
        anew = dataclasses.replace(request, force=True)
        (score,) = evaluate_dataset(anew, lambda _, event: tell(event)).scores
    return score


def _outcome(
    task: Task, score: Score, cached: bool, build_seconds: float, seconds: float
) -> TrialOutcome:
    held, tests = (
        (None, score.tests) if task.selection is None else (score.tests[0], score.tests[1:])
    )
    value, loss = _value_and_loss(task, score)
    return TrialOutcome(
        point=task.point,
        seed=task.seed,
        until=task.until,
        evaluator=task.evaluator,
        epochs=len(score.history),
        complete=score.complete,
        official=score.official,
        value=value,
        loss=loss,
        dataset=f"{DATASETS}/{task.point}",
        fingerprint=score.dataset.fingerprint,
        images=score.dataset.train + score.dataset.val,
        val_accuracy=score.val.accuracy.accuracy,
        selection=None if held is None else scored(held, task.folder),
        tests=tuple(scored(test, task.folder) for test in tests),
        score=_path_of(score, task).as_posix(),
        build_seconds=round(build_seconds, 3),
        evaluate_seconds=0.0 if cached else round(seconds, 3),
        cached=cached,
    )


def _value_and_loss(task: Task, score: Score) -> tuple[float | None, float | None]:
    """Return what decides: at a rung, of a score that went further, the best val until there."""
    if task.selection is not None:
        held = score.tests[0]
        if held.leakage.images:  # what was trained on decides nothing
            return held.leak_free.accuracy or 0.0, None
        return held.metrics.accuracy.accuracy, None
    best = max(score.history[: task.until], key=lambda epoch: epoch.val_accuracy)  # the first one
    value = score.val.accuracy.accuracy if task.until is None else best.val_accuracy
    return value, best.val_loss


def scored(test: TestResult, folder: Path) -> Scored:
    """Return the few numbers of a test result that a sweep's answer needs.

    Args:
        test: with an absolute path.
        folder: of the sweep, which the record's path is relative to.
    """
    return Scored(
        path=recorded_place(test.path, folder),
        fingerprint=test.fingerprint,
        images=test.images,
        correct=test.metrics.accuracy.correct,
        hits=test.hits,
        classes={row.name: row.recall for row in test.metrics.classes},
        leaked=test.leakage.images,
        leak_free=test.leak_free.accuracy,
    )
