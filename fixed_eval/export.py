"""A trained network as one `.keras` file, with what predicting with it needs.

Keras reads and writes the file as any other. What it holds besides is the member `MEMBER`, a JSON
object of `ModelFacts`, which is read without Keras.
"""

import dataclasses
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np

from fixed_eval.errors import InputError, UsageError
from fixed_eval.network import Weights
from fixed_eval.protocols.base import Protocol
from fixed_eval.protocols.keras_protocol import KerasProtocol
from fixed_eval.records import Score

SUFFIX: Final = ".keras"
MEMBER: Final = "fixed_eval.json"
SCHEMA_VERSION: Final = 1
_EXPECTED: Final = f"expected a {SUFFIX} file that --export-model wrote"
Ink = Literal["dark", "light"]
Colour = Literal["rgb", "grey"]
Pixels = Literal["float32", "uint8"]
_ALIKE: Final = 0.9  # of the training images that are on one kind of paper
_MOST_BYTES: Final = 2**24  # of the member: names of classes are all that is long
_LARGEST: Final = 1024  # side of an input, pixels
_NO_FACTS: Final = (ValueError, TypeError, KeyError, AttributeError, RuntimeError)
"""What comes of reading a member that is none of ours; RuntimeError: encrypted, or too deep."""
_NOT_LOADED: Final = (OSError, ValueError, TypeError, KeyError, RuntimeError, zipfile.BadZipFile)
"""What Keras raises for a file that it cannot read."""


@dataclasses.dataclass(frozen=True)
class ModelFacts:
    """What an exported network is, and how an image becomes its input.

    Attributes:
        protocol: Name of the protocol that trained it.
        version: Of the protocol.
        fingerprint: Of the protocol; see `fixed_eval.fingerprint`.
        engine: What trained it.
        classes: Their names, in the order of the outputs, which are logits.
        image_size: Side of the square input, pixels.
        colour: Its channels: three, or one.
        pixels: What an image is rounded to before: whole levels (`uint8`), or nothing.
        ink: Of the training images: `dark` on light paper, or `light` on dark; None where they are
            not alike.
        parameters: Of the network.
        dataset: Fingerprint of the dataset that it was trained on.
        seed: Of the training.
        chosen_epoch: The epoch whose weights these are.
        official: Whether they have an official score.
        val_accuracy: Which chose the epoch; 0..1.
        versions: Of what computed.
    """

    schema_version: int
    protocol: str
    version: int
    fingerprint: str
    engine: str
    classes: tuple[str, ...]
    image_size: int
    colour: Colour
    pixels: Pixels
    ink: Ink | None
    parameters: int
    dataset: str
    seed: int
    chosen_epoch: int
    official: bool
    val_accuracy: float
    versions: Mapping[str, str]


def facts_of(score: Score, protocol: Protocol, images: np.ndarray[Any, Any]) -> ModelFacts:
    """The facts of the network that `score` is of, and that has learnt from `images`.

    `protocol` has its classes.
    """
    return ModelFacts(
        schema_version=SCHEMA_VERSION,
        protocol=protocol.name,
        version=protocol.version,
        fingerprint=score.protocol.fingerprint,
        engine=score.protocol.engine,
        classes=protocol.classes,
        image_size=protocol.image_size,
        colour=protocol.colour if isinstance(protocol, KerasProtocol) else "rgb",
        pixels=protocol.pixels,
        ink=ink_of(images),
        parameters=score.protocol.parameters,
        dataset=score.dataset.fingerprint,
        seed=score.seed,
        chosen_epoch=score.chosen_epoch,
        official=score.official,
        val_accuracy=score.val.accuracy.accuracy or 0.0,
        versions=score.versions,
    )


def ink_of(images: np.ndarray[Any, Any]) -> Ink | None:
    """Whether images, N×H×W×C in 0..255, are dark ink on light paper: paper is most of an image."""
    light_paper = sum(2 * np.count_nonzero(image > 127.5) > image.size for image in images)
    share = light_paper / max(1, len(images))
    if share >= _ALIKE:
        return "dark"
    return "light" if share <= 1 - _ALIKE else None


def check_place(path: Path) -> None:
    """Refuse a place where no model can be written, before hours are spent.

    Raises:
        UsageError: If the name ends otherwise, something else is there, or its folder cannot be
            written.
    """
    if path.suffix != SUFFIX:
        raise UsageError(f"--export-model {path}: expected a name that ends in {SUFFIX}")
    if path.exists() and not path.is_file():
        raise UsageError(f"--export-model {path}: something other than a file is there")
    if path.exists() and path.stat().st_size:
        _check_ours(path)
    folder = next(each for each in path.absolute().parents if each.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise UsageError(f"--export-model {path}: cannot write in {folder}")


def _check_ours(path: Path) -> None:
    try:
        read_facts(path)
    except InputError:
        raise UsageError(
            f"--export-model {path}: what is there was not written by --export-model; name another "
            "file, or remove it first"
        ) from None


def export_model(path: Path, protocol: Protocol, weights: Weights, facts: ModelFacts) -> None:
    """Write the network of `protocol` with `weights` to `path`: all of it, or nothing.

    Keras builds the network, whatever engine trained it, and TensorFlow is started if it does not
    run yet.

    Raises:
        OSError: If it cannot be written; the temporary file is removed.
    """
    from fixed_eval.runtime import running_tensorflow  # noqa: PLC0415

    running_tensorflow()
    from fixed_eval.description import build_model  # noqa: PLC0415 - imports Keras

    model = _without_augmentation(build_model(protocol, len(facts.classes)))
    model.set_weights(weights)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.stem}.{os.getpid()}{SUFFIX}")  # Keras goes by the ending
    try:
        model.save(draft)
        with zipfile.ZipFile(draft, "a") as archive:
            archive.writestr(MEMBER, json.dumps(dataclasses.asdict(facts), indent=1) + "\n")
        draft.replace(path)
    except BaseException as error:
        draft.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)  # of a full disk the system names none
        raise


def _without_augmentation(model: Any) -> Any:
    """A network like `model` that draws nothing: its layers `Random…` let images through.

    Called as a function, as people call a loaded model, they would change images even then; and
    Keras cannot read all of them again.
    """
    import keras  # noqa: PLC0415

    def clone(layer: Any) -> Any:
        if type(layer).__name__.startswith("Random"):
            return keras.layers.Identity(name=layer.name)
        return layer

    def call(layer: Any, *inputs: Any, **options: Any) -> Any:
        if isinstance(layer, keras.layers.Identity):
            return layer(*inputs)  # augmentation is called with training=True, which spreads
        return layer(*inputs, **options)

    return keras.models.clone_model(model, clone_function=clone, call_function=call)


def read_facts(path: Path) -> ModelFacts:
    """What the exported model at `path` is, without loading its network.

    Raises:
        InputError: If there is no such file, or it is no exported model.
    """
    if not path.is_file():
        special = "is a folder" if path.is_dir() else "is a pipe, a socket or a device"
        found = special if path.exists() else "is not there"
        raise InputError(f"the model {path} {found}; {_EXPECTED}")
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if MEMBER not in names:
                keras = "a Keras model, but" if "config.json" in names else "a zip archive, but"
                raise InputError(
                    f"{path} is {keras} not one of ours: it does not say which classes it knows; "
                    + _EXPECTED
                )
            if archive.getinfo(MEMBER).file_size > _MOST_BYTES:
                raise ValueError(f"{MEMBER} is too large")
            return _facts(json.loads(archive.read(MEMBER)))
    except zipfile.BadZipFile:
        raise InputError(f"{path} is not a {SUFFIX} file, or damaged; {_EXPECTED}") from None
    except _NO_FACTS as error:
        raise InputError(
            f"what {path} says of itself cannot be read ({error}); export it again"
        ) from error
    except OSError as error:
        raise InputError(f"the model {path} cannot be read: {error.strerror or error}") from error


def _facts(plain: dict[str, Any]) -> ModelFacts:
    if plain["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"format {plain['schema_version']}; this version reads {SCHEMA_VERSION}")
    known = {field.name for field in dataclasses.fields(ModelFacts)}
    facts = ModelFacts(**{key: value for key, value in plain.items() if key in known})
    facts = dataclasses.replace(facts, classes=tuple(facts.classes))
    sound = {
        "protocol": isinstance(facts.protocol, str),
        "classes": all(isinstance(name, str) for name in facts.classes)
        and 2 <= len(set(facts.classes)) == len(facts.classes),
        "image_size": type(facts.image_size) is int and 1 <= facts.image_size <= _LARGEST,
        "colour": facts.colour in get_args(Colour),
        "pixels": facts.pixels in get_args(Pixels),
        "ink": facts.ink is None or facts.ink in get_args(Ink),
    }
    for name, holds in sound.items():
        if not holds:
            raise ValueError(f"{name} is {str(getattr(facts, name))[:80]}")
    return facts


def load_model(path: Path, facts: ModelFacts) -> Any:
    """The Keras model at `path`, which gives logits.

    Raises:
        InputError: If Keras cannot read it, or it is not the network that `facts` are of.
    """
    import keras  # noqa: PLC0415

    try:
        network = keras.saving.load_model(path, compile=False, safe_mode=True)
    except _NOT_LOADED as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"Keras {keras.__version__} cannot read the model {path}: {reason}; export it again"
        ) from error
    side, channels = facts.image_size, 3 if facts.colour == "rgb" else 1
    shapes = (None, side, side, channels), (None, len(facts.classes))
    found = tuple(network.input_shape), tuple(network.output_shape)
    if found != shapes:
        raise InputError(
            f"what {path} says of itself does not fit its network: inputs and outputs of "
            f"{shapes[0]} and {shapes[1]}, where the network has {found[0]} and {found[1]}; "
            "export it again"
        )
    return network
