"""`datagen build`: a recipe becomes a dataset."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli import recipe_flags as flags
from datagen.cli.views.next_step import as_argument, print_next
from datagen.cli.views.output import Json, Quiet, console, cores, counts_table, emit, progress_bars

if TYPE_CHECKING:
    from datagen.api.datasets import Dataset
    from datagen.datasets.format import DatasetInfo


def build(
    source: flags.Source = None,
    mix: flags.Mix = None,
    recipe: flags.RecipeName = None,
    option: flags.Option = None,
    path: flags.SourcePath = None,
    pipeline: flags.Pipeline = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The dataset's folder.")] = Path("ds"),
    images: flags.Images = None,
    budget: flags.Budget = None,
    fit: flags.Fit = False,
    val_fraction: flags.ValFraction = None,
    val_from: flags.ValFrom = None,
    val_dir: flags.ValDir = None,
    test_fraction: flags.TestFraction = None,
    skip_bad: flags.SkipBad = False,
    seed: flags.Seed = None,
    size: flags.Size = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes (default: one per core).")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a dataset that is there.")
    ] = False,
    offline: flags.Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Build a dataset of handwritten Roman numerals.

    Without flags: 10,000 numerals by the embedded pen, in `ds/`, with no download. The archives of
    emnist and chars74k are fetched from their publishers the first time they are needed.

    Example: `datagen build --mix pen=0.5 --mix emnist:gzip.zip=0.5 --out mixed`
    """
    from datagen.api.datasets import build as build_dataset
    from datagen.recipes import overrides
    from datagen.recipes.load import load

    said = overrides.Overrides(
        mix=overrides.mix_of(source, mix),
        options=tuple(overrides.source_option(text) for text in option or ()),
        images=images,
        budget=budget,
        fit=fit or None,
        val_fraction=val_fraction,
        val_from=overrides.ingredient(val_from) if val_from else None,
        val_dir=val_dir,
        test_fraction=test_fraction,
        seed=seed,
        size=overrides.image_size(size),
        pipeline=pipeline,
        paths=tuple(overrides.source_path(text) for text in path or ()),
        skip_bad=skip_bad,
    )
    resolved = overrides.override(load(recipe or "default"), said)
    started = time.monotonic()
    with progress_bars(quiet=quiet) as progress:
        built = build_dataset(
            resolved,
            out,
            workers=workers or cores(),
            overwrite=overwrite,
            offline=offline,
            progress=progress,
        )
    seconds = time.monotonic() - started
    info = built.read_info()
    human = console(as_json=as_json, quiet=quiet)
    _summarise(built, info, seconds, human)
    if info.test_fingerprint is not None:
        human.print(f"test         {built.path / 'test'}: not trained with, and in no budget")
    print_next(human, "inspect", as_argument(out), why="checks every rule; a picture: preview")
    if as_json:
        result = info.model_dump(mode="json")
        emit({"command": "build", "path": str(built.path), "seconds": round(seconds, 3)} | result)


def _summarise(built: "Dataset", info: "DatasetInfo", seconds: float, out: Any) -> None:
    """Print counts, sources and budget."""
    title = f"{info.name}: {info.budget.exact:,} images in {built.path}"
    out.print(counts_table(title, info.counts))
    used = ", ".join(f"{source.key} {source.images:,}" for source in info.sources)
    if info.pipelines:
        out.print(f"pipelines    {', '.join(info.pipelines)}")
    styles = ", ".join(f"{style} {n:,}" for style, n in info.styles.items())
    out.print(f"sources      {used}")
    out.print(f"case styles  {styles}")
    out.print(
        f"budget       {info.budget.exact:,} images, {info.budget.in_batches:,} in batches, "
        f"of {info.budget.limit:,}" + ("" if info.budget.eligible else "  not eligible")
    )
    out.print(f"fingerprint  {info.fingerprint[:16]}   {seconds:.1f} s")
    for note in info.notes:
        out.print(f"note         {note}")
