"""Three engines, one protocol: same weights, same batches, and results that agree."""

import numpy as np
import pytest

from fixed_eval.engines.fast import FastEngine
from fixed_eval.engines.native import engine as engine_module
from fixed_eval.engines.native.engine import NativeEngine
from fixed_eval.engines.reference import ReferenceEngine
from fixed_eval.network import build_network, preprocess
from fixed_eval.order import epoch_orders
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50 as PROTOCOL
from fixed_eval.training import start, train

ENGINES = (FastEngine, ReferenceEngine, NativeEngine)
NAMES = [engine.name for engine in ENGINES]


@pytest.fixture(scope="module")
def splits(make_dataset, load):
    """52 steps of 8 in an epoch, the last one partial, and 20 images to validate on."""
    return load(make_dataset(train=41, val=2))


@pytest.fixture(scope="module")
def engines(splits):
    return tuple(engine(*splits, PROTOCOL, 123) for engine in ENGINES)


@pytest.fixture(scope="module")
def beginning(engines):
    return engines[0].snapshot()


@pytest.fixture
def fresh(engines, beginning):
    for engine in engines:
        engine.restore(beginning)
    return engines


def test_the_network_has_the_published_shape_and_repeats_its_start(beginning):
    network = build_network(PROTOCOL, 123)
    assert network.count_params() == 232_330
    assert network.output_shape == (None, 10)
    for ours, theirs in zip(beginning.weights, network.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    other = build_network(PROTOCOL, 124).get_weights()
    assert not np.array_equal(other[0], beginning.weights[0])


def test_all_engines_start_from_the_same_weights(splits):
    first, *others = (engine(*splits, PROTOCOL, 7).snapshot() for engine in ENGINES)
    for other in others:
        assert first.step == other.step == 0
        for ours, theirs in zip(first.weights, other.weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        for group in (first.momentums, first.velocities, other.momentums, other.velocities):
            assert [slot.shape for slot in group] == [slot.shape for slot in first.momentums]
            assert not any(slot.any() for slot in group)


def test_batch_norm_keeps_keras_constants():
    layer = build_network(PROTOCOL, 0).get_layer(index=-3).get_layer("conv1_bn")
    assert layer.epsilon == PROTOCOL.bn_epsilon
    assert layer.momentum == PROTOCOL.bn_momentum


def test_preprocessing_is_keras(splits):
    import keras

    images = splits[0].images[:4]
    theirs = keras.applications.resnet.preprocess_input(images.copy())
    np.testing.assert_allclose(preprocess(images, PROTOCOL), theirs, atol=1e-4)


def test_engines_agree_on_the_untrained_network(fresh, splits):
    first, *others = (start(engine, splits[1], PROTOCOL, 123) for engine in fresh)
    for other in others:
        assert first.before_loss == pytest.approx(other.before_loss, rel=1e-5)
        assert first.before_accuracy == pytest.approx(other.before_accuracy)


def test_engines_agree_after_one_step(fresh, splits):
    order = next(epoch_orders(len(splits[0]), PROTOCOL.shuffle_buffer, 123))
    first = [engine.train_epoch(order[:8])[0] for engine in fresh]
    assert first == pytest.approx([first[1]] * 3, rel=1e-5)
    # The loss of the next batch is the first that depends on the update.
    second = [engine.train_epoch(order[8:16])[0] for engine in fresh]
    assert second == pytest.approx([second[1]] * 3, rel=1e-5)
    fast, reference, native = (engine.snapshot().weights[4:6] for engine in fresh)  # moving
    for ours in (fast, native):
        for mine, theirs in zip(ours, reference, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4)


def test_engines_agree_after_fifty_steps(fresh, splits):
    order = next(epoch_orders(len(splits[0]), PROTOCOL.shuffle_buffer, 123))
    losses = [engine.train_epoch(order)[0] for engine in fresh]
    assert losses == pytest.approx([losses[1]] * 3, rel=1e-2)
    last = [engine.train_epoch(order[-10:])[0] for engine in fresh]  # a partial batch among them
    assert last == pytest.approx([last[1]] * 3, rel=1e-2)


@pytest.mark.parametrize(("which", "close"), [(0, 1e-3), (2, 1e-4)], ids=["fast", "native"])
def test_engines_score_the_same_weights_alike(fresh, splits, which, close):
    ours, reference = fresh[which], fresh[1]
    order = next(epoch_orders(len(splits[0]), PROTOCOL.shuffle_buffer, 123))
    reference.train_epoch(order)
    trained = reference.snapshot()
    before = ours.snapshot()
    np.testing.assert_allclose(
        ours.predict(trained.weights, splits[1].images),
        reference.predict(trained.weights, splits[1].images),
        atol=close,
    )
    for engine, weights in ((reference, trained.weights), (ours, before.weights)):
        for kept, now in zip(weights, engine.snapshot().weights, strict=True):
            np.testing.assert_array_equal(kept, now)
    ours.restore(trained)
    positions = np.arange(len(splits[1]), dtype=np.int32)
    assert ours.evaluate(positions) == pytest.approx(reference.evaluate(positions), rel=1e-4)


def test_the_native_engine_goes_on_from_any_state_and_any_from_its(fresh, splits):
    """Snapshots carry everything: the same steps follow, whoever took the first ones."""
    order = next(epoch_orders(len(splits[0]), PROTOCOL.shuffle_buffer, 123))
    for begins, goes_on in ((2, 0), (0, 2), (2, 1), (1, 2)):
        fresh[begins].train_epoch(order[:80])
        state = fresh[begins].snapshot()
        for engine in fresh:
            engine.restore(state)
        kept = fresh[2].snapshot()
        for group in ("weights", "momentums", "velocities"):
            for ours, theirs in zip(getattr(kept, group), getattr(state, group), strict=True):
                np.testing.assert_array_equal(ours, theirs)
        assert kept.step == state.step
        losses = [fresh[engine].train_epoch(order[80:160])[0] for engine in (begins, goes_on)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_grey_images_take_a_shorter_way_to_the_same_results(splits, monkeypatch):
    assert engine_module._are_grey(splits[0].images).all()
    grey = NativeEngine(*splits, PROTOCOL, 123)
    first = grey.snapshot()
    monkeypatch.setattr(engine_module, "_are_grey", lambda images: np.zeros(len(images), np.bool_))
    colour = NativeEngine(*splits, PROTOCOL, 123)
    monkeypatch.undo()
    order = next(epoch_orders(len(splits[0]), PROTOCOL.shuffle_buffer, 123))
    for steps, close in ((1, 1e-6), (1, 1e-5), (50, 1e-2)):
        losses = [engine.train_epoch(order[: 8 * steps])[0] for engine in (grey, colour)]
        assert losses[0] == pytest.approx(losses[1], rel=close)
    state = grey.snapshot()
    assert not np.array_equal(state.weights[0], colour.snapshot().weights[0])  # two ways indeed
    assert not np.array_equal(state.weights[0], first.weights[0])
    images = splits[1].images
    tinted = images * np.array([1, 0.9, 0.8], np.float32)
    both = grey.predict(state.weights, np.concatenate([images, tinted]))
    # An image is taken by itself, whatever the others are.
    np.testing.assert_array_equal(both[: len(images)], grey.predict(state.weights, images))
    monkeypatch.setattr(engine_module, "_are_grey", lambda images: np.zeros(len(images), np.bool_))
    theirs = grey.predict(state.weights, images)
    np.testing.assert_allclose(both[: len(images)], theirs, atol=1e-4)


def test_the_native_engine_repeats_itself_bit_for_bit(fresh, beginning, splits):
    native = fresh[2]
    order = next(epoch_orders(len(splits[0]), PROTOCOL.shuffle_buffer, 123))[:100]
    states = []
    for _ in range(2):
        native.restore(beginning)
        native.train_epoch(order)
        states.append(native.snapshot())
    again = NativeEngine(*splits, PROTOCOL, 123)
    again.train_epoch(order)
    states.append(again.snapshot())
    for other in states[1:]:
        for ours, theirs in zip(states[0].weights, other.weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("which", [0, 1, 2], ids=NAMES)
def test_a_stopped_run_ends_bit_for_bit_as_an_unbroken_one(fresh, splits, which):
    engine = fresh[which]
    begun = start(engine, splits[1], PROTOCOL, 123)

    def run(state, until):
        return train(
            engine,
            state,
            splits[1],
            protocol=PROTOCOL,
            phases=PROTOCOL.phases,
            parts=(len(splits[0]),),
            seed=123,
            until=until,
            on_epoch=lambda _: None,
        )

    whole = run(begun, 2)
    first = run(begun, 1)
    engine.train_epoch(np.arange(24, dtype=np.int32))  # half an epoch that is lost
    resumed = run(first, 2)
    for group in ("weights", "momentums", "velocities"):
        for ours, theirs in zip(
            getattr(resumed.snapshot, group), getattr(whole.snapshot, group), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)
    assert resumed.best == whole.best
    assert [row.val_loss for row in resumed.history] == [row.val_loss for row in whole.history]
    assert [row.loss for row in resumed.history] == [row.loss for row in whole.history]
