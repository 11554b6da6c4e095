"""The first of four steps of a published ablation: a bare network on large images.

The published network ends at its dense layer of 64 and trains that as logits, so that 54 of them
belong to no class. Here a dense layer with one logit per class follows.
"""

import dataclasses
from typing import Any, Final, Literal

from fixed_eval.protocols.base import Phase
from fixed_eval.protocols.keras_protocol import KERAS_FILES, NO_WEIGHTS, KerasProtocol

BATCH: Final = 32
ABLATION_FILES: Final = (*KERAS_FILES, "protocols/ablation_cnn.py")
"""Frozen files of all four."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AblationProtocol(KerasProtocol):
    """Two convolutions, each pooled, and a dense layer; trained for 20 epochs, the last scored.

    Each step of the ablation adds something in front of the one before.

    Attributes:
        dropout: Share of the inputs of the dense layer that is left out while training.
    """

    dropout: float = 0.2
    source: str = "published ablation: bare, augmented, preprocessed, transferred"
    image_size: int = 160
    pixels: Literal["float32", "uint8"] = "uint8"  # 10,000 images: 0.8 GB, not 3.1
    batch_size: int = BATCH
    shuffle_buffer: int = BATCH * 8
    phases: tuple[Phase, ...] = (Phase("train", epochs=20, learning_rate=1e-3, keep="last"),)
    frozen_files: tuple[str, ...] = ABLATION_FILES

    def build(self, classes: int, weights: str = NO_WEIGHTS) -> Any:
        """What the step puts in front, the network, a logit per class.

        Raises:
            InputError: If the weights cannot be had.
        """
        import keras

        inputs = self.inputs()
        x = self.network(self.front(inputs), weights)
        return keras.Model(inputs, keras.layers.Dense(classes)(x))

    def front(self, x: Any) -> Any:
        """What the network sees of the images `x`, 0..255; here they themselves."""
        return x

    def network(self, x: Any, weights: str) -> Any:
        """All but the logits: 160×160 → 79 → 38, flat 46,208 → 64."""
        from keras import layers

        for _ in range(2):
            x = layers.Conv2D(32, 3, activation="relu")(x)
            x = layers.MaxPooling2D()(x)
        x = layers.Flatten()(x)
        x = layers.Dropout(self.dropout)(x)
        return layers.Dense(64)(x)

    def optimiser(self, phase: Phase) -> Any:
        """Adam with Keras' constants."""
        import keras

        return keras.optimizers.Adam(learning_rate=phase.learning_rate)


ABLATION_CNN = AblationProtocol(
    name="ablation-cnn",
    version=1,
    summary="ablation, bare: two convolutions on 160×160 pixels, 20 epochs, last scored",
    parameters=2_968_170,
)
