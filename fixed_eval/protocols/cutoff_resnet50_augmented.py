"""`cutoff-resnet50-earlystop` with training images that are drawn anew in each epoch.

Keras' own preprocessing layers draw them, not `pipelines`' `seed-blog`. Keras moves an image once
per layer, where the published `ImageDataGenerator` moved it once for all four: slightly softer.
"""

import dataclasses
import math
from typing import Any

from fixed_eval.protocols.blog import BLOG_FILES, BlogProtocol
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50
from fixed_eval.protocols.keras_protocol import NO_WEIGHTS


@dataclasses.dataclass(frozen=True, kw_only=True)
class CutoffResnet50Augmented(BlogProtocol):
    """The cut ResNet50 behind random rotation, shift, shear and zoom.

    Attributes:
        rotation: At most so many degrees to either side.
        shift: At most this share of the side, in each direction.
        shear: At most so many degrees to either side.
        zoom: Each axis is scaled by 1 ± at most this.
        fill: What comes in from outside the image: Keras' name of it.
    """

    rotation: float = 30.0
    shift: float = 0.1
    shear: float = 0.1
    zoom: float = 0.1
    fill: str = "nearest"

    def build(self, classes: int, weights: str = NO_WEIGHTS) -> Any:
        """The augmentation, then the network of `cutoff-resnet50` with `classes` logits."""
        import keras

        from fixed_eval.network import assemble

        # First, so that Keras draws the same weights as for `cutoff-resnet50`.
        network = assemble(CUTOFF_RESNET50, classes)
        inputs = x = self.inputs()
        for layer in self._augmentation():
            x = layer(x)
        return keras.Model(inputs, network(x))

    def _augmentation(self) -> list[Any]:
        """The layers that do nothing but while training."""
        from keras import layers

        turn, slope = self.rotation / 360, math.tan(math.radians(self.shear))
        zoom = (-self.zoom, self.zoom)
        return [
            layers.RandomRotation(turn, fill_mode=self.fill),
            layers.RandomTranslation(self.shift, self.shift, fill_mode=self.fill),
            layers.RandomShear(x_factor=slope, fill_mode=self.fill),
            layers.RandomZoom(zoom, zoom, fill_mode=self.fill),
        ]


CUTOFF_RESNET50_AUGMENTED = CutoffResnet50Augmented(
    name="cutoff-resnet50-augmented",
    version=1,
    summary="as cutoff-resnet50-earlystop, on images moved at random anew in each epoch",
    frozen_files=(*BLOG_FILES, "network.py", "protocols/cutoff_resnet50_augmented.py"),
    parameters=CUTOFF_RESNET50.parameters,
)
