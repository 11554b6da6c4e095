"""`datagen preview`: what a dataset or a recipe looks like, or what a pipeline makes of images."""

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli import recipe_flags as flags
from datagen.cli.arguments import Refusal, good_ones, refuse
from datagen.cli.views.next_step import as_argument, free_name, print_next
from datagen.cli.views.next_step import flags as words_of
from datagen.cli.views.output import Json, console, emit, progress_bars
from datagen.core.errors import UsageError
from datagen.files.paths import user_path

if TYPE_CHECKING:
    from datagen.building.fetch_missing import FetchMissing
    from datagen.previews.augmentation import AugmentationRows, AugmentedImage
    from datagen.previews.contact_sheet import SheetImages
    from datagen.previews.samples import Sample
    from datagen.recipes.overrides import Overrides


class StyleName(enum.StrEnum):
    """What may follow `--style`."""

    UPPER = "upper"
    LOWER = "lower"
    MIXED = "mixed"
    UNKNOWN = "unknown"


def preview(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DATASET|RECIPE|IMAGE...]",
            help="A dataset, a recipe file or its name; with --pipeline, images or their folders.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Picture to write.")] = Path(
        "preview.png"
    ),
    per_cell: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            help="Images per class and source (8); with --pipeline results per image (5).",
        ),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(
            min=16, max=512, help="Side of each image in pixels (64; with --pipeline 112)."
        ),
    ] = None,
    pipeline: Annotated[
        str | None,
        typer.Option(
            "--pipeline", metavar="NAME|FILE", help="Show what this pipeline does to images."
        ),
    ] = None,
    numeral: Annotated[
        str | None, typer.Option("--class", help="Class of images that are not in a class folder.")
    ] = None,
    style: Annotated[
        StyleName | None, typer.Option(help="Case of the letters in the images (unknown).")
    ] = None,
    per_class: Annotated[
        int,
        typer.Option(min=1, max=100, help="Number of images to take of each class of a folder."),
    ] = 2,
    source: flags.Source = None,
    mix: flags.Mix = None,
    option: flags.Option = None,
    skip_bad: flags.SkipBad = False,
    path: flags.SourcePath = None,
    seed: flags.Seed = None,
    size: flags.Size = None,
    offline: flags.Offline = False,
    as_json: Json = False,
) -> None:
    """Draw a picture of many images: one row per class, one column per source.

    With --pipeline it has one row per image: first the result of each step alone, then several
    results of all steps together. Without images, it composes numerals.

    Example: `datagen preview --pipeline paper-and-pen photos/iv/1.png --style upper`
    """
    from datagen.datasets.inputs import refuse_among_inputs
    from datagen.previews.picture_file import check_picture
    from datagen.recipes import overrides

    given = overrides.Overrides(
        mix=overrides.mix_of(source, mix),
        options=tuple(overrides.source_option(text) for text in option or ()),
        seed=seed,
        size=overrides.image_size(size),
        paths=tuple(overrides.source_path(text) for text in path or ()),
        skip_bad=skip_bad,
    )
    sources = [each.path for each in given.mix or () if each.path is not None]
    for read in (*map(Path, what or ()), *sources, *(place for _, place in given.paths)):
        refuse_among_inputs(out, read, "--out")
    check_picture(out)
    if pipeline is not None:
        from datagen.previews.augmentation import outcomes
        from pipelines.pipeline import load

        loaded = load(pipeline)
        with _fetching(offline=offline) as fetch:
            samples, refused = _samples(
                what or [], given, numeral, style and style.value, per_class, fetch
            )
        found = outcomes(loaded, samples, seed=seed or 0, tries=per_cell or 5)
        _show_outcomes(found, out, tile or 112, as_json=as_json)
        if not refused:
            asked = words_of(pipeline=pipeline, out=free_name("augmented"))
            print_next(console(as_json=as_json), "build", *asked)
        refuse(refused)
        return
    if numeral is not None or style is not None:
        raise UsageError("--class and --style belong to --pipeline; add it, or leave them out")
    if len(what or []) > 1:
        raise UsageError("give one dataset or recipe; several images need --pipeline NAME")
    with _fetching(offline=offline) as fetch:
        images = _sheet_images(what[0] if what else None, given, per_cell or 8, fetch)
    _show_sheet(images, out, per_cell or 8, tile or 64, as_json=as_json)
    terminal = console(as_json=as_json)
    if what and given == overrides.Overrides() and Path(what[0]).expanduser().is_dir():
        print_next(terminal, "inspect", as_argument(Path(what[0])), why="checks every rule")
        return
    asked = words_of(recipe=what[0] if what else None, source=source, mix=mix, option=option)
    asked += words_of(path=path, seed=seed, size=size, out=free_name("ds"))
    asked += ["--skip-bad"] if skip_bad else []
    print_next(terminal, "build", *asked)


@contextmanager
def _fetching(*, offline: bool) -> "Iterator[FetchMissing | None]":
    """Yield what fetches missing archives and shows it; None where that is forbidden."""
    from datagen.api.progress import fetched
    from datagen.building.fetch_missing import fetching

    with progress_bars(quiet=False) as progress:
        yield fetching(offline=offline, progress=fetched(progress))


def _show_sheet(
    images: "SheetImages", out: Path, per_cell: int, tile: int, *, as_json: bool
) -> None:
    from datagen.previews.contact_sheet import contact_sheet, terminal_rows
    from datagen.previews.picture_file import write_picture

    write_picture(lambda: contact_sheet(images, per_cell=per_cell, tile=tile), out)
    terminal = console(as_json=as_json)
    for line in terminal_rows(images):
        terminal.print(line, markup=False, no_wrap=True, crop=True)
    terminal.print(f"columns {', '.join(images.columns)}   written {out}")
    if as_json:
        emit({"command": "preview", "path": str(out), "columns": list(images.columns)})


def _sheet_images(
    what: str | None, given: "Overrides", per_cell: int, fetch: "FetchMissing | None"
) -> "SheetImages":
    from datagen.files.leftovers import is_folder
    from datagen.previews.contents import preview_dataset, preview_recipe
    from datagen.recipes.load import load
    from datagen.recipes.overrides import Overrides, override

    folder = None if what is None else user_path(what)
    if folder is not None and is_folder(folder):
        if given != Overrides():
            raise UsageError(f"{what} is a dataset; --source, --mix, … belong to recipes")
        return preview_dataset(folder, per_cell)
    return preview_recipe(override(load(what or "default"), given), per_cell, fetch)


def _samples(
    images: list[str],
    given: "Overrides",
    numeral: str | None,
    style: Any,  # a case style, as the enumeration's values are
    per_class: int,
    fetch: "FetchMissing | None",
) -> "tuple[list[Sample], list[Refusal]]":
    """Return the images to show, and what was refused of those that were named."""
    from dataclasses import replace

    from datagen.previews.samples import compose_samples, read_samples
    from datagen.recipes.load import load
    from datagen.recipes.overrides import Overrides, override

    if images:
        if replace(given, seed=None) != Overrides():
            raise UsageError("images are given; --source, --mix, … are for composing numerals")
        read, refused = good_ones(
            images,
            lambda image: read_samples(
                [user_path(image)],
                numeral=numeral,
                style=style or "unknown",
                per_class=per_class,
            ),
        )
        if not read:
            refuse(refused)
        by_name = {sample.name: sample for samples in read for sample in samples}
        return list(by_name.values()), refused  # an image and its folder may both be named
    if numeral is not None:
        raise UsageError("--class says what given images show; name an image, or leave it out")
    # pipelines are made for sheets as they are composed, before they are shrunk
    said = replace(given, size=given.size or "native")
    return compose_samples(override(load("default"), said), style, fetch), []


def _show_outcomes(found: "AugmentationRows", out: Path, tile: int, *, as_json: bool) -> None:
    from datagen.previews.augmentation import outcome_sheet
    from datagen.previews.contact_sheet import terminal_tiles
    from datagen.previews.picture_file import write_picture

    write_picture(lambda: outcome_sheet(found, tile=tile), out)
    terminal = console(as_json=as_json)
    if glance := _glance(found):
        for line in terminal_tiles(glance):
            terminal.print(line, markup=False, no_wrap=True, crop=True)
    for line in _refusals(found):
        terminal.print(line, soft_wrap=True)
    terminal.print(f"{len(found.rows)} images, {len(found.steps)} steps   written {out}")
    if as_json:
        emit(_plain(found, out))


def _glance(found: "AugmentationRows") -> list[tuple[str, Any]]:
    """Return the first image that is not refused, and its first outcomes, titled."""
    for row in found.rows:
        made = [outcome.image for outcome in row.whole if outcome.image is not None]
        if made:
            titles = [row.sample.numeral, *(str(k) for k in range(1, len(made) + 1))]
            return list(zip(titles, [row.sample.image, *made], strict=True))[:5]
    return []


def _refusals(found: "AugmentationRows") -> list[str]:
    """Say once for every class and step what the label algebra refuses."""
    return list(
        dict.fromkeys(
            f"refused for {row.sample.numeral} ({row.sample.style} case)   "
            f"{outcome.refused_by}: {outcome.reason}"
            for row in found.rows
            for outcome in (*row.alone, *row.whole)
            if outcome.refused_by is not None
        )
    )


def _plain(found: "AugmentationRows", out: Path) -> dict[str, Any]:
    return {
        "command": "preview",
        "path": str(out),
        "pipeline": found.pipeline,
        "steps": list(found.steps),
        "images": [
            {
                "name": row.sample.name,
                "class": row.sample.numeral,
                "style": row.sample.style,
                "alone": [_plain_outcome(outcome) for outcome in row.alone],
                "whole": [_plain_outcome(outcome) for outcome in row.whole],
            }
            for row in found.rows
        ],
    }


def _plain_outcome(outcome: "AugmentedImage") -> dict[str, Any]:
    return {
        "class": outcome.numeral,
        "applied": [step.to_json() for step in outcome.applied],
        "refused_by": outcome.refused_by,
        "reason": outcome.reason,
    }
