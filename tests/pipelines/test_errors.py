"""Errors survive the way from a worker process to its parent."""

import pickle

import pytest

from pipelines import errors
from pipelines.errors import PipelineError, WrongLabelError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, PipelineError) and kind is not WrongLabelError
]


@pytest.mark.parametrize(
    "error",
    [*(kind("no: what, why") for kind in KINDS), WrongLabelError("flip", "iv", "lower", "it is")],
    ids=lambda error: type(error).__name__,
)
def test_every_error_can_be_sent_to_another_process(error: PipelineError) -> None:
    found = pickle.loads(pickle.dumps(error))
    assert type(found) is type(error)
    assert (str(found), vars(found)) == (str(error), vars(error))
