"""`python -m fixed_eval.models [NAME] [--json]`: the protocols; for one, its network and speed.

With `--json` one object a line. A list imports no Keras.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from typing import Any

from fixed_eval.arguments import whole
from fixed_eval.description import CLASSES, describe, summarise
from fixed_eval.errors import EvaluatorError
from fixed_eval.protocols.base import BUDGET_BATCH, MAX_IMAGES, Protocol
from fixed_eval.protocols.keras_protocol import KerasProtocol
from fixed_eval.protocols.registry import PROTOCOLS, get_protocol

IMAGES = MAX_IMAGES - BUDGET_BATCH  # the most that one batch of val leaves for training


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was asked for and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        protocols = PROTOCOLS.values() if options.name is None else [get_protocol(options.name)]
        if options.name is None:
            found = [dataclasses.asdict(summarise(protocol)) for protocol in protocols]
        else:
            found = [_one(protocol, options) for protocol in protocols]
    except EvaluatorError as error:
        print(f"fixed_eval: {error}", file=sys.stderr)
        return error.exit_code
    for each in found:
        print(_shown(each, options))
    return 0


def _one(protocol: Protocol, options: argparse.Namespace) -> dict[str, Any]:
    from fixed_eval.cores import Cores
    from fixed_eval.runtime import AUTO, start, start_tensorflow
    from fixed_eval.speed import measure

    if not options.timing:
        start_tensorflow(1)
        return {**dataclasses.asdict(describe(protocol, options.classes)), "speed": None}
    keras, cores = isinstance(protocol, KerasProtocol), Cores()
    engine, device, _ = start(AUTO, protocol.engines, cores.threads() if keras else 1)
    if engine == "native":
        start_tensorflow(1)  # for Keras, which describes the network
    described = describe(protocol, options.classes)
    if not protocol.classes:
        names = tuple(map(str, range(described.with_classes)))
        protocol = dataclasses.replace(protocol, classes=names)
    if not keras and engine != "native":
        cores = Cores(1)
    # As many threads as an evaluation takes by itself.
    speed = measure(protocol, engine, device, cores=cores, images=options.images)
    return {**dataclasses.asdict(described), "speed": dataclasses.asdict(speed)}


def _shown(found: dict[str, Any], options: argparse.Namespace) -> str:
    if options.json:
        return json.dumps(found)
    if options.name is not None:
        return json.dumps(found, indent=1, ensure_ascii=False)
    return f"{found['name']:27}{found['parameters']:>11,}  {found['summary']}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fixed_eval.models",
        description="List the protocols; of one, show the network, what learns, and how fast.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="a protocol; default: list all")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--no-timing",
        dest="timing",
        action="store_false",
        help="leave out the seconds per epoch, which take 20 steps of training to find",
    )
    parser.add_argument(
        "--images",
        type=whole(1, MAX_IMAGES),
        default=IMAGES,
        metavar="N",
        help=f"training images of the expected epoch; default: {IMAGES:,}",
    )
    parser.add_argument(
        "--classes",
        type=whole(2, 1000),
        default=CLASSES,
        metavar="N",
        help=f"of a dataset, where the protocol takes its classes from there; default: {CLASSES}",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
