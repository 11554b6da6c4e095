"""What is kept after an epoch, in one file that is replaced whole."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fixed_eval.errors import InputError, StateError
from fixed_eval.state import Arrays, read_groups, write_groups

GROUPS = ("weights", "optimiser", "generators")


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
    """Write the file, whose form is that of `fixed_eval.state`.

    Raises:
        StateError: If it cannot be written; what was there stays.
    """
    record = {"identity": kept.identity, "history": kept.history}
    try:
        write_groups(path, record, {group: getattr(kept, group) for group in GROUPS})
    except OSError as error:
        before = len(kept.history) - 1
        what = f"epoch {before} is the last that is kept" if before else "no epoch is kept"
        raise StateError(f"cannot write {path}: {error.strerror or error}; {what}") from error


def load(path: Path) -> Kept | None:
    """What is kept at `path`; None where there is nothing.

    Raises:
        InputError: If the file is damaged.
    """
    if not path.exists():
        return None
    try:
        record, groups = read_groups(path)
    except ValueError as error:
        raise InputError(
            f"{path} is damaged (wrong checksum); --overwrite instead of --resume begins again"
        ) from error
    return Kept(record["identity"], tuple(record["history"]), **groups)
