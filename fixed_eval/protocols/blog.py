"""What the protocols of the published comparison of datasets share: how they train.

Images, their order, the batch and the learning rate are those of `cutoff-resnet50`, so the networks
can be compared with it. Published with a softmax and categorical cross-entropy: the same loss.
"""

import dataclasses
from typing import Any, Final, Literal

from fixed_eval.protocols.base import Phase
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50
from fixed_eval.protocols.keras_protocol import KERAS_FILES, KerasProtocol

BLOG: Final = "Evaluating handwritten Roman numerals datasets, parts 1 and 2"
BLOG_FILES: Final = (*KERAS_FILES, "protocols/blog.py", "protocols/cutoff_resnet50.py")
"""Frozen files of every protocol that trains so."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlogProtocol(KerasProtocol):
    """Adam, at most 100 epochs, stopped after 10 without a higher val accuracy, best scored."""

    source: str = BLOG
    image_size: int = CUTOFF_RESNET50.image_size
    pixels: Literal["float32", "uint8"] = CUTOFF_RESNET50.pixels
    batch_size: int = CUTOFF_RESNET50.batch_size
    shuffle_buffer: int = CUTOFF_RESNET50.shuffle_buffer
    phases: tuple[Phase, ...] = (Phase("train", epochs=100, learning_rate=1e-4, patience=10),)
    frozen_files: tuple[str, ...] = BLOG_FILES

    def optimiser(self, phase: Phase) -> Any:
        """Adam with Keras' constants."""
        import keras

        return keras.optimizers.Adam(learning_rate=phase.learning_rate)
