"""One trial with the real evaluator: paused and gone on with, it ends as if it had run alone."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from datagen.evaluation.evaluate import Evaluation
from datagen.evaluation.places import recorded_score
from datagen.evaluation.process import EvaluatorProcess, Event, identity
from datagen.evaluation.records import Score, read_score
from datagen.evaluation.request import EvaluationRequest
from datagen.files.cache_dir import cache_folder
from datagen.recipes.schema import Ingredient, Recipe
from datagen.sweeps.trial import Task, TrialOutcome, run_trial
from tests.datagen.conftest import untimed

EPOCHS = 3


@pytest.fixture
def task(evaluable: Path, pen: Ingredient, tmp_path: Path) -> Task:
    """A short trial of 60 images, selected by held-out images."""
    folder = tmp_path / "sweep"
    folder.mkdir()
    (folder / "spec.yaml").write_text("")
    return Task(
        folder=folder,
        point="0123456789abcdef",
        seed=123,
        recipe=Recipe(mix=(pen,), images=60).model_dump(mode="json", exclude_none=True),
        until=None,
        tests=(evaluable / "test",),
        selection=evaluable / "tiny" / "val",
        preview=EPOCHS,
        engine="auto",
        threads=1,
        evaluator=identity(),
    )


def at(task: Task, until: int | None, **changes: object) -> Task:
    return task.model_copy(update={"until": until, **changes})


def content(outcome: TrialOutcome, folder: Path) -> dict[str, Any]:
    """Return all of a score but times and paths."""
    assert outcome.score is not None
    plain = untimed(read_score(folder / outcome.score))
    plain["dataset"]["path"] = ""
    return plain


@pytest.mark.usefixtures("forked")
def test_a_survivors_score_is_bit_for_bit_what_it_would_have_been_alone(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[Event] = []
    first = run_trial(at(task, 1), events.append)
    assert (first.error, first.epochs, first.complete, first.official) == (None, 1, False, False)
    assert first.selection is not None
    assert first.value == first.selection.accuracy
    assert first.loss is None
    assert first.build_seconds > 0
    assert [row.images for row in first.tests] == [20]
    last = run_trial(task, events.append)
    assert (last.error, last.epochs, last.complete, last.build_seconds) == (None, EPOCHS, True, 0.0)
    # the first epoch was run once
    assert [event["epoch"] for event in events if event["event"] == "epoch"] == [1, 2, 3]
    paused, whole = content(first, task.folder), content(last, task.folder)
    assert whole["history"][:1] == paused["history"]

    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path / "other-cache"))
    alone = task.model_copy(update={"folder": tmp_path / "alone"})
    alone.folder.mkdir()
    (alone.folder / "spec.yaml").write_text("")
    by_itself = run_trial(alone)
    assert content(by_itself, alone.folder) == whole
    assert by_itself.fingerprint == last.fingerprint

    def refuse(run: EvaluatorProcess) -> None:
        raise AssertionError(f"an evaluation was started: {run}")

    monkeypatch.setattr(EvaluatorProcess, "start", refuse)
    again = run_trial(alone)  # killed before it was recorded: found on disk
    assert again.cached
    fields = {"cached", "evaluate_seconds", "build_seconds"}
    assert again.model_dump(exclude=fields) == by_itself.model_dump(exclude=fields)


@pytest.mark.usefixtures("forked")
def test_what_refuses_a_trial_is_its_error(task: Task, tmp_path: Path) -> None:
    def error(changed: Task) -> str:
        outcome = run_trial(changed)
        assert outcome.value is None
        assert outcome.error is not None
        return outcome.error

    assert "machine's evaluator is another one" in error(at(task, 1, evaluator="x"))
    away = at(task, 1, folder=tmp_path / "away")
    assert "cannot be seen from here" in error(away)
    assert not away.folder.exists()
    gone = {**task.recipe, "mix": [{"source": "images", "path": str(tmp_path / "gone")}]}
    assert error(at(task, 1, recipe=gone)).startswith(f"no folder at {tmp_path / 'gone'}")
    assert not list((task.folder / "datasets").glob("[!.]*"))
    shutil.rmtree(task.tests[0] / "i")
    (task.tests[0] / "xi").mkdir()
    assert "xi" in error(at(task, 1))
    assert not (task.folder / "scores").exists()


def test_a_full_disk_and_no_memory_are_said(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(error: BaseException) -> str | None:
        def build(*_: object) -> None:
            raise error

        monkeypatch.setattr("datagen.sweeps.trial.build", build)
        return run_trial(task).error

    assert "ran out of memory" in str(raising(MemoryError()))
    assert "No space left" in str(raising(OSError(28, "No space left on device")))


@pytest.mark.usefixtures("forked")
def test_the_curve_of_a_known_score_answers_a_rung(task: Task) -> None:
    whole = task.model_copy(update={"selection": None})
    full = run_trial(whole)
    assert full.complete
    rung = run_trial(at(whole, 1))
    assert (rung.cached, rung.complete, rung.epochs) == (True, True, EPOCHS)
    assert rung.score == full.score
    score = read_score(whole.folder / str(full.score))
    assert rung.value == score.history[0].val_accuracy
    assert rung.loss == score.history[0].val_loss
    assert full.value == max(epoch.val_accuracy for epoch in score.history)
    assert list((cache_folder() / "runs").iterdir()) == []


def test_a_kept_state_past_the_rung_gives_the_score_of_the_whole(
    task: Task, score: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An official run with other test sets left its state: the evaluator goes on from its end."""

    def goes_on(request: EvaluationRequest, *_: object, **__: object) -> Evaluation:
        assert request.until == 1
        return Evaluation(request, (score,), {}, frozenset())

    monkeypatch.setattr("datagen.sweeps.trial.evaluate_dataset", goes_on)
    rung = run_trial(at(task, 1, selection=None, tests=()))
    assert (rung.error, rung.complete, rung.epochs, rung.value) == (None, True, EPOCHS, 0.1)
    place = task.folder / str(rung.score)
    assert read_score(place) == recorded_score(score, place.parent)
