"""What a sweep will cost, told before it starts: datasets, evaluations, hours, disk.

Every source is opened and every point planned here, so that what is missing or cannot be is found
before anything is built.
"""

import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from datagen.building.augment import check_labels, open_pipelines
from datagen.core.budget import Count
from datagen.core.errors import (
    BuildError,
    CorruptInputError,
    DatagenError,
    MissingInputError,
    UsageError,
)
from datagen.core.evaluator_facts import BATCH, OFFICIAL_SEED, PROTOCOL, SIDE
from datagen.core.numerals import CLASSES, SPLITS
from datagen.datasets.format import INFO, read_info
from datagen.evaluation.cache import test_content
from datagen.evaluation.fork_server import can_fork
from datagen.evaluation.process import EvaluationJob, EvaluatorProcess, identity
from datagen.evaluation.records import Score
from datagen.files.atomic import staged_file
from datagen.files.cache_dir import cache_folder
from datagen.planning.plan import plan
from datagen.planning.quotas import keyed_ingredients
from datagen.planning.split import Pool
from datagen.recipes.schema import Ingredient, Recipe
from datagen.sources import open_source
from datagen.sweeps.candidates import Candidate
from datagen.sweeps.spec import Spec
from datagen.sweeps.strategies import planned_epochs, planned_rounds
from datagen.sweeps.trial import DATASETS
from pipelines.errors import PipelineError

_TIMED_STEPS: Final = 20
_TIMING: Final = 3  # version of how a machine is timed: timings of others are not taken
_COMPILED: Final = 5.0
"""Seconds of compiling above which a run may have compiled for all later ones of the machine.

The `native` engine compiles for some 18 s once, and takes 1.5 s from then on.
"""
_BLOCK: Final = 4096  # bytes a small file takes
_BYTES: Final = {"32": _BLOCK + 1_200, "native": 3 * _BLOCK + 1_200}
"""Of an image and its line of the manifest, by `size`; `du` of a built dataset, rounded up."""
_SCORE_BYTES: Final = 260  # of a score per test image
_STATE_BYTES: Final = 4_000_000
"""Of the state that an evaluation keeps: four numbers per weight of the network, rounded up."""
_SPARE: Final = 1.1
_PLANNED: Final = 50  # points of tpe: a plan takes up to a second


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of an evaluation on this machine: to begin, per training step, per val batch."""

    start: float
    step: float
    val_batch: float

    def epoch(self, count: Count) -> float:
        """Return the seconds of one epoch."""
        train, val = math.ceil(count.train / BATCH), math.ceil(count.val / BATCH)
        return self.step * train + self.val_batch * val


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """What a sweep will do.

    Attributes:
        datasets: at most so many are built.
        built: of these stand already.
        evaluations: trials: points × seeds.
        known: of these have ended already.
        epochs: trained in all, at most.
        images: of the largest dataset.
        seconds: of all evaluations on `workers`; None where nothing was timed.
        disk, free: bytes needed, at most, and there.
    """

    datasets: int
    built: int
    evaluations: int
    known: int
    epochs: int
    images: int
    workers: int
    seconds: float | None
    disk: int
    free: int


def check_folders(spec: Spec) -> int:
    """Check the test sets and the selection set; return how many images they hold.

    Raises:
        MissingInputError: one is not there.
        CorruptInputError: one holds a folder that is no class, or no image.
        UsageError: one is given twice, or a test set would decide.
    """
    folders = [*spec.tests, *([spec.selection] if spec.selection else [])]
    seen: dict[str, Path] = {}
    images = 0
    for folder in folders:
        if not folder.is_dir():
            raise MissingInputError(
                f"no folder {folder}; expected class folders {' '.join(CLASSES)}"
            )
        content = test_content(folder)
        if content is None or not content.files:
            raise CorruptInputError(
                f"{folder} cannot be scored on; expected only class folders {' '.join(CLASSES)} "
                "with images"
            )
        if content.fingerprint in seen:
            other = seen[content.fingerprint]
            raise UsageError(
                f"{other} and {folder} hold the same images; give each test set once, and select "
                "on images that are in none, or the test would decide"
            )
        seen[content.fingerprint] = folder
        images += len(content.files)
    return images


def counts(spec: Spec, points: Sequence[Candidate], folder: Path) -> dict[str, Count]:
    """Return how many images each point has: planned, or as built.

    Of the many points that tpe may choose from, some of every part are planned.

    Raises:
        DatagenError: a source is missing, or a plan cannot be; the message names the point.
        PipelineError: a pipeline is unknown, or would make a label wrong.
    """
    pools: dict[str, Pool] = {}
    most = max(_PLANNED, spec.trials) if spec.strategy == "tpe" else len(points)
    some = points[:: math.ceil(len(points) / most)]
    return {point.id: _built(point, folder) or _planned(point, pools) for point in some}


def _built(point: Candidate, folder: Path) -> Count | None:
    root = folder / DATASETS / point.id
    if not (root / INFO).is_file():
        return None
    found = read_info(root).counts
    return Count(*(sum(found[split].values()) for split in SPLITS))


def _planned(point: Candidate, pools: dict[str, Pool]) -> Count:
    try:
        recipe: Recipe = point.recipe
        opened = {key: _open(part, pools) for key, part in keyed_ingredients(recipe).items()}
        planned = plan(recipe, opened)
        check_labels(planned.items, open_pipelines(recipe))
        return planned.count
    except (DatagenError, PipelineError) as error:
        error.args = (f"point {point.name}: {error}",)
        raise


def _open(part: Ingredient, pools: dict[str, Pool]) -> Pool:
    """Open a source once for all points."""
    key = json.dumps([part.source, str(part.path), part.options], sort_keys=True, default=str)
    if key not in pools:
        pools[key] = open_source(part.source, part.path, part.options)
    return pools[key]


def estimate(
    spec: Spec,
    found: dict[str, Count],
    folder: Path,
    *,
    known: int,
    workers: int,
    timing: Timing | None,
    test_images: int,
) -> CostEstimate:
    """Return what a sweep will cost, at most.

    Args:
        spec: the sweep.
        found: images by point.
        folder: of the sweep, which may not be there yet.
        known: trials that have ended already.
        workers: trials at once.
        timing: of this machine, if it was timed.
        test_images: in all test sets and the selection set.
    """
    datasets = min(len(found), spec.trials) if spec.strategy == "tpe" else len(found)
    evaluations = datasets * spec.seeds
    epochs = planned_epochs(spec, len(found))
    starts = spec.seeds * sum(alive for alive, _ in planned_rounds(spec, len(found)))
    seconds = None
    if timing is not None:
        mean = sum(timing.epoch(count) for count in found.values()) / len(found)
        seconds = (mean * epochs + timing.start * starts) / min(workers, evaluations)
        seconds *= max(0.0, 1 - known / evaluations)
    built = sum((folder / DATASETS / point / INFO).is_file() for point in found)
    bytes_each = _BYTES[str(spec.base().size)]
    images = sorted((count.exact for count in found.values()), reverse=True)
    disk = sum(images[:datasets]) * bytes_each * (1 - built / max(datasets, built, 1))
    disk += (evaluations - known) * _STATE_BYTES + starts * test_images * _SCORE_BYTES
    return CostEstimate(
        datasets=datasets,
        built=built,
        evaluations=evaluations,
        known=known,
        epochs=epochs,
        images=images[0],
        workers=workers,
        seconds=seconds,
        disk=int(max(disk, 0)),
        free=free_bytes(folder),
    )


def free_bytes(folder: Path) -> int:
    """Return the free disk where `folder` is, or would be."""
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return shutil.disk_usage(place).free


def check_disk(planned: CostEstimate, folder: Path) -> None:
    """Refuse a plan that does not fit on the disk.

    Raises:
        BuildError: it does not.
    """
    if planned.disk * _SPARE > planned.free:
        raise BuildError(
            f"the sweep needs {planned.disk / 1e9:,.2f} GB, {folder} has {planned.free / 1e9:,.2f} "
            "GB free; use fewer points or images, or another --out"
        )


def time_evaluator(spec: Spec) -> Timing:
    """Return how fast this machine evaluates: known, or from 20 real steps of the evaluator.

    Raises:
        EvaluationError: the evaluator does not run.
    """
    cached = cache_folder() / "timings" / f"{_timing_key(spec)}.json"
    try:
        return Timing(**json.loads(cached.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        pass  # not timed yet, or not readable: time it
    timing = _timed(spec)
    try:
        with staged_file(cached) as temporary:
            temporary.write_text(json.dumps(asdict(timing)), "utf-8")
    except OSError:
        pass  # it is timed again the next time
    return timing


def _timing_key(spec: Spec) -> str:
    parts = [_TIMING, identity(), spec.engine, spec.threads, os.cpu_count()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def _timed(spec: Spec) -> Timing:
    """Train two epochs of 20 steps, and again where the first run of this machine compiled."""
    with tempfile.TemporaryDirectory(prefix="datagen-timing-") as name:
        root = Path(name)
        _write_noise(root / "ds" / "train", _TIMED_STEPS * BATCH // len(CLASSES))
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
        step=second.train_seconds / _TIMED_STEPS,
        val_batch=(second.seconds - second.train_seconds) / len(CLASSES),
    )


def _write_noise(root: Path, each: int) -> None:
    rng = np.random.default_rng(0)
    for numeral in CLASSES:
        (root / numeral).mkdir(parents=True)
        for k in range(each):
            noise = rng.integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
            cv2.imwrite(str(root / numeral / f"{k}.png"), noise)
