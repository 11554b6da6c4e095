"""The interface every engine fills, and the one loop that drives them.

An engine knows arrays and a protocol, and moves by whole epochs. The order of the images, the
choice of the best epoch, the learning rate, the end of a phase, and what survives a stop are
decided here, once, for all engines; `fixed_eval.rules` says how.
"""

import dataclasses
import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from fixed_eval import rules
from fixed_eval.data import Split
from fixed_eval.network import Weights
from fixed_eval.order import Order, epoch_orders
from fixed_eval.protocols.base import Phase
from fixed_eval.protocols.base import Protocol as EvaluationProtocol

Logits = np.ndarray[Any, np.dtype[np.float32]]
Generators = tuple[np.ndarray[Any, np.dtype[np.integer[Any]]], ...]
DIGITS = 16  # of a SHA-256 in a receipt: 64 bits tell runs apart, and keep the file small


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """All that an engine needs to go on.

    Attributes:
        weights: In Keras' order.
        momentums: The optimiser's slots; Adam's first moments of the trainable weights in Keras'
            order, or all variables of a Keras optimiser. Empty: as when it begins.
        velocities: Adam's second moments; empty where `momentums` has them.
        step: Optimiser steps taken.
        generators: States of the generators that draw while training (dropout, augmentation).
    """

    weights: Weights
    momentums: Weights
    velocities: Weights
    step: int
    generators: Generators = ()

    def digest(self) -> str:
        """The first 16 hex digits of the SHA-256 of all of it: shapes, values, and step count."""
        hashed = hashlib.sha256(str(self.step).encode())
        for array in (*self.weights, *self.momentums, *self.velocities):
            hashed.update(str(array.shape).encode())
            hashed.update(array.astype("<f4").tobytes())
        for state in self.generators:
            hashed.update(state.astype("<i8").tobytes())
        return hashed.hexdigest()[:DIGITS]


@dataclasses.dataclass(frozen=True)
class EpochRecord:
    """Losses (nats per image) and accuracies (0..1) of one epoch, and how long it took.

    `seconds` is the whole epoch, `train_seconds` its part without the validation pass. `state` is
    the digest of the training state after the epoch; see `Snapshot.digest`. `phase` is the name of
    the protocol's phase, `learning_rate` the one that the epoch began with.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
    train_seconds: float
    state: str
    phase: str
    learning_rate: float


@dataclasses.dataclass(frozen=True)
class TrainingState:
    """A run after some epochs: enough to go on, and to score the best epoch so far.

    `best` is the epoch whose weights the present phase keeps, counted from 1 over all phases; 0
    before training. `finished` are the kept weights of the phases that are over. `initial` is the
    digest of the state before the first epoch.
    """

    snapshot: Snapshot
    initial: str
    before_loss: float
    before_accuracy: float
    history: tuple[EpochRecord, ...]
    best: int
    best_weights: Weights
    finished: tuple[Weights, ...] = ()

    @property
    def epoch(self) -> int:
        """Epochs finished."""
        return len(self.history)

    def epochs_of(self, phase: Phase) -> tuple[EpochRecord, ...]:
        """The epochs that belong to a phase."""
        return tuple(record for record in self.history if record.phase == phase.name)

    def best_of(self, phase: Phase) -> int:
        """The epoch whose weights `phase` keeps, counted over all phases; 0 before its first."""
        records = self.epochs_of(phase)
        return records[rules.best_epoch(records, phase) - 1].epoch if records else 0

    def advance(self, record: EpochRecord, snapshot: Snapshot, phase: Phase) -> "TrainingState":
        """The state one epoch later. A tie keeps the earlier epoch, as `save_best_only` does."""
        later = dataclasses.replace(self, snapshot=snapshot, history=(*self.history, record))
        best = later.best_of(phase)
        weights = snapshot.weights if best == record.epoch else self.best_weights
        return dataclasses.replace(later, best=best, best_weights=weights)

    def enter_next_phase(self) -> "TrainingState":
        """The state at the begin of the next phase: the kept weights, and a new optimiser."""
        snapshot = Snapshot(self.best_weights, (), (), 0, self.snapshot.generators)
        finished = (*self.finished, self.best_weights)
        return dataclasses.replace(self, snapshot=snapshot, finished=finished)

    def is_over(self, phases: Sequence[Phase]) -> bool:
        """Whether the last of `phases` has ended."""
        at = len(self.finished)
        return (
            at == len(phases) - 1
            and rules.ending(self.epochs_of(phases[at]), phases[at]) is not None
        )


class Engine(Protocol):
    """What trains: one split to learn from, one to validate on, one protocol, one seed."""

    name: str

    @property
    def bits(self) -> int | None:
        """A number raised whenever the last bits of what it computes change.

        An engine that has one gives the same bits on every machine; None promises none.
        """

    def set_phase(self, phase: Phase, rate: float) -> None:
        """Learn as `phase` says, with a new optimiser where it is another one than before.

        Called before every epoch with the learning rate of that epoch.
        """

    def snapshot(self) -> Snapshot:
        """A copy of the present state."""

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a state taken with `snapshot`, of this or another engine, in this phase."""

    def train_epoch(self, order: Any) -> tuple[float, float]:
        """Learn from the training images; mean loss and accuracy while learning.

        `order` is what the protocol's `train_batches` yields.
        """

    def evaluate(self, order: Order) -> tuple[float, float]:
        """Mean loss and accuracy on the validation images in `order`, with the present weights."""

    def predict(self, weights: Weights, images: np.ndarray[Any, Any]) -> Logits:
        """Logits, float32 N×classes, of RGB images (0..255) under other weights."""


def start(engine: Engine, val: Split, protocol: EvaluationProtocol, seed: int) -> TrainingState:
    """The state before the first epoch, with the loss and accuracy of the untrained network."""
    first = protocol.phases[0]
    engine.set_phase(first, first.learning_rate)
    snapshot = engine.snapshot()
    orders = epoch_orders(len(val), protocol.shuffle_buffer, seed)
    loss, accuracy = engine.evaluate(next(orders))
    return TrainingState(snapshot, snapshot.digest(), loss, accuracy, (), 0, snapshot.weights)


def train(
    engine: Engine,
    state: TrainingState,
    val: Split,
    *,
    protocol: EvaluationProtocol,
    phases: Sequence[Phase],
    parts: Sequence[int],
    seed: int,
    until: int,
    on_epoch: Callable[[TrainingState], None],
) -> TrainingState:
    """Run `engine` from `state` to the end of epoch `until`, or of the last phase.

    Args:
        engine: Holds the arrays; is set back to `state` first.
        state: Where to begin, from `start` or from an earlier run.
        val: To validate on.
        protocol: Gives the shuffle.
        phases: The protocol's, shortened where it is a preview.
        parts: How many images each training folder has.
        seed: Seed of the shuffle.
        until: Last epoch to run, counted from 1.
        on_epoch: Called with the state after each epoch: saves and shows it.

    Returns:
        The state after the last epoch; `state` itself where nothing was left to do.
    """
    begin = True
    train_orders = protocol.train_batches(parts, seed, skip=state.epoch)
    # The published script's evaluation before training took the first order of val.
    val_orders = epoch_orders(len(val), protocol.shuffle_buffer, seed, skip=state.epoch + 1)
    while state.epoch < until and not state.is_over(phases):
        phase = phases[len(state.finished)]
        if rules.ending(state.epochs_of(phase), phase):
            state, begin = state.enter_next_phase(), True
            continue
        rate = rules.learning_rate(state.epochs_of(phase), phase)
        engine.set_phase(phase, rate)
        if begin:
            engine.restore(state.snapshot)
            begin = False
        record = _run_epoch(
            engine, state.epoch + 1, phase.name, rate, next(train_orders), next(val_orders)
        )
        snapshot = engine.snapshot()
        record = dataclasses.replace(record, state=snapshot.digest())
        state = state.advance(record, snapshot, phase)
        on_epoch(state)
    return state


def _run_epoch(
    engine: Engine, epoch: int, phase: str, rate: float, batches: Any, val_order: Order
) -> EpochRecord:
    """Learn from every image once, and validate; its state is not known yet."""
    began = time.perf_counter()
    loss, accuracy = engine.train_epoch(batches)
    trained = time.perf_counter()
    val_loss, val_accuracy = engine.evaluate(val_order)
    return EpochRecord(
        epoch=epoch,
        loss=loss,
        accuracy=accuracy,
        val_loss=val_loss,
        val_accuracy=val_accuracy,
        seconds=time.perf_counter() - began,
        train_seconds=trained - began,
        state="",
        phase=phase,
        learning_rate=rate,
    )
