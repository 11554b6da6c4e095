"""What the protocols have whose network Keras builds and the Keras engine trains.

Each is a class in a file of its own that says how its network is built. Keras is imported when a
network is asked for, so that naming a protocol costs nothing.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, cast

import numpy as np

from fixed_eval.order import Order
from fixed_eval.protocols.base import Phase, Protocol

KERAS_FILES: Final = ("engines/keras/engine.py", "protocols/keras_protocol.py")
"""Frozen files of every protocol that Keras trains."""

IMAGENET: Final = "imagenet"
NO_WEIGHTS: Final = "none"


@dataclasses.dataclass(frozen=True, kw_only=True)
class KerasProtocol(Protocol):
    """A protocol whose network Keras builds; its classes may be those of the dataset.

    Attributes:
        colour: What an image is to the network: three channels, or one (ITU-R BT.601 grey).
        pretrained: The Keras application whose ImageNet weights the network's base begins with;
            None: it begins with random ones.
        extra_train: Whether further folders may be trained on, each with batches of its own.
    """

    classes: tuple[str, ...] = ()
    colour: Literal["rgb", "grey"] = "rgb"
    pretrained: str | None = None
    extra_train: bool = False
    engines: tuple[str, ...] = ("keras",)
    frozen_files: tuple[str, ...] = KERAS_FILES
    seed: int = 123

    @property
    def channels(self) -> int:
        """Of an input image."""
        return 3 if self.colour == "rgb" else 1

    def build(self, classes: int, weights: str = NO_WEIGHTS) -> Any:
        """The uncompiled Keras model: images (side × side × channels, 0..255) → logits.

        Preprocessing, and augmentation while training, are layers of it. A published softmax is
        left out: the loss and the metrics take logits.

        Args:
            classes: How many, at least 2.
            weights: Of the base, where the protocol is `pretrained`: `IMAGENET`, `NO_WEIGHTS`
                (random), or the path of a weight file.

        Raises:
            InputError: If the weights cannot be had.
        """
        raise NotImplementedError

    def inputs(self) -> Any:
        """The Keras input of a batch of images, 0..255."""
        import keras

        return keras.Input((self.image_size, self.image_size, self.channels), name="images")

    def base(self, side: int, weights: str, name: str) -> Any:
        """The `pretrained` application without its top, as a model; `weights` as for `build`.

        Args:
            side: Of its RGB input, pixels.
            weights: As for `build`.
            name: Of the model.

        Raises:
            InputError: If the weights cannot be had.
        """
        from fixed_eval.pretrained import build_base

        if self.pretrained is None:
            raise ValueError(f"{self.name} has no pretrained base")
        return build_base(self.pretrained, side, weights, name)

    def optimiser(self, phase: Phase) -> Any:
        """A new Keras optimiser for `phase`."""
        raise NotImplementedError

    def enter(self, model: Any, phase: Phase) -> None:
        """Set which layers of `model` learn in `phase`; all do, unless a protocol says so."""

    def train_batches(
        self, parts: Sequence[int], seed: int, skip: int = 0
    ) -> Iterator[Sequence[Order]]:
        """The batches of each epoch, as positions of training images, without end."""
        for order in super().train_batches(parts, seed, skip):
            yield self.cut(order)

    def cut(self, order: Order) -> list[Order]:
        """`order` in batches, the last partial one included."""
        cuts = np.arange(self.batch_size, len(order), self.batch_size)
        return cast("list[Order]", np.split(order, cuts))
