"""The reader of letters: networks as published, resumed trainings equal to undisturbed ones."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from fixed_eval.errors import InputError, StateError, UsageError
from fixed_eval.letters.__main__ import main
from fixed_eval.letters.data import MEAN, STD, Letters, normalised
from fixed_eval.letters.networks import LABELS, NETS, PARAMETERS, Net, build, parameters
from fixed_eval.letters.settings import Settings, make_optimiser
from fixed_eval.letters.state import Kept, load, save
from fixed_eval.letters.training import predict, train

FAST = Settings(net="a", optimiser="adamw", rate=1e-3, warm_up=0, epochs=2, seed=3)


def bars(count: int = 70) -> Letters:
    """Images of label k % 3: a bar whose place tells the label, among noise."""
    rng = np.random.default_rng(1)
    labels = np.arange(count) % 3
    images = rng.integers(0, 60, (count, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[4:24, 4 + 8 * label : 8 + 8 * label] = 255
    return Letters(images, labels.astype(np.int64))


@pytest.mark.parametrize("net", NETS)
def test_networks_have_the_published_number_of_parameters(net: Net) -> None:
    model = build(net, 0)
    assert parameters(model) == PARAMETERS[net]
    assert model.output_shape[1] >= LABELS


def test_the_final_network_ends_in_one_pixel_of_64_channels() -> None:
    import keras

    shapes = [layer.output.shape[1:] for layer in build("final", 0).layers]
    assert (1, 1, 64) in shapes
    norms = [
        layer
        for layer in build("final", 0).layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert {(norm.momentum, norm.epsilon) for norm in norms} == {(0.9, 1e-5)}
    assert len(norms) == 6


def test_pixels_are_normalised_as_published() -> None:
    two = np.stack([np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)])
    found = normalised(two)
    assert found.shape == (2, 28, 28, 1)
    assert found.dtype == np.float32
    assert found[:, 0, 0, 0] == pytest.approx([-MEAN / STD, (1 - MEAN) / STD])


def test_adamw_is_the_published_one() -> None:
    plain = make_optimiser("adamw", 1e-4).get_config()
    assert plain["weight_decay"] == pytest.approx(1e-4)
    assert plain["epsilon"] == pytest.approx(1e-8)


@pytest.mark.long
def test_a_resumed_training_equals_an_undisturbed_one(tmp_path: Path) -> None:
    data, settings = bars(), dataclasses.replace(FAST, net="final")
    whole, parts = tmp_path / "whole.state", tmp_path / "parts.state"
    train(settings, data, state=whole)
    train(dataclasses.replace(settings, epochs=1), data, state=parts)
    resumed = train(settings, data, state=parts, resume=True)
    one, other = load(whole), load(parts)
    assert one is not None
    assert other is not None
    assert len(resumed.history) == 2
    for group in ("weights", "optimiser", "generators"):
        pairs = zip(getattr(one, group), getattr(other, group), strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs), group
    assert len(one.generators) == 3  # dropout's


def test_it_learns() -> None:
    data = bars(192)
    trained = train(dataclasses.replace(FAST, epochs=6), data)
    assert (predict(trained.model, data.images).argmax(axis=1) == data.labels).mean() > 0.9


def test_another_training_is_not_resumed(tmp_path: Path) -> None:
    state = tmp_path / "a.state"
    short = dataclasses.replace(FAST, epochs=1)
    train(short, bars(), state=state)
    with pytest.raises(UsageError, match="other images or settings"):
        train(dataclasses.replace(short, seed=4), bars(), state=state, resume=True)
    state.write_bytes(state.read_bytes()[:-1])
    with pytest.raises(InputError, match="damaged"):
        train(short, bars(), state=state, resume=True)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras, where it writes a model
def test_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # it runs already, and can be started once
    monkeypatch.setattr(f"{main.__module__}.start_tensorflow", lambda _: "cpu")
    data, model, out = (tmp_path / name for name in ("d.npz", "m.keras", "o.npz"))
    made = bars()
    arrays = {"images": made.images, "labels": made.labels}
    tests = {"test_images": made.images, "test_labels": made.labels}
    np.savez(data, folds=np.arange(70) % 2, **arrays, **tests)
    short = ["--data", str(data), "--epochs", "1"]
    assert main(["train", *short, "--out", str(model), "--net", "a"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert np.sum(result["confusion"]) == 70
    assert result["history"][0]["test_accuracy"] is not None

    words = ["predict", "--data", str(data), "--model", str(model), "--out", str(out)]
    assert main(words) == 0
    with np.load(out) as found:
        assert found["log_probabilities"].shape == (70, LABELS)

    assert main(["crossfit", *short, "--out", str(out)]) == 0
    with np.load(out) as found:
        assert np.isfinite(found["log_probabilities"]).all()

    capsys.readouterr()
    assert main(["compare", *short, "--nets", "a", "--published"]) == 0
    said = capsys.readouterr()
    rates = [json.loads(line)["rate"] for line in said.out.splitlines()]
    assert rates == [1e-3, 1e-3, 1e-4, 1e-4]
    epochs = [json.loads(line)["epoch"] for line in said.err.splitlines()]
    assert epochs == [0, 1] * 4

    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1  # of the weights, which the archive has a checksum of
    (tmp_path / "flipped.keras").write_bytes(content)
    for bad in (data, tmp_path / "flipped.keras"):
        assert main(["predict", "--data", str(data), "--model", str(bad), "--out", str(out)]) == 4
        said = capsys.readouterr()
        assert f"{bad} is no model of `datagen letters train`, or a damaged one" in said.err
        assert said.err.count("\n") == 1


@pytest.mark.parametrize("rate", ["-1", "0", "nan", "inf"])
def test_a_rate_that_does_not_train_is_refused(
    rate: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["train", "--out", "m.keras"], ["compare"], ["crossfit", "--out", "o.npz"]):
        with pytest.raises(SystemExit):
            main([*command, "--data", "d.npz", f"--rate={rate}"])
        assert f"{rate} is no learning rate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("epochs", "says"), [(1, "no epoch is kept"), (3, "epoch 2 is the last that is kept")]
)
def test_a_state_that_cannot_be_written_says_what_is_kept(
    tmp_path: Path, epochs: int, says: str
) -> None:
    (tmp_path / "a.state").mkdir()
    kept = Kept("abc", ({},) * epochs, (), (), ())
    with pytest.raises(StateError, match=f"a.state: .*; {says}"):
        save(tmp_path / "a.state", kept)
