"""What stands where a training of the reader writes: a model, and the state kept beside it.

Enters: the place of the model. Leaves: how many epochs are kept there, or a refusal, before
minutes of training are spent.
"""

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

from datagen.core.errors import CorruptInputError, MissingInputError, UsageError
from datagen.core.text import how_many
from datagen.files.atomic import holds_something, require_writable
from datagen.files.reading import open_regular

_ENDING: Final = ".keras"
_MODEL: Final = {"config.json", "model.weights.h5"}
# Of a state, as `fixed_eval.state` writes it: bytes before the JSON that has the record, in which
# an epoch takes some 200.
_CHECKSUM: Final = 32
_LENGTH: Final = 8
_LONGEST: Final = 100_000_000
# What zipfile and json raise for a file that is something else, or damaged.
_UNREADABLE: Final = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def check_out(out: Path, *, resume: bool, overwrite: bool) -> int:
    """Refuse a place that a training may not write to, or has nothing to go on with.

    Args:
        out: the model.
        resume: go on with the state beside it.
        overwrite: replace both.

    Returns:
        How many epochs are kept to go on with; 0 for a training from the beginning.

    Raises:
        UsageError: nothing can be written there, or what stands there may not be replaced.
        MissingInputError: nothing is kept that a training could go on with.
        CorruptInputError: what is kept cannot be read.
    """
    if resume and overwrite:
        raise UsageError("--resume goes on and --overwrite begins again; give one of them")
    _check_writable(out)
    state = state_of(out)
    if holds_something(out) and not _is_model(out):
        raise UsageError(f"{out} is no Keras model, so it is not replaced; choose another --out")
    if resume:
        return _kept_to_resume(state)
    kept = kept_epochs(state) if state.exists() else 0
    if kept is None:
        raise UsageError(
            f"{state} is no state of `letters train`, or damaged, so it is not replaced; move it, "
            "or choose another --out"
        )
    if not overwrite and (holds_something(out) or kept):
        raise UsageError(_how_on(out, state, kept))
    return 0


def state_of(out: Path) -> Path:
    """Return where the epochs of a training are kept."""
    return out.with_suffix(".state")


def kept_epochs(state: Path) -> int | None:
    """Return how many epochs a file keeps; None where it is no state of a training of letters."""
    try:
        with open_regular(state) as stream:
            stream.seek(_CHECKSUM)
            length = int.from_bytes(stream.read(_LENGTH), "little")
            record: dict[str, Any] = json.loads(stream.read(min(length, _LONGEST)))["record"]
        return len(record["history"]) if isinstance(record["identity"], str) else None
    except (CorruptInputError, *_UNREADABLE):
        return None


def _is_model(path: Path) -> bool:
    try:
        with open_regular(path) as stream, zipfile.ZipFile(stream) as archive:
            return set(archive.namelist()) >= _MODEL
    except (CorruptInputError, *_UNREADABLE):
        return False


def _kept_to_resume(state: Path) -> int:
    if not state.exists():
        raise MissingInputError(
            f"--resume has nothing to go on with: there is no {state}; leave --resume out to begin"
        )
    kept = kept_epochs(state)
    if kept is None:
        raise CorruptInputError(
            f"{state} is no state of `letters train`, or damaged; move it and leave --resume out"
        )
    return kept


def _how_on(out: Path, state: Path, kept: int) -> str:
    choose = "--overwrite begins again, or choose another --out"
    if not kept:
        return f"{out} exists; --overwrite replaces it, or choose another --out"
    there = f"{out} exists, and {state}" if out.exists() else str(state)
    return f"{there} keeps {how_many(kept, 'epoch')}; --resume goes on, {choose}"


def _check_writable(out: Path) -> None:
    if out.suffix != _ENDING:
        raise UsageError(f"--out {out} is to be a model; end its name in {_ENDING}")
    if out.is_dir() or not out.parent.is_dir():
        raise UsageError(f"--out {out}: its folder must exist, and it must not be a folder itself")
    for path in (out, state_of(out)):
        require_writable(path)
