"""The commands in one app, and the one place where errors become messages and exit codes."""

import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

import datagen
from datagen.cli.commands import (
    build,
    compare,
    doctor,
    evaluate,
    export,
    fetch,
    guide,
    holdout,
    inspect,
    mine,
    pipelines,
    preview,
    rare,
    recipes,
    sources,
    sweep,
)
from datagen.core.errors import DatagenError
from datagen.files.signals import end_tidily
from pipelines.errors import PipelineError

app = typer.Typer(
    name="datagen",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
    help="Datasets of handwritten Roman numerals: the model is frozen, you program the data.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"datagen {datagen.__version__}")
        raise typer.Exit


@app.callback()
def _about(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and end."
        ),
    ] = False,
) -> None:
    """Take the options that belong to no command."""


app.command("build")(build.build)
app.command("fetch")(fetch.fetch)
app.command("sources")(sources.sources)
app.command("recipes")(recipes.recipes)
app.command("pipelines")(pipelines.pipelines)
app.command("inspect")(inspect.inspect)
app.command("doctor")(doctor.doctor)
app.command("holdout")(holdout.holdout)
app.command("preview")(preview.preview)
app.command("export")(export.export)
app.command("evaluate")(evaluate.evaluate)
app.command("compare")(compare.compare)
app.command("mine")(mine.mine)
app.command("rare")(rare.rare)
app.command("sweep")(sweep.sweep)
app.command("guide")(guide.guide)

_INTERRUPTED = "interrupted; nothing half-done was kept"
# click's own, or the copy of click inside newer typers: typer exports only their child
_UsageError: Any
_ClickException: Any
_UsageError, _ClickException = typer.BadParameter.__mro__[1:3]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    end_tidily()
    _mend_streams()
    sys.exit(_run(arguments))


def _mend_streams() -> None:
    """Let no closed stream and no character that a terminal lacks stop the work."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace" if name == "stdout" else "backslashreplace")


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = typer.main.get_command(app).main(
            args=None if arguments is None else list(arguments),
            prog_name="datagen",
            standalone_mode=False,
        )
    except (DatagenError, PipelineError) as error:
        return _say(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _say(_INTERRUPTED, 130)
    except _ClickException as error:
        hint = "; see --help" if isinstance(error, _UsageError) else ""
        return _say(error.format_message().rstrip(".") + hint, error.exit_code)
    except OSError as error:  # a stream that cannot be written, a place that cannot be looked at
        return _say(f"the system refused: {error}; nothing half-done was kept", 1)
    if code == 130:  # newer typers say an interrupt so
        return _say(_INTERRUPTED, 130)
    return code if isinstance(code, int) else 0


def _say(message: str, code: int) -> int:
    print(f"datagen: {message.rstrip('.')}", file=sys.stderr)
    return code
