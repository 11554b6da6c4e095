"""The resumable state of a run on disk: one file, replaced whole after every epoch.

A stop at any moment leaves the file of the last finished epoch. The file's name carries what the
run depends on, so that a changed dataset, protocol or seed never continues another run.
"""

import dataclasses
import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fixed_eval.errors import StateError
from fixed_eval.training import EpochRecord, Snapshot, TrainingState

FORMAT = 4  # of the file; another one is another file name
DIGEST_BYTES = 32  # SHA-256 of the rest comes first
LENGTH_BYTES = 8
Arrays = tuple[np.ndarray[Any, Any], ...]

GROUPS = ("weights", "momentums", "velocities", "generators", "best_weights")
FINISHED = "finished"  # a group for each phase that is over, numbered


def state_path(folder: Path, *identity: object) -> Path:
    """Where the run with this identity (fingerprints, seed, engine, epochs) keeps its state."""
    key = hashlib.sha256(json.dumps([FORMAT, *map(str, identity)]).encode()).hexdigest()
    return folder / f"state-{key[:16]}.bin"


def save_state(path: Path, state: TrainingState) -> None:
    """Write `state` beside `path`, then rename it into place.

    Raises:
        StateError: If the disk is full or the folder cannot be written; nothing half-written stays.
    """
    record = {
        "step": state.snapshot.step,
        "initial": state.initial,
        "before_loss": state.before_loss,
        "before_accuracy": state.before_accuracy,
        "history": [dataclasses.asdict(epoch) for epoch in state.history],
        "best": state.best,
        "finished": len(state.finished),
    }
    try:
        write_groups(path, record, _groups(state))
    except OSError as error:
        raise StateError(
            f"cannot write the resumable state {path}: {error.strerror}; "
            f"epoch {state.epoch} is not saved, earlier epochs are"
        ) from error


def write_groups(path: Path, record: dict[str, Any], groups: Mapping[str, Arrays]) -> None:
    """Put a plain record and groups of arrays at `path`.

    A checksum; how long the next part is; the record and the type and shape of every array, as
    JSON; their bytes. An npz archive of 300 arrays would take three times as long, at the end of
    every epoch.

    Raises:
        OSError: If it cannot be written; what was there stays.
    """
    layout = {
        group: [(array.dtype.str, array.shape) for array in arrays]
        for group, arrays in groups.items()
    }
    head = json.dumps({"record": record, "layout": layout}).encode()
    parts: list[bytes | memoryview] = [len(head).to_bytes(LENGTH_BYTES, "little"), head]
    for arrays in groups.values():
        parts += [np.ravel(array).view(np.uint8).data for array in arrays]
    checksum = hashlib.sha256()
    for part in parts:
        checksum.update(part)
    write_atomically(path, checksum.digest(), *parts)


def read_groups(path: Path) -> tuple[dict[str, Any], dict[str, Arrays]]:
    """The record and the groups that `write_groups` wrote.

    Raises:
        ValueError: If the file is damaged.
    """
    content = path.read_bytes()
    digest, body = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        raise ValueError(f"{path} is damaged ({len(content):,} bytes, wrong checksum)")
    place = LENGTH_BYTES + int.from_bytes(body[:LENGTH_BYTES], "little")
    head = json.loads(body[LENGTH_BYTES:place])
    groups: dict[str, Arrays] = {}
    for group, layout in head["layout"].items():
        arrays = []
        for dtype, shape in layout:
            array = np.frombuffer(body, dtype, math.prod(shape), place).reshape(shape)
            arrays.append(array.copy())  # which can be written to
            place += array.nbytes
        groups[group] = tuple(arrays)
    return head["record"], groups


def _groups(state: TrainingState) -> dict[str, Arrays]:
    now = state.snapshot
    groups = (now.weights, now.momentums, now.velocities, now.generators, state.best_weights)
    finished = {f"{FINISHED}{phase}": weights for phase, weights in enumerate(state.finished)}
    return {**dict(zip(GROUPS, groups, strict=True)), **finished}


def write_atomically(path: Path, *parts: bytes | memoryview) -> None:
    """Put `parts`, one after the other, at `path`: all of them, or nothing.

    Raises:
        OSError: If it cannot be written; the temporary file is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def load_state(path: Path) -> TrainingState | None:
    """The state kept at `path`, or None where there is none.

    Raises:
        ValueError: If the file is damaged; `set_aside` moves it out of the way.
    """
    if not path.exists():
        return None
    record, groups = read_groups(path)
    weights, momentums, velocities, generators, best_weights = (groups[each] for each in GROUPS)
    finished = tuple(groups[f"{FINISHED}{phase}"] for phase in range(record["finished"]))
    return TrainingState(
        snapshot=Snapshot(weights, momentums, velocities, record["step"], generators),
        initial=record["initial"],
        before_loss=record["before_loss"],
        before_accuracy=record["before_accuracy"],
        history=tuple(EpochRecord(**epoch) for epoch in record["history"]),
        best=record["best"],
        best_weights=best_weights,
        finished=finished,
    )


def set_aside(path: Path) -> Path:
    """Rename a damaged state so that it can be looked at, and return its new path."""
    aside = path.with_suffix(".damaged")
    path.replace(aside)
    return aside
