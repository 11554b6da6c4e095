"""The errors of this package, one small tree. Nothing here prints.

    PipelineError             a pipeline, or a use of it, that makes no sense   exit 2
    ├── UnknownPipelineError           neither a preset nor a file
    │   └── MissingPipelineError           no file of that name                  exit 4
    ├── InvalidPipelineError           it is not YAML or does not validate
    │   └── UnreadablePipelineError        the system refuses it, or it is no text   exit 4
    ├── WrongLabelError                a step would leave an image with a wrong label
    ├── UnsuitableImageError           not `uint8 H×W`, or too small for what is asked of it
    │   └── InseparableStrokesError        its letters cannot be told apart
    ├── InvalidRecordError             a record of applied steps that cannot be replayed
    └── MissingPapersError             no folder of scans to take paper from         exit 4

Every message is one sentence: what was given, what was expected, what to do.
"""

import difflib
from collections.abc import Iterable
from typing import ClassVar

from pipelines.text import QUOTED, message


class PipelineError(Exception):
    """Anything this package refuses to do, with a sentence that says why."""

    exit_code: ClassVar[int] = 2

    def __str__(self) -> str:
        """Return one line that no text of a file can make long, or let steer a terminal."""
        return message(super().__str__())


class UnknownPipelineError(PipelineError):
    """Neither the name of a preset nor a file."""


class MissingPipelineError(UnknownPipelineError):
    """A path of a pipeline at which nothing is."""

    exit_code = 4


class InvalidPipelineError(PipelineError):
    """A pipeline that is not YAML or does not validate."""


class UnreadablePipelineError(InvalidPipelineError):
    """A file that the system refuses, or that is no text."""

    exit_code = 4


class WrongLabelError(PipelineError):
    """A step that would leave an image with a label it no longer shows."""

    def __init__(self, op: str, numeral: str, style: str, reason: str) -> None:
        super().__init__(f"{op} gives {numeral} ({style} case) a wrong label: {reason}")
        self.op, self.numeral, self.style, self.reason = op, numeral, style, reason

    def __reduce__(self) -> tuple[type["WrongLabelError"], tuple[str, str, str, str]]:
        return WrongLabelError, (self.op, self.numeral, self.style, self.reason)


class UnsuitableImageError(PipelineError):
    """An image that is not `uint8 H×W`, or is too small for what is asked of it."""


class InseparableStrokesError(UnsuitableImageError):
    """A numeral whose letters cannot be told apart: they touch, or bars join them."""


class InvalidRecordError(PipelineError):
    """A record of applied steps that cannot be replayed."""


class MissingPapersError(PipelineError):
    """No folder of scans to take paper from."""

    exit_code = 4


def nearest(given: str, valid: Iterable[str]) -> str:
    """Return the hint that ends an error about an unknown name."""
    names = sorted(valid)
    near = difflib.get_close_matches(given[:QUOTED], names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"valid: {', '.join(names) or 'none'}"
