"""The networks are the published ones: parameters, shapes, what learns in which phase."""

import dataclasses
import functools
import os
from typing import Any

import numpy as np
import pytest

from fixed_eval.errors import EvaluatorError
from fixed_eval.protocols.base import Phase, Protocol
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50
from fixed_eval.protocols.cutoff_resnet50_augmented import CUTOFF_RESNET50_AUGMENTED
from fixed_eval.protocols.keras_protocol import KerasProtocol
from fixed_eval.protocols.registry import PROTOCOLS, get_protocol

NETWORKS = {
    "full-resnet50": (23_608_202, [23_555_082]),
    "simple-cnn": (160_298, [160_298]),
    "cutoff-resnet50-augmented": (232_330, [229_386]),
    "model-s": (156_074, [156_074]),
    "model-m": (815_914, [815_018]),
    "transfer-resnet50": (23_858_890, [271_178, 23_752_650]),
    "transfer-inceptionv3": (22_073_962, [271_178, 22_022_314]),
    "transfer-mobilenet": (3_368_970, [140_106, 3_325_194]),
    "ablation-cnn": (2_968_170, [2_968_170]),
    "ablation-augment": (2_968_170, [2_968_170]),
    "ablation-preprocess": (2_968_170, [2_968_170]),
    "ablation-transfer": (2_636_234, [378_250]),
}
"""With ten classes: all parameters, and those that learn in each phase."""

SHAPES = {
    "full-resnet50": [(32, 32, 3), (10,)],
    "simple-cnn": [(15, 15, 16), (6, 6, 32), (2, 2, 64), (256,), (512,), (10,)],
    "cutoff-resnet50-augmented": [(32, 32, 3), (10,)],
    "model-s": [(32, 32, 3), (16, 16, 16), (8, 8, 32), (4, 4, 64), (1024,), (128,), (10,)],
    "model-m": [(16, 16, 32), (8, 8, 64), (4, 4, 128), (2048,), (256,), (10,)],
    "transfer-resnet50": [(28, 28, 1), (28, 28, 3), (32, 32, 3), (1, 1, 2048), (128,), (64,)],
    "transfer-inceptionv3": [(28, 28, 3), (75, 75, 3), (1, 1, 2048), (128,), (64,), (10,)],
    "transfer-mobilenet": [(28, 28, 3), (32, 32, 3), (1, 1, 1024), (128,), (64,), (10,)],
    "ablation-cnn": [(160, 160, 3), (79, 79, 32), (38, 38, 32), (46_208,), (64,), (10,)],
    "ablation-augment": [(160, 160, 3), (38, 38, 32), (46_208,), (64,), (10,)],
    "ablation-preprocess": [(160, 160, 3), (38, 38, 32), (46_208,), (64,), (10,)],
    "ablation-transfer": [(5, 5, 1280), (3, 3, 32), (1, 1, 32), (32,), (10,)],
}
"""Shapes that layers put out, in this order, perhaps with others between them."""

FEW_CLASSES = {
    "ablation-transfer": (2_635_970, 377_986),
    "cutoff-resnet50-augmented": (232_330 - 8 * 257, 229_386 - 8 * 257),
    "model-s": (156_074 - 8 * 129, 156_074 - 8 * 129),
}
"""With two classes: all parameters, and those that learn."""


def keras_protocol(name: str) -> KerasProtocol:
    protocol = get_protocol(name)
    assert isinstance(protocol, KerasProtocol)
    return protocol


@functools.cache
def built(name: str, classes: int = 10) -> Any:
    """Return the network; a large one takes seconds."""
    import keras

    keras.utils.set_random_seed(7)
    return keras_protocol(name).build(classes)


def learning(name: str, model: Any, phase: Phase) -> int:
    """Return how many parameters learn in `phase`."""
    keras_protocol(name).enter(model, phase)
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def images(protocol: KerasProtocol, count: int = 4) -> np.ndarray[Any, np.dtype[np.uint8]]:
    side = protocol.image_size
    shape = (count, side, side, protocol.channels)
    return np.random.default_rng(5).integers(0, 256, shape, np.uint8)


def test_every_protocol_but_the_cut_off_ones_is_listed_above() -> None:
    keras_ones = {name for name, each in PROTOCOLS.items() if isinstance(each, KerasProtocol)}
    assert keras_ones >= set(NETWORKS) == set(SHAPES)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_the_published_ones(name: str) -> None:
    model, protocol = built(name), keras_protocol(name)
    total, by_phase = NETWORKS[name]
    assert model.count_params() == total == protocol.parameters
    assert [learning(name, model, phase) for phase in protocol.phases] == by_phase


@pytest.mark.parametrize("name", FEW_CLASSES)
def test_classes_are_those_of_the_dataset(name: str) -> None:
    model = built(name, 2)
    total, learns = FEW_CLASSES[name]
    assert model.count_params() == total
    assert learning(name, model, keras_protocol(name).phases[0]) == learns
    assert model.output_shape == (None, 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_shapes_are_the_published_ones(name: str) -> None:
    model, protocol = built(name), keras_protocol(name)
    assert model.input_shape == (None, protocol.image_size, protocol.image_size, protocol.channels)
    assert model.output_shape == (None, 10)
    put_out = iter([tuple(layer.output.shape[1:]) for layer in model.layers])
    for shape in SHAPES[name]:
        assert shape in put_out, f"{shape} is missing, or stands elsewhere"


@pytest.mark.parametrize("name", ["simple-cnn", "model-s", "ablation-cnn", "transfer-mobilenet"])
def test_the_last_layer_gives_logits(name: str) -> None:
    import keras

    last = built(name).layers[-1]
    assert last.activation is keras.activations.linear


@pytest.mark.parametrize("name", NETWORKS)
def test_naming_a_protocol_says_how_it_trains(name: str) -> None:
    import keras

    protocol = keras_protocol(name)
    for phase in protocol.phases:
        optimiser = protocol.optimiser(phase)
        assert isinstance(optimiser, keras.optimizers.Optimizer)
        assert float(optimiser.learning_rate) == pytest.approx(phase.learning_rate)
        assert optimiser is not protocol.optimiser(phase)
    assert protocol.classes == ()
    assert protocol.engines == ("keras",)


def test_published_constants() -> None:
    by_name = {name: keras_protocol(name) for name in NETWORKS}
    batches = {name: each.batch_size for name, each in by_name.items()}
    assert set(batches.values()) == {8, 32, 64}
    blog = ("full-resnet50", "simple-cnn", "cutoff-resnet50-augmented")
    cutoff = (CUTOFF_RESNET50.batch_size, CUTOFF_RESNET50.shuffle_buffer, CUTOFF_RESNET50.pixels)
    for name in blog:
        each = by_name[name]
        assert (each.batch_size, each.shuffle_buffer, each.pixels) == cutoff
        (phase,) = each.phases
        assert phase == Phase("train", 100, 1e-4, monitor="val_accuracy", patience=10, keep="best")
    (phase,) = by_name["model-s"].phases
    assert (phase.epochs, phase.learning_rate, phase.monitor, phase.patience) == (
        30,
        0.01,
        "val_loss",
        6,
    )
    assert phase.plateau is not None
    assert dataclasses.astuple(phase.plateau) == (0.1, 3, 1e-4)
    (other,) = by_name["model-m"].phases
    assert other == dataclasses.replace(phase, learning_rate=1e-3)
    assert float(by_name["model-s"].optimiser(phase).momentum) == 0.9
    head, fine = by_name["transfer-mobilenet"].phases
    assert head == Phase("head", 1000, 1e-4, patience=10)
    assert fine == Phase("fine-tune", 100, 1e-6, patience=10)
    for name in ("ablation-cnn", "ablation-transfer"):
        assert by_name[name].phases == (Phase("train", 20, 1e-3, keep="last"),)


def test_large_images_are_held_in_bytes() -> None:
    side, most = 160, 10_000
    assert keras_protocol("ablation-cnn").pixels == "uint8"
    assert side * side * 3 * most < 1e9


@pytest.mark.parametrize("name", ["transfer-mobilenet", "ablation-transfer"])
def test_the_base_learns_when_it_should_and_its_statistics_never(name: str) -> None:
    import keras

    protocol, model = keras_protocol(name), built(name)
    base = model.get_layer("base")
    norms = [one for one in base.layers if isinstance(one, keras.layers.BatchNormalization)]
    assert len(norms) > 20
    rest = [one for one in base.layers if one not in norms and one.weights]
    pictures, labels = images(protocol), np.array([0, 3, 6, 9])
    for layer in rest:  # what a random base puts out vanishes while its norms rest
        layer.set_weights([3 * weight for weight in layer.get_weights()])

    def values(layers: list[Any]) -> list[Any]:
        return [weight for layer in layers for weight in layer.get_weights()]

    for phase in protocol.phases:
        protocol.enter(model, phase)
        before = values(norms), values(rest), model.layers[-1].get_weights()
        model.compile(
            optimizer=protocol.optimiser(dataclasses.replace(phase, learning_rate=1e-3)),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            run_eagerly=True,  # one step takes less than to compile it
        )
        model.train_on_batch(pictures, labels)
        same = [np.array_equal(a, b) for a, b in zip(before[0], values(norms), strict=True)]
        assert all(same), "batch normalisation rests"
        moved = [not np.array_equal(a, b) for a, b in zip(before[1], values(rest), strict=True)]
        assert any(moved) == (phase.name == "fine-tune")
        assert not np.array_equal(before[2][0], model.layers[-1].get_weights()[0])


def test_grey_images_become_three_channels_from_minus_one_to_one() -> None:
    import keras

    model = built("transfer-mobilenet")
    before_base = model.layers[[one.name for one in model.layers].index("base") - 1]
    seen = keras.Model(model.input, before_base.output)
    white = np.full((1, 28, 28, 1), 255, np.uint8)
    for picture, value in ((white, 1.0), (white * 0, -1.0)):
        given = np.asarray(seen(picture))
        assert given.shape == (1, 32, 32, 3)
        np.testing.assert_allclose(given, value, atol=1e-6)


def test_augmented_images_are_drawn_anew_and_only_in_training() -> None:
    import keras

    def drawn(seed: int, *, training: bool) -> list[Any]:
        keras.utils.set_random_seed(seed)
        layers = CUTOFF_RESNET50_AUGMENTED._augmentation()
        made = []
        for _ in range(2):
            x = keras.ops.convert_to_tensor(pictures)
            for layer in layers:
                x = layer(x, training=training)
            made.append(np.asarray(x))
        return made

    pictures = np.full((6, 32, 32, 3), 255, np.float32)
    pictures[:, 8:24, 14:18] = 0
    first, second = drawn(1, training=True)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first[0], first[1])
    np.testing.assert_array_equal(first, drawn(1, training=True)[0])
    assert not np.array_equal(first, drawn(2, training=True)[0])
    np.testing.assert_array_equal(drawn(1, training=False)[0], pictures)
    assert first[:, [0, -1]].min() > 250  # nearest fill: paper, not black, comes in from outside
    kept = (255 - first).sum((1, 2, 3)) / (255 - pictures).sum((1, 2, 3))
    assert kept.min() > 0.7
    assert kept.max() < 1.3


@pytest.mark.slow
def test_the_augmented_network_begins_as_the_cut_off_one() -> None:
    import keras

    from fixed_eval.initial_weights import initial_weights

    keras.backend.clear_session()
    keras.utils.set_random_seed(11)
    model = CUTOFF_RESNET50_AUGMENTED.build(10)
    known = initial_weights(CUTOFF_RESNET50, 11).values()
    for given, wanted in zip(model.get_weights(), known, strict=True):
        np.testing.assert_array_equal(given, wanted)


def test_the_published_flip_makes_another_numeral() -> None:
    import keras

    protocol = keras_protocol("ablation-augment")
    keras.utils.set_random_seed(3)
    inputs = keras.Input((160, 160, 3))
    seen = keras.Model(inputs, protocol.front(inputs))  # type: ignore[attr-defined]
    pictures = np.full((8, 160, 160, 3), 255, np.float32)
    pictures[:, 60:100, 20:40] = 0  # ink left of the middle
    moved = np.asarray(seen(pictures, training=True))
    weights = (255 - moved).sum((1, 3))
    middles = (weights * np.arange(160)).sum(1) / weights.sum(1)
    assert middles.min() < 80 < middles.max()


def test_batches_of_one_folder_hold_every_image_once() -> None:
    protocol = keras_protocol("simple-cnn")
    epochs = protocol.train_batches([21], seed=4)
    first, second = next(epochs), next(epochs)
    assert [len(batch) for batch in first] == [8, 8, 5]
    assert sorted(np.concatenate(first)) == sorted(np.concatenate(second)) == list(range(21))
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))


@pytest.mark.parametrize("parts", [[200], [200, 130, 64], [1, 5000, 3], [70_000, 64]])
def test_no_batch_of_model_s_mixes_folders(parts: list[int]) -> None:
    protocol = keras_protocol("model-s")
    bounds = np.cumsum([0, *parts])
    epochs = protocol.train_batches(parts, seed=4)
    first, second = next(epochs), next(epochs)
    assert sorted(np.concatenate(first)) == list(range(bounds[-1]))
    folders = [np.searchsorted(bounds, batch, side="right") for batch in first]
    assert all(len(set(each)) == 1 for each in folders)
    sizes = sorted(len(batch) for batch in first)
    whole = sum(part // 64 for part in parts)
    assert sizes == sorted([*[64] * whole, *[part % 64 for part in parts if part % 64]])
    if len(first) > 3:
        order = [int(batch.min()) for batch in first]
        assert order != [int(batch.min()) for batch in second]
        assert [int(each[0]) for each in folders] != sorted(int(each[0]) for each in folders) or (
            len(parts) == 1
        )
    again = next(protocol.train_batches(parts, seed=4, skip=1))
    for batch, wanted in zip(again, second, strict=True):
        np.testing.assert_array_equal(batch, wanted)


def test_a_protocol_of_one_test_has_no_base() -> None:
    with pytest.raises(ValueError, match="simple-cnn has no pretrained base"):
        keras_protocol("simple-cnn").base(32, "none", "base")


def test_the_registry_imports_no_keras(tmp_path: Any) -> None:
    import subprocess
    import sys

    code = "import sys, fixed_eval.protocols.registry; print(sorted({'keras', 'tensorflow'} & "
    done = subprocess.run(
        [sys.executable, "-c", code + "sys.modules.keys()))"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ},
        cwd=tmp_path,
    )
    assert done.stdout.strip() == "[]"


def test_an_unknown_protocol_is_named_with_the_known_ones() -> None:
    with pytest.raises(EvaluatorError, match=r"'model-x'; there are: .*model-s"):
        get_protocol("model-x")


def test_every_protocol_lists_its_own_file() -> None:
    for protocol in PROTOCOLS.values():
        assert isinstance(protocol, Protocol)
        assert any(file.startswith("protocols/") for file in protocol.frozen_files)
        assert len(set(protocol.frozen_files)) == len(protocol.frozen_files)
