"""Transfer learning from ImageNet: first a new head, then everything but batch normalisation.

Three protocols that differ in nothing but the pretrained base and the side of its input. Published
on MNIST, so an image is 28×28 and grey.
"""

import dataclasses
from typing import Any, Final, Literal

from fixed_eval.protocols.base import Phase
from fixed_eval.protocols.keras_protocol import KERAS_FILES, NO_WEIGHTS, KerasProtocol

BATCH: Final = 32
HEAD: Final = "head"
FINE_TUNE: Final = "fine-tune"
_BASE: Final = "base"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TransferProtocol(KerasProtocol):
    """A pretrained base, and a head of three dense layers.

    Attributes:
        base_size: Side of the base's input, to which images are resized, pixels.
        dropout: Share of a dense layer's outputs that is left out while training.
    """

    base_size: int
    dropout: float = 0.2
    source: str = "published transfer learning on MNIST, in two phases"
    image_size: int = 28
    pixels: Literal["float32", "uint8"] = "uint8"
    colour: Literal["rgb", "grey"] = "grey"
    batch_size: int = BATCH
    shuffle_buffer: int = BATCH * 8
    phases: tuple[Phase, ...] = (
        Phase(HEAD, epochs=1000, learning_rate=1e-4, patience=10),
        Phase(FINE_TUNE, epochs=100, learning_rate=1e-6, patience=10),
    )
    frozen_files: tuple[str, ...] = (*KERAS_FILES, "pretrained.py", "protocols/transfer.py")

    def build(self, classes: int, weights: str = NO_WEIGHTS) -> Any:
        """Grey → three channels in -1..1, resized; the base; dense 128, 64 and a logit per class.

        Raises:
            InputError: If the weights cannot be had.
        """
        import keras

        layers = keras.layers
        inputs = self.inputs()
        x = layers.Concatenate()([inputs] * 3)
        x = layers.Rescaling(1 / 127.5, offset=-1)(x)
        x = layers.Resizing(self.base_size, self.base_size, interpolation="bilinear")(x)
        x = self.base(self.base_size, weights, _BASE)(x, training=False)
        x = layers.Flatten()(x)
        for units in (128, 64):
            x = layers.Dense(units, activation="relu", kernel_initializer="he_normal")(x)
            x = layers.Dropout(self.dropout)(x)
        return keras.Model(inputs, layers.Dense(classes, kernel_initializer="he_normal")(x))

    def optimiser(self, phase: Phase) -> Any:
        """Adam with Keras' constants."""
        import keras

        return keras.optimizers.Adam(learning_rate=phase.learning_rate)

    def enter(self, model: Any, phase: Phase) -> None:
        """Let the head learn; in the second phase the base too, but no batch normalisation.

        Its moving statistics rest in both: the base is called with `training=False`.
        """
        import keras

        base = model.get_layer(_BASE)
        base.trainable = phase.name == FINE_TUNE
        for layer in base.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False


TRANSFER_RESNET50 = TransferProtocol(
    name="transfer-resnet50",
    version=1,
    summary="a pretrained ResNet50 with a new head, then fine-tuned",
    pretrained="ResNet50",
    base_size=32,
    parameters=23_858_890,
)
TRANSFER_INCEPTIONV3 = TransferProtocol(
    name="transfer-inceptionv3",
    version=1,
    summary="a pretrained InceptionV3 with a new head, then fine-tuned",
    pretrained="InceptionV3",
    base_size=75,
    parameters=22_073_962,
)
TRANSFER_MOBILENET = TransferProtocol(
    name="transfer-mobilenet",
    version=1,
    summary="a pretrained MobileNet with a new head, then fine-tuned",
    pretrained="MobileNet",
    base_size=32,
    parameters=3_368_970,
)
