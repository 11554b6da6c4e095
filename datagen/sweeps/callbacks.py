"""Trials logged elsewhere: TensorBoard's files, MLflow, Weights & Biases. All are optional.

Each is imported only where it is asked for, and checked before anything runs.
"""

import importlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol, runtime_checkable
from urllib.parse import quote, urlsplit

from datagen.core.errors import SweepError, UsageError
from datagen.evaluation.records import read_score
from datagen.sweeps.records import Trial
from datagen.sweeps.tracker import Tracker, curves, facts, measures, parameters, said


@runtime_checkable
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
        UsageError: its package is not installed, or the environment sets it up wrongly.
        SweepError: its server does not answer.
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


class TensorBoard(Tracker):
    """Learning curves below `tensorboard/`, one run per trial and split."""

    name = place = "tensorboard"
    title = "TensorBoard"

    def __init__(self, folder: Path) -> None:
        from datagen.reports.evaluation.events import check_installed  # noqa: PLC0415 - an extra

        check_installed()
        super().__init__(folder)

    def log(self, trial: Trial) -> None:
        """Write the event files of a trial."""
        from datagen.reports.evaluation.events import write_events  # noqa: PLC0415

        if trial.score is not None:
            score = read_score(self._folder / trial.score)
            name = trial.name.replace("/", "_")
            write_events([score], self._folder / self.place / f"{name} {trial.point[:6]}")


_SERVER: Final = "MLFLOW_TRACKING_URI"
_AT_ONCE: Final = 1000  # metrics that MLflow takes in one call
_PATIENCE: Final = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


class MLflow(Tracker):
    """A run per trial, in an experiment named after the sweep's folder.

    Where `MLFLOW_TRACKING_URI` names no server, runs are kept in the sweep's folder. What the
    process itself does with MLflow (its own server, its own run) is left alone.
    """

    name = "mlflow"
    title = "MLflow"
    place = "mlflow.db"

    def __init__(self, folder: Path, mlflow: Any) -> None:
        super().__init__(folder)
        self._mlflow = mlflow
        self._client: Any = None
        self._experiment = ""
        if os.environ.get(_SERVER):
            self._check(os.environ[_SERVER])

    def _check(self, server: str) -> None:
        try:
            with _impatient():
                self._mlflow.MlflowClient(tracking_uri=server).search_experiments(max_results=1)
        except Exception as error:
            reason = said(error)
            if password := urlsplit(server).password:
                reason = reason.replace(password, "***")
            raise SweepError(
                f"MLflow cannot use what {_SERVER} names ({reason}); start its server, or unset "
                "the variable to log into the sweep's folder"
            ) from error

    def _connect(self) -> None:
        # named like this, MLflow takes the path as SQLAlchemy does and makes no folder of its own
        own = f"sqlite+pysqlite:///{quote((self._folder / self.place).as_posix(), safe='/:')}"
        client = self._mlflow.MlflowClient(tracking_uri=os.environ.get(_SERVER) or own)
        known = client.get_experiment_by_name(self._folder.name)
        self._experiment = (
            client.create_experiment(self._folder.name) if known is None else known.experiment_id
        )
        self._client = client

    def log(self, trial: Trial) -> None:
        """Log a trial."""
        if self._client is None:
            self._connect()
        run = self._client.create_run(
            self._experiment,
            run_name=f"{trial.name} seed {trial.seed}",
            tags={name: str(value) for name, value in facts(trial).items()},
        ).info.run_id
        try:
            self._fill(run, trial)
        except BaseException:
            with suppress(Exception):  # what went wrong first is told
                self._client.set_terminated(run, "FAILED")
            raise
        self._client.set_terminated(run, "FAILED" if trial.state == "failed" else "FINISHED")

    def _fill(self, run: str, trial: Trial) -> None:
        entities, now = self._mlflow.entities, int(time.time() * 1000)
        given = [entities.Param(name, str(value)) for name, value in parameters(trial).items()]
        self._client.log_batch(run, params=given)
        metrics = [
            entities.Metric(name, value, now, step)
            for step, values in ((0, measures(trial)), *curves(trial, self._folder))
            for name, value in values.items()
        ]
        for start in range(0, len(metrics), _AT_ONCE):
            self._client.log_batch(run, metrics=metrics[start : start + _AT_ONCE])


@contextmanager
def _impatient() -> Iterator[None]:
    """Let MLflow try once: by itself it tries for minutes."""
    before = {name: os.environ.get(name) for name in _PATIENCE}
    os.environ.update(_PATIENCE)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


_MODES: Final = ("offline", "online", "shared", "disabled", "dryrun", "run")


class WandB(Tracker):
    """A run per trial, grouped by the sweep's folder; offline unless `WANDB_MODE` says otherwise.

    Offline runs lie in `wandb/` of the sweep's folder; `wandb sync` sends them. A run that the
    process itself has open stays open.
    """

    name = place = "wandb"
    title = "Weights & Biases"

    def __init__(self, folder: Path, wandb: Any) -> None:
        super().__init__(folder)
        self._wandb = wandb
        os.environ.setdefault("WANDB_SILENT", "true")  # stderr is the sweep's
        self._mode = os.environ.get("WANDB_MODE") or "offline"
        if self._mode not in _MODES:
            raise UsageError(f"WANDB_MODE must be one of {', '.join(_MODES)}, and is {self._mode}")
        if self._mode in ("online", "shared", "run") and not self._has_key():
            raise UsageError(
                "Weights & Biases has no API key: run `wandb login`, set WANDB_API_KEY, or unset "
                "WANDB_MODE to log offline"
            )

    def _has_key(self) -> bool:
        try:
            return bool(self._wandb.login(prompt=False))
        except TypeError:  # earlier versions only ask; they say so at the first trial
            return True

    def log(self, trial: Trial) -> None:
        """Log a trial."""
        run = self._wandb.init(
            project="datagen",
            group=self._folder.name,
            name=f"{trial.name} seed {trial.seed}",
            config=parameters(trial) | facts(trial),
            dir=str(self._folder),
            mode=self._mode,
            reinit="create_new",
        )
        for epoch, values in curves(trial, self._folder):
            run.log(values, step=epoch)
        run.summary.update(measures(trial))
        run.finish(exit_code=int(trial.state == "failed"))
