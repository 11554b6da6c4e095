"""The Keras engine: the published loop, two phases, and a stop in any of them."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from fixed_eval.data import Split
from fixed_eval.engines.keras.engine import KerasEngine, as_input
from fixed_eval.protocols.base import Phase
from fixed_eval.protocols.keras_protocol import KerasProtocol
from fixed_eval.state import load_state, save_state
from fixed_eval.training import TrainingState, start, train

CLASSES = ("a", "b", "c")


class Tiny(KerasProtocol):
    """All that has a state: batch norm, dropout, a random flip, Adam; the head alone at first."""

    def build(self, classes: int, weights: str = "none") -> Any:
        del weights
        inputs = keras.Input((self.image_size, self.image_size, self.channels))
        x = keras.layers.RandomFlip()(inputs)
        x = keras.layers.Rescaling(1 / 255)(x)
        x = keras.layers.Conv2D(3, 3, name="base")(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Flatten()(x)
        x = keras.layers.Dropout(0.5)(x)
        return keras.Model(inputs, keras.layers.Dense(classes)(x))

    def optimiser(self, phase: Phase) -> Any:
        return keras.optimizers.Adam(phase.learning_rate)

    def enter(self, model: Any, phase: Phase) -> None:
        model.get_layer("base").trainable = phase.name == "all"


PROTOCOL = Tiny(
    name="tiny",
    version=1,
    summary="for tests",
    source="here",
    classes=CLASSES,
    image_size=6,
    pixels="uint8",
    batch_size=4,
    shuffle_buffer=8,
    phases=(Phase("head", 3, 1e-2), Phase("all", 3, 1e-3)),
    parameters=0,
)


def split(name: str, count: int, dtype: Any = np.uint8) -> Split:
    generator = np.random.default_rng(count)
    images = generator.integers(0, 256, (count, 6, 6, 3)).astype(dtype)
    labels = (np.arange(count) % len(CLASSES)).astype(np.int32)
    nothing = ("",) * count
    return Split(name, (), images, labels, nothing, nothing)


SPLITS = split("train", 22), split("val", 9)


def engine(protocol: KerasProtocol = PROTOCOL) -> KerasEngine:
    return KerasEngine(*SPLITS, protocol, 123, "none")


def run(each: KerasEngine, state: TrainingState, until: int = 6) -> TrainingState:
    return train(
        each,
        state,
        SPLITS[1],
        protocol=PROTOCOL,
        phases=PROTOCOL.phases,
        parts=(22,),
        seed=123,
        until=until,
        on_epoch=lambda _: None,
    )


@pytest.fixture(scope="module")
def whole() -> TrainingState:
    each = engine()
    return run(each, start(each, SPLITS[1], PROTOCOL, 123))


@pytest.mark.parametrize("stopped_after", [1, 3, 4])
def test_a_run_that_goes_on_in_another_process_ends_bit_for_bit_as_an_unbroken_one(
    tmp_path: Path, whole: TrainingState, stopped_after: int
):
    each = engine()
    part = run(each, start(each, SPLITS[1], PROTOCOL, 123), until=stopped_after)
    save_state(tmp_path / "state", part)
    kept = load_state(tmp_path / "state")
    assert kept is not None
    end = run(engine(), kept)
    assert [row.state for row in end.history] == [row.state for row in whole.history]
    assert [row.loss for row in end.history] == [row.loss for row in whole.history]
    assert end.snapshot.digest() == whole.snapshot.digest()


def test_what_does_not_learn_in_a_phase_stays(whole: TrainingState):
    each = engine()
    before = start(each, SPLITS[1], PROTOCOL, 123)
    head = run(each, before, until=3)
    kernel = 0  # of the convolution
    np.testing.assert_array_equal(head.snapshot.weights[kernel], before.snapshot.weights[kernel])
    assert (whole.snapshot.weights[kernel] != before.snapshot.weights[kernel]).any()
    assert len(whole.snapshot.momentums) > len(head.snapshot.momentums)


def test_dropout_and_augmentation_have_states_that_move(whole: TrainingState):
    fresh = start(each := engine(), SPLITS[1], PROTOCOL, 123)
    del each
    assert len(whole.snapshot.generators) == len(fresh.snapshot.generators) == 2
    assert all(state.dtype.kind in "iu" for state in fresh.snapshot.generators)
    for before, after in zip(fresh.snapshot.generators, whole.snapshot.generators, strict=True):
        assert (before != after).any()


def test_an_epoch_is_that_of_keras_own_fit():
    each = engine()
    start(each, SPLITS[1], PROTOCOL, 123)
    keras.backend.clear_session()
    keras.utils.set_random_seed(123)
    model = PROTOCOL.build(3)
    PROTOCOL.enter(model, PROTOCOL.phases[0])
    model.compile(
        optimizer=PROTOCOL.optimiser(PROTOCOL.phases[0]),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    for theirs, ours in zip(model.get_weights(), each.snapshot().weights, strict=True):
        np.testing.assert_array_equal(theirs, ours)
    batches = next(PROTOCOL.train_batches((22,), 123))
    order = np.concatenate(batches)
    images = SPLITS[0].images[order].astype(np.float32)
    theirs = model.fit(
        images, SPLITS[0].labels[order], batch_size=4, shuffle=False, verbose=0
    ).history
    loss, accuracy = each.train_epoch(batches)
    assert (loss, accuracy) == (
        pytest.approx(theirs["loss"][0], rel=1e-5),
        pytest.approx(theirs["accuracy"][0]),
    )
    for theirs, ours in zip(model.get_weights(), each.snapshot().weights, strict=True):
        np.testing.assert_allclose(theirs, ours, atol=1e-5)


def test_predictions_under_other_weights_leave_the_present_ones():
    each = engine()
    before = start(each, SPLITS[1], PROTOCOL, 123).snapshot
    other = tuple(np.zeros_like(weight) for weight in before.weights)
    logits = each.predict(other, SPLITS[0].images)
    assert logits.shape == (22, 3)
    assert not logits.any()
    for now, then in zip(each.snapshot().weights, before.weights, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_grey_image_keeps_its_levels_in_one_channel():
    level = np.arange(256, dtype=np.uint8)[:, None, None, None].repeat(3, axis=-1)
    np.testing.assert_array_equal(as_input(level, "grey").numpy()[..., 0], level[..., 0])


def events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stderr is not None
    for text in process.stderr:
        if text.startswith("{"):
            yield json.loads(text)


@pytest.mark.long
def test_a_run_killed_outright_goes_on_bit_for_bit(
    tmp_path: Path, write_split: Callable[..., None]
):
    """`model-m` (batch norm, dropout, RMSprop) as processes: one whole, one killed and resumed."""
    root = tmp_path / "ds"
    rng = np.random.default_rng(1)
    for name, count in (("train", 8), ("val", 3)):
        write_split(root / name, {"i": count, "x": count}, rng)
        (root / name / "i").rename(root / name / "yes")
        (root / name / "x").rename(root / name / "no")

    def start_it(name: str) -> subprocess.Popen[str]:
        folder = tmp_path / name
        options = ["--protocol", "model-m", "--preview", "4", "--progress", "jsonl"]
        places = ["--state", str(folder), "--out", str(folder / "score.json")]
        command = [sys.executable, "-m", "fixed_eval", str(root), *options, *places]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    with start_it("whole") as process:
        assert [event["event"] for event in events(process)][-1] == "done"
    with start_it("killed") as process:
        next(event for event in events(process) if event.get("epoch") == 2)
        process.send_signal(signal.SIGKILL)
    with start_it("killed") as process:
        told = [event["event"] for event in events(process)]
    assert told.count("resume") == 1
    assert told.count("epoch") in (1, 2)
    scores = [
        json.loads((tmp_path / name / "score.json").read_text()) for name in ("whole", "killed")
    ]
    for score in scores:
        assert list(score["dataset"]["classes"]["train"]) == ["no", "yes"]
        assert score["protocol"]["engine"] == "keras"
        assert score["phases"][0]["ended"] == "all epochs"
    states, losses = zip(
        *(
            ([row["state"] for row in score["history"]], [row["loss"] for row in score["history"]])
            for score in scores
        ),
        strict=True,
    )
    assert states[0] == states[1]
    assert losses[0] == losses[1]
    assert scores[0]["receipt"]["predictions"] == scores[1]["receipt"]["predictions"]
