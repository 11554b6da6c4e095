"""The registry of frozen protocols; each has a file of its own. Naming them imports no Keras."""

from fixed_eval.errors import EvaluatorError
from fixed_eval.protocols.base import Protocol
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50
from fixed_eval.protocols.cutoff_resnet50_earlystop import CUTOFF_RESNET50_EARLYSTOP

PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol for protocol in (CUTOFF_RESNET50, CUTOFF_RESNET50_EARLYSTOP)
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
