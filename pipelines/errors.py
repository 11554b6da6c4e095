"""The errors of this package, one small tree. Nothing here prints.

    PipelineError             a pipeline, or a use of it, that makes no sense   exit 2
    ├── UnknownPipeline           neither a preset nor a file
    ├── InvalidPipeline           it cannot be read or does not validate
    ├── WrongLabel                a step would leave an image with a wrong label
    ├── UnsuitableImage           not `uint8 H×W`, or too small for what is asked of it
    │   └── InseparableStrokes        its letters cannot be told apart
    ├── InvalidRecord             a record of applied steps that cannot be replayed
    └── MissingPapers             no folder of scans to take paper from         exit 4

Every message is one sentence: what was given, what was expected, what to do.
"""

import difflib
from collections.abc import Iterable
from typing import ClassVar


class PipelineError(Exception):
    """Anything this package refuses to do, with a sentence that says why."""

    exit_code: ClassVar[int] = 2


class UnknownPipeline(PipelineError):  # noqa: N818 - it reads as what it is
    """Neither the name of a preset nor a file."""


class InvalidPipeline(PipelineError):  # noqa: N818
    """A pipeline that cannot be read or does not validate."""


class WrongLabel(PipelineError):  # noqa: N818
    """A step that would leave an image with a label it no longer shows."""

    def __init__(self, op: str, numeral: str, style: str, reason: str) -> None:
        super().__init__(f"{op} gives {numeral} ({style} case) a wrong label: {reason}")
        self.op, self.numeral, self.style, self.reason = op, numeral, style, reason

    def __reduce__(self) -> tuple[type["WrongLabel"], tuple[str, str, str, str]]:
        return WrongLabel, (self.op, self.numeral, self.style, self.reason)


class UnsuitableImage(PipelineError):  # noqa: N818
    """An image that is not `uint8 H×W`, or is too small for what is asked of it."""


class InseparableStrokes(UnsuitableImage):
    """A numeral whose letters cannot be told apart: they touch, or bars join them."""


class InvalidRecord(PipelineError):  # noqa: N818
    """A record of applied steps that cannot be replayed."""


class MissingPapers(PipelineError):  # noqa: N818
    """No folder of scans to take paper from."""

    exit_code = 4


def nearest(given: str, valid: Iterable[str]) -> str:
    """Return the hint that ends an error about an unknown name."""
    names = sorted(valid)
    near = difflib.get_close_matches(given, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"valid: {', '.join(names) or 'none'}"
