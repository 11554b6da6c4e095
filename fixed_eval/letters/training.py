"""Training a network of letters: an epoch at a time, resumable after each."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fixed_eval.errors import DivergedError, UsageError
from fixed_eval.letters.data import Letters, normalised
from fixed_eval.letters.networks import LABELS, build, parameters
from fixed_eval.letters.settings import BATCH, WARM_UP_SHARE, Settings, make_optimiser
from fixed_eval.letters.state import Kept, load, save

ASKED_AT_ONCE = 512  # images per step of a prediction


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch; what was not tested is None."""

    epoch: int
    loss: float
    accuracy: float
    test_accuracy: float | None
    seconds: float


@dataclass(frozen=True)
class Trained:
    """A trained network and how it came to be."""

    model: Any
    parameters: int
    history: tuple[Epoch, ...]


Tell = Callable[[Epoch], None]


def train(
    settings: Settings,
    data: Letters,
    test: Letters | None = None,
    *,
    tell: Tell = lambda _: None,
    state: Path | None = None,
    resume: bool = False,
) -> Trained:
    """Train from the beginning, or go on after the last epoch that is kept in `state`.

    Args:
        settings: What to train, and how.
        data: Images to train on.
        test: Images to test on after every epoch; they decide nothing.
        tell: Called after every epoch.
        state: File in which every finished epoch is kept; None: nowhere.
        resume: Go on with what `state` holds, if it is there.

    Raises:
        UsageError: If the state is that of another training, or of more epochs.
        DivergedError: If the loss is no number any more.
        StateError: If the state cannot be written.
    """
    identity = _identity(settings, data)
    kept = load(state) if resume and state is not None else None
    _check(kept, identity, settings, state)
    model = build(settings.net, settings.seed)
    if kept is None:
        _warm_up(model, settings, data)
    _compile(model, settings, 1.0)
    if kept is not None:
        _restore(model, kept)
    history = [Epoch(**epoch) for epoch in kept.history] if kept else []
    for number in range(len(history) + 1, settings.epochs + 1):
        started = time.monotonic()
        loss, accuracy = _pass(model, data, _order(settings.seed, number, len(data)))
        tested = None if test is None else accuracy_of(predict(model, test.images), test.labels)
        epoch = Epoch(number, loss, accuracy, tested, time.monotonic() - started)
        history.append(epoch)
        if state is not None:
            save(state, _kept(model, identity, history))
        tell(epoch)
    return Trained(model, parameters(model), tuple(history))


def predict(model: Any, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Log-probabilities, float32 N×36; they sum to 1 where the network has no spare output."""
    parts = [
        np.asarray(model.predict_on_batch(normalised(images[start : start + ASKED_AT_ONCE])))
        for start in range(0, len(images), ASKED_AT_ONCE)
    ]
    empty = np.empty((0, LABELS), np.float32)
    return np.concatenate([empty, *(part[:, :LABELS] for part in parts)])


def accuracy_of(logits: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> float:
    """The share whose most probable label is theirs."""
    return float((logits.argmax(axis=1) == labels).mean()) if len(labels) else 0.0


def _check(kept: Kept | None, identity: str, settings: Settings, state: Path | None) -> None:
    if kept is not None and kept.identity != identity:
        raise UsageError(
            f"{state} is of a training with other images or settings; give those, name another "
            "--out, or begin again with --overwrite instead of --resume"
        )
    if kept is not None and len(kept.history) > settings.epochs:
        had = len(kept.history)
        raise UsageError(f"{state} has {had} epochs, more than {settings.epochs}; ask for {had}")


def _identity(settings: Settings, data: Letters) -> str:
    """Hash of what a training depends on; more epochs go on with the same one."""
    plain = {key: value for key, value in asdict(settings).items() if key != "epochs"}
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode())
    digest.update(np.ascontiguousarray(data.images).tobytes())
    digest.update(data.labels.tobytes())
    return digest.hexdigest()


def _order(seed: int, number: int, count: int) -> npt.NDArray[np.int64]:
    """The order of a pass; 0 is the warm-up's."""
    return np.random.default_rng([seed, number]).permutation(count)


def _compile(model: Any, settings: Settings, share: float) -> None:
    import keras

    model.compile(
        optimizer=make_optimiser(settings.optimiser, settings.rate * share),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    model.optimizer.build(model.trainable_variables)


def _warm_up(model: Any, settings: Settings, data: Letters) -> None:
    order = _order(settings.seed, 0, len(data))[: settings.warm_up * BATCH]
    if len(order):
        _compile(model, settings, WARM_UP_SHARE)
        _pass(model, data, order)


def _pass(model: Any, data: Letters, order: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Train on the images once, in this order; mean loss and accuracy while training."""
    model.reset_metrics()
    loss = accuracy = 0.0
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        # what comes back is the mean since the metrics were reset
        told = model.train_on_batch(normalised(data.images[chosen]), data.labels[chosen])
        loss, accuracy = float(told[0]), float(told[1])
    if not np.isfinite(loss):
        raise DivergedError(f"the loss is {loss}; try a smaller --rate")
    return loss, accuracy


def _generators(model: Any) -> list[Any]:
    """The variables of dropout's generators, which no list of weights has."""
    return [
        layer.seed_generator.state for layer in model.layers if hasattr(layer, "seed_generator")
    ]


def _variables(model: Any) -> dict[str, list[Any]]:
    return {
        "weights": list(model.variables),
        "optimiser": list(model.optimizer.variables),
        "generators": _generators(model),
    }


def _kept(model: Any, identity: str, history: list[Epoch]) -> Kept:
    arrays = {
        name: tuple(np.asarray(variable) for variable in group)
        for name, group in _variables(model).items()
    }
    return Kept(identity, tuple(map(asdict, history)), **arrays)


def _restore(model: Any, kept: Kept) -> None:
    for name, group in _variables(model).items():
        for variable, array in zip(group, getattr(kept, name), strict=True):
            variable.assign(array)
