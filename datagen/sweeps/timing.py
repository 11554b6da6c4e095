"""How fast this machine evaluates, timed once and remembered.

Enters: a spec, for its engine and threads. Leaves: seconds per start, training step and val batch.
"""

import json
import math
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

import cv2
import numpy as np
from pydantic import Field, TypeAdapter

from datagen.core.budget import Count
from datagen.core.evaluator_facts import BATCH, OFFICIAL_SEED, PROTOCOL, SIDE
from datagen.core.limits import Seconds
from datagen.core.numerals import CLASSES
from datagen.evaluation.fork_server import can_fork
from datagen.evaluation.process import EvaluationJob, EvaluatorProcess, identity
from datagen.evaluation.records import Score
from datagen.files.cache_dir import cache_folder, cache_key, read_cached, write_cached
from datagen.files.json_records import read_json
from datagen.sweeps.spec import Spec

_STEPS: Final = 20
_VERSION: Final = 3
"""Version of the way of timing; timings of other versions are not used."""
_COMPILED: Final = 5.0
"""Seconds of compiling above which a run may have compiled for all later ones of the machine.

The `native` engine compiles for some 18 s once, and takes 1.5 s from then on.
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of an evaluation on this machine: to begin, per training step, per val batch."""

    start: Seconds
    step: Seconds
    val_batch: Annotated[float, Field(allow_inf_nan=False)]

    def epoch(self, count: Count) -> float:
        """Return the seconds of one epoch."""
        train, val = math.ceil(count.train / BATCH), math.ceil(count.val / BATCH)
        return self.step * train + self.val_batch * val


_timings: Final = TypeAdapter(Timing)


def time_evaluator(spec: Spec) -> Timing:
    """Return how fast this machine evaluates: known, or from 20 real steps of the evaluator.

    Raises:
        EvaluationError: the evaluator does not run.
    """
    cached = cache_folder() / "timings" / f"{_timing_key(spec)}.json"
    known = read_cached(cached, lambda path: _timings.validate_python(read_json(path)))
    if known is not None:
        return known
    timing = _timed(spec)
    write_cached(cached, lambda path: path.write_text(json.dumps(asdict(timing)), "utf-8"))
    return timing


def _timing_key(spec: Spec) -> str:
    parts = [_VERSION, identity(), spec.engine, spec.threads, os.cpu_count()]
    return cache_key(parts)


def _timed(spec: Spec) -> Timing:
    """Train two epochs of 20 steps, and again where the first run of this machine compiled."""
    with tempfile.TemporaryDirectory(prefix="datagen-timing-") as name:
        root = Path(name)
        _write_noise(root / "ds" / "train", _STEPS * BATCH // len(CLASSES))
        _write_noise(root / "ds" / "val", BATCH)
        job = EvaluationJob(root / "ds", (), OFFICIAL_SEED, PROTOCOL, spec.engine, 2, spec.threads)
        score = _evaluated(job, root / "first")
        if score.seconds.get("compile", 0.0) > _COMPILED:
            score = _evaluated(job, root / "again")
    return _timing_of(score)


def _evaluated(job: EvaluationJob, place: Path) -> Score:
    run = EvaluatorProcess(job, place / "score.json", place / "state")
    try:
        run.start()
        return run.listen(lambda _: None)
    finally:
        run.interrupt()
        run.reap()


def _timing_of(score: Score) -> Timing:
    """Return the timing in a score of two epochs; the second one counts, the first one warms up."""
    first, second = score.history
    before = ["load", "compile", "score"]
    if not can_fork():
        before.append("import")
    return Timing(
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
