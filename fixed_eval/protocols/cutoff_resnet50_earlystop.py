"""The competition's protocol with early stopping, as in the published comparison of datasets.

It stops after 10 epochs without a higher val accuracy; the epoch with the highest is scored. The
ten classes, the order of images and the initial weights are those of `cutoff-resnet50`.
"""

import dataclasses

from fixed_eval.protocols.base import Phase
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50

CUTOFF_RESNET50_EARLYSTOP = dataclasses.replace(
    CUTOFF_RESNET50,
    name="cutoff-resnet50-earlystop",
    summary="as cutoff-resnet50, but stopped after 10 epochs without a better val accuracy",
    source="Evaluating handwritten Roman numerals datasets, parts 1 and 2",
    phases=(Phase("train", epochs=100, learning_rate=1e-4, patience=10),),
    frozen_files=(*CUTOFF_RESNET50.frozen_files, "protocols/cutoff_resnet50_earlystop.py"),
)
