"""The commands in one app, and the one place where errors become messages and exit codes."""

import signal
import sys
from collections.abc import Sequence

import click
import typer

from datagen.cli import build, export, inspect, preview, sources
from datagen.errors import DatagenError

app = typer.Typer(
    name="datagen",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Datasets of handwritten Roman numerals: the model is frozen, you program the data.",
)
app.command("build")(build.build)
app.command("sources")(sources.sources)
app.command("inspect")(inspect.inspect)
app.command("preview")(preview.preview)
app.command("export")(export.export)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end as tidily as on Ctrl-C
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = typer.main.get_command(app).main(
            args=None if arguments is None else list(arguments),
            prog_name="datagen",
            standalone_mode=False,
        )
    except click.ClickException as error:
        return _say(
            error.format_message(), error.exit_code, hint=isinstance(error, click.UsageError)
        )
    except DatagenError as error:
        return _say(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted; nothing half-done was kept", 130)
    return code if isinstance(code, int) else 0


def _say(message: str, code: int, *, hint: bool = False) -> int:
    tail = "; see --help" if hint else ""
    print(f"datagen: {message.rstrip('.')}{tail}", file=sys.stderr)
    return code
