"""What a protocol is, for a person who chooses one: constants, network, parameters.

`summarise` imports no Keras; `describe` builds the network, which takes seconds. Nothing here moves
a score.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

from fixed_eval.protocols.base import Phase, Protocol
from fixed_eval.protocols.cutoff_resnet50 import CutoffProtocol
from fixed_eval.protocols.keras_protocol import KerasProtocol

CLASSES = 10  # of Roman numerals; what a network is described with unless asked otherwise


@dataclasses.dataclass(frozen=True)
class Summary:
    """A protocol in a list.

    Attributes:
        classes: Class folder names; empty: those of the dataset.
        parameters: Of the network with ten classes, or with its own.
        pretrained: The Keras application whose ImageNet weights it begins with, if any.
        extra_train: Whether further folders may be trained on.
        epochs: At most so many, of all phases.
    """

    name: str
    version: int
    summary: str
    source: str
    parameters: int
    classes: tuple[str, ...]
    image_size: int
    channels: int
    batch_size: int
    epochs: int
    engines: tuple[str, ...]
    pretrained: str | None
    extra_train: bool


@dataclasses.dataclass(frozen=True)
class Layer:
    """A layer: what it puts out, without the batch, and its parameters.

    Attributes:
        layers: Those inside, where the layer is a network.
    """

    name: str
    kind: str
    shape: tuple[int | None, ...]
    parameters: int
    layers: tuple["Layer", ...] = ()


@dataclasses.dataclass(frozen=True)
class PhaseSummary:
    """A phase of the training: how it is done, and how many parameters learn.

    Attributes:
        optimiser: Keras' name of it.
        plateau: When the learning rate falls, if it does.
    """

    name: str
    epochs: int
    optimiser: str
    learning_rate: float
    monitor: str
    patience: int | None
    keep: str
    plateau: dict[str, float] | None
    trainable: int


@dataclasses.dataclass(frozen=True)
class Description(Summary):
    """A protocol with its network.

    Attributes:
        with_classes: How many classes the network is described with.
        parameters: Of the network with so many, those that are not trained included.
        phases: In order.
        layers: In the order of building.
    """

    with_classes: int
    phases: tuple[PhaseSummary, ...]
    layers: tuple[Layer, ...]


def summarise(protocol: Protocol) -> Summary:
    """Return what is known of `protocol` without its network."""
    keras = protocol if isinstance(protocol, KerasProtocol) else None
    return Summary(
        name=protocol.name,
        version=protocol.version,
        summary=protocol.summary,
        source=protocol.source,
        parameters=protocol.parameters,
        classes=protocol.classes,
        image_size=protocol.image_size,
        channels=keras.channels if keras else 3,
        batch_size=protocol.batch_size,
        epochs=protocol.epochs,
        engines=protocol.engines,
        pretrained=keras.pretrained if keras else None,
        extra_train=bool(keras and keras.extra_train),
    )


def describe(protocol: Protocol, classes: int = CLASSES) -> Description:
    """Return `protocol` with its network; Keras is imported.

    Args:
        protocol: One of the registry.
        classes: How many, where the protocol takes them from the dataset; at least 2.
    """
    count = len(protocol.classes) or classes
    model = build_model(protocol, count)
    plain = vars(summarise(protocol)) | {"parameters": model.count_params()}
    return Description(
        **plain,
        with_classes=count,
        phases=tuple(_phase(protocol, model, phase) for phase in protocol.phases),
        layers=tuple(_layers(model.layers)),
    )


def build_model(protocol: Protocol, classes: int) -> Any:
    """Return the uncompiled Keras model of `protocol`, with random weights; Keras is imported."""
    import keras  # noqa: PLC0415

    from fixed_eval.network import build_network  # noqa: PLC0415

    if isinstance(protocol, CutoffProtocol):
        return build_network(protocol, protocol.seed)
    keras.backend.clear_session()  # layer names as in a fresh process
    keras.utils.set_random_seed(protocol.seed)
    return _keras(protocol).build(classes)


def _keras(protocol: Protocol) -> KerasProtocol:
    if not isinstance(protocol, KerasProtocol):
        raise TypeError(f"{protocol.name} has no network that Keras builds")
    return protocol


def _phase(protocol: Protocol, model: Any, phase: Phase) -> PhaseSummary:
    optimiser = "Adam"
    if not isinstance(protocol, CutoffProtocol):
        _keras(protocol).enter(model, phase)
        optimiser = type(_keras(protocol).optimiser(phase)).__name__
    return PhaseSummary(
        name=phase.name,
        epochs=phase.epochs,
        optimiser=optimiser,
        learning_rate=phase.learning_rate,
        monitor=phase.monitor,
        patience=phase.patience,
        keep=phase.keep,
        plateau=None if phase.plateau is None else dataclasses.asdict(phase.plateau),
        trainable=sum(math.prod(weight.shape) for weight in model.trainable_weights),
    )


def _layers(layers: Iterable[Any]) -> Iterable[Layer]:
    for layer in layers:
        inner = getattr(layer, "layers", ())
        yield Layer(
            name=layer.name,
            kind=type(layer).__name__,
            shape=tuple(layer.output.shape[1:]),
            parameters=layer.count_params(),
            layers=tuple(_layers(inner)),
        )
