"""Errors survive the way from a worker process to its parent."""

import pickle

import pytest

from datagen.core import errors
from datagen.core.errors import DatagenError, UnknownNameError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, DatagenError) and kind is not UnknownNameError
]


@pytest.mark.parametrize(
    "error",
    [*(kind("no: what, why") for kind in KINDS), UnknownNameError("source", "penn", ["pen"])],
    ids=lambda error: type(error).__name__,
)
def test_every_error_can_be_sent_to_another_process(error: DatagenError) -> None:
    error.add_note("of the worker")
    found = pickle.loads(pickle.dumps(error))
    assert type(found) is type(error)
    assert (str(found), found.args, found.__notes__) == (
        str(error),
        error.args,
        ["of the worker"],
    )
