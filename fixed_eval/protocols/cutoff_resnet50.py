"""The 2021 Data-Centric AI Competition's protocol, `train.py` as published (TensorFlow 2.4/2.5).

Its engines know the network: `fixed_eval.network` builds it with Keras, `engines/native` and
`engines/fast` compute it by themselves. Adam and batch normalisation constants that it left to
Keras are Keras' defaults, except ResNet's own epsilon.
"""

import dataclasses

from fixed_eval.protocols.base import Phase, Protocol

FILES = (
    "engines/fast.py",
    "engines/native/blocks.py",
    "engines/native/build.py",
    "engines/native/compiled.py",
    "engines/native/convolutions.py",
    "engines/native/engine.py",
    "engines/native/exact.py",
    "engines/native/intrinsics.py",
    "engines/native/layers.py",
    "engines/native/matmul.py",
    "engines/native/network.py",
    "engines/native/plan.py",
    "engines/native/shares.py",
    "engines/native/statistics.py",
    "engines/native/stem.py",
    "engines/native/team.py",
    "engines/native/vectors.py",
    "engines/native/winograd.py",
    "engines/reference.py",
    "initial_weights.py",
    "network.py",
    "protocols/cutoff_resnet50.py",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class CutoffProtocol(Protocol):
    """A protocol that trains the cut ResNet50.

    Attributes:
        learning_rate: Adam's step size.
        beta_1: Adam's decay of the first moment.
        beta_2: Adam's decay of the second moment.
        adam_epsilon: Added to the root of Adam's second moment.
        bn_epsilon: Added to the variance in batch normalisation.
        bn_momentum: Share of the moving statistics that a step keeps.
        cut_layer: The ResNet50 layer whose output is pooled.
        channel_means: Subtracted from the blue, green and red channels (pixel range 0..255).
    """

    learning_rate: float = 1e-4
    beta_1: float = 0.9
    beta_2: float = 0.999
    adam_epsilon: float = 1e-7
    bn_epsilon: float = 1.001e-5
    bn_momentum: float = 0.99
    cut_layer: str = "conv2_block3_out"
    channel_means: tuple[float, float, float] = (103.939, 116.779, 123.68)  # ImageNet, BGR


CUTOFF_RESNET50 = CutoffProtocol(
    name="cutoff-resnet50",
    version=1,
    summary="the competition's: a ResNet50 cut after its second stage, 100 epochs, best val",
    source="2021 Data-Centric AI Competition, train.py",
    classes=("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"),
    image_size=32,
    pixels="float32",
    batch_size=8,
    shuffle_buffer=8 * 8,  # image_dataset_from_directory: batch_size * 8
    phases=(Phase("train", epochs=100, learning_rate=1e-4),),
    engines=("native", "fast", "reference"),
    frozen_files=FILES,
    seed=123,
    parameters=232_330,
)
