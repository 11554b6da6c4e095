"""`datagen view`: one page on which every image of a dataset can be looked at."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.unused_flags import refuse_unused
from datagen.cli.views.next_step import as_argument, print_next
from datagen.cli.views.output import Json, Quiet, console, emit, progress_bars
from datagen.core.numerals import CLASSES

if TYPE_CHECKING:
    from datagen.viewing.collect import View


def view(
    context: typer.Context,
    dataset: Annotated[
        Path,
        typer.Argument(help="A dataset, or any folder of class folders (built by datagen or not)."),
    ],
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="Page to write (default: DATASET-view.html in this folder).",
        ),
    ] = None,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve",
            help="Serve the page on this machine, so that every image's steps can be shown.",
        ),
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port of --serve; 0 takes a free one.")
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address, but do not open a browser.")
    ] = False,
    score: Annotated[
        list[Path] | None,
        typer.Option(
            "--score", metavar="PATH", help="Another score or report to show; repeatable."
        ),
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(
            "--image", metavar="PATH", help="Store the steps of this image in the page; repeatable."
        ),
    ] = None,
    steps: Annotated[
        int,
        typer.Option(
            min=0, max=20_000, help="Number of images whose steps are stored in the page."
        ),
    ] = 100,
    most: Annotated[
        int,
        typer.Option(
            min=1, max=100_000, help="Most images on the page; a larger dataset is sampled."
        ),
    ] = 20_000,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show every image of a dataset on one page.

    The page has counts and examples by class, source and style, filters, and for each image its
    letters, writers and parent, and the picture before and after each step. It also shows which
    images were misclassified, and which look alike. The page is one file that loads nothing from
    the internet.

    Example: `datagen view ds`
    """
    from datagen.api import views

    if serve:
        from datagen.serving.server import require_port

        refuse_unused(context, ("html", "steps", "image"), "with --serve", "leave --serve out")
        require_port(port)
    else:
        refuse_unused(context, ("port", "no_browser"), "without --serve", "add --serve")
    human = console(as_json=as_json, quiet=quiet)
    chosen: dict[str, Any] = {
        "scores": score or (),
        "images": image or (),
        "steps": 0 if serve else steps,  # a served page makes them when they are looked at
        "most": most,
    }
    target = None if serve else html or views.default_page(dataset)
    with progress_bars(quiet=quiet) as progress:
        if target is None:
            found = views.look_at(dataset, **chosen, progress=progress)
        else:
            found = views.view(dataset, target, **chosen, progress=progress)
    _print(found, dataset, human)
    if target is None:
        _serve(found, port, human, browser=not no_browser, as_json=as_json)
        return
    human.print(f"page         {target}  {_size(target)}", soft_wrap=True)
    if found.listing.has_manifest:
        words = ("view", as_argument(dataset), "--serve")
        print_next(human, *words, why="shows the steps of any image")
    elif {image.numeral for image in found.listing.images} <= set(CLASSES):
        print_next(
            human, "review", as_argument(dataset), why="keep, drop or relabel, one key for each"
        )
    if as_json:
        emit(_plain(found, dataset) | {"page": str(target)})


def _serve(found: "View", port: int, human: Any, *, browser: bool, as_json: bool) -> None:
    from datagen.api.views import serve_view
    from datagen.serving.server import open_browser, wait_for_ctrl_c

    with serve_view(found, port) as address:
        if as_json:
            emit(_plain(found, found.request.root) | {"page": address})
        human.print(f"page         {address}", soft_wrap=True)
        human.print("             on this machine only; Ctrl-C stops it")
        if browser:
            open_browser(address)
        wait_for_ctrl_c()


def _print(found: "View", dataset: Path, human: Any) -> None:
    parts = Counter(image.part for image in found.listing.images)
    told = ", ".join(f"{part} {count:,}" for part, count in parts.items() if part)
    classes = len({image.numeral for image in found.listing.images})
    human.print(
        f"images       {found.listing.total:,} in {dataset}{f': {told}' if told else ''}; "
        f"{classes:,} class{'es' if classes != 1 else ''}",
        soft_wrap=True,
    )
    if found.makings:
        equal = sum(made.equal is True for made in found.makings.values())
        human.print(
            f"made again   {len(found.makings):,} images, {equal:,} equal to their files, byte by "
            "byte",
            soft_wrap=True,
        )
        reasons = Counter(made.note for made in found.makings.values() if made.note)
        for reason, count in reasons.most_common(2):
            human.print(f"note         {count:,} not: {reason}", soft_wrap=True)
    for scored in found.scored.sets:
        wrong = sum(each.wrong > 0 for each in scored.predictions.values())
        human.print(
            f"score        {wrong:,} of {len(scored.predictions):,} images of {scored.name} wrong"
            f" ({scored.how})",
            soft_wrap=True,
        )
    if not found.looks.note:
        human.print(
            f"look-alikes  {len(found.looks.copies):,} images that are the same picture as "
            f"another, {len(found.looks.near):,} near-duplicates",
            soft_wrap=True,
        )
    for note in found.notes:
        human.print(f"note         {note}", soft_wrap=True)


def _size(file: Path) -> str:
    return f"({file.stat().st_size / 1e6:.1f} MB)"


def _plain(found: "View", dataset: Path) -> dict[str, Any]:
    return {
        "command": "view",
        "path": str(dataset),
        "images": found.listing.total,
        "shown": len(found.listing.images),
        "has_manifest": found.listing.has_manifest,
        "made_again": len(found.makings),
        "equal": sum(made.equal is True for made in found.makings.values()),
        "same_pictures": len(found.looks.copies),
        "near_duplicates": len(found.looks.near),
        "scores": [
            {
                "name": scored.name,
                "how": scored.how,
                "seeds": scored.seeds,
                "images": len(scored.predictions),
                "wrong": sum(each.wrong > 0 for each in scored.predictions.values()),
            }
            for scored in found.scored.sets
        ],
        "notes": list(found.notes),
    }
