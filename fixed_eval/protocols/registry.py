"""The registry of frozen protocols; each has a file of its own. Naming them imports no Keras."""

from fixed_eval.errors import EvaluatorError
from fixed_eval.protocols.ablation_augment import ABLATION_AUGMENT
from fixed_eval.protocols.ablation_cnn import ABLATION_CNN
from fixed_eval.protocols.ablation_preprocess import ABLATION_PREPROCESS
from fixed_eval.protocols.ablation_transfer import ABLATION_TRANSFER
from fixed_eval.protocols.base import Protocol
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50
from fixed_eval.protocols.cutoff_resnet50_augmented import CUTOFF_RESNET50_AUGMENTED
from fixed_eval.protocols.cutoff_resnet50_earlystop import CUTOFF_RESNET50_EARLYSTOP
from fixed_eval.protocols.full_resnet50 import FULL_RESNET50
from fixed_eval.protocols.model_m import MODEL_M
from fixed_eval.protocols.model_s import MODEL_S
from fixed_eval.protocols.simple_cnn import SIMPLE_CNN
from fixed_eval.protocols.transfer import (
    TRANSFER_INCEPTIONV3,
    TRANSFER_MOBILENET,
    TRANSFER_RESNET50,
)

PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        CUTOFF_RESNET50,
        CUTOFF_RESNET50_EARLYSTOP,
        FULL_RESNET50,
        SIMPLE_CNN,
        CUTOFF_RESNET50_AUGMENTED,
        MODEL_S,
        MODEL_M,
        TRANSFER_RESNET50,
        TRANSFER_INCEPTIONV3,
        TRANSFER_MOBILENET,
        ABLATION_CNN,
        ABLATION_AUGMENT,
        ABLATION_PREPROCESS,
        ABLATION_TRANSFER,
    )
}


def get_protocol(name: str) -> Protocol:
    """The protocol called `name`.

    Raises:
        EvaluatorError: If there is none; the message lists the valid names.
    """
    try:
        return PROTOCOLS[name]
    except KeyError:
        raise EvaluatorError(
            f"no protocol is called {name!r}; there are: {', '.join(PROTOCOLS)}"
        ) from None
