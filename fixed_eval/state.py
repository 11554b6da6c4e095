"""The resumable state of a run on disk: one file, replaced whole after every epoch.

A stop at any moment leaves the file of the last finished epoch. The file's name carries what the
run depends on, so that a changed dataset, protocol or seed never continues another run.
"""

import dataclasses
import hashlib
import io
import json
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from fixed_eval.errors import StateError
from fixed_eval.network import Weights
from fixed_eval.training import EpochRecord, Snapshot, TrainingState

FORMAT = 1  # of the file; another one is another file name
GROUPS = ("weights", "momentums", "velocities", "best_weights")


def state_path(folder: Path, *identity: object) -> Path:
    """Where the run with this identity (fingerprints, seed, engine, epochs) keeps its state."""
    key = hashlib.sha256(json.dumps([FORMAT, *map(str, identity)]).encode()).hexdigest()
    return folder / f"state-{key[:16]}.npz"


def save_state(path: Path, state: TrainingState) -> None:
    """Write `state` beside `path`, then rename it into place.

    Raises:
        StateError: If the disk is full or the folder cannot be written; nothing half-written stays.
    """
    arrays = {
        f"{group}_{position}": array
        for group, weights in zip(GROUPS, _groups(state), strict=True)
        for position, array in enumerate(weights)
    }
    record = {
        "step": state.snapshot.step,
        "before_loss": state.before_loss,
        "before_accuracy": state.before_accuracy,
        "history": [dataclasses.asdict(epoch) for epoch in state.history],
        "best": state.best,
    }
    memory = io.BytesIO()
    np.savez(memory, record=np.array(json.dumps(record)), **arrays)  # type: ignore[arg-type]
    try:
        write_atomically(path, memory.getvalue())
    except OSError as error:
        raise StateError(
            f"cannot write the resumable state {path}: {error.strerror}; "
            f"epoch {state.epoch} is not saved, earlier epochs are"
        ) from error


def _groups(state: TrainingState) -> tuple[Weights, ...]:
    snapshot = state.snapshot
    return snapshot.weights, snapshot.momentums, snapshot.velocities, state.best_weights


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path`: all of it, or nothing.

    Raises:
        OSError: If it cannot be written; the temporary file is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load_state(path: Path) -> TrainingState | None:
    """The state kept at `path`, or None where there is none.

    Raises:
        ValueError: If the file is damaged; `set_aside` moves it out of the way.
    """
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            record = json.loads(str(file["record"]))
            weights, momentums, velocities, best_weights = (
                _group(file, group) for group in GROUPS
            )
            return TrainingState(
                snapshot=Snapshot(weights, momentums, velocities, record["step"]),
                before_loss=record["before_loss"],
                before_accuracy=record["before_accuracy"],
                history=tuple(EpochRecord(**epoch) for epoch in record["history"]),
                best=record["best"],
                best_weights=best_weights,
            )
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def _group(file: np.lib.npyio.NpzFile, group: str) -> Weights:
    count = sum(name.startswith(f"{group}_") for name in file.files)
    if not count:
        raise KeyError(group)
    return tuple(file[f"{group}_{position}"] for position in range(count))


def set_aside(path: Path) -> Path:
    """Rename a damaged state so that it can be looked at, and return its new path."""
    aside = path.with_suffix(".damaged")
    path.replace(aside)
    return aside
