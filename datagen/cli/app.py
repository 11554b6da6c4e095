"""The commands in one app, and the one place where errors become messages and exit codes."""

import io
import logging
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

import datagen
from datagen.cli import INTERRUPTED
from datagen.cli.arguments import refuse_empty, with_user_paths, with_word
from datagen.cli.commands import (
    audit,
    build,
    card,
    compare,
    compare_models,
    diff,
    doctor,
    evaluate,
    export,
    fetch,
    guide,
    holdout,
    inspect,
    letters,
    mine,
    models,
    pipelines,
    predict,
    preview,
    rare,
    recipes,
    review,
    search,
    sources,
    sweep,
    verify,
    view,
)
from datagen.core.errors import DatagenError, OutOfRangeError
from datagen.files.paths import refusal
from pipelines.errors import PipelineError
from pipelines.text import message as shown
from pipelines.text import quoted
from pipelines.validation import what_was_expected

app = typer.Typer(
    name="datagen",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
    help="Datasets of handwritten Roman numerals: the model is fixed, you build the data that it "
    "is trained on.",
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
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Take the options that belong to no command."""


_BUILD: Final = "Build a dataset"
_JUDGE: Final = "Score it"
_REAL: Final = "Work with real images"
_LOOK_UP: Final = "Look things up"

app.command("build", rich_help_panel=_BUILD)(with_user_paths(build.build))
app.command("preview", rich_help_panel=_BUILD)(with_user_paths(preview.preview))
app.command("view", rich_help_panel=_BUILD)(with_user_paths(view.view))
app.command("inspect", rich_help_panel=_BUILD)(with_user_paths(inspect.inspect))
app.command("export", rich_help_panel=_BUILD)(with_user_paths(export.export))
app.command("card", rich_help_panel=_BUILD)(with_user_paths(card.card))
app.command("fetch", rich_help_panel=_BUILD)(with_user_paths(fetch.fetch))
app.command("evaluate", rich_help_panel=_JUDGE)(with_user_paths(evaluate.evaluate))
app.command("verify", rich_help_panel=_JUDGE)(with_user_paths(verify.verify))
app.command("predict", rich_help_panel=_JUDGE)(with_user_paths(predict.predict))
app.command("compare", rich_help_panel=_JUDGE)(with_user_paths(compare.compare))
app.command("diff", rich_help_panel=_JUDGE)(with_user_paths(diff.diff))
app.command("compare-models", rich_help_panel=_JUDGE)(
    with_user_paths(compare_models.compare_models)
)
app.command("search", rich_help_panel=_JUDGE)(with_user_paths(search.search))
app.command("sweep", rich_help_panel=_JUDGE)(with_user_paths(sweep.sweep))
app.add_typer(letters.app, name="letters", rich_help_panel=_JUDGE)
app.command("doctor", rich_help_panel=_REAL)(with_user_paths(doctor.doctor))
app.command("audit", rich_help_panel=_REAL)(with_user_paths(audit.audit))
app.command("holdout", rich_help_panel=_REAL)(with_user_paths(holdout.holdout))
app.command("mine", rich_help_panel=_REAL)(with_user_paths(mine.mine))
app.command("rare", rich_help_panel=_REAL)(with_user_paths(rare.rare))
app.command("review", rich_help_panel=_REAL)(with_user_paths(review.review))
app.command("sources", rich_help_panel=_LOOK_UP)(with_user_paths(sources.sources))
app.command("recipes", rich_help_panel=_LOOK_UP)(with_user_paths(recipes.recipes))
app.command("pipelines", rich_help_panel=_LOOK_UP)(with_user_paths(pipelines.pipelines))
app.command("models", rich_help_panel=_LOOK_UP)(with_user_paths(models.models))
app.command("guide", rich_help_panel=_LOOK_UP)(with_user_paths(guide.guide))

# click's own, or the copy of click inside newer typers: typer exports only their child
_UsageError: Any
_ClickException: Any
_UsageError, _ClickException = typer.BadParameter.__mro__[1:3]


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    _mend_streams()
    _forget_no_width()
    if logging.lastResort is not None:  # what prints warnings
        logging.lastResort.setFormatter(_OneLine())
    return _flushed(_run(arguments))


def _flushed(code: int) -> int:
    """Return the exit code, once all that was printed is written; else 1, with the reason."""
    try:
        sys.stdout.flush()
    except OSError as error:  # a full disk behind a redirection
        said, refused = _of_the_system(error)
        return code or _say(said, refused)
    if isinstance(place := getattr(sys.stdout, "buffer", None), _Nowhere) and place.lost:
        return code or _say("stdout is closed, so what was printed is lost; files are kept", 1)
    return code


def _mend_streams() -> None:
    """Let no closed stream and no character that a terminal lacks stop the work."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            nowhere = io.TextIOWrapper(_Nowhere(os.devnull, "w"), "utf-8", write_through=True)
            setattr(sys, name, nowhere)
        elif isinstance(stream, io.TextIOWrapper):
            errors = "replace" if name == "stdout" else "backslashreplace"
            # a terminal has a reader, and another stream is a caller's own
            if stream is getattr(sys, f"__{name}__") and not stream.isatty():
                setattr(sys, name, _lasting(stream, errors))
            else:
                stream.reconfigure(errors=errors)


def _lasting(stream: io.TextIOWrapper, errors: str) -> io.TextIOWrapper:
    """Return a stream to the same place that goes on where nobody reads it any more."""
    raw = _Lasting(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        raw if stream.write_through else io.BufferedWriter(raw),  # as `python -u` asks
        stream.encoding,
        errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


class _Lasting(io.FileIO):
    """A stream's file; what is written once its reader has gone, as with `| head`, is dropped."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            if not isinstance(error, BrokenPipeError):
                raise  # such as of a full disk: once, not again as Python ends
            return super().write(data)


class _Nowhere(io.FileIO):
    """What stands for a stream that was closed before we began; it knows whether that mattered."""

    lost = False

    def write(self, data: Any, /) -> int:
        self.lost = True
        return super().write(data)


def _forget_no_width() -> None:
    """Take a terminal of no columns for one of unknown width; rich would print nothing there."""
    for name in ("COLUMNS", "LINES"):
        if os.environ.get(name, "").strip("0 ") == "":
            os.environ.pop(name, None)


class _OneLine(logging.Formatter):
    """Prints a warning as one line that no file's name can make long, or let steer a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return shown(super().format(record))


def _command() -> Any:
    """Return the app as click's command."""
    whole = typer.main.get_command(app)
    _hide_types_of_switches(whole, None)
    return whole


def _hide_types_of_switches(command: Any, parent: Any) -> None:
    """Let the help of a command, and of those below it, show no type where there is no value."""
    context = typer.Context(command, parent, **command.context_settings)  # knows the name of help
    for parameter in (*command.params, command.get_help_option(context)):
        if getattr(parameter, "is_flag", False) and parameter.metavar is None:
            parameter.metavar = ""
    for below in getattr(command, "commands", {}).values():
        _hide_types_of_switches(below, context)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        words = sys.argv[1:] if arguments is None else arguments
        refuse_empty(words)
        code = _command().main(
            args=with_word(words, "--vet", build.VET, build.VET[0]),
            prog_name="datagen",
            standalone_mode=False,
        )
    except (DatagenError, PipelineError) as error:
        return _say(_with_flag(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except _ClickException as error:
        said, usage = _of_the_words(error), isinstance(error, _UsageError)
        hint = (" See --help" if said.endswith("?") else "; see --help") if usage else ""
        # nothing is said where no command was given, for the help has been printed
        return _say(said + hint, error.exit_code) if said else int(error.exit_code)
    except (OSError, MemoryError) as error:
        return _say(*_of_the_system(error))
    if code == 130:  # newer typers say an interrupt so
        return _interrupted()
    return code if isinstance(code, int) else 0


def _with_flag(error: DatagenError | PipelineError) -> str:
    """Return a message; one of a number begins with its flag, of which parameters have the name."""
    if not isinstance(error, OutOfRangeError):
        return str(error)
    parameter, _, rest = str(error).partition(" ")
    return f"--{parameter.replace('_', '-')} {rest}"


def _of_the_words(error: Any) -> str:
    """Return what is wrong with the words of the command line; newer typers let pydantic say it."""
    from pydantic import ValidationError  # slow to import, and only wanted here

    cause, parameter = error.__cause__, getattr(error, "param", None)
    if not isinstance(cause, ValidationError) or parameter is None:
        return str(error.format_message()).rstrip(".")
    first = cause.errors()[0]
    flags = [name for name in parameter.opts if name.startswith("--")] or [parameter.metavar]
    named = flags[0] or parameter.human_readable_name
    given = quoted(first["input"])
    expected = what_was_expected(first).rstrip(".").replace(f"{given} is not one of", "expected")
    return f"{named} {given}: {expected}"


def _of_the_system(error: OSError | MemoryError) -> tuple[str, int]:
    """Return what to say, and the exit code, where the system refuses something."""
    if isinstance(error, MemoryError):
        return "out of memory; no partial result was kept; try fewer --workers or images", 1
    refused = refusal(error)
    if refused is not None:  # a place that cannot be looked at
        return str(refused), refused.exit_code
    reason = error.strerror or error
    if error.filename is None:  # such as a full disk that stdout goes to
        return f"the operating system reports an error: {reason}; what was finished is kept", 1
    return f"cannot use {os.fsdecode(error.filename)}: {reason}; no partial result was kept", 1


def _interrupted() -> int:
    print(INTERRUPTED, file=sys.stderr)
    return 130


def _say(message: str, code: int) -> int:
    print(f"datagen: {shown(message).rstrip('.')}", file=sys.stderr)
    return code
