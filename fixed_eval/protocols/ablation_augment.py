"""The second step of the ablation: the bare network on images flipped and rotated at random.

A flip on both axes makes another numeral of many: iv becomes vi. The protocol is kept as published;
that it costs accuracy on numerals is what it shows.
"""

import dataclasses
from typing import Any

from fixed_eval.protocols.ablation_cnn import ABLATION_FILES, AblationProtocol


@dataclasses.dataclass(frozen=True, kw_only=True)
class AblationAugment(AblationProtocol):
    """The bare network behind a random flip and rotation.

    Attributes:
        rotation: Range of the rotation, in full turns.
    """

    rotation: tuple[float, float] = (-0.3, 0.2)

    def front(self, x: Any) -> Any:
        """The images, while training flipped on either axis or both, and rotated."""
        from keras import layers

        x = layers.RandomFlip("horizontal_and_vertical")(x)
        return layers.RandomRotation(self.rotation)(x)


ABLATION_AUGMENT = AblationAugment(
    name="ablation-augment",
    version=1,
    summary="ablation, augmented: the bare network, with random flips and rotations first",
    frozen_files=(*ABLATION_FILES, "protocols/ablation_augment.py"),
    parameters=2_968_170,
)
