"""What ends a phase, which epoch of it is best, and how its learning rate falls: from its history.

All are pure functions of the epochs so far, so that a resumed run needs no counters. They decide as
Keras' callbacks `EarlyStopping`, `ModelCheckpoint(save_best_only=True)` and `ReduceLROnPlateau` do.
"""

import math
from collections.abc import Sequence
from typing import Protocol

from fixed_eval.protocols.base import Phase

ALL_EPOCHS = "all epochs"
STOPPED_EARLY = "stopped early"


class Epoch(Protocol):
    """What is known of an epoch here."""

    @property
    def val_loss(self) -> float:
        """Nats per image."""

    @property
    def val_accuracy(self) -> float:
        """0..1."""


def best_epoch(epochs: Sequence[Epoch], phase: Phase) -> int:
    """The epoch of a phase whose weights are kept, counted from 1; 0 before the first.

    Of equal ones it is the first. Where the last weights are kept, it is the last.
    """
    if phase.keep == "last":
        return len(epochs)
    best, found = -math.inf, 0
    for number, epoch in enumerate(epochs, start=1):
        value = epoch.val_accuracy if phase.monitor == "val_accuracy" else -epoch.val_loss
        if value > best:  # no NaN is
            best, found = value, number
    return found or min(1, len(epochs))


def ending(epochs: Sequence[Epoch], phase: Phase) -> str | None:
    """Why a phase is over after `epochs`: `ALL_EPOCHS`, `STOPPED_EARLY`, or None: it goes on."""
    if len(epochs) >= phase.epochs:
        return ALL_EPOCHS
    if phase.patience is not None and len(epochs) - best_epoch(epochs, phase) >= phase.patience:
        return STOPPED_EARLY
    return None


def learning_rate(epochs: Sequence[Epoch], phase: Phase) -> float:
    """The learning rate of the epoch that follows `epochs`."""
    rate, plateau = phase.learning_rate, phase.plateau
    if plateau is None:
        return rate
    best, waited = math.inf, 0
    for epoch in epochs:
        if epoch.val_loss < best - plateau.min_delta:
            best, waited = epoch.val_loss, 0
            continue
        waited += 1
        if waited >= plateau.patience:
            rate, waited = rate * plateau.factor, 0
    return rate
