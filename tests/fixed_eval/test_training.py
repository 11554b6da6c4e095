"""The loop that drives every engine: phases, early stops, falling rates, and going on after a stop.

The engine here computes nothing: what an epoch's val accuracy and loss are is made up beforehand.
"""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fixed_eval.data import Split
from fixed_eval.protocols.base import Phase, Plateau
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50
from fixed_eval.state import load_state, save_state
from fixed_eval.training import Engine, Snapshot, TrainingState, start, train

HEAD = Phase("head", epochs=6, learning_rate=1e-2, patience=2)
FINE = Phase("fine-tune", epochs=4, learning_rate=1e-4, patience=2)
# Best in epochs 2 and 5 of the whole; the head stops after epoch 4, the rest after epoch 7.
ACCURACIES = (0.3, 0.5, 0.4, 0.5, 0.6, 0.2, 0.6, 0.9, 0.9)
PROTOCOL = dataclasses.replace(CUTOFF_RESNET50, phases=(HEAD, FINE))


class MadeUp:
    """Its weight grows with every epoch, its slot counts the epochs of a phase."""

    name = "made-up"
    bits = None

    def __init__(self, accuracies: tuple[float, ...] = ACCURACIES) -> None:
        self.accuracies = accuracies
        self.weight, self.slot, self.draws, self.rate = 0.0, 0.0, 0, 0.0
        self.phase: Phase | None = None
        self.told: list[tuple[str, float]] = []
        self.evaluated = 0

    def set_phase(self, phase: Phase, rate: float) -> None:
        if phase is not self.phase:
            self.slot = 0.0
        self.phase, self.rate = phase, rate

    def snapshot(self) -> Snapshot:
        return Snapshot(
            (np.array([self.weight], np.float32),),
            (np.array([self.slot], np.float32),),
            (),
            step=int(self.slot),
            generators=(np.array([self.draws], np.uint32),),
        )

    def restore(self, snapshot: Snapshot) -> None:
        self.weight = float(snapshot.weights[0][0])
        self.slot = float(snapshot.momentums[0][0]) if snapshot.momentums else 0.0
        self.draws = int(snapshot.generators[0][0])

    def train_epoch(self, order: Any) -> tuple[float, float]:
        assert self.phase is not None
        self.told.append((self.phase.name, self.rate))
        self.weight += float(order[0]) + 1
        self.slot += 1
        self.draws += 1
        return 1.0, 0.5

    def evaluate(self, order: Any) -> tuple[float, float]:
        del order
        return 1.0, self.accuracies[self.draws - 1] if self.draws else 0.0

    def predict(self, weights: Any, images: Any) -> Any:
        raise NotImplementedError


def split(count: int) -> Split:
    nothing = ("",) * count
    images, labels = np.zeros((count, 1)), np.zeros(count, np.int32)
    return Split("val", (None,) * count, images, labels, nothing, nothing)  # type: ignore[arg-type]


def run(
    engine: Engine, state: TrainingState, until: int = 100, phases: tuple[Phase, ...] = (HEAD, FINE)
) -> TrainingState:
    return train(
        engine,
        state,
        split(5),
        protocol=PROTOCOL,
        phases=phases,
        parts=(20,),
        seed=123,
        until=until,
        on_epoch=lambda _: None,
    )


def begun(engine: Engine) -> TrainingState:
    return start(engine, split(5), PROTOCOL, 123)


def test_a_phase_begins_with_the_weights_that_the_one_before_kept():
    engine = MadeUp()
    end = run(engine, begun(engine))
    assert [row.phase for row in end.history] == ["head"] * 4 + ["fine-tune"] * 3
    assert [row.learning_rate for row in end.history] == [1e-2] * 4 + [1e-4] * 3
    assert engine.told == [(row.phase, row.learning_rate) for row in end.history]
    assert (end.best_of(HEAD), end.best_of(FINE), end.best) == (2, 5, 5)
    assert end.is_over((HEAD, FINE))
    (kept,) = end.finished
    orders = PROTOCOL.train_batches((20,), 123)
    added = [float(next(orders)[0]) + 1 for _ in range(7)]
    assert kept[0] == sum(added[:2])
    assert end.best_weights[0] == kept[0] + added[4]
    assert end.snapshot.weights[0] == kept[0] + sum(added[4:])
    assert end.snapshot.step == 3  # a new optimiser
    assert end.snapshot.generators[0] == 7  # which goes on


@pytest.mark.parametrize("stopped_after", range(1, 8))
def test_a_run_that_goes_on_ends_as_an_unbroken_one(tmp_path: Path, stopped_after: int):
    whole = run(engine := MadeUp(), begun(engine))
    part = run(engine := MadeUp(), begun(engine), until=stopped_after)
    assert part.epoch == stopped_after
    save_state(tmp_path / "state", part)
    kept = load_state(tmp_path / "state")
    assert kept is not None
    end = run(MadeUp(), kept)
    assert [row.state for row in end.history] == [row.state for row in whole.history]
    assert end.snapshot.digest() == whole.snapshot.digest()
    assert (end.best, end.best_weights) == (whole.best, whole.best_weights)
    assert end.finished == whole.finished


def test_a_run_that_has_ended_is_not_gone_on_with():
    end = run(engine := MadeUp(), begun(engine))
    assert run(MadeUp(), end) is end


def test_the_rate_falls_in_the_epoch_after_the_plateau():
    phase = dataclasses.replace(HEAD, patience=None, plateau=Plateau(0.1, 2, 0.0))
    engine = MadeUp()
    end = run(engine, begun(engine), phases=(phase,))
    assert [row.learning_rate for row in end.history] == pytest.approx(
        [1e-2, 1e-2, 1e-2, 1e-3, 1e-3, 1e-4]
    )


def test_the_last_weights_are_kept_where_the_protocol_says_so():
    phase = dataclasses.replace(HEAD, patience=None, keep="last")
    engine = MadeUp()
    end = run(engine, begun(engine), phases=(phase,))
    assert (end.best, end.epoch) == (6, 6)
    assert end.best_weights == end.snapshot.weights
