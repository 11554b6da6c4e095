"""What else the evaluator's package answers, each as a process: `python -m fixed_eval.<tool>`."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from datagen.core.errors import EvaluationError
from datagen.evaluation.process import PACKAGE, REFUSALS, evaluator_environment, last_words


def run_tool(tool: str, *words: str, ends: Sequence[int] = (0,)) -> list[Mapping[str, Any]]:
    """Run a tool of the evaluator to its end.

    Args:
        tool: its module.
        words: its command line, which asks for one JSON object a line on stdout.
        ends: exit codes with which it has done its work, if it has printed an object.

    Returns:
        The objects.

    Raises:
        DatagenError: what the tool refused, by its exit code.
    """
    try:
        done = subprocess.run(
            # -P: a file in the user's folder must not shadow a module
            [sys.executable, "-P", "-m", f"{PACKAGE}.{tool}", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=evaluator_environment(),
        )
    except OSError as error:
        raise EvaluationError(f"cannot start the evaluator: {error.strerror}") from error
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode and not (found and done.returncode in ends):
        said = [line.strip() for line in done.stderr.splitlines()]
        raise REFUSALS.get(done.returncode, EvaluationError)(last_words(said, done.returncode))
    return found
