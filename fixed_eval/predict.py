"""`python -m fixed_eval.predict MODEL [IMAGE|FOLDER …] [--json]`: what a trained network reads.

MODEL is a file that `--export-model` wrote. Images are decoded and resized as in an evaluation:
an alpha channel is dropped, EXIF is ignored, dark ink is expected. `datagen predict` prepares other
images first. Without images it prints what the model is, which imports no Keras.
"""

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from fixed_eval.data import image_files, read_file
from fixed_eval.errors import EvaluatorError, InputError
from fixed_eval.export import ModelFacts, load_model, read_facts
from fixed_eval.runtime import running_tensorflow

AT_ONCE: Final = 256  # images in memory
LIKELY: Final = 3  # classes that are named
EXIT_UNREADABLE: Final = 4


@dataclasses.dataclass(frozen=True)
class Guess:
    """A class, and its share of the softmax, 0..1."""

    label: str
    probability: float


@dataclasses.dataclass(frozen=True)
class Reading:
    """What the network makes of one file.

    Attributes:
        path: As it was found.
        likely: The most probable classes, the first first; none of a file that is no image.
        error: Why the file could not be read.
    """

    path: str
    likely: tuple[Guess, ...] = ()
    error: str | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line per image and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        facts = read_facts(options.model)
        paths = _paths(options)
        if paths is None:
            print(json.dumps(dataclasses.asdict(facts), indent=None if options.json else 1))
            return 0
        running_tensorflow()
        unreadable = 0
        for reading in predict(options.model, facts, paths):
            unreadable += reading.error is not None
            shown = json.dumps(dataclasses.asdict(reading)) if options.json else _line(reading)
            print(shown, flush=True)
    except EvaluatorError as error:
        print(f"fixed_eval: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("fixed_eval: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `| head` has seen enough
        # what is still in the buffer must not fail again when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return EXIT_UNREADABLE if unreadable else 0


def predict(model: Path, facts: ModelFacts, paths: Sequence[Path]) -> Iterator[Reading]:
    """Read images with the network of an exported model, in the order given.

    Args:
        model: Its file.
        facts: What the file says of it.
        paths: Image files; TensorFlow runs.

    Raises:
        InputError: If Keras cannot read the model.
    """
    network = load_model(model, facts)
    for first in range(0, len(paths), AT_ONCE):
        yield from _read_some(network, facts, paths[first : first + AT_ONCE])


def _read_some(network: Any, facts: ModelFacts, paths: Sequence[Path]) -> list[Reading]:
    from fixed_eval.decoding import Decoder  # noqa: PLC0415 - Numba
    from fixed_eval.engines.keras.engine import as_input  # noqa: PLC0415 - Keras

    decode = Decoder(facts.image_size)
    images, errors = [], {}
    for path in paths:
        try:
            image, _ = decode(read_file(path))
            images.append(np.rint(image) if facts.pixels == "uint8" else image)
        except OSError as error:
            errors[path] = error.strerror or str(error)
        except ValueError as error:
            errors[path] = str(error)
    likely: Iterator[tuple[Guess, ...]] = iter(())
    if images:
        batch = as_input(np.stack(images).astype(facts.pixels), facts.colour)
        logits = network.predict_on_batch(batch)
        likely = (_likely(row, facts.classes) for row in logits)
    return [
        Reading(str(path), error=errors[path])
        if path in errors
        else Reading(str(path), next(likely))
        for path in paths
    ]


def _likely(logits: np.ndarray[Any, Any], classes: Sequence[str]) -> tuple[Guess, ...]:
    exponents = np.exp(logits.astype(np.float64) - logits.max())
    shares = exponents / exponents.sum()
    order = np.argsort(-shares, kind="stable")[:LIKELY]
    return tuple(Guess(classes[position], float(shares[position])) for position in order)


def _paths(options: argparse.Namespace) -> list[Path] | None:
    """The image files that are asked for; None where none are.

    Raises:
        InputError: If something is not there, or a folder holds no image.
    """
    if options.listed:
        return [Path(json.loads(line)) for line in options.listed.read_text("utf-8").splitlines()]
    if not options.images:
        return None
    found: list[Path] = []
    for path in options.images:
        if path.is_dir():
            inside = image_files(path)
            if not inside:
                raise InputError(f"{path} holds no images")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise InputError(f"{path} is not there; expected an image or a folder of images")
    return found


def _line(reading: Reading) -> str:
    if reading.error is not None:
        return f"{reading.path}: {reading.error}"
    shown = "  ".join(f"{guess.label} {guess.probability:.3f}" for guess in reading.likely)
    return f"{reading.path}: {shown}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fixed_eval.predict",
        description="Read images with a network that --export-model wrote.",
        epilog="exit codes: 0 done · 1 unexpected · 2 usage · 4 a file cannot be read · "
        "130 interrupted",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .keras file")
    parser.add_argument(
        "images",
        nargs="*",
        type=Path,
        metavar="IMAGE|FOLDER",
        help="what to read; none: print what the model is",
    )
    parser.add_argument(
        "--listed",
        type=Path,
        metavar="FILE",
        help="read the images that this file names instead, one a line, as JSON strings",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
