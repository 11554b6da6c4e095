"""The three networks of the published comparison: `a`, `b` and `final`.

`final` is published layer by layer. Of `a` and `b` only the numbers of parameters are known, 90,213
and 286,917; the two below are the smaller networks of the same style that have exactly these, with
37 outputs, of which the last is never a label. PyTorch counts parameters without the moving
statistics of batch normalisation, and so do these numbers.
"""

from typing import Any, Literal, get_args

Net = Literal["a", "b", "final"]

NETS: tuple[Net, ...] = get_args(Net)
PARAMETERS: dict[Net, int] = {"a": 90_213, "b": 286_917, "final": 1_337_732}
LABELS = 36  # 0–9, then the letters, case merged
SIDE = 28  # pixels
DROPOUT = 0.28
MOMENTUM = 0.9  # of batch normalisation: Keras keeps this share of the old, PyTorch calls it 0.1
EPSILON = 1e-5


def build(net: Net, seed: int) -> Any:
    """An untrained `keras.Model`: float32 N×28×28×1, normalised → log-probabilities, N×36 or 37.

    Args:
        net: Which of the three.
        seed: Of the weights and of dropout, each layer with its own generator.
    """
    import keras

    keras.backend.clear_session()
    layers = _Layers(keras, seed)
    parts = {"a": _net_a, "b": _net_b, "final": _net_final}[net](layers)
    return keras.Sequential([keras.Input((SIDE, SIDE, 1)), *parts], name=f"letters_{net}")


def parameters(model: Any) -> int:
    """How many parameters learn."""
    return sum(int(weight.shape.num_elements()) for weight in model.trainable_variables)


class _Layers:
    """Makes the layers of a network, each with the next seed."""

    def __init__(self, keras: Any, seed: int) -> None:
        self._keras = keras
        self._seed = seed * 1000

    def _next(self) -> int:
        self._seed += 1
        return self._seed

    def _xavier(self) -> Any:
        return self._keras.initializers.GlorotUniform(seed=self._next())

    def conv(self, filters: int) -> Any:
        return self._keras.layers.Conv2D(
            filters, 5, activation="relu", kernel_initializer=self._xavier()
        )

    def dense(self, units: int, activation: str = "relu") -> Any:
        return self._keras.layers.Dense(
            units, activation=activation, kernel_initializer=self._xavier()
        )

    def norm(self) -> Any:
        return self._keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON)

    def pool(self) -> Any:
        return self._keras.layers.MaxPooling2D(2)

    def flatten(self) -> Any:
        return self._keras.layers.Flatten()

    def dropout(self) -> Any:
        return self._keras.layers.Dropout(DROPOUT, seed=self._next())


def _net_a(new: _Layers) -> list[Any]:
    blocks = [[new.conv(filters), new.norm(), new.pool()] for filters in (32, 64)]
    return [*blocks[0], *blocks[1], new.flatten(), new.dense(LABELS + 1, "log_softmax")]


def _net_b(new: _Layers) -> list[Any]:
    blocks = [
        [new.conv(filters), new.conv(filters), new.norm(), new.pool()] for filters in (32, 64)
    ]
    head = [new.flatten(), new.dense(1024), new.norm(), new.dense(LABELS + 1, "log_softmax")]
    return [*blocks[0], *blocks[1], *head]


def _net_final(new: _Layers) -> list[Any]:
    blocks = [
        [new.conv(n), new.conv(n), new.norm(), new.pool(), new.norm(), new.dropout()]
        for n in (32, 64)
    ]
    head = [
        new.flatten(),
        new.dense(1024),
        new.norm(),
        new.dense(1024),
        new.norm(),
        new.dropout(),
        new.dense(LABELS, "log_softmax"),
    ]
    return [*blocks[0], *blocks[1], *head]
