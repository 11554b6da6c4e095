"""What is kept after an epoch, in one file that is replaced whole."""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fixed_eval.errors import InputError, StateError
from fixed_eval.state import DIGEST_BYTES, write_atomically

GROUPS = ("weights", "optimiser", "generators")

Arrays = tuple[npt.NDArray[Any], ...]


@dataclass(frozen=True)
class Kept:
    """A training after some epochs.

    Attributes:
        identity: Hash of the images and settings.
        history: The epochs so far, as plain records.
        weights: All variables of the network.
        optimiser: All variables of the optimiser, its step and learning rate too.
        generators: States of dropout's generators.
    """

    identity: str
    history: tuple[dict[str, Any], ...]
    weights: Arrays
    optimiser: Arrays
    generators: Arrays


def save(path: Path, kept: Kept) -> None:
    """Write the file: a checksum, then an npz archive.

    Raises:
        StateError: If it cannot be written; what was there stays.
    """
    arrays = {f"{g}_{k}": array for g in GROUPS for k, array in enumerate(getattr(kept, g))}
    record = np.array(json.dumps({"identity": kept.identity, "history": kept.history}))
    memory = io.BytesIO()
    np.savez(memory, record=record, **arrays)
    body = memory.getvalue()
    try:
        write_atomically(path, hashlib.sha256(body).digest() + body)
    except OSError as error:
        raise StateError(
            f"cannot write {path}: {error.strerror}; earlier epochs are kept"
        ) from error


def load(path: Path) -> Kept | None:
    """What is kept at `path`; None where there is nothing.

    Raises:
        InputError: If the file is damaged.
    """
    if not path.exists():
        return None
    content = path.read_bytes()
    body = content[DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != content[:DIGEST_BYTES]:
        raise InputError(f"{path} is damaged (wrong checksum); remove it, or leave --resume out")
    with np.load(io.BytesIO(body), allow_pickle=False) as file:
        record = json.loads(str(file["record"]))
        groups = {group: _group(file, group) for group in GROUPS}
    return Kept(record["identity"], tuple(record["history"]), **groups)


def _group(file: Any, group: str) -> Arrays:
    count = sum(name.startswith(f"{group}_") for name in file.files)
    return tuple(file[f"{group}_{k}"] for k in range(count))
