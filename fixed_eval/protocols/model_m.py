"""`model-m`, the successor of `model-s`: twice the convolutions, batch normalisation, dropout.

The published text gives the layers but not their places: here a pooling follows every second
convolution, and batch normalisation follows the ReLU.
"""

import dataclasses
from typing import Any

from fixed_eval.protocols.base import Phase
from fixed_eval.protocols.keras_protocol import KERAS_FILES, NO_WEIGHTS
from fixed_eval.protocols.model_s import FoldersProtocol, phase


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelM(FoldersProtocol):
    """Six convolutions and a dense layer, trained as `model-s`, but with RMSprop.

    Attributes:
        dropout: Share of the inputs of each dense layer that is left out while training.
    """

    dropout: float = 0.5

    def build(self, classes: int, weights: str = NO_WEIGHTS) -> Any:
        """Pixels / 255; pairs of 32, 64 and 128 convolutions, pooled (16, 8, 4); dense 256."""
        import keras

        layers = keras.layers
        inputs = self.inputs()
        x = layers.Rescaling(1 / 255)(inputs)
        for filters in (32, 64, 128):
            for _ in range(2):
                x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
                x = layers.BatchNormalization()(x)
            x = layers.MaxPooling2D()(x)
        x = layers.Flatten()(x)
        x = layers.Dropout(self.dropout)(x)
        x = layers.Dense(256, activation="relu")(x)
        x = layers.Dropout(self.dropout)(x)
        return keras.Model(inputs, layers.Dense(classes)(x))

    def optimiser(self, phase: Phase) -> Any:
        """RMSprop with Keras' constants."""
        import keras

        return keras.optimizers.RMSprop(phase.learning_rate)


MODEL_M = ModelM(
    name="model-m",
    version=1,
    summary="six convolutions with batch normalisation, RMSprop, else as model-s",
    source="published Roman numerals model, second version",
    phases=(phase(1e-3),),
    frozen_files=(*KERAS_FILES, "protocols/model_m.py", "protocols/model_s.py"),
    parameters=815_914,
)
