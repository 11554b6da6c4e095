"""What else the evaluator's package answers, each as a process: `python -m fixed_eval.<tool>`."""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from datagen.core.errors import EvaluationError
from datagen.evaluation.process import REFUSALS, last_words, running

Counted = Callable[[int], None]
"""Told how many objects have come."""


def run_tool(
    tool: str, *words: str, ends: Sequence[int] = (0,), counted: Counted = lambda _: None
) -> list[Mapping[str, Any]]:
    """Run a tool of the evaluator to its end.

    Args:
        tool: its module.
        words: its command line, which asks for one JSON object a line on stdout.
        ends: exit codes with which it has done its work, if it has printed an object.
        counted: told of each object as it comes.

    Returns:
        The objects.

    Raises:
        DatagenError: what the tool refused, by its exit code.
    """
    found = []
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        with running(tool, words, stderr=said.fileno()) as process:
            for line in process.stdout or ():
                if line.startswith("{"):
                    found.append(json.loads(line))
                    counted(len(found))
        said.seek(0)
        lines = [line.strip() for line in said]
    code = process.returncode
    if code and not (found and code in ends):
        raise REFUSALS.get(code, EvaluationError)(last_words(lines, code))
    return found
