"""The whole ResNet50 (He et al. 2016) with a top of its own, from random weights."""

import dataclasses
from typing import Any

from fixed_eval.protocols.blog import BLOG_FILES, BlogProtocol
from fixed_eval.protocols.keras_protocol import NO_WEIGHTS


@dataclasses.dataclass(frozen=True, kw_only=True)
class FullResnet50(BlogProtocol):
    """All five stages of ResNet50: 32×32 pixels become 1×1×2,048."""

    def build(self, classes: int, weights: str = NO_WEIGHTS) -> Any:
        """`resnet.preprocess_input`, ResNet50, average pooling, a logit per class."""
        import keras

        inputs = self.inputs()
        network = keras.applications.ResNet50(
            input_shape=inputs.shape[1:], weights=None, classes=classes, classifier_activation=None
        )
        # Called without training=…: batch normalisation learns in training, and rests in scoring.
        return keras.Model(inputs, network(keras.applications.resnet.preprocess_input(inputs)))


FULL_RESNET50 = FullResnet50(
    name="full-resnet50",
    version=1,
    summary="the whole ResNet50 from random weights, early stop on val accuracy",
    frozen_files=(*BLOG_FILES, "protocols/full_resnet50.py"),
    parameters=23_608_202,
)
