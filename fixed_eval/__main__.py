"""`python -m fixed_eval DIR [--test DIR …] --out score.json`: one evaluation as a process.

This command line, its exit codes and `score.json` are the package's whole interface to others.
"""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from fixed_eval.arguments import whole
from fixed_eval.cores import Cores
from fixed_eval.data import find_classes, list_dataset
from fixed_eval.errors import EvaluatorError, UsageError
from fixed_eval.export import check_place
from fixed_eval.interrupts import interrupts_noticed
from fixed_eval.progress import Say, make_say
from fixed_eval.protocols.base import Protocol
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50
from fixed_eval.protocols.keras_protocol import IMAGENET, NO_WEIGHTS, KerasProtocol
from fixed_eval.protocols.registry import PROTOCOLS, get_protocol

EXIT_CODES = "exit codes: 0 done · 1 unexpected · 2 usage · 3 budget or dataset rule broken · \
4 missing or corrupt input · 130 interrupted"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one evaluation and return the exit code."""
    began = time.perf_counter()
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.until and not options.state:
        parser.error("--until stops a run that a later call goes on with: it needs --state DIR")
    if options.out.is_dir():
        parser.error(f"--out {options.out} is a folder; expected a file name")
    if options.out.exists() and not options.out.is_file():
        parser.error(f"--out {options.out} is a pipe, a socket or a device; expected a file name")
    say = make_say(options.progress)
    try:
        if options.export_model:
            check_place(options.export_model)
        protocol = get_protocol(options.protocol)
        _check_extra_train(protocol, options.extra_train)
        if not protocol.classes:
            protocol = dataclasses.replace(protocol, classes=find_classes(options.dataset))
        # Cheap refusals come before the imports that take seconds.
        list_dataset(options.dataset, protocol, options.seed, options.extra_train)
        weights = _weights(protocol, options.weights)
        from fixed_eval.runtime import start

        shared = Cores(options.threads, options.share)
        threads = shared.threads() if isinstance(protocol, KerasProtocol) else options.threads or 1
        engine, device, reason = start(options.engine, protocol.engines, threads)
        _prepare(protocol, weights, say)
        from fixed_eval.score import Request, evaluate
        from fixed_eval.state import write_atomically

        request = Request(
            dataset=options.dataset,
            tests=tuple(options.test),
            protocol=protocol,
            engine=engine,
            seed=options.seed,
            cores=shared if engine == "native" else Cores(threads),
            device=device,
            engine_reason=reason,
            preview=options.preview,
            until=options.until,
            state=options.state,
            extra=tuple(options.extra_train),
            weights=weights,
            export=options.export_model,
        )
        with interrupts_noticed(say) as noticing:
            score = evaluate(request, noticing, time.perf_counter() - began)
        text = json.dumps(dataclasses.asdict(score), indent=1, ensure_ascii=False)
        # A name that is no Unicode becomes an escape: no score is lost for it.
        write_atomically(options.out, (text + "\n").encode(errors="backslashreplace"))
    except EvaluatorError as error:
        print(f"fixed_eval: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"fixed_eval: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fixed_eval: interrupted before or after the training", file=sys.stderr)
        return 130
    say(
        "done",
        seconds=score.seconds["total"],
        out=str(options.out),
        official=score.official,
        complete=score.complete,
        chosen_epoch=score.chosen_epoch,
        val_accuracy=score.val.accuracy.accuracy,
        test_accuracies=[test.metrics.accuracy.accuracy for test in score.tests],
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fixed_eval",
        description="Train the frozen protocol on DIR/train and DIR/val, and score the best epoch.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("dataset", type=Path, metavar="DIR", help="holds train/ and val/")
    parser.add_argument(
        "--test",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder of class folders to score on; may be given again",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="score.json")
    parser.add_argument("--protocol", choices=sorted(PROTOCOLS), default=CUTOFF_RESNET50.name)
    parser.add_argument(
        "--engine",
        choices=("auto", "native", "fast", "reference", "keras"),
        default="auto",
        help="auto, the default: fast where TensorFlow sees a GPU or the CPU has no fused "
        "multiply-adds, else native; keras for the protocols that it trains",
    )
    parser.add_argument(
        "--extra-train",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a further folder of class folders to train on, with batches of its own; may be given "
        "again, for protocols that know it",
    )
    parser.add_argument(
        "--weights",
        metavar="imagenet|none|FILE",
        help="what the base of a pretrained protocol begins with; imagenet by default",
    )
    parser.add_argument(
        "--export-model",
        type=Path,
        metavar="FILE.keras",
        help="write the trained network to this file, for python -m fixed_eval.predict and Keras",
    )
    parser.add_argument("--seed", type=whole(0, 2**32 - 1), default=CUTOFF_RESNET50.seed)
    parser.add_argument(
        "--preview",
        type=whole(1, 10_000),
        metavar="EPOCHS",
        help="a run of this many epochs, marked as not official",
    )
    parser.add_argument(
        "--until",
        type=whole(1, 10_000),
        metavar="EPOCH",
        help="stop after this epoch; with --state a later call goes on",
    )
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="keep the resumable state of the run here"
    )
    parser.add_argument(
        "--threads",
        type=whole(1, 1024),
        help="of the CPU; by default as many as there are cores, at most 8 (native gives the same "
        "bits for any number), and 1 for fast and reference",
    )
    parser.add_argument(
        "--share",
        type=Path,
        metavar="DIR",
        help="share the cores with the evaluations that name the same folder",
    )
    parser.add_argument("--progress", choices=("jsonl", "human", "none"), default="human")
    return parser


def _check_extra_train(protocol: Protocol, folders: Sequence[Path]) -> None:
    """Refuse further training folders where the protocol knows none.

    Raises:
        UsageError: With the protocols that do.
    """
    known = [
        each.name
        for each in PROTOCOLS.values()
        if isinstance(each, KerasProtocol) and each.extra_train
    ]
    if folders and protocol.name not in known:
        raise UsageError(
            f"{protocol.name} trains on one folder: leave --extra-train {folders[0]} out, or "
            f"choose {' or '.join(known)}"
        )


def _weights(protocol: Protocol, asked: str | None) -> str | None:
    """What the protocol's base begins with; None where it has no pretrained base.

    Raises:
        UsageError: If weights are asked for that the protocol has no use for.
    """
    if isinstance(protocol, KerasProtocol) and protocol.pretrained:
        return asked or IMAGENET
    if asked not in (None, NO_WEIGHTS):
        raise UsageError(f"{protocol.name} has no pretrained base: leave --weights out")
    return None


def _prepare(protocol: Protocol, weights: str | None, say: Say) -> None:
    """Have the weights at hand before anything that takes long."""
    if weights is not None and isinstance(protocol, KerasProtocol) and protocol.pretrained:
        from fixed_eval.pretrained import prepare

        message = f"fetching the ImageNet weights of {protocol.pretrained}, once, from "
        prepare(protocol.pretrained, weights, lambda url: say("fetch", message=message + url))


if __name__ == "__main__":
    sys.exit(main())
