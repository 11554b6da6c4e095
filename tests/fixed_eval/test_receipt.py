"""Digests for receipts: of values alone, whatever files are called, and of every value."""

import dataclasses
from pathlib import Path

import numpy as np

from fixed_eval.data import ImageFile, Split
from fixed_eval.receipt import order_digest, predictions_digest
from fixed_eval.training import DIGITS, Snapshot


def split(names: list[str]) -> Split:
    """Three images, one of each label, of which the first two files are equal."""
    return Split(
        name="val",
        files=tuple(ImageFile(Path(name), name, label) for label, name in enumerate(names)),
        images=np.zeros((3, 32, 32, 3), np.float32),
        labels=np.arange(3, dtype=np.int32),
        file_sha256=("b" * 64, "b" * 64, "a" * 64),
        pixel_sha256=("", "", ""),
    )


def shuffled(whole: Split, rows: list[int]) -> Split:
    return dataclasses.replace(
        whole,
        files=tuple(whole.files[row] for row in rows),
        labels=whole.labels[rows],
        file_sha256=tuple(whole.file_sha256[row] for row in rows),
    )


def test_predictions_are_the_same_in_any_order_and_the_order_is_not():
    one = split(["a", "b", "c"])
    other = shuffled(one, [2, 0, 1])
    logits = np.arange(30, dtype=np.float32).reshape(3, 10)
    assert predictions_digest(logits, one) == predictions_digest(logits[[2, 0, 1]], other)
    assert predictions_digest(logits, one) != predictions_digest(logits, other)
    assert order_digest((one,)) != order_digest((other,))
    assert order_digest((one,)) == order_digest((split(["x", "y", "z"]),))
    assert len(predictions_digest(logits, one)) == len(order_digest((one,))) == DIGITS


def test_a_digest_is_of_every_value_and_of_the_step():
    zeros = (np.zeros((2, 3), np.float32), np.zeros(4, np.float32))
    moved = (zeros[0], np.array([0, 0, 0, 1e-45], np.float32))  # the least that can move
    states = [
        Snapshot(zeros, zeros, zeros, 0),
        Snapshot(moved, zeros, zeros, 0),
        Snapshot(zeros, moved, zeros, 0),
        Snapshot(zeros, zeros, moved, 0),
        Snapshot(zeros, zeros, zeros, 1),
        Snapshot((zeros[0].T, zeros[1]), zeros, zeros, 0),
        Snapshot(tuple(-array for array in zeros), zeros, zeros, 0),  # minus zero
    ]
    assert len({state.digest() for state in states}) == len(states)
    again = Snapshot(*(tuple(array.copy() for array in zeros) for _ in range(3)), step=0)
    assert again.digest() == states[0].digest()
