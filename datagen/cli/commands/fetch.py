"""`datagen fetch`: archives of letters, verified, where their source looks for them."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from datagen.cli.views.next_step import free_name, print_next
from datagen.cli.views.output import Json, Quiet, console, emit, progress_bars


def fetch(
    name: Annotated[
        str, typer.Argument(metavar="emnist|chars74k", help="The archive to download.")
    ],
    from_file: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="Register this file instead of downloading it."
        ),
    ] = None,
    unofficial: Annotated[
        bool, typer.Option("--unofficial", help="Accept a FILE that differs from the publisher's.")
    ] = False,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole", help="Download the whole archive; without it only the files that are needed."
        ),
    ] = False,
    mirror: Annotated[
        str | None,
        typer.Option("--mirror", metavar="URL", help="Address of a folder that has the same file."),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Download an archive of letters, or register one that you have.

    An interrupted download resumes. Only files that passed a check are kept (`datagen guide
    sources` says which check).

    Example: `datagen fetch emnist --from gzip.zip`
    """
    from datagen.api.sources import fetch as fetch_archive

    with progress_bars(quiet=quiet) as progress:
        fetched = fetch_archive(
            name,
            progress=progress,
            from_file=from_file,
            unofficial=unofficial,
            whole=whole,
            mirror=mirror,
        )
    out = console(as_json=as_json, quiet=quiet)
    out.print(f"{name} is in {fetched.path} ({fetched.received:,} bytes received)", soft_wrap=True)
    out.print(f"verified: {fetched.verified}", soft_wrap=True)
    print_next(out, "build", "--source", name, "--out", free_name(name))
    if as_json:
        emit({"command": "fetch", "name": name} | asdict(fetched) | {"path": str(fetched.path)})
