"""How long an epoch of a protocol takes on this machine, by a few steps on made-up images."""

import dataclasses
import math
import time
from pathlib import Path
from typing import Final

import numpy as np

from fixed_eval.cores import Cores
from fixed_eval.data import ImageFile, Split
from fixed_eval.protocols.base import Protocol
from fixed_eval.protocols.keras_protocol import NO_WEIGHTS
from fixed_eval.training import Engine

STEPS: Final = 20
_FEW: Final = 2  # steps whose seconds are mostly those of beginning an epoch
_REPEATS: Final = 3
_LONG: Final = 1.0  # seconds after which nothing is repeated


@dataclasses.dataclass(frozen=True)
class PhaseSpeed:
    """Seconds of a step, and of an epoch of training; validation comes on top."""

    name: str
    seconds_per_step: float
    seconds_per_epoch: float


@dataclasses.dataclass(frozen=True)
class Speed:
    """What was measured.

    Attributes:
        device: `cpu` or `gpu`.
        threads: Of the CPU.
        images: Training images of the expected epoch.
        steps: That were measured.
        phases: In order.
    """

    engine: str
    device: str
    threads: int
    images: int
    steps: int
    phases: tuple[PhaseSpeed, ...]


def measure(
    protocol: Protocol, engine: str, device: str, *, cores: Cores, images: int, steps: int = STEPS
) -> Speed:
    """Train `protocol` for some steps of each phase, and reckon with what an epoch's begin takes.

    Args:
        protocol: With its classes.
        engine: What trains; started already.
        device: That it computes on.
        cores: Of the native engine.
        images: Training images of the expected epoch.
        steps: To measure.
    """
    from fixed_eval.score import make_engine  # noqa: PLC0415

    count = (steps + _FEW) * protocol.batch_size
    train, val = _made_up("train", count, protocol), _made_up("val", 1, protocol)
    made = make_engine(
        engine,
        (train, val),
        protocol,
        protocol.seed,
        cores=cores,
        on_compile=lambda: None,
        weights=NO_WEIGHTS,
    )
    phases = []
    for phase in protocol.phases:
        made.set_phase(phase, phase.learning_rate)
        _seconds(made, protocol, _FEW)  # the engine compiles
        few, all_of_them = (_seconds(made, protocol, each) for each in (_FEW, _FEW + steps))
        step = max(all_of_them - few, 0.0) / steps
        more = math.ceil(images / protocol.batch_size) - _FEW
        phases.append(PhaseSpeed(phase.name, step, max(few + more * step, 0.0)))
    return Speed(engine, device, cores.threads(), images, steps, tuple(phases))


def _seconds(engine: Engine, protocol: Protocol, steps: int) -> float:
    """What so many steps take; of a short time the least of several, for other work disturbs it."""
    batches = next(protocol.train_batches([steps * protocol.batch_size], protocol.seed))
    taken: list[float] = []
    while len(taken) < _REPEATS and sum(taken) < _LONG:
        began = time.perf_counter()
        engine.train_epoch(batches)
        taken.append(time.perf_counter() - began)
    return min(taken)


def _made_up(name: str, count: int, protocol: Protocol) -> Split:
    """Noise: a step takes as long on any picture."""
    generator = np.random.default_rng(protocol.seed)
    shape = (count, protocol.image_size, protocol.image_size, 3)
    pixels = generator.integers(0, 256, shape, np.uint8).astype(protocol.pixels, copy=False)
    labels = generator.integers(0, len(protocol.classes), count).astype(np.int32)
    files = (ImageFile(Path(name), name, 0),) * count
    return Split(name, files, pixels, labels, (), ())
