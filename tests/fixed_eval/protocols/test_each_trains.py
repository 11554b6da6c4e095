"""What Keras trains, for real: a step in each phase, validation, and logits."""

import dataclasses

import numpy as np
import pytest

from fixed_eval.data import Split
from fixed_eval.engines.keras.engine import KerasEngine
from fixed_eval.protocols.keras_protocol import NO_WEIGHTS, KerasProtocol
from fixed_eval.protocols.registry import PROTOCOLS

# They are transfer-mobilenet on another base, whose shapes test_networks.py holds.
OTHER_BASES = ("transfer-resnet50", "transfer-inceptionv3")
HEAVY = ("full-resnet50", "ablation-transfer")
NAMES = [
    name
    for name, each in PROTOCOLS.items()
    if isinstance(each, KerasProtocol) and name not in OTHER_BASES
]


def split(name: str, protocol: KerasProtocol) -> Split:
    images = np.random.default_rng(7).integers(
        0, 256, (6, protocol.image_size, protocol.image_size, 3)
    )
    labels = np.arange(6, dtype=np.int32) % 3
    nothing = ("",) * 6
    return Split(name, (), images.astype(protocol.pixels), labels, nothing, nothing)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.long) if name in HEAVY else name for name in NAMES],
)
def test_it_learns_in_every_phase(name: str) -> None:
    plain = PROTOCOLS[name]
    assert isinstance(plain, KerasProtocol)
    protocol = dataclasses.replace(plain, classes=("a", "b", "c"))
    splits = split("train", protocol), split("val", protocol)
    engine = KerasEngine(*splits, protocol, 123, NO_WEIGHTS)
    for number, phase in enumerate(protocol.phases):
        engine.set_phase(phase, phase.learning_rate)
        before = engine.snapshot()
        assert before.step == 0
        loss, accuracy = engine.train_epoch(next(protocol.train_batches([6], 123)))
        after = engine.snapshot()
        assert after.step == 1
        assert loss > 0
        assert 0 <= accuracy <= 1
        moved = [
            not np.array_equal(old, new)
            for old, new in zip(before.weights, after.weights, strict=True)
        ]
        assert any(moved)
        # What a later phase frees, an earlier one leaves as it was.
        assert all(moved) <= (number == len(protocol.phases) - 1)
    val_loss, _ = engine.evaluate(np.arange(6, dtype=np.int32))
    assert val_loss > 0
    logits = engine.predict(engine.snapshot().weights, splits[1].images)
    assert logits.shape == (6, 3)
    assert np.isfinite(logits).all()
    np.testing.assert_allclose(val_loss, cross_entropy(logits, splits[1].labels), rtol=1e-4)


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean in nats: what the network hands over are logits, not probabilities."""
    values = logits.astype(np.float64)
    mass = np.logaddexp.reduce(values, axis=1)
    return float((mass - values[np.arange(len(labels)), labels]).mean())
