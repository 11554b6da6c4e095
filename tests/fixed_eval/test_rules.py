"""What ends a phase, chooses its epoch and lowers its rate, on made-up histories, as in Keras."""

import dataclasses
import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixed_eval.protocols.base import Phase, Plateau
from fixed_eval.rules import ALL_EPOCHS, STOPPED_EARLY, best_epoch, ending, learning_rate


@dataclasses.dataclass(frozen=True)
class Row:
    """An epoch as the rules see it."""

    val_loss: float
    val_accuracy: float


def accuracies(*values: float) -> list[Row]:
    return [Row(1.0, value) for value in values]


def losses(*values: float) -> list[Row]:
    return [Row(value, 0.5) for value in values]


ACCURACY = Phase("train", epochs=100, learning_rate=1e-4, patience=3)
LOSS = dataclasses.replace(
    ACCURACY, monitor="val_loss", plateau=Plateau(factor=0.1, patience=2, min_delta=0.1)
)


def test_the_first_of_equal_epochs_is_the_best():
    assert best_epoch([], ACCURACY) == 0
    assert best_epoch(accuracies(0.4, 0.6, 0.6, 0.5), ACCURACY) == 2
    assert best_epoch(losses(0.4, 0.2, 0.2, 0.3), LOSS) == 2
    assert best_epoch(losses(math.nan, 0.2), LOSS) == 2


def test_the_last_weights_are_kept_where_the_protocol_says_so():
    phase = dataclasses.replace(ACCURACY, keep="last", patience=None)
    assert best_epoch(accuracies(0.9, 0.6, 0.1), phase) == 3
    assert ending(accuracies(0.9, 0.6, 0.1), phase) is None


def test_it_stops_after_as_many_epochs_without_a_better_one_as_its_patience():
    assert ending(accuracies(0.6, 0.5, 0.5), ACCURACY) is None
    assert ending(accuracies(0.6, 0.5, 0.5, 0.6), ACCURACY) == STOPPED_EARLY
    assert ending(accuracies(0.6, 0.5, 0.5, 0.7), ACCURACY) is None


def test_it_ends_with_its_last_epoch():
    phase = dataclasses.replace(ACCURACY, epochs=2)
    assert ending(accuracies(0.6), phase) is None
    assert ending(accuracies(0.6, 0.7), phase) == ALL_EPOCHS


def test_the_rate_falls_once_per_plateau():
    assert learning_rate(losses(1.0), ACCURACY) == ACCURACY.learning_rate
    rates = [learning_rate(losses(*[1.0] * count), LOSS) for count in range(6)]
    assert rates == pytest.approx([1e-4, 1e-4, 1e-4, 1e-5, 1e-5, 1e-6])
    assert learning_rate(losses(1.0, 0.95, 0.92), LOSS) == pytest.approx(
        1e-5
    )  # less than 0.1 better
    assert learning_rate(losses(1.0, 0.95, 0.8), LOSS) == LOSS.learning_rate


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # within Keras
@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.integers(0, 5).map(lambda n: 0.07 * n), min_size=1, max_size=12))
def test_they_decide_as_the_callbacks_of_keras_do(values: list[float]):
    """A made-up history through Keras' own callbacks gives the same epochs, end and rates."""
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(1e-4), loss="mse")
    plateau = LOSS.plateau
    assert plateau is not None
    reduce = keras.callbacks.ReduceLROnPlateau(
        factor=plateau.factor, patience=plateau.patience, min_delta=plateau.min_delta
    )
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=LOSS.patience, mode="min")
    for callback in (reduce, stop):
        callback.set_model(model)
        callback.on_train_begin()
    model.stop_training = False
    for epoch, value in enumerate(values):
        rows = losses(*values[: epoch + 1])
        for callback in (reduce, stop):
            callback.on_epoch_end(epoch, {"val_loss": value})
        rate = np.float32(model.optimizer.learning_rate.numpy())
        assert learning_rate(rows, LOSS) == pytest.approx(rate, rel=1e-5)
        assert best_epoch(rows, LOSS) == stop.best_epoch + 1
        assert (ending(rows, LOSS) == STOPPED_EARLY) == model.stop_training
        if model.stop_training:
            return
