"""`python -m fixed_eval.subsets`: the cut-off network trained on many subsets of one set of images.

Every run learns from the images that its mask names, and judges all of them: what is learnt from
as well as the rest. Runs go side by side, one thread each; the last ones share out the cores that
are free, which sets the speed and no bit. `datagen audit` hands over the images.

Not an official score: few epochs, no validation, and the weights of the last epoch.
"""

import argparse
import dataclasses
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fixed_eval.arguments import whole
from fixed_eval.cores import LARGEST, Cores, cores
from fixed_eval.data import ImageFile, Split
from fixed_eval.engines.native.build import prepare
from fixed_eval.engines.native.engine import NativeEngine
from fixed_eval.errors import EvaluatorError, InputError
from fixed_eval.npz import read_arrays, save_arrays
from fixed_eval.progress import Say, make_say
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50

SIDE: Final = CUTOFF_RESNET50.image_size
CLASSES: Final = len(CUTOFF_RESNET50.classes)

LogProbabilities = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, eq=False)
class Subsets:
    """What is learnt from, by which run.

    Attributes:
        images: uint8 N×32×32, grey, as the evaluator sees them.
        labels: uint8 N, positions in the classes.
        train: bool R×N: the images that each run learns from.
        seeds: uint32 R: of the initial weights and of the order.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]
    train: npt.NDArray[np.bool_]
    seeds: npt.NDArray[np.uint32]


class SharedCores(Cores):
    """The cores of this process, shared out among the runs that go on in it.

    Args:
        total: Cores to share out.
        runs: Runs to come.
    """

    def __init__(self, total: int, runs: int) -> None:
        super().__init__(1)
        self._total, self._left, self._lock = total, runs, threading.Lock()

    def threads(self) -> int:
        """Threads for the next epoch of one run."""
        running = max(1, min(self._total, self._left))
        return max(1, min(LARGEST, self._total // running))

    def end_run(self) -> None:
        """Give back what a run had."""
        with self._lock:
            self._left -= 1


def train_on_subsets(
    subsets: Subsets,
    *,
    epochs: int,
    rate: float,
    threads: int,
    on_epoch: Callable[[], None] = lambda: None,
    on_compile: Callable[[], None] = lambda: None,
) -> LogProbabilities:
    """Train every run, and return what each says of every image: float32 R×N×classes.

    Args:
        subsets: The images, and which runs learn from which.
        epochs: Of each run.
        rate: Adam's learning rate in the first epoch; it falls evenly from epoch to epoch, for the
            last weights are the ones that judge.
        threads: Runs side by side, at most.
        on_epoch: Called after every epoch of any run, by the thread that trains it.
        on_compile: Called before the engine is compiled, once on a machine.

    Raises:
        EvaluatorError: If the native engine does not know this CPU.
    """
    prepare(on_compile)
    pool = _pool(subsets)
    found = np.empty((*subsets.train.shape, CLASSES), np.float32)
    shared = SharedCores(threads, len(found))
    with _stoppable(threads) as (workers, stopped):
        waiting = {
            workers.submit(
                _run, pool, mask, int(seed), epochs, rate, shared, stopped, on_epoch
            ): run
            for run, (mask, seed) in enumerate(zip(subsets.train, subsets.seeds, strict=True))
        }
        for done in as_completed(waiting):
            found[waiting[done]] = done.result()
    return found


@contextmanager
def _stoppable(threads: int) -> Iterator[tuple[ThreadPoolExecutor, threading.Event]]:
    """Workers that leave off after their present epoch where the caller is interrupted."""
    stopped = threading.Event()
    workers = ThreadPoolExecutor(threads)
    try:
        yield workers, stopped
    finally:
        stopped.set()
        workers.shutdown(cancel_futures=True)


def _run(
    pool: Split,
    mask: npt.NDArray[np.bool_],
    seed: int,
    epochs: int,
    rate: float,
    shared: SharedCores,
    stopped: threading.Event,
    on_epoch: Callable[[], None],
) -> LogProbabilities:
    engine = NativeEngine(pool, pool, CUTOFF_RESNET50, seed, shared)
    chosen = np.flatnonzero(mask).astype(np.int32)
    generator = np.random.default_rng(seed)
    for epoch in range(epochs):
        if stopped.is_set():
            break
        engine.set_phase(CUTOFF_RESNET50.phases[0], rate * (1 - epoch / epochs))
        engine.train_epoch(generator.permutation(chosen))
        on_epoch()
    logits = engine.predict(engine.snapshot().weights, pool.images).astype(np.float64)
    shared.end_run()
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return np.asarray(logs, np.float32)


def _pool(subsets: Subsets) -> Split:
    grey = subsets.images.astype(np.float32)[..., None]
    files = (ImageFile(Path(), "", 0),) * len(grey)
    labels = subsets.labels.astype(np.int32)
    return Split("train", files, np.repeat(grey, 3, axis=3), labels, (), ())


def read_subsets(path: Path) -> Subsets:
    """The arrays `images`, `labels`, `train` and `seeds` of an `.npz` file.

    Raises:
        InputError: If one is missing, of another type or shape, or out of range.
    """
    arrays = read_arrays(path)
    count, runs = (len(arrays.get(name, ())) for name in ("images", "train"))
    expected: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
        "images": (np.uint8, (count, SIDE, SIDE)),
        "labels": (np.uint8, (count,)),
        "train": (np.bool_, (runs, count)),
        "seeds": (np.uint32, (runs,)),
    }
    for name, (dtype, shape) in expected.items():
        found: Any = arrays.get(name)
        if found is None or found.dtype != dtype or found.shape != shape or not found.size:
            raise InputError(f"{path} has no array {name} of {dtype.__name__} {shape}")
    if arrays["labels"].max() >= CLASSES:
        raise InputError(f"{path} has labels outside 0 … {CLASSES - 1}")
    if not arrays["train"].any(axis=1).all():
        raise InputError(f"{path} has a run that learns from no image")
    return Subsets(*(arrays[name] for name in expected))


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was asked for and return the exit code."""
    options = _parser().parse_args(arguments)
    say = make_say("jsonl")
    try:
        subsets = read_subsets(options.data)
        found = train_on_subsets(
            subsets,
            epochs=options.epochs,
            rate=options.rate,
            threads=options.threads,
            on_epoch=_counted(say, len(subsets.seeds) * options.epochs),
            on_compile=lambda: say("notice", message="compiling the engine, once on this machine"),
        )
        save_arrays(options.out, log_probabilities=found)
    except EvaluatorError as error:
        print(f"fixed_eval: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _counted(say: Say, epochs: int) -> Callable[[], None]:
    """What tells how many epochs of all runs are done; several threads may call it."""
    done, lock = 0, threading.Lock()

    def tell() -> None:
        nonlocal done
        with lock:
            done += 1
            say("epoch", done=done, epochs=epochs)

    return tell


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fixed_eval.subsets", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="images, labels, train, seeds")
    parser.add_argument("--out", type=Path, required=True, help="for log_probabilities, an .npz")
    parser.add_argument("--epochs", type=whole(1, 1000), required=True)
    parser.add_argument("--rate", type=float, default=CUTOFF_RESNET50.phases[0].learning_rate)
    parser.add_argument("--threads", type=whole(1, 1024), default=cores())
    return parser


if __name__ == "__main__":
    sys.exit(main())
