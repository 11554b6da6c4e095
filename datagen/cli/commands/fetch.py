"""`datagen fetch`: archives of letters, verified, where their source looks for them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from datagen.cli.views.output import Json, Quiet, console, emit


def fetch(
    name: Annotated[str, typer.Argument(metavar="emnist|chars74k", help="What to fetch.")],
    from_file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Register this file, download nothing."),
    ] = None,
    unofficial: Annotated[
        bool, typer.Option("--unofficial", help="Accept a FILE that is not the publisher's.")
    ] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="Fetch all of it, not only the members needed.")
    ] = False,
    mirror: Annotated[
        str | None,
        typer.Option("--mirror", metavar="URL", help="Address of a folder with the same file."),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fetch an archive of letters, or register one that you have.

    An interrupted fetch goes on where it stopped. Nothing unverified is kept.

    Example: `datagen fetch emnist --from gzip.zip`
    """
    from datagen.api.sources import fetch as fetch_archive

    with _bytes_bar(f"fetching {name}", quiet=quiet) as progress:
        fetched = fetch_archive(
            name,
            progress=progress,
            from_file=from_file,
            unofficial=unofficial,
            whole=whole,
            mirror=mirror,
        )
    out = console(as_json=as_json, quiet=quiet)
    out.print(f"{name} is in {fetched.path} ({fetched.received:,} bytes came)", soft_wrap=True)
    out.print(f"verified: {fetched.verified}", soft_wrap=True)
    out.print(f"next: datagen build --source {name}")
    if as_json:
        emit({"command": "fetch", "name": name} | asdict(fetched) | {"path": str(fetched.path)})


@contextmanager
def _bytes_bar(what: str, *, quiet: bool) -> Iterator[Callable[[str, int, int | None], None]]:
    """Show a bar of bytes on stderr; yield what moves it."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda _, done, total: bar.update(task, completed=done, total=total)
