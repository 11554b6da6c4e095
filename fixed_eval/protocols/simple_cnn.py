"""Three convolutions and two dense layers on raw pixel values."""

import dataclasses
from typing import Any

from fixed_eval.protocols.blog import BLOG_FILES, BlogProtocol
from fixed_eval.protocols.keras_protocol import NO_WEIGHTS


@dataclasses.dataclass(frozen=True, kw_only=True)
class SimpleCnn(BlogProtocol):
    """A small network that takes the pixels as they are, 0..255."""

    def build(self, classes: int, weights: str = NO_WEIGHTS) -> Any:
        """Convolutions of 16, 32 and 64, each pooled (15, 6, 2); dense 512; a logit per class."""
        import keras

        layers = keras.layers
        inputs = x = self.inputs()
        for filters in (16, 32, 64):
            x = layers.Conv2D(filters, 3, activation="relu")(x)
            x = layers.MaxPooling2D()(x)
        x = layers.Flatten()(x)
        x = layers.Dense(512, activation="relu")(x)
        return keras.Model(inputs, layers.Dense(classes)(x))


SIMPLE_CNN = SimpleCnn(
    name="simple-cnn",
    version=1,
    summary="three convolutions and two dense layers, early stop on val accuracy",
    frozen_files=(*BLOG_FILES, "protocols/simple_cnn.py"),
    parameters=160_298,
)
