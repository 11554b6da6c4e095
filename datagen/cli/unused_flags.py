"""Flags that would have no effect beside the others are refused: nobody shall rely on them.

Enters: the context of a command, and which of its flags nothing would read. Leaves: a refusal that
names those of them that were given, also where what was given is the default.
"""

from collections.abc import Collection
from typing import Any

import typer

from datagen.core.errors import UsageError


def refuse_unused(context: typer.Context, names: Collection[str], beside: str, remedy: str) -> None:
    """Refuse flags that are given and would have no effect.

    Args:
        context: of the command.
        names: of the parameters that nothing would read.
        beside: why: `without --serve`, `with --html`.
        remedy: what else a person may do than leave them out: `add --serve`.

    Raises:
        UsageError: one is given.
    """
    unused = [
        _word(parameter, context.params.get(parameter.name))
        for parameter in context.command.params
        if parameter.name in names and _is_given(context, parameter.name)
    ]
    if not unused:
        return
    listed = " and ".join(filter(None, (", ".join(unused[:-1]), unused[-1])))
    have, them = ("have", "them") if len(unused) > 1 else ("has", "it")
    raise UsageError(f"{listed} {have} no effect {beside}; {remedy}, or leave {them} out")


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"  # typer has click, or a copy of it


def _word(parameter: Any, value: object) -> str:
    if value is False and parameter.secondary_opts:
        return str(parameter.secondary_opts[0])
    flags = [word for word in parameter.opts if word.startswith("--")]
    return flags[0] if flags else str(parameter.metavar or parameter.name.upper()).strip("[]")
