"""Trials are told to MLflow and Weights & Biases in their own terms; stand-ins write it down."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from datagen.score import Evaluation
from datagen.sweep.callbacks import callbacks
from datagen.sweep.records import Scored, Trial


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


def test_mlflow_gets_a_run_per_trial(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, Any]] = []
    module: Any = ModuleType("mlflow")

    @contextmanager
    def start_run(run_name: str) -> Iterator[None]:
        said.append(("start", run_name))
        yield
        said.append(("end", run_name))

    module.start_run = start_run
    for name in ("set_tracking_uri", "set_experiment", "set_tags", "log_params"):
        setattr(module, name, lambda value, name=name: said.append((name, value)))
    module.log_metrics = lambda values, step=None: said.append(("metrics", (step, values)))
    monkeypatch.setitem(sys.modules, "mlflow", module)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (callback,) = callbacks(tmp_path, tensorboard=False, mlflow=True, wandb=False)
    callback.trial(trial)
    callback.close()
    assert said[0] == ("set_tracking_uri", f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert ("start", "pen=0.25 emnist=0.75 seed 123") in said
    parameters = dict(said)["log_params"]
    assert parameters["ratio.pen"] == 0.25
    assert parameters["val.fraction"] == 0.1
    steps = [value for name, value in said if name == "metrics"]
    assert steps[0] == (None, {"epochs": 2.0, "val_accuracy": 0.5, "test_accuracy": 0.75})
    assert [step for step, _ in steps[1:]] == [1, 2]
    assert said[-1][0] == "end"


def test_wandb_gets_a_run_per_trial_offline(
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
