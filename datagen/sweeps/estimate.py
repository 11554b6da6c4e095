"""What a sweep will cost, told before it starts: datasets, evaluations, hours, disk."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.filesize import decimal

from datagen.core.budget import Count
from datagen.core.errors import BuildError
from datagen.datasets.format import INFO
from datagen.sweeps.records import DATASETS
from datagen.sweeps.spec import Spec
from datagen.sweeps.strategies import planned_epochs, planned_rounds
from datagen.sweeps.timing import Timing

_BLOCK: Final = 4096  # bytes a small file takes
_BYTES: Final = {"32": _BLOCK + 1_200, "native": 3 * _BLOCK + 1_200}
"""Bytes of an image and its line in the manifest, by `size`; `du` of a dataset, rounded up."""
_SCORE_BYTES: Final = 260  # of a score per test image
_STATE_BYTES: Final = 4_000_000
"""Bytes of the state that an evaluation keeps: four numbers per weight, rounded up."""
_SPARE: Final = 1.1


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """What a sweep will do.

    Attributes:
        datasets: built at most.
        built: of these stand already.
        evaluations: trials: candidates × seeds.
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


def estimate(
    spec: Spec,
    found: dict[str, Count],
    folder: Path,
    *,
    known: int,
    workers: int,
    timing: Timing | None,
    test_images: int,
    building: tuple[float, float] = (0.0, 0.0),
) -> CostEstimate:
    """Return what a sweep will cost, at most.

    Args:
        spec: the sweep.
        found: images by candidate.
        folder: of the sweep, which may not be there yet.
        known: trials that have ended already.
        workers: trials at once.
        timing: of this machine, if it was timed.
        test_images: in all test sets and the selection set.
        building: seconds to plan a dataset, and to make each of its images.
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
        seconds += timing.once if known < evaluations else 0.0
    built = sum((folder / DATASETS / candidate / INFO).is_file() for candidate in found)
    if seconds is not None:
        images_each = sum(count.exact for count in found.values()) / len(found)
        each = building[0] + building[1] * images_each
        seconds += each * max(0, datasets - built) / min(workers, datasets)
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
            f"the sweep needs {decimal(planned.disk, precision=0)}, {folder} has "
            f"{decimal(planned.free, precision=0)} free; use fewer candidates or images, or "
            "another --out"
        )
