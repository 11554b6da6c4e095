"""The third step of the ablation: pixel values from -1 to 1, then as the second step."""

import dataclasses
from typing import Any

from fixed_eval.protocols.ablation_augment import ABLATION_AUGMENT, AblationAugment


@dataclasses.dataclass(frozen=True, kw_only=True)
class AblationPreprocess(AblationAugment):
    """The augmented network behind a rescaling."""

    def front(self, x: Any) -> Any:
        """The images in -1..1, while training flipped and rotated."""
        from keras import layers

        return super().front(layers.Rescaling(1 / 127.5, offset=-1)(x))


ABLATION_PREPROCESS = AblationPreprocess(
    name="ablation-preprocess",
    version=1,
    summary="ablation, preprocessed: as ablation-augment, with pixels scaled to -1..1 first",
    frozen_files=(*ABLATION_AUGMENT.frozen_files, "protocols/ablation_preprocess.py"),
    parameters=2_968_170,
)
