"""Trials logged elsewhere: TensorBoard's files, MLflow, Weights & Biases. All are optional.

Each is imported only where it is asked for, and checked before anything runs.
"""

import importlib
import os
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol

from datagen.core.errors import UsageError
from datagen.evaluation.records import read_score
from datagen.sweeps.records import Trial


class Callback(Protocol):
    """What hears of trials that end."""

    def trial(self, trial: Trial) -> None:
        """Take a trial whose state has become final."""

    def close(self) -> None:
        """Hear that the sweep has ended, or was stopped."""


def callbacks(
    folder: Path, *, tensorboard: bool, mlflow: bool, wandb: bool
) -> tuple[Callback, ...]:
    """Return what was asked for.

    Raises:
        UsageError: its package is not installed.
    """
    made: list[Callback] = []
    if tensorboard:
        made.append(TensorBoard(folder))
    if mlflow:
        made.append(MLflow(folder, _needed("mlflow")))
    if wandb:
        made.append(WandB(folder, _needed("wandb")))
    return tuple(made)


def _needed(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UsageError(
            f"--{name} needs the package {name}; in the clone, run pip install '.[{name}]'"
        ) from None


def parameters(trial: Trial) -> dict[str, Any]:
    """Return the parameters of a trial as one flat dict."""
    ratios = {f"ratio.{key}": value for key, value in trial.ratios.items()}
    return {"point": trial.point, "seed": trial.seed, **ratios, **trial.settings}


def measures(trial: Trial) -> dict[str, float]:
    """Return the results of a trial as one flat dict."""
    found: dict[str, float] = {"epochs": float(trial.epochs)}
    if trial.val_accuracy is not None:
        found["val_accuracy"] = trial.val_accuracy
    if trial.selection is not None:
        found["selection_accuracy"] = trial.selection.accuracy
    for k, test in enumerate(trial.tests):
        found["test_accuracy" if k == 0 else f"test_accuracy_{k + 1}"] = test.accuracy
    return found


class TensorBoard:
    """Learning curves below `tensorboard/`, one run per trial and split."""

    def __init__(self, folder: Path) -> None:
        from datagen.reports.evaluation.events import check_installed  # noqa: PLC0415 - an extra

        check_installed()
        self._folder = folder

    def trial(self, trial: Trial) -> None:
        """Write the event files of a trial."""
        from datagen.reports.evaluation.events import write_events  # noqa: PLC0415

        if trial.score is not None:
            score = read_score(self._folder / trial.score)
            name = trial.name.replace("/", "_")
            write_events([score], self._folder / "tensorboard" / f"{name} {trial.point[:6]}")

    def close(self) -> None:
        """Do nothing: no file is open."""


_HISTORY: Final = ("loss", "accuracy", "val_loss", "val_accuracy")


class MLflow:
    """A run per trial, in an experiment named after the sweep's folder.

    Where `MLFLOW_TRACKING_URI` names no server, runs are kept in the sweep's folder.
    """

    def __init__(self, folder: Path, mlflow: Any) -> None:
        self._folder = folder
        self._mlflow = mlflow
        self._ready = False

    def trial(self, trial: Trial) -> None:
        """Log a trial."""
        mlflow = self._mlflow
        if not self._ready:
            if "MLFLOW_TRACKING_URI" not in os.environ:
                mlflow.set_tracking_uri(f"sqlite:///{self._folder / 'mlflow.db'}")
            mlflow.set_experiment(self._folder.name)
            self._ready = True
        with mlflow.start_run(run_name=f"{trial.name} seed {trial.seed}"):
            mlflow.set_tags({"state": trial.state, "official": str(trial.official)})
            mlflow.log_params(parameters(trial))
            mlflow.log_metrics(measures(trial))
            if trial.score is not None:
                for row in read_score(self._folder / trial.score).history:
                    values = {name: getattr(row, name) for name in _HISTORY}
                    mlflow.log_metrics(values, step=row.epoch)

    def close(self) -> None:
        """Do nothing: every run is closed already."""


class WandB:
    """A run per trial, grouped by the sweep's folder; offline unless `WANDB_MODE` says otherwise.

    Offline runs lie in `wandb/` of the sweep's folder; `wandb sync` sends them.
    """

    def __init__(self, folder: Path, wandb: Any) -> None:
        self._folder = folder
        self._wandb = wandb
        os.environ.setdefault("WANDB_SILENT", "true")  # stderr is the sweep's

    def trial(self, trial: Trial) -> None:
        """Log a trial."""
        run = self._wandb.init(
            project="datagen",
            group=self._folder.name,
            name=f"{trial.name} seed {trial.seed}",
            config=parameters(trial) | {"state": trial.state, "official": trial.official},
            dir=str(self._folder),
            mode=os.environ.get("WANDB_MODE", "offline"),
            reinit="finish_previous",
        )
        if trial.score is not None:
            for row in read_score(self._folder / trial.score).history:
                run.log({name: getattr(row, name) for name in _HISTORY}, step=row.epoch)
        run.summary.update(measures(trial))
        run.finish(exit_code=int(trial.state == "failed"))

    def close(self) -> None:
        """Do nothing: every run is finished already."""
