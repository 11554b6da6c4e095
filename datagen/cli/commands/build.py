"""`datagen build`: a recipe becomes a dataset."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli import recipe_flags as flags
from datagen.cli.unused_flags import refuse_unused
from datagen.cli.views.next_step import as_argument, print_next
from datagen.cli.views.output import Json, Quiet, console, counts_table, emit, progress_bars
from datagen.core.errors import UsageError
from datagen.core.machine import one_blas_thread
from pipelines.text import quoted

if TYPE_CHECKING:
    from datagen.api.datasets import Dataset
    from datagen.datasets.format import DatasetInfo
    from datagen.letters.vet import Vetted
    from datagen.recipes.schema import Recipe

VET = ("drop", "list")


def build(
    context: typer.Context,
    source: flags.Source = None,
    mix: flags.Mix = None,
    recipe: flags.RecipeName = None,
    option: flags.Option = None,
    path: flags.SourcePath = None,
    pipeline: flags.Pipeline = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new dataset.")] = Path(
        "ds"
    ),
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
        int | None,
        typer.Option(
            "--workers",
            min=1,
            help="Number of processes (default: one per core; 1 for few images).",
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace an existing dataset, if it holds no files of your own."
        ),
    ] = False,
    vet: Annotated[
        str | None,
        typer.Option(
            "--vet",
            metavar="[drop|list]",
            help="Leave out letters whose label seems wrong; `list` shows them and builds nothing.",
        ),
    ] = None,
    offline: flags.Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Build a dataset of handwritten Roman numerals.

    Without options it writes 10,000 numerals of the built-in source `pen` to `ds/` and downloads
    nothing. The archives of emnist and chars74k are downloaded from their publishers when they are
    first needed.

    Example: `datagen build --mix pen=0.5 --mix emnist:gzip.zip=0.5 --out mixed`
    """
    with one_blas_thread():
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
    if vet not in (None, *VET):
        raise UsageError(f"--vet {quoted(vet)}: expected {' or '.join(VET)}, or no word")
    if vet == "list":
        refuse_unused(context, ("workers", "overwrite"), "with --vet list", "leave --vet list out")
    resolved = overrides.override(load(recipe or "default"), said)
    if vet or resolved.vet:
        _check_place(out, vet, overwrite=overwrite)  # before minutes of training
        resolved, found = _vetted(resolved, out, vet, offline=offline, quiet=quiet)
        _print_vetted(found, out, vet, as_json=as_json, quiet=quiet)
        if vet == "list":
            return
    started = time.monotonic()
    with progress_bars(quiet=quiet) as progress:
        built = build_dataset(
            resolved,
            out,
            workers=workers,
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
    print_next(human, "inspect", as_argument(out), why="checks every rule; preview shows a picture")
    if as_json:
        result = info.model_dump(mode="json")
        emit({"command": "build", "path": str(built.path), "seconds": round(seconds, 3)} | result)


def _check_place(out: Path, vet: str | None, *, overwrite: bool) -> None:
    """Refuse a dataset, or a picture of letters, that cannot be written."""
    if vet == "list":
        from datagen.previews.picture_file import check_picture

        check_picture(_sheet(out))
        return
    from datagen.building.build import check_out

    check_out(out, overwrite=overwrite)


def _vetted(
    recipe: "Recipe", out: Path, vet: str | None, *, offline: bool, quiet: bool
) -> "tuple[Recipe, list[Vetted]]":
    from datagen.api.letters import vet_letters

    sheet = _sheet(out) if vet == "list" else None
    with progress_bars(quiet=quiet) as progress:
        return vet_letters(recipe, sheet=sheet, offline=offline, progress=progress)


def _sheet(out: Path) -> Path:
    """Return where the picture of the letters goes: beside the dataset."""
    return out.with_name(f"{out.name}-vetted.png")


def _print_vetted(
    found: "list[Vetted]", out: Path, vet: str | None, *, as_json: bool, quiet: bool
) -> None:
    """Print how many letters of each source are bad; with `list` each of them."""
    human = console(as_json=as_json, quiet=quiet)
    for vetted in found:
        human.print(f"vetted       {vetted.source}: {len(vetted.bad):,} of {vetted.letters:,} bad")
        for bad in vetted.bad if vet == "list" else ():
            says = f"labelled {bad.letter}, read as {bad.read_as}, {bad.probability:.4f}"
            human.print(f"             {bad.id}  {says}", soft_wrap=True)
    if not found:
        human.print("vetted       no source of letters that can be judged")
    if vet != "list":
        return
    human.print(f"picture      {_sheet(out)}", soft_wrap=True)
    for vetted in found if as_json else ():
        bad_ones = [bad.model_dump(mode="json") for bad in vetted.bad]
        plain = {"source": vetted.source, "letters": vetted.letters, "bad": bad_ones}
        emit({"command": "build --vet list", "sheet": str(_sheet(out)), **plain})


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
