"""`python -m fixed_eval.letters train|predict|compare|crossfit`: JSON lines on stdout.

Epochs are JSON lines on standard error. `datagen letters` hands over the data and prints.
"""

import argparse
import dataclasses
import itertools
import json
import math
import os
import sys
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fixed_eval.arguments import whole
from fixed_eval.errors import EvaluatorError, InputError, StateError
from fixed_eval.letters import data as npz
from fixed_eval.letters.ending import end_with_reader
from fixed_eval.letters.networks import LABELS, NETS, SIDE
from fixed_eval.letters.settings import (
    EPOCHS,
    ONE_RATE,
    OPTIMISERS,
    PUBLISHED_RATES,
    WARM_UP,
    Settings,
)
from fixed_eval.npz import read_arrays, save_arrays
from fixed_eval.progress import make_say
from fixed_eval.runtime import start_tensorflow

# What Keras, h5py and zipfile raise for a file that is something else, or damaged.
_NO_MODEL = (
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was asked for and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        start_tensorflow(options.threads)
        options.do(options)
    except EvaluatorError as error:
        print(f"fixed_eval: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _train(options: argparse.Namespace) -> None:
    from fixed_eval.letters.training import predict, train

    arrays = read_arrays(options.data)
    data, test = npz.letters(arrays, options.data), _test(arrays, options.data)
    rate = PUBLISHED_RATES[options.optimiser] if options.rate is None else options.rate
    settings = Settings(
        options.net, options.optimiser, rate, options.warm_up, options.epochs, options.seed
    )
    state = options.out.with_suffix(".state")
    trained = train(settings, data, test, tell=_say(), state=state, resume=options.resume)
    _save_model(trained.model, options.out)
    judged = test or data
    found = predict(trained.model, judged.images).argmax(axis=1)
    counts = np.zeros((LABELS, LABELS), int)
    np.add.at(counts, (judged.labels, found), 1)
    _print({**_result(settings, trained), "images": len(data), "confusion": counts.tolist()})


def _compare(options: argparse.Namespace) -> None:
    from fixed_eval.letters.training import train

    arrays = read_arrays(options.data)
    data, test = npz.letters(arrays, options.data), _test(arrays, options.data)
    if test is None:
        raise InputError(f"{options.data} has no test_images to compare on")
    for net, optimiser in itertools.product(options.nets, OPTIMISERS):
        make_say("jsonl")("start", which=[net, optimiser], epoch=0)
        rate = PUBLISHED_RATES[optimiser] if options.published else options.rate
        settings = Settings(net, optimiser, rate, options.warm_up, options.epochs, options.seed)
        _print(_result(settings, train(settings, data, test, tell=_say(net, optimiser))))


def _predict(options: argparse.Namespace) -> None:
    from fixed_eval.letters.training import predict

    images = npz.images(read_arrays(options.data), options.data)
    save_arrays(options.out, log_probabilities=predict(_load_model(options.model), images))


def _crossfit(options: argparse.Namespace) -> None:
    """Judge every image by a network that has not seen its fold; fold -1 is only learnt from."""
    from fixed_eval.letters.training import predict, train

    arrays = read_arrays(options.data)
    data, folds = npz.letters(arrays, options.data), arrays.get("folds")
    if folds is None or folds.shape != (len(data),):
        raise InputError(f"{options.data} has no fold for every image")
    judged = np.full((len(data), LABELS), -np.inf, np.float32)
    for fold in range(int(folds.max(initial=-1)) + 1):
        settings = Settings(options.net, "adamw", options.rate, 0, options.epochs, options.seed)
        trained = train(settings, data.take(folds != fold), tell=_say(fold=fold))
        judged[folds == fold] = predict(trained.model, data.images[folds == fold])
    save_arrays(options.out, log_probabilities=judged)


def _test(arrays: dict[str, Any], path: Path) -> npz.Letters | None:
    return npz.letters(arrays, path, "test_") if "test_images" in arrays else None


def _say(*which: str, fold: int | None = None) -> Any:
    say = make_say("jsonl")
    return lambda epoch: say("epoch", which=list(which), fold=fold, **dataclasses.asdict(epoch))


def _result(settings: Settings, trained: Any) -> dict[str, Any]:
    history = [dataclasses.asdict(epoch) for epoch in trained.history]
    return {**dataclasses.asdict(settings), "parameters": trained.parameters, "history": history}


def _print(result: dict[str, Any]) -> None:
    print(json.dumps(result), flush=True)


def _save_model(model: Any, path: Path) -> None:
    draft = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        model.save(draft)
        draft.replace(path)
    except OSError as error:
        raise StateError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)


def _load_model(path: Path) -> Any:
    import keras

    try:
        model = keras.models.load_model(path, compile=False)
    except _NO_MODEL as error:
        raise InputError(
            f"{path} is no model of `datagen letters train`, or a damaged one; train it again, or "
            "name another"
        ) from error
    if model.input_shape[1:] != (SIDE, SIDE, 1) or model.output_shape[1] < LABELS:
        raise InputError(f"{path} is a model, but none of `datagen letters train`")
    return model


def _rate(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:  # also of NaN
        raise argparse.ArgumentTypeError(f"{text} is no learning rate; expected more than 0")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("fixed_eval.letters", description=__doc__)
    commands = parser.add_subparsers(required=True)
    train = _command(commands, "train", _train)
    train.add_argument("--out", type=Path, required=True, help="the model, FILE.keras")
    train.add_argument("--net", choices=NETS, default="final")
    train.add_argument("--optimiser", choices=OPTIMISERS, default="adamw")
    train.add_argument("--rate", type=_rate)
    train.add_argument("--warm-up", type=whole(0, 1_000_000), default=WARM_UP)
    train.add_argument("--resume", action="store_true")
    compare = _command(commands, "compare", _compare)
    compare.add_argument("--nets", nargs="+", choices=NETS, default=NETS)
    compare.add_argument("--rate", type=_rate, default=ONE_RATE)
    compare.add_argument("--published", action="store_true", help="a tenth for Adam and AdamW")
    compare.add_argument("--warm-up", type=whole(0, 1_000_000), default=0)
    predict = _command(commands, "predict", _predict, trains=False)
    predict.add_argument("--model", type=Path, required=True)
    predict.add_argument("--out", type=Path, required=True)
    crossfit = _command(commands, "crossfit", _crossfit)
    crossfit.add_argument("--out", type=Path, required=True)
    crossfit.add_argument("--net", choices=NETS, default="a")
    crossfit.add_argument("--rate", type=_rate, default=ONE_RATE)
    return parser


def _command(commands: Any, name: str, do: Any, *, trains: bool = True) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name)
    command.set_defaults(do=do)
    command.add_argument("--data", type=Path, required=True, help="images and labels, FILE.npz")
    command.add_argument("--threads", type=whole(1, 1024), default=1)
    if trains:
        command.add_argument("--epochs", type=whole(1, 10_000), default=EPOCHS)
        command.add_argument("--seed", type=whole(0, 2**31 - 1), default=0)
    return command


if __name__ == "__main__":
    end_with_reader()
    sys.exit(main())
