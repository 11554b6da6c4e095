"""A plan becomes a dataset: made on all cores, staged, verified, renamed into place."""

import hashlib
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from datagen.building.augment import check_labels, open_pipelines
from datagen.building.render import ImageRenderer, open_pools, source_folders
from datagen.building.workers import ImageWriter, Progress, WrittenImage, write_all
from datagen.core.budget import Count
from datagen.core.errors import BuildError, UsageError
from datagen.core.numerals import CLASSES, SPLITS
from datagen.datasets.format import (
    INFO,
    RECIPE,
    BudgetInfo,
    DatasetInfo,
    SourceInfo,
    fingerprint,
    image_files,
    write_manifest,
)
from datagen.files.atomic import check_target, resolved, staged
from datagen.planning.plan import Plan, check_classes, plan
from datagen.planning.quotas import keyed_ingredients
from datagen.recipes.schema import Recipe
from datagen.sources import get_source
from pipelines.pipeline import Pipeline

_ATTEMPTS: Final = 20  # at making an image unlike all others, before the source is called too small


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did."""

    path: Path
    info: DatasetInfo
    count: Count


def build(
    recipe: Recipe,
    out: Path,
    *,
    workers: int = 1,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Built:
    """Build the dataset of `recipe` in the new folder `out`.

    The same recipe gives the same bytes for any number of workers. With more than one, call it
    from under `if __name__ == "__main__":`, for workers are fresh processes.

    Args:
        recipe: what to build.
        out: the dataset's folder.
        workers: processes that make images.
        overwrite: replace a dataset that stands there.
        progress: told how far the work is.

    Raises:
        UsageError: the target cannot be used, or the recipe names what is not there.
        InputError: a source is missing or corrupt.
        RuleError: the plan breaks the budget, starves a side or leaves a class empty.
        PipelineError: a pipeline is unknown, or would make a label wrong.
        BuildError: the disk is full, a worker was killed, or images keep coming out alike.
    """
    out = resolved(out)
    check_target(out, overwrite=overwrite, marker=INFO)
    _check_not_in_source(out, recipe)
    pools = open_pools(recipe)
    planned = plan(recipe, pools)
    pipelines = open_pipelines(recipe)
    check_labels(planned.items, pipelines)
    with staged(out, overwrite=overwrite, marker=INFO) as root, _disk_errors(root):
        for split in SPLITS:
            for numeral in CLASSES:
                (root / split / numeral).mkdir(parents=True)
        written = write_all(recipe, pools, planned, root, workers, progress or (lambda _: None))
        written, notes = _without_twins(
            written, ImageRenderer(recipe, pools, planned.pool_splits), root
        )
        check_classes((image.item.split, image.numeral) for image in written)  # twins, relabelled
        info = _info(recipe, planned, written, pipelines, notes)
        write_manifest(root, [image.line for image in written])
        (root / RECIPE).write_text(recipe.to_yaml(), "utf-8", newline="\n")
        (root / INFO).write_text(info.model_dump_json(indent=2) + "\n", "utf-8", newline="\n")
        _verify(root, info)
    counts = [sum(info.counts[split].values()) for split in SPLITS]
    return Built(out, info, Count(*counts))


def _check_not_in_source(out: Path, recipe: Recipe) -> None:
    """Refuse a target that lies in a source, or a source that lies in the target."""
    for folder in source_folders(recipe):
        if out.is_relative_to(folder) or folder.is_relative_to(out):
            raise UsageError(
                f"--out {out} and the source {folder} lie in each other; choose another --out"
            )


@contextmanager
def _disk_errors(root: Path) -> Iterator[None]:
    """Say what the disk refused, and where."""
    try:
        yield
    except OSError as error:
        if not error.strerror:
            raise
        raise BuildError(
            f"cannot write the dataset in {root.parent}: {error.strerror}; nothing was kept"
        ) from error


def _without_twins(
    written: Sequence[WrittenImage], renderer: ImageRenderer, root: Path
) -> tuple[list[WrittenImage], list[str]]:
    """Make every image unlike all others.

    A composed or augmented twin is made anew with its next seed. A finished image that only looks
    like another once resized cannot be: it leaves train.

    Raises:
        BuildError: an item's images keep coming out like others.
    """
    writer = ImageWriter(renderer, root)
    seen: set[str] = set()
    kept: list[WrittenImage] = []
    dropped = 0
    # val first: of two finished twins the training image goes
    for image in sorted(written, key=lambda w: (w.item.split == "train", w.item.index)):
        unique = image
        attempt = 0
        while unique.sha256 in seen and (unique.item.pick is None or unique.item.pipeline):
            (root / unique.path).unlink()  # made anew, it may show another class
            attempt += 1
            if attempt > _ATTEMPTS:
                raise BuildError(
                    f"{_ATTEMPTS} attempts at {image.item.numeral!r} from {image.item.source} all "
                    "looked like images already made; the source offers too little variety"
                )
            (unique,) = writer.write([image.item], attempt)
        if unique.sha256 in seen:
            (root / unique.path).unlink()
            dropped += 1
            continue
        seen.add(unique.sha256)
        kept.append(unique)
    notes = [f"{dropped} images left out: as stored they equal another"] if dropped else []
    return sorted(kept, key=lambda w: w.item.index), notes


def _info(
    recipe: Recipe,
    planned: Plan,
    written: Sequence[WrittenImage],
    pipelines: Mapping[str, Pipeline],
    notes: Sequence[str],
) -> DatasetInfo:
    """Describe what was written."""
    items = [image.item for image in written]
    cells = Counter((image.item.split, image.numeral) for image in written)
    count = Count(*(sum(item.split == split for item in items) for split in SPLITS))
    used = Counter(item.source for item in items)
    return DatasetInfo(
        name=recipe.name,
        fingerprint=fingerprint((i.item.split, i.numeral, i.sha256) for i in written),
        size=recipe.size,
        counts={split: {c: cells[split, c] for c in CLASSES} for split in SPLITS},
        styles=dict(sorted(Counter(item.style for item in items).items())),
        budget=BudgetInfo(
            limit=recipe.budget,
            exact=count.exact,
            in_batches=count.in_batches,
            eligible=recipe.eligible and count.within(recipe.budget),
        ),
        sources=tuple(
            SourceInfo(
                key=key,
                source=part.source,
                path=None if part.path is None else str(part.path),
                images=used[key],
                licence=get_source(part.source).licence,
                citation=get_source(part.source).citation,
            )
            for key, part in keyed_ingredients(recipe).items()
        ),
        pipelines={name: found.to_yaml() for name, found in pipelines.items()},
        notes=(*planned.notes, *notes),
        versions={
            "datagen": _version(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "opencv": cv2.__version__,
        },
    )


def _version() -> str:
    try:
        return version("roman-datagen")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"


def _verify(root: Path, info: DatasetInfo) -> None:
    """Read the files back: what the folder holds must be what `info` says.

    Raises:
        BuildError: it is not.
    """
    found = (
        (split, numeral, hashlib.sha256(path.read_bytes()).hexdigest())
        for split, numeral, path in image_files(root)
    )
    if fingerprint(found) != info.fingerprint:
        raise BuildError(
            "what was read back is not what was written; nothing was kept. Is the disk sound?"
        )
