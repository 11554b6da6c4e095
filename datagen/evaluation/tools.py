"""What else the evaluator's package answers, each as a process: `python -m fixed_eval.<tool>`."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from datagen.core.errors import EvaluationError
from datagen.evaluation.process import REFUSALS, last_words, running


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
    with running(tool, words, stderr=subprocess.PIPE) as process:
        printed, said = process.communicate()
    found = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    code = process.returncode
    if code and not (found and code in ends):
        lines = [line.strip() for line in said.splitlines()]
        raise REFUSALS.get(code, EvaluationError)(last_words(lines, code))
    return found
