"""The last step of the ablation: a frozen, pretrained MobileNetV2 in the place of the bare network.

In front of it stands what the third step has: MobileNetV2 expects pixels from -1 to 1.
"""

import dataclasses
from typing import Any

from fixed_eval.protocols.ablation_preprocess import ABLATION_PREPROCESS, AblationPreprocess
from fixed_eval.protocols.base import Phase

_BASE = "base"


@dataclasses.dataclass(frozen=True, kw_only=True)
class AblationTransfer(AblationPreprocess):
    """MobileNetV2 without its top, and two convolutions that learn.

    Attributes:
        pooled_dropout: Share of the pooled values that is left out while training.
    """

    pooled_dropout: float = 0.3

    def network(self, x: Any, weights: str) -> Any:
        """All but the logits: 160×160 → 5×5×1,280 → 3 → 1, pooled to 32.

        Raises:
            InputError: If the weights cannot be had.
        """
        from keras import layers

        x = self.base(self.image_size, weights, _BASE)(x, training=False)
        for _ in range(2):
            x = layers.Conv2D(32, 3, activation="relu")(x)
        x = layers.GlobalMaxPooling2D(keepdims=True)(x)
        x = layers.Dropout(self.pooled_dropout)(x)
        x = layers.Flatten()(x)
        return layers.Dropout(self.dropout)(x)

    def enter(self, model: Any, phase: Phase) -> None:
        """Freeze the base."""
        model.get_layer(_BASE).trainable = False


ABLATION_TRANSFER = AblationTransfer(
    name="ablation-transfer",
    version=1,
    summary="ablation, transferred: a frozen pretrained MobileNetV2 and two convolutions",
    pretrained="MobileNetV2",
    frozen_files=(
        *ABLATION_PREPROCESS.frozen_files,
        "pretrained.py",
        "protocols/ablation_transfer.py",
    ),
    parameters=2_636_234,
)
