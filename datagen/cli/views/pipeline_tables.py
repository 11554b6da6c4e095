"""Pipelines as tables in the terminal: their steps, and the classes they are safe for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.pipeline import Pipeline
    from pipelines.safety import LabelCheck
    from pipelines.spec import Node, Step


def steps_table(pipeline: "Pipeline") -> Any:
    """Return a `FittedTable` of steps; parameters left at their defaults are dim."""
    from rich.text import Text

    from datagen.cli.views.tables import Column, FittedTable
    from pipelines.spec import Step

    table = FittedTable(
        Column("step", "word"),
        Column("how often", "word"),
        Column("parameters (dim: defaults)", "text"),
    )
    for depth, node, often in _walk(pipeline.spec.steps, 0, "steps"):
        parameters = _parameters(node) if isinstance(node, Step) else Text()
        table.add_row("  " * depth + _title(node), often, parameters)
    return table


def _walk(nodes: "Sequence[Node]", depth: int, kind: str) -> Iterator[tuple[int, "Node", str]]:
    """Yield depth, node, and how often it is done, groups before what is in them."""
    total = sum(node.p for node in nodes)
    for node in nodes:
        share = node.p / total if kind == "one_of" else node.p
        sure = "if chosen" if kind == "some_of" else "always"
        yield depth, node, sure if share == 1 else f"{share:.2g}"
        yield from _walk(_inner(node), depth + 1, "one_of" if _is_one_of(node) else "some_of")


def _inner(node: "Node") -> "Sequence[Node]":
    """Return what is in a group; nothing of a step."""
    from pipelines.spec import OneOf, Step

    if isinstance(node, Step):
        return ()
    return node.one_of if isinstance(node, OneOf) else node.some_of


def _is_one_of(node: "Node") -> bool:
    from pipelines.spec import OneOf

    return isinstance(node, OneOf)


def _title(node: "Node") -> str:
    """Return an op's name, or how many a group does."""
    from pipelines.spec import OneOf, Step

    if isinstance(node, Step):
        return node.op
    if isinstance(node, OneOf):
        return "one of"
    low, high = node.bounds
    return f"{low} of" if low == high else f"{low} to {high} of"


def flow(nodes: "Sequence[Node]") -> str:
    """Return the steps in order, in one line."""
    return " → ".join(f"{_name(node)}{'' if node.p == 1 else f' {node.p:g}'}" for node in nodes)


def _name(node: "Node") -> str:
    """Return an op's name, or a group's with what is in it."""
    names = ", ".join(map(_name, _inner(node)))
    return f"{_title(node)} ({names})" if names else _title(node)


def _parameters(step: "Step") -> Any:
    from rich.text import Text

    text = Text()
    for key, given in step.parameters.model_dump().items():
        changed = given != step.tool.parameters.model_fields[key].default
        text.append(", " if text else "")
        text.append(f"{key} {value(given)}", "" if changed else "dim")
    for key, policy in _policies(step):
        text.append(", " if text else "").append(f"{key}: {policy}", "yellow")
    return text


def _policies(step: "Step") -> Iterator[tuple[str, str]]:
    if step.relabel:
        yield "relabel", "true"
    if step.on_wrong_label != "refuse":
        yield "on_wrong_label", step.on_wrong_label


def value(given: object) -> str:
    """Return a parameter as people write it: a range as `-5 … 5`."""
    if isinstance(given, tuple | list):
        if len(given) == 2 and all(isinstance(each, float) for each in given):
            low, high = given
            return f"{low:g}" if low == high else f"{low:g} … {high:g}"
        return "/".join(map(str, given))  # one of these
    if isinstance(given, bool):
        return "yes" if given else "no"
    return f"{given:g}" if isinstance(given, float) else str(given)


def label_table(checks: "Sequence[LabelCheck]") -> Any:
    """Return a `FittedTable`: classes × cases, and why what is refused is refused."""
    from datagen.cli.views.tables import Column, FittedTable
    from pipelines.safety import CASES

    table = FittedTable(
        Column("class", "word", "bold"),
        *(Column(case, "mark") for case in CASES),
        Column("why" if any(c.refused or c.skipped for c in checks) else "", "text"),
    )
    above = ""
    for numeral in dict.fromkeys(check.numeral for check in checks):
        row = {
            case: next(c for c in checks if (c.numeral, c.style) == (numeral, styles[0]))
            for case, styles in CASES.items()
        }
        why = _why(row)
        shown = "as above" if why and why == above else why
        table.add_row(numeral, *map(_cell, row.values()), shown)
        above = why
    return table


def _cell(check: "LabelCheck") -> Any:
    from rich.text import Text

    if check.refused:
        return Text("refused", style="red")
    if check.classes == (check.numeral,):
        return Text("keeps", style="green")
    others = " or ".join(each for each in check.classes if each != check.numeral)
    kept = "keeps, or " if check.numeral in check.classes else ""
    return Text(f"{kept}becomes {others}", style="cyan")


def _why(row: "Mapping[str, LabelCheck]") -> str:
    """Return why cases of one class are refused, and which steps are left out for it."""
    cases: dict[str, list[str]] = {}
    for case, check in row.items():
        if check.refused:
            cases.setdefault(f"{check.op}: {check.reason}", []).append(case)
        elif check.skipped:
            cases.setdefault(f"without {', '.join(check.skipped)}", []).append(case)
    return "; ".join(
        text if len(on) == len(row) else f"{text} ({', '.join(on)})" for text, on in cases.items()
    )
