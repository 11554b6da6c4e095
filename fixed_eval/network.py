"""The network of the published script, built with Keras, and its weights as plain arrays.

The weights that it starts from are part of the protocol, and are made in
`fixed_eval.initial_weights`. A list of weights is always in the order of Keras' `get_weights()`.
"""

from typing import Any

import numpy as np

from fixed_eval.errors import EvaluatorError
from fixed_eval.protocols.cutoff_resnet50 import CutoffProtocol

Weights = tuple[np.ndarray[Any, np.dtype[np.float32]], ...]


def build_network(protocol: CutoffProtocol, seed: int) -> Any:
    """The uncompiled Keras model: RGB 32×32×3 in 0..255 → 10 logits.

    Its weights are those that the installed Keras draws: of the present versions, the protocol's.
    Two calls with the same seed start from the same weights. Keras 3 draws the seeds of its
    initialisers from Python's generator, so `tf.random.set_seed` alone, which the published script
    calls, no longer fixes them; `keras.utils.set_random_seed` seeds Python, NumPy and TensorFlow.

    Raises:
        EvaluatorError: If this Keras builds another network than the protocol's.
    """
    import keras  # noqa: PLC0415  (for the reference engine alone)

    keras.backend.clear_session()  # layer names as in a fresh process
    keras.utils.set_random_seed(seed)
    model = assemble(protocol, len(protocol.classes))
    if model.count_params() != protocol.parameters:
        raise EvaluatorError(
            f"Keras {keras.__version__} built a network of {model.count_params():,} parameters; "
            f"{protocol.name} has {protocol.parameters:,}"
        )
    return model


def assemble(protocol: CutoffProtocol, classes: int) -> Any:
    """The network with `classes` logits, its weights drawn with the seed that Keras has now."""
    import keras  # noqa: PLC0415

    side = protocol.image_size
    base_model = keras.applications.ResNet50(
        input_shape=(side, side, 3), include_top=False, weights=None
    )
    # Published: outputs=[…]; Keras 3 then hands the next layer a list, so no list here.
    base_model = keras.Model(base_model.inputs, base_model.get_layer(protocol.cut_layer).output)

    inputs = keras.Input(shape=(side, side, 3))
    x = keras.applications.resnet.preprocess_input(inputs)
    # Called without training=…, as published: batch norm learns in fit, and rests in evaluate.
    x = base_model(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(classes)(x)
    return keras.Model(inputs, x)


def preprocess(
    images: np.ndarray[Any, np.dtype[np.float32]], protocol: CutoffProtocol
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """`resnet.preprocess_input` on arrays: RGB 0..255 → BGR minus the ImageNet means, float32."""
    means = np.array(protocol.channel_means, np.float32)
    return np.ascontiguousarray(images[..., ::-1]) - means
