"""A plan becomes a dataset: made on all cores, staged, verified, renamed into place."""

import hashlib
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from datagen.building.augment import check_labels, open_pipelines
from datagen.building.fetch_missing import FetchMissing
from datagen.building.open_sources import OpenPool, open_pool, open_sources
from datagen.building.render import ATTEMPTS, MIN_VIEW_CONTRAST, ImageRenderer
from datagen.building.replaced import refuse_added_files
from datagen.building.workers import ImageWriter, Progress, WrittenImage, write_all
from datagen.core.budget import Count
from datagen.core.errors import BuildError, UsageError
from datagen.core.limits import MOST_PROCESSES, require
from datagen.core.numerals import CLASSES, PARTS, SPLITS
from datagen.core.text import how_many
from datagen.core.version import installed_version
from datagen.datasets.class_counts import check_every_class, class_counts, total_count
from datagen.datasets.format import (
    INFO,
    RECIPE,
    TEST,
    BudgetInfo,
    DatasetInfo,
    SourceInfo,
    all_image_files,
    fingerprint,
    write_manifest,
)
from datagen.files.atomic import check_target, staged
from datagen.files.atomic import resolved as resolved_path
from datagen.files.paths import are_nested, recorded
from datagen.planning.assign import Item
from datagen.planning.plan import Plan, plan
from datagen.planning.pool_keys import pool_fingerprint
from datagen.planning.resolve import ResolvedRecipe, resolve
from datagen.planning.split import SplitSources
from datagen.recipes.paths import recorded_recipe
from datagen.recipes.schema import Recipe
from datagen.sources import get_source
from pipelines.pipeline import Pipeline
from pipelines.plain import read_yaml, write_yaml


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did."""

    path: Path
    info: DatasetInfo

    @property
    def count(self) -> Count:
        """How many images each side has."""
        return self.info.count


def plan_recipe(
    recipe: Recipe, *, opened: OpenPool = open_pool, fetch: FetchMissing | None = None
) -> Plan:
    """Plan the dataset of `recipe`: open its sources and decide every image; make none.

    Args:
        recipe: what would be built.
        opened: opens the pool of one ingredient; another than the default may keep what it opened.
        fetch: fetches an archive that is missing; None: that is an error.

    Raises:
        UsageError: the recipe names what is not there.
        InputError: a source is missing or corrupt.
        RuleError: the plan breaks the budget, or a side has too few letters or images of a class.
        PipelineError: a pipeline is unknown, or would make a label wrong.
    """
    return _plan_resolved(resolve(recipe), opened, fetch)


def build(
    recipe: Recipe,
    out: Path,
    *,
    workers: int | None = 1,
    overwrite: bool = False,
    progress: Progress | None = None,
    fetch: FetchMissing | None = None,
) -> Built:
    """Build the dataset of `recipe` in the new folder `out`.

    The same recipe gives the same bytes for any number of workers. With more than one, call it
    from under `if __name__ == "__main__":`, for workers are fresh processes.

    Args:
        recipe: what to build.
        out: the dataset's folder.
        workers: processes that make images, this one included; None: one per core, where starting
            them is worth it.
        overwrite: replace a dataset that is there.
        progress: told how far the work is.
        fetch: fetches an archive that is missing; None: that is an error.

    Raises:
        UsageError: the target cannot be used, or holds files of a person, or the recipe names what
            is not there.
        InputError: a source is missing or corrupt.
        RuleError: the plan breaks the budget, or a side has too few letters or images of a class.
        PipelineError: a pipeline is unknown, or would make a label wrong.
        BuildError: the disk is full, a worker was killed, too many images look the same, or a
            composed one has no ink left whatever is drawn.
    """
    require("workers", workers, 1, MOST_PROCESSES)
    out = check_out(out, overwrite=overwrite)
    resolved = resolve(recipe)
    _check_not_in_source(out, resolved)
    planned = _plan_resolved(resolved, open_pool, fetch)
    with staged(out, overwrite=overwrite, marker=INFO) as root, _disk_errors(root):
        return Built(out, _write(planned, root, workers, progress or (lambda _: None)))


def check_out(out: Path, *, overwrite: bool) -> Path:
    """Return where a dataset really goes, before any work is spent on it.

    Raises:
        UsageError: it cannot be written there, or something is there that may not be replaced.
    """
    out = resolved_path(out)
    check_target(out, overwrite=overwrite, marker=INFO)
    if out.is_dir():
        refuse_added_files(out)
    return out


def _plan_resolved(resolved: ResolvedRecipe, opened: OpenPool, fetch: FetchMissing | None) -> Plan:
    _check_judged(resolved)
    planned = plan(open_sources(resolved, opened, fetch))
    check_labels(planned.items, open_pipelines(resolved))
    return planned


def _check_judged(resolved: ResolvedRecipe) -> None:
    """Refuse a recipe whose letters are still to be judged, which is done before a build.

    Raises:
        UsageError: it is one.
    """
    recipe = resolved.recipe
    held_out = [part.mix for part in (recipe.val, recipe.test) if part is not None]
    parts = [part for mix in (recipe.mix, *held_out) for part in mix if part.ratio > 0]
    waiting = [part.source for part in parts if part.left_out is None]
    if recipe.vet and waiting:
        raise UsageError(
            f"the recipe says vet: true, but {waiting[0]} has no left_out yet; run `datagen build` "
            "with it, and use the recipe.yaml of that dataset here"
        )


def _write(planned: Plan, root: Path, workers: int | None, progress: Progress) -> DatasetInfo:
    """Write the images of a plan, and all that is recorded of them, into the empty `root`."""
    for split in planned.sources.resolved.parts:
        for numeral in CLASSES:
            (root / split / numeral).mkdir(parents=True)
    renderer = ImageRenderer(planned.sources)
    writer = ImageWriter(renderer, root)
    written = write_all(planned, writer, workers, progress)
    kept, notes = _without_duplicates(written, planned, writer)
    pipelines = {writer.pipelines[name]: found for name, found in renderer.pipelines.items()}
    info = _info(planned, kept, pipelines, notes, root)
    check_every_class(info.counts)  # images were left out or relabelled
    write_manifest(root, (made.line for made in kept))
    (root / RECIPE).write_text(planned.sources.resolved.recipe.to_yaml(root), "utf-8", newline="\n")
    (root / INFO).write_text(info.model_dump_json(indent=2) + "\n", "utf-8", newline="\n")
    _verify(root, info)
    return info


def _check_not_in_source(out: Path, resolved: ResolvedRecipe) -> None:
    """Refuse a target that lies in a source, or a source that lies in the target."""
    for folder in resolved.paths:
        if are_nested(out, folder):
            raise UsageError(
                f"--out {out} and the source {folder} lie in one another; choose another --out"
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


def _without_duplicates(
    written: Sequence[WrittenImage], planned: Plan, writer: ImageWriter
) -> tuple[list[WrittenImage], list[str]]:
    """Make every image unlike all others.

    Of two equal files, a composed or augmented image is made anew with its next seed. A finished
    image, equal only once resized, cannot be made anew: it leaves train, or val where test has it.

    Returns:
        The images that stay, in order of index, and what a person should know of the others.

    Raises:
        BuildError: all attempts at an item look like other images.
    """
    seen: set[str] = set()
    kept: list[WrittenImage] = []
    # test and val first: of two equal finished images the one in train goes
    for made in sorted(written, key=lambda made: (-PARTS.index(made.split), made.place)):
        unique = _unlike_all(made, planned.items[made.place], seen, writer)
        if unique is not None:
            seen.add(unique.sha256)
            kept.append(unique)
    dropped = len(written) - len(kept)
    notes = [f"{dropped} images left out: as stored they equal another"] if dropped else []
    kept.sort(key=lambda made: made.place)
    notes += _ink_notes([made for made in kept if not made.has_ink])
    least = planned.sources.resolved.recipe.legibility
    if hard := sum(not made.legible for made in kept if made.has_ink):
        kept_below = how_many(hard, "image")
        notes.append(f"{kept_below} kept below legibility {least:g}: no attempt was better")
    return kept, notes


def _ink_notes(blank: Sequence[WrittenImage]) -> list[str]:
    """Say of finished images without ink, which cannot be drawn anew, how many there are."""
    if not blank:
        return []
    first = min(blank, key=lambda made: made.place)
    return [
        f"{how_many(len(blank), 'given image')} kept without ink at 32×32: gray levels differ by "
        f"less than {MIN_VIEW_CONTRAST}, first {first.path} ({first.parent})"
    ]


def _unlike_all(
    made: WrittenImage, item: Item, seen: set[str], writer: ImageWriter
) -> WrittenImage | None:
    """Return an image of `item` unlike those seen; None where its image cannot be another.

    Raises:
        BuildError: all attempts at it look like other images.
    """
    attempts = 0
    while made.sha256 in seen:
        (writer.root / made.path).unlink()  # made anew, it may show another class
        if item.pick is not None and not item.pipeline:
            return None
        attempts += 1
        if attempts > ATTEMPTS:
            raise BuildError(
                f"{ATTEMPTS} attempts at {item.numeral!r} from {item.source} all looked like "
                "images already made; the source offers too little variety"
            )
        made = writer.write_one(item, made.attempt + 1)
    return made


def _info(
    planned: Plan,
    images: Sequence[WrittenImage],
    pipelines: Mapping[str, Pipeline],
    notes: Sequence[str],
    root: Path,
) -> DatasetInfo:
    """Describe what was written in `root`."""
    recipe = planned.sources.resolved.recipe
    counts = class_counts((made.split, made.numeral) for made in images)
    count = total_count(counts)
    return DatasetInfo(
        name=recipe.name,
        fingerprint=_fingerprint_of(images, SPLITS),
        test_fingerprint=_fingerprint_of(images, (TEST,)) if TEST in counts else None,
        size=recipe.size,
        counts=counts,
        styles=dict(sorted(Counter(made.style for made in images).items())),
        budget=BudgetInfo(
            limit=recipe.budget,
            exact=count.exact,
            in_batches=count.in_batches,
            eligible=recipe.eligible and count.within(recipe.budget),
        ),
        sources=_sources(planned.sources, images, root),
        pipelines={name: _pipeline_text(found, root) for name, found in pipelines.items()},
        notes=(*planned.notes, *notes),
        versions=_versions(),
    )


def _fingerprint_of(images: Sequence[WrittenImage], parts: Sequence[str]) -> str:
    return fingerprint((m.split, m.numeral, m.sha256) for m in images if m.split in parts)


def _pipeline_text(pipeline: Pipeline, root: Path) -> str:
    """Return a pipeline's YAML, the folders that it names as a file in `root` says them."""
    text = pipeline.to_yaml()
    plain = read_yaml(text)
    placed = recorded_recipe(plain, root)
    return text if placed == plain else write_yaml(placed)


def _sources(
    sources: SplitSources, images: Sequence[WrittenImage], root: Path
) -> tuple[SourceInfo, ...]:
    """Say of every source what it offered, how many images are from it, under what licence."""
    used = Counter(made.source for made in images)
    return tuple(
        SourceInfo(
            key=key,
            source=part.source,
            path=None if part.path is None else recorded(part.path, root),
            images=used[key],
            licence=get_source(part.source).licence,
            citation=get_source(part.source).citation,
            fingerprint=pool_fingerprint(sources.pools[key]),
        )
        for key, part in sources.resolved.ingredients.items()
    )


def _versions() -> dict[str, str]:
    return {
        "datagen": installed_version(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }


def _verify(root: Path, info: DatasetInfo) -> None:
    """Read the files back: what the folder holds must be what `info` says.

    Raises:
        BuildError: it is not.
    """
    found = [(split, numeral, _hash_of(path)) for split, numeral, path in all_image_files(root)]
    trained = fingerprint(row for row in found if row[0] in SPLITS)
    held_out = fingerprint(row for row in found if row[0] == TEST)
    if trained != info.fingerprint or info.test_fingerprint not in (None, held_out):
        raise BuildError(
            "what was read back is not what was written; nothing was kept. Is the disk sound?"
        )


def _hash_of(path: Path) -> str:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - 10,000 take 0.05 s less
        return hashlib.sha256(file.read()).hexdigest()
