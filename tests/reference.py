"""The command reference, made from the app: `python -m tests.reference` writes it anew."""

import enum
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import typer
from typer.models import ArgumentInfo, CommandInfo

from datagen.cli.app import app

PAGE: Final = Path(__file__).parents[1] / "datagen" / "guide" / "commands.md"

_HEAD: Final = """\
# Commands

Every command with its arguments, options and defaults, as `datagen COMMAND --help` shows them.

This page is made from the program by `python -m tests.reference`.

Every command has `--help`. With `--json` stdout carries one JSON object per result, and everything
else goes to stderr; the keys are in [file formats](file-formats.md). Every command that takes long
can be stopped by Ctrl-C without leaving half a result, and started again.

## Exit codes

All commands use the same.

| code | meaning | for example |
|---|---|---|
| 0 | done | |
| 1 | unexpected: the work itself failed | the disk is full; a trial of a sweep failed |
| 2 | usage: what was asked makes no sense | an unknown option; a recipe that is not valid |
| 3 | a rule of the budget, the split or the dataset is broken | `inspect` found leakage |
| 4 | input is missing or corrupt | no such folder; a file that is not an image |
| 130 | interrupted | Ctrl-C |

An error is one line on stderr that begins with `datagen:`. It says what was given, what was
expected and what to do.
"""


def reference() -> str:
    """Return the page."""
    main = app.registered_callback
    before = [] if main is None or main.callback is None else list(_parameters(main.callback))
    whole = ["## Options of `datagen` itself\n\n" + _table("option", before)] if before else []
    return "\n".join([_HEAD, *whole, *(_command(*each) for each in all_commands().items())])


def all_commands() -> dict[str, CommandInfo]:
    """Return every command by its name, those of a group as `group command`."""
    own = {str(command.name): command for command in app.registered_commands}
    for group in app.registered_groups:
        assert group.typer_instance is not None
        for command in group.typer_instance.registered_commands:
            own[f"{group.name} {command.name}"] = command
    return own


def _command(name: str, registered: CommandInfo) -> str:
    assert registered.callback is not None
    found = list(_parameters(registered.callback))
    arguments = [each for each in found if each.argument]
    text, _, example = inspect.cleandoc(registered.callback.__doc__ or "").partition("Example:")
    usage = " ".join(["datagen", name, "[OPTIONS]", *map(_usage, arguments)])
    parts = [f"## `datagen {name}`", text.strip(), f"```text\n{usage}\n```"]
    parts += [_table("argument", arguments)] if arguments else []
    parts += [_table("option", [each for each in found if not each.argument])]
    parts += [f"Example: {example.strip()}"] if example else []
    return "\n\n".join(parts) + "\n"


def _usage(argument: "Parameter") -> str:
    name = argument.name
    return name if argument.default == "required" or name.startswith("[") else f"[{name}]"


@dataclass(frozen=True)
class Parameter:
    """One row of a table."""

    argument: bool
    name: str
    default: str
    help: str


def _parameters(command: Callable[..., Any]) -> Iterator[Parameter]:
    """Yield what a command takes, from its signature: the same with every version of Typer."""
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        if parameter.annotation is typer.Context:  # is given by Typer, not by a person
            continue
        kind, info = get_args(parameter.annotation)
        if getattr(info, "hidden", False):
            continue
        argument = isinstance(info, ArgumentInfo)
        shown = _argument(parameter, info) if argument else _option(parameter.name, kind, info)
        yield Parameter(argument, shown, _default(parameter), info.help or "")


def _argument(parameter: inspect.Parameter, info: Any) -> str:
    return info.metavar or parameter.name.upper()


def _option(name: str, kind: Any, info: Any) -> str:
    # inside Annotated, Typer takes the first name for a default
    names = [each for each in (info.default, *(info.param_decls or ())) if isinstance(each, str)]
    shown = ", ".join(sorted(names, key=len, reverse=True)) or f"--{name.replace('_', '-')}"
    value = info.metavar or _value(kind)
    return f"{shown} {value}" if value else shown


def _value(kind: Any) -> str:
    """Return what stands for an option's value; nothing where it is a flag."""
    kind = next((each for each in get_args(kind) if each is not type(None)), kind)
    kind = next(iter(get_args(kind)), kind)  # of a list
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return "|".join(str(member.value) for member in kind)
    return {bool: "", int: "N", float: "X", Path: "PATH", str: "TEXT"}[kind]


def _default(parameter: inspect.Parameter) -> str:
    value = parameter.default
    if value is inspect.Parameter.empty:
        return "required"
    if value is None or isinstance(value, bool):
        return "" if value is None else {True: "on", False: "off"}[value]
    return f"`{getattr(value, 'value', value)}`"


def _table(title: str, rows: Sequence[Parameter]) -> str:
    lines = [f"| {title} | default | what it does |", "|---|---|---|"]
    lines += [f"| `{_cell(r.name)}` | {_cell(r.default)} | {_cell(r.help)} |" for r in rows]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Return text that a cell of a Markdown table may hold, on one line."""
    return " ".join(text.split()).replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(reference(), "utf-8", newline="\n")
