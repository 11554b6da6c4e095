"""Tools of the evaluator's package that are given arrays: started, followed, ended.

Enters: a module, its arguments and arrays. Leaves: JSON objects and arrays, or the process's
refusal as an error.
"""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from datagen.core.errors import CorruptInputError, EvaluationError
from datagen.core.machine import cores
from datagen.evaluation.process import (
    REFUSALS,
    Event,
    last_words,
    running,
)
from datagen.files.scratch import scratch

Arrays = Mapping[str, npt.NDArray[Any]]
Tell = Callable[[Event], None]
Words = Sequence[object]


def run_with_arrays(
    command: Words, arrays: Arrays, words: Words = (), tell: Tell = lambda _: None
) -> list[Mapping[str, Any]]:
    """Run a tool that answers in JSON.

    Args:
        command: a module of the evaluator's package, and its first arguments.
        arrays: what it reads from `--data`.
        words: its other arguments; `--threads` is every core of this process.
        tell: called with every event.

    Raises:
        DatagenError: what the process refused, by its exit code.
    """
    with scratch("datagen-arrays") as folder:
        data = _written(folder, arrays)
        return _follow([*command, "--data", data, "--threads", cores(), *words], tell)


def ask_with_arrays(
    command: Words, arrays: Arrays, words: Words = (), tell: Tell = lambda _: None
) -> npt.NDArray[np.float32]:
    """Run a tool that answers with log-probabilities, `float32 … × classes`; see above.

    Raises:
        DatagenError: what the process refused, by its exit code.
    """
    with scratch("datagen-arrays") as folder:
        data, out = _written(folder, arrays), folder / "out.npz"
        given = [*command, "--data", data, "--out", out, "--threads", cores(), *words]
        _follow(given, tell)
        with np.load(out, allow_pickle=False) as found:
            return np.asarray(found["log_probabilities"], np.float32)


def _written(folder: Path, arrays: Arrays) -> Path:
    path = folder / "data.npz"
    with path.open("wb") as stream:
        np.savez(stream, **cast("dict[str, Any]", dict(arrays)))
    return path


def _follow(words: Words, tell: Tell) -> list[Mapping[str, Any]]:
    said: list[str] = []
    results: list[Mapping[str, Any]] = []
    tool, *rest = words
    # one stream: a full pipe that nobody reads would stop it
    with running(str(tool), rest, stderr=subprocess.STDOUT) as process:
        for line in process.stdout or ():
            found = _object(line)
            if found is None:
                said.append(line.strip())
            elif "event" in found:
                tell(found)
            else:
                results.append(found)
        code = process.wait()
    if code:
        raise REFUSALS.get(code, EvaluationError)(last_words(said, code))
    return results


def _object(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError as error:
        raise CorruptInputError(f"the evaluator said {line[:80]!r}, no JSON") from error
    return found if isinstance(found, dict) else None
