"""How fast this machine evaluates, timed once and remembered.

Enters: a spec, for its engine and threads. Leaves: seconds per start, training step and val batch.
"""

import json
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, astuple, dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Annotated, Final

import cv2
import numpy as np
from pydantic import Field, TypeAdapter

from datagen.core.budget import Count
from datagen.core.evaluator_facts import BATCH, OFFICIAL_SEED, PROTOCOL, SIDE
from datagen.core.limits import Seconds
from datagen.core.machine import cores
from datagen.core.numerals import CLASSES
from datagen.evaluation.fork_server import can_fork
from datagen.evaluation.process import EvaluationJob, EvaluatorProcess, identity
from datagen.evaluation.records import Score
from datagen.files.cache_dir import cache_folder, cache_key, read_cached, write_cached
from datagen.files.json_records import read_json
from datagen.files.scratch import scratch
from datagen.sweeps.spec import Spec

_STEPS: Final = 20
_VERSION: Final = 4
"""Version of the way of timing; timings of other versions are not used."""
_COMPILED: Final = 5.0
"""Seconds of compiling above which a run may have compiled for all later ones of the machine.

The `native` engine compiles for some 18 s once, and takes 1.5 s from then on.
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of an evaluation on this machine, with as many beside it as were timed.

    Attributes:
        start: to begin, and to score at the end.
        step: per training step.
        val_batch: per batch of val.
        once: before the first of several: the evaluator is imported once where they are forks.
    """

    start: Seconds
    step: Seconds
    val_batch: Annotated[float, Field(allow_inf_nan=False)]
    once: Seconds = 0.0

    def epoch(self, count: Count) -> float:
        """Return the seconds of one epoch."""
        train, val = math.ceil(count.train / BATCH), math.ceil(count.val / BATCH)
        return self.step * train + self.val_batch * val


_timings: Final = TypeAdapter(Timing)


def time_evaluator(spec: Spec, at_once: int = 1) -> Timing:
    """Return how fast this machine evaluates: known, or from 20 real steps of the evaluator.

    Args:
        spec: for its engine and threads.
        at_once: evaluations side by side, which slow each other down.

    Raises:
        EvaluationError: the evaluator does not run.
    """
    known = known_timing(spec.engine, spec.threads, at_once)
    if known is not None:
        return known
    timing = _timed(spec, at_once)
    write_cached(
        _timing_file(spec.engine, spec.threads, at_once),
        lambda path: path.write_text(json.dumps(asdict(timing)), "utf-8"),
    )
    return timing


def known_timing(engine: str, threads: int | None, at_once: int | None = None) -> Timing | None:
    """Return how fast this machine evaluates, if it was timed before.

    Args:
        engine: as a request names it.
        threads: of each evaluation.
        at_once: evaluations side by side; None takes the fewest that were timed.
    """
    numbers = range(1, cores() + 1) if at_once is None else (at_once,)
    found = (
        read_cached(
            _timing_file(engine, threads, number),
            lambda path: _timings.validate_python(read_json(path)),
        )
        for number in numbers
    )
    return next((timing for timing in found if timing is not None), None)


def _timing_file(engine: str, threads: int | None, at_once: int) -> Path:
    key = cache_key([_VERSION, identity(), engine, threads, os.cpu_count(), at_once])
    return cache_folder() / "timings" / f"{key}.json"


def _timed(spec: Spec, at_once: int) -> Timing:
    """Train two epochs of 20 steps, and again where the first run of this machine compiled."""
    with scratch("datagen-timing") as root:
        _write_noise(root / "ds" / "train", _STEPS * BATCH // len(CLASSES))
        _write_noise(root / "ds" / "val", BATCH)
        job = EvaluationJob(root / "ds", (), OFFICIAL_SEED, PROTOCOL, spec.engine, 2, spec.threads)
        runs = _side_by_side(job, root / "first", at_once)
        if max(score.seconds.get("compile", 0.0) for score, _ in runs) > _COMPILED:
            runs = _side_by_side(job, root / "again", at_once)
    timings = [_timing_of(score, wall) for score, wall in runs]
    return Timing(*(fmean(column) for column in zip(*map(astuple, timings), strict=True)))


def _side_by_side(job: EvaluationJob, place: Path, number: int) -> list[tuple[Score, float]]:
    """Return the scores of equal runs at the same time, and the seconds that each took in all."""
    with ThreadPoolExecutor(number) as pool:
        places = [place / str(k) for k in range(number)]
        return list(pool.map(partial(_evaluated, job), places))


def _evaluated(job: EvaluationJob, place: Path) -> tuple[Score, float]:
    run = EvaluatorProcess(job, place / "score.json", place / "state")
    began = time.monotonic()
    try:
        run.start()
        return run.listen(lambda _: None), time.monotonic() - began
    finally:
        run.interrupt()
        run.reap()


def _timing_of(score: Score, wall: float) -> Timing:
    """Return the timing in a score of two epochs; the second one counts, the first one warms up."""
    first, second = score.history
    before = ["load", "compile", "score"]
    once = score.seconds.get("import", 0.0)
    if not can_fork():
        before.append("import")
        once = 0.0
    # what the evaluator cannot see of itself: its process begins and ends
    once += max(0.0, wall - score.seconds.get("total", wall))
    return Timing(
        once=once,
        start=sum(score.seconds.get(part, 0.0) for part in before)
        + max(0.0, first.seconds - second.seconds),
        step=second.train_seconds / _STEPS,
        val_batch=(second.seconds - second.train_seconds) / len(CLASSES),
    )


def _write_noise(root: Path, each: int) -> None:
    rng = np.random.default_rng(0)
    for numeral in CLASSES:
        (root / numeral).mkdir(parents=True)
        for k in range(each):
            noise = rng.integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
            cv2.imwrite(str(root / numeral / f"{k}.png"), noise)
