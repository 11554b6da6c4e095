"""How a network of letters is trained: optimiser, learning rates, warm-up, batches, epochs."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from fixed_eval.letters.networks import Net

Optimiser = Literal["sgd", "adagrad", "adam", "adamw"]

OPTIMISERS: tuple[Optimiser, ...] = get_args(Optimiser)
BATCH = 64
EPOCHS = 30
WARM_UP = 502  # steps, at most one pass over the images
ONE_RATE = 1e-3  # of all four optimisers in a fair comparison
PUBLISHED_RATES: dict[Optimiser, float] = {
    "sgd": 1e-3,
    "adagrad": 1e-3,
    "adam": 1e-4,
    "adamw": 1e-4,
}
WARM_UP_SHARE = 0.1  # of the learning rate, during the warm-up


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides a training, besides the images.

    Attributes:
        net: Which network.
        optimiser: Which optimiser.
        rate: Its learning rate.
        warm_up: Steps at a tenth of the rate before the first epoch, by an optimiser of their own;
            never more than one pass.
        epochs: Passes over the images after the warm-up.
        seed: Of weights, dropout and order.
    """

    net: Net = "final"
    optimiser: Optimiser = "adamw"
    rate: float = PUBLISHED_RATES["adamw"]
    warm_up: int = WARM_UP
    epochs: int = EPOCHS
    seed: int = 0


def make_optimiser(name: Optimiser, rate: float) -> Any:
    """A new Keras optimiser; where Keras' defaults are not PyTorch's, those of PyTorch."""
    import keras

    optimisers = keras.optimizers
    match name:
        case "sgd":
            return optimisers.SGD(rate, momentum=0.9)
        case "adagrad":
            return optimisers.Adagrad(rate, initial_accumulator_value=0.0, epsilon=1e-10)
        case "adam":
            return optimisers.Adam(rate, epsilon=1e-8)
        case "adamw":
            return optimisers.AdamW(rate, weight_decay=1e-4, epsilon=1e-8)
