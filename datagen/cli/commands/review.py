"""`datagen review`: look at images one by one, decide, keep what was decided as data."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from datagen.cli.unused_flags import refuse_unused
from datagen.cli.views.next_step import as_argument, print_next
from datagen.cli.views.output import Json, Quiet, console, emit, progress_bars
from datagen.core.errors import UsageError

if TYPE_CHECKING:
    from datagen.api.reviewing import ReviewPage

_OF_SERVING: Final = ("port", "no_browser")
_OF_A_PAGE: Final = ("folder", "html", "audit", "no_audit", "who", *_OF_SERVING)
"""What only a page reads; where two reviews are merged there is none."""


def review(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Class folders, or train/ and val/ with them."),
    ] = None,
    audit: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The file that `datagen audit` wrote about DIR (audit.jsonl)."
        ),
    ] = None,
    no_audit: Annotated[
        bool,
        typer.Option("--no-audit", help="Start at once without an audit, in the folder's order."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="The review file (review.yaml)."),
    ] = None,
    who: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Name of the person who decides; stored with each decision."
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the page to this file instead of serving it."),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address, but do not open a browser.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.")] = 0,
    merge: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="A B", help="Merge two reviews, list where they differ, and exit."),
    ] = None,
    prefer: Annotated[
        str | None,
        typer.Option(
            metavar="A|B", help="With --merge: the review whose decision wins a conflict."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing page or merged review.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Review the images of a folder on a web page: keep, drop or relabel, one key for each.

    The most suspect images come first, as `datagen audit` ranks them; without --audit it makes an
    audit first. The page is served on this machine only and opens in the browser. Every decision is
    saved to the review file at once, under the hash of the image, so you can stop, reload or open a
    second tab without losing any. Ctrl-C ends it with exit code 0.

    `datagen build --source images:DIR --option images.review=review.yaml` uses the decisions.

    Example: `datagen review photos --who kim`, or `datagen review --merge kim.yaml lee.yaml`
    """
    human = console(as_json=as_json, quiet=quiet)
    if merge is not None:
        refuse_unused(context, _OF_A_PAGE, "with --merge", "leave --merge out")
        if out is None:
            refuse_unused(context, ("overwrite",), "without --out", "add --out FILE")
        _merge(merge, prefer, out, overwrite, human, as_json)
        return
    if folder is None:
        raise UsageError("missing DIR, the folder of images; or --merge A B for two reviews")
    refuse_unused(context, ("prefer",), "without --merge", "add --merge A B")
    if audit is not None and no_audit:
        raise UsageError("--audit and --no-audit exclude each other; leave one of them out")
    if html is not None:
        refuse_unused(context, _OF_SERVING, "with --html", "leave --html out")
    else:
        refuse_unused(context, ("overwrite",), "without --html or --merge", "add --html FILE")
    wanted: dict[str, Any] = {
        "audit": audit or not no_audit,
        "out": out or Path("review.yaml"),
        "who": who,
        "note": lambda text: human.print(f"note         {text}", soft_wrap=True),
    }
    if html is not None:
        from datagen.api.reviewing import write_review_page

        with progress_bars(quiet=quiet) as progress:
            page = write_review_page(folder, html, overwrite=overwrite, progress=progress, **wanted)
        _print(folder, page, human)
        human.print("decisions    stay in the browser; a button of the page saves the review file")
        if as_json:
            emit(_plain(page, file=True))
        return
    _serve(folder, wanted, port, no_browser, human, as_json=as_json, quiet=quiet)


def _serve(
    folder: Path,
    wanted: dict[str, Any],
    port: int,
    no_browser: bool,
    human: Any,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    from contextlib import ExitStack

    from datagen.api.reviewing import serve_review
    from datagen.serving.server import open_browser, wait_for_ctrl_c

    with ExitStack() as stack:
        with progress_bars(quiet=quiet) as progress:
            page = stack.enter_context(serve_review(folder, port=port, progress=progress, **wanted))
        _print(folder, page, human)
        if as_json:
            emit(_plain(page, file=False))
        elif quiet:
            console(as_json=False).print(page.address, soft_wrap=True)
        if not no_browser and not open_browser(page.address):
            human.print("note         no browser was found; open the address yourself")
        human.print("end          Ctrl-C; every decision is saved at once")
        wait_for_ctrl_c()
    _print_end(folder, page, human)


def _print(folder: Path, page: "ReviewPage", human: Any) -> None:
    from datagen.evaluation.summary import short_path

    human.print(
        f"{page.images:,} images of {short_path(str(folder))}, {page.decided:,} of them decided in "
        f"{page.review}",
        style="bold",
        soft_wrap=True,
    )
    human.print(f"page         {page.address}", soft_wrap=True)


def _print_end(folder: Path, page: "ReviewPage", human: Any) -> None:
    from collections import Counter

    from datagen.sources.images.review import load

    if not page.review.is_file():
        human.print("\nnothing was decided")
        return
    verdicts = Counter(one.verdict for one in load(str(page.review)).images.values())
    counts = ", ".join(f"{verdicts[name]:,} {name}" for name in ("keep", "drop", "relabel"))
    human.print(f"\nreview       {page.review}: {counts}", soft_wrap=True)
    source = f"images:{as_argument(folder)}"
    option = f"images.review={page.review}"
    print_next(human, "build", "--source", source, "--option", option)


def _merge(
    files: tuple[Path, Path],
    prefer: str | None,
    out: Path | None,
    overwrite: bool,
    human: Any,
    as_json: bool,
) -> None:
    from datagen.api.reviews import merge_reviews
    from datagen.cli.views.merged_reviews import plain_merged, print_merged

    merged = merge_reviews(
        files[0],
        files[1],
        prefer=prefer,  # type: ignore[arg-type]  # it is checked there
        out=out,
        overwrite=overwrite,
    )
    print_merged(merged, human)
    if out is not None:
        human.print(f"written      {out}", soft_wrap=True)
    if as_json:
        path = None if out is None else str(out)
        emit({"command": "review", "path": path, **plain_merged(merged)})


def _plain(page: "ReviewPage", *, file: bool) -> dict[str, Any]:
    return {
        "command": "review",
        "path": str(page.review),
        "page": page.address if file else None,
        "address": None if file else page.address,
        "images": page.images,
        "decided": page.decided,
    }
