"""`datagen build`: a recipe becomes a dataset."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli import recipe_flags as flags
from datagen.cli.views.output import Json, Quiet, console, cores, counts_table, emit, progress_bar

if TYPE_CHECKING:
    from datagen.building.build import Built


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
    seed: flags.Seed = None,
    size: flags.Size = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes (default: one per core).")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the dataset there.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Build a dataset of handwritten Roman numerals.

    Without flags: 10,000 numerals by the embedded pen, in `ds/`, with no download.

    Example: `datagen build --mix pen=0.5 --mix emnist:gzip.zip=0.5 --out mixed`
    """
    from datagen.building.build import build as build_dataset

    resolved = flags.RecipeFlags(
        source,
        mix,
        recipe,
        option,
        images,
        budget,
        fit,
        val_fraction,
        val_from,
        val_dir,
        seed,
        size,
        pipeline,
        path,
    ).resolve()
    started = time.monotonic()
    total = resolved.images or resolved.budget
    with progress_bar("building", total, quiet=quiet) as progress:
        built = build_dataset(
            resolved,
            out,
            workers=workers or cores(),
            overwrite=overwrite,
            progress=progress,
        )
    seconds = time.monotonic() - started
    _summarise(built, seconds, console(as_json=as_json, quiet=quiet))
    if as_json:
        result = built.info.model_dump(mode="json")
        emit({"command": "build", "path": str(built.path), "seconds": round(seconds, 3)} | result)


def _summarise(built: "Built", seconds: float, out: Any) -> None:
    """Print counts, sources, budget and what to do next."""
    info = built.info
    title = f"{info.name}: {built.count.exact:,} images in {built.path}"
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
    out.print(
        f"next         datagen preview {built.path}   datagen inspect {built.path}", soft_wrap=True
    )
