"""Trials are told to MLflow and Weights & Biases in their own terms, and are found there."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from datagen.core.errors import SweepError, UsageError
from datagen.evaluation.evaluate import Evaluation
from datagen.sweeps.callbacks import callbacks
from datagen.sweeps.records import Scored, Trial


@pytest.fixture
def trial(evaluation: Evaluation, tmp_path: Path) -> Trial:
    """A trial of two epochs with its score."""
    (tmp_path / "score.json").write_text(evaluation.scores[0].model_dump_json())
    test = Scored(path="/t", fingerprint="f", images=4, correct=3, hits="1110", classes={})
    return Trial(
        point="0123456789abcdef",
        name="pen=0.25 emnist=0.75",
        ratios={"pen": 0.25, "emnist": 0.75},
        settings={"val.fraction": 0.1, "seed": 7},
        seed=123,
        state="done",
        epochs=2,
        official=False,
        dataset="datasets/x",
        fingerprint="f",
        images=100,
        val_accuracy=0.5,
        tests=(test,),
        score="score.json",
    )


def tell(trial: Trial, folder: Path, name: str) -> None:
    """Tell the real package, in a process of its own: it leaves threads and open files behind."""
    script = (
        "import sys; from pathlib import Path; from datagen.sweeps.callbacks import callbacks; "
        "from datagen.sweeps.records import Trial; "
        "asked = dict.fromkeys(('tensorboard', 'mlflow', 'wandb'), False) | {sys.argv[2]: True}; "
        "(callback,) = callbacks(Path(sys.argv[1]), **asked); "
        "callback.trial(Trial.model_validate_json(sys.stdin.read())); callback.close()"
    )
    left_out = ("MLFLOW_TRACKING_URI", "WANDB_MODE")
    subprocess.run(
        [sys.executable, "-c", script, str(folder), name],
        input=trial.model_dump_json(),
        text=True,
        env={key: value for key, value in os.environ.items() if key not in left_out},
        check=True,
    )


def test_mlflow_keeps_a_run_per_trial_in_the_sweeps_folder(trial: Trial, tmp_path: Path) -> None:
    pytest.importorskip("mlflow", reason="mlflow is not installed")
    tell(trial, tmp_path, "mlflow")
    with sqlite3.connect(tmp_path / "mlflow.db") as database:

        def rows(query: str) -> list[Any]:
            return database.execute(query).fetchall()

        assert (tmp_path.name,) in rows("select name from experiments")
        assert rows("select name, status from runs") == [
            ("pen=0.25 emnist=0.75 seed 123", "FINISHED")
        ]
        parameters = dict(rows("select key, value from params"))
        assert parameters == {
            "point": "0123456789abcdef",
            "seed": "123",
            "ratio.pen": "0.25",
            "ratio.emnist": "0.75",
            "recipe.val.fraction": "0.1",
            "recipe.seed": "7",
        }
        assert dict(rows("select key, value from tags"))["state"] == "done"
        shown = rows("select key, value from latest_metrics where key not like 'history/%'")
        assert dict(shown) == {"epochs": 2.0, "val_accuracy": 0.5, "test_accuracy": 0.75}
        steps = rows("select step from metrics where key = 'history/val_accuracy' order by step")
        assert steps == [(1,), (2,)]
    database.close()


def test_wandb_keeps_a_run_per_trial_offline(trial: Trial, tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="wandb is not installed")
    tell(trial, tmp_path, "wandb")
    (kept,) = (tmp_path / "wandb").glob("offline-run-*/run-*.wandb")
    content = kept.read_bytes()
    assert all(part in content for part in (b"ratio.emnist", b"val_loss", b"test_accuracy"))


def fake_wandb(monkeypatch: pytest.MonkeyPatch, **functions: Any) -> None:
    module: Any = ModuleType("wandb")
    vars(module).update(functions)
    monkeypatch.setitem(sys.modules, "wandb", module)


@pytest.mark.parametrize(
    ("mode", "message"),
    [("bad", "WANDB_MODE must be one of .* is bad"), ("online", "has no API key: run `wandb log")],
)
def test_a_wandb_that_cannot_log_is_refused_at_once(
    mode: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_wandb(monkeypatch, login=lambda prompt: prompt)
    monkeypatch.setenv("WANDB_MODE", mode)
    with pytest.raises(UsageError, match=message):
        callbacks(tmp_path, tensorboard=False, mlflow=False, wandb=True)


def test_a_server_of_mlflow_that_does_not_answer_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow", reason="mlflow is not installed")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "7")
    with pytest.raises(SweepError, match="cannot use what MLFLOW_TRACKING_URI names") as refused:
        callbacks(tmp_path, tensorboard=False, mlflow=True, wandb=False)
    assert "secret" not in str(refused.value)
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "7"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "foo://bar")
    with pytest.raises(SweepError, match="foo://bar"):
        callbacks(tmp_path, tensorboard=False, mlflow=True, wandb=False)


TWO = """
import json, os, sys
from pathlib import Path

import mlflow

from datagen.sweeps.callbacks import callbacks
from datagen.sweeps.records import Trial

trial = Trial.model_validate_json(sys.stdin.read()).model_copy(update={"score": None})
mlflow.set_tracking_uri("sqlite:///mine.db")
os.environ["MLFLOW_TRACKING_URI"] = ""  # that is none
with mlflow.start_run() as mine:
    for folder in map(Path, sys.argv[1:]):
        (callback,) = callbacks(folder, tensorboard=False, mlflow=True, wandb=False)
        callback.trial(trial)
        failed = {"state": "failed", "error": "no ink", "name": "failed"}
        callback.trial(trial.model_copy(update=failed))
        callback.close()
    assert mlflow.active_run().info.run_id == mine.info.run_id
assert os.environ["MLFLOW_TRACKING_URI"] == ""
"""


@pytest.mark.slow
def test_mlflow_logs_into_each_sweeps_folder_beside_a_run_of_the_users(
    trial: Trial, tmp_path: Path
) -> None:
    pytest.importorskip("mlflow", reason="mlflow is not installed")
    folders = [tmp_path / name for name in ("a?b", "x%41#ü")]
    for folder in folders:
        folder.mkdir()
    subprocess.run(
        [sys.executable, "-c", TWO, *folders],
        input=trial.model_dump_json(),
        text=True,
        cwd=tmp_path,
        check=True,
    )
    for folder in folders:
        assert runs(folder / "mlflow.db") == {
            ("pen=0.25 emnist=0.75 seed 123", "FINISHED", None),
            ("failed seed 123", "FAILED", "no ink"),
        }
    assert len(runs(tmp_path / "mine.db")) == 1
    names = {path.name for path in tmp_path.iterdir()}
    assert names - {"mlruns"} == {"a?b", "x%41#ü", "mine.db", "score.json"}


def runs(path: Path) -> set[tuple[str, str, str | None]]:
    """Return name, status and error of each run of a database."""
    query = (
        "select name, status, value from runs left join tags "
        "on tags.run_uuid = runs.run_uuid and tags.key = 'error'"
    )
    with closing(sqlite3.connect(path)) as database:
        return set(database.execute(query))


def test_wandb_is_told_steps_and_ends(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    run = SimpleNamespace(
        log=lambda values, step: said.append((step, set(values))),
        summary={},
        finish=lambda exit_code: said.append(("finish", exit_code)),
    )

    def init(**settings: Any) -> SimpleNamespace:
        said.append(settings)
        return run

    fake_wandb(monkeypatch, init=init)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    (callback,) = callbacks(tmp_path, tensorboard=False, mlflow=False, wandb=True)
    callback.trial(trial)
    callback.close()
    assert said[0]["mode"] == "offline"
    assert said[0]["dir"] == str(tmp_path)
    assert said[0]["reinit"] == "create_new"  # a run of the process's own stays open
    config = said[0]["config"]
    assert (config["ratio.emnist"], config["seed"], config["recipe.seed"]) == (0.75, 123, 7)
    assert [entry[0] for entry in said[1:]] == [1, 2, "finish"]
    assert run.summary["test_accuracy"] == 0.75
    # what is logged is put into the summary, the last step when the run finishes
    assert set(run.summary).isdisjoint(said[1][1] | said[2][1])
