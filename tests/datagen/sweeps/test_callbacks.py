"""Trials are told to MLflow and Weights & Biases in their own terms, and are found there."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

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
        settings={"val.fraction": 0.1},
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
        assert (parameters["ratio.pen"], parameters["val.fraction"]) == ("0.25", "0.1")
        assert dict(rows("select key, value from tags"))["state"] == "done"
        measured = dict(rows("select key, value from metrics where step = 0"))
        assert measured == {"epochs": 2.0, "val_accuracy": 0.5, "test_accuracy": 0.75}
        steps = rows("select step from metrics where key = 'val_loss' order by step")
        assert steps == [(1,), (2,)]
    database.close()


def test_wandb_keeps_a_run_per_trial_offline(trial: Trial, tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="wandb is not installed")
    tell(trial, tmp_path, "wandb")
    (kept,) = (tmp_path / "wandb").glob("offline-run-*/run-*.wandb")
    content = kept.read_bytes()
    assert all(part in content for part in (b"ratio.emnist", b"val_loss", b"test_accuracy"))


def test_wandb_is_told_steps_and_ends(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    run = SimpleNamespace(
        log=lambda values, step: said.append((step, sorted(values))),
        summary={},
        finish=lambda exit_code: said.append(("finish", exit_code)),
    )

    def init(**settings: Any) -> SimpleNamespace:
        said.append(settings)
        return run

    module: Any = ModuleType("wandb")
    module.init = init
    monkeypatch.setitem(sys.modules, "wandb", module)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    (callback,) = callbacks(tmp_path, tensorboard=False, mlflow=False, wandb=True)
    callback.trial(trial)
    callback.close()
    assert said[0]["mode"] == "offline"
    assert said[0]["dir"] == str(tmp_path)
    assert said[0]["config"]["ratio.emnist"] == 0.75
    assert [entry[0] for entry in said[1:]] == [1, 2, "finish"]
    assert run.summary["test_accuracy"] == 0.75
