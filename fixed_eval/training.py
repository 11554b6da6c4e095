"""The interface every engine fills, and the one loop that drives them.

An engine knows arrays and a protocol, and moves by whole epochs. The order of the images, the
choice of the best epoch and what survives a stop are decided here, once, for all engines.
"""

import dataclasses
import hashlib
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from fixed_eval.data import Split
from fixed_eval.network import Weights
from fixed_eval.order import Order, epoch_orders
from fixed_eval.protocols.base import Protocol as EvaluationProtocol

Logits = np.ndarray[Any, np.dtype[np.float32]]
DIGITS = 16  # of a SHA-256 in a receipt: 64 bits tell runs apart, and keep the file small


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """All that an engine needs to go on: weights in Keras' order, and Adam's slots.

    `momentums` and `velocities` follow the trainable weights in Keras' order; `step` counts the
    optimiser steps taken.
    """

    weights: Weights
    momentums: Weights
    velocities: Weights
    step: int

    def digest(self) -> str:
        """The first 16 hex digits of the SHA-256 of all of it: shapes, values, and step count."""
        hashed = hashlib.sha256(str(self.step).encode())
        for array in (*self.weights, *self.momentums, *self.velocities):
            hashed.update(str(array.shape).encode())
            hashed.update(array.astype("<f4").tobytes())
        return hashed.hexdigest()[:DIGITS]


@dataclasses.dataclass(frozen=True)
class EpochRecord:
    """Losses (nats per image) and accuracies (0..1) of one epoch, and how long it took.

    `seconds` is the whole epoch, `train_seconds` its part without the validation pass. `state` is
    the digest of the training state after the epoch; see `Snapshot.digest`.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
    train_seconds: float
    state: str


@dataclasses.dataclass(frozen=True)
class TrainingState:
    """A run after some epochs: enough to go on, and to score the best epoch so far.

    `best` is the first epoch with the highest val accuracy, counted from 1; 0 before training.
    `initial` is the digest of the state before the first epoch.
    """

    snapshot: Snapshot
    initial: str
    before_loss: float
    before_accuracy: float
    history: tuple[EpochRecord, ...]
    best: int
    best_weights: Weights

    @property
    def epoch(self) -> int:
        """Epochs finished."""
        return len(self.history)

    def advance(self, record: EpochRecord, snapshot: Snapshot) -> "TrainingState":
        """The state one epoch later. A tie keeps the earlier epoch, as `save_best_only` does."""
        history = (*self.history, record)
        if not self.best or record.val_accuracy > self.history[self.best - 1].val_accuracy:
            return dataclasses.replace(
                self,
                snapshot=snapshot,
                history=history,
                best=record.epoch,
                best_weights=snapshot.weights,
            )
        return dataclasses.replace(self, snapshot=snapshot, history=history)


class Engine(Protocol):
    """What trains: one split to learn from, one to validate on, one protocol, one seed."""

    name: str

    @property
    def bits(self) -> int | None:
        """A number raised whenever the last bits of what it computes change.

        An engine that has one gives the same bits on every machine; None promises none.
        """

    def snapshot(self) -> Snapshot:
        """A copy of the present state."""

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a state taken with `snapshot`, of this or another engine."""

    def train_epoch(self, order: Order) -> tuple[float, float]:
        """Learn from the training images in `order`; mean loss and accuracy while learning."""

    def evaluate(self, order: Order) -> tuple[float, float]:
        """Mean loss and accuracy on the validation images in `order`, with the present weights."""

    def predict(self, weights: Weights, images: np.ndarray[Any, Any]) -> Logits:
        """Logits, float32 N×classes, of RGB images (float32 0..255) under other weights."""


def start(engine: Engine, val: Split, protocol: EvaluationProtocol, seed: int) -> TrainingState:
    """The state before the first epoch, with the loss and accuracy of the untrained network."""
    snapshot = engine.snapshot()
    loss, accuracy = engine.evaluate(next(epoch_orders(len(val), protocol, seed)))
    return TrainingState(snapshot, snapshot.digest(), loss, accuracy, (), 0, snapshot.weights)


def train(
    engine: Engine,
    state: TrainingState,
    splits: tuple[Split, Split],
    *,
    protocol: EvaluationProtocol,
    seed: int,
    until: int,
    on_epoch: Callable[[TrainingState], None],
) -> TrainingState:
    """Run `engine` from `state` to the end of epoch `until`.

    Args:
        engine: Holds the arrays; is set back to `state` first.
        state: Where to begin, from `start` or from an earlier run.
        splits: Train and val.
        protocol: Gives the shuffle.
        seed: Seed of the shuffle.
        until: Last epoch to run, counted from 1.
        on_epoch: Called with the state after each epoch: saves and shows it.

    Returns:
        The state after epoch `until`; `state` itself where that is already behind it.
    """
    engine.restore(state.snapshot)
    train_orders = epoch_orders(len(splits[0]), protocol, seed, skip=state.epoch)
    # The published script's evaluation before training took the first order of val.
    val_orders = epoch_orders(len(splits[1]), protocol, seed, skip=state.epoch + 1)
    for epoch in range(state.epoch + 1, until + 1):
        began = time.perf_counter()
        loss, accuracy = engine.train_epoch(next(train_orders))
        trained = time.perf_counter()
        val_loss, val_accuracy = engine.evaluate(next(val_orders))
        ended = time.perf_counter()
        snapshot = engine.snapshot()
        record = EpochRecord(
            epoch=epoch,
            loss=loss,
            accuracy=accuracy,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            seconds=ended - began,
            train_seconds=trained - began,
            state=snapshot.digest(),
        )
        state = state.advance(record, snapshot)
        on_epoch(state)
    return state
