"""`datagen pipelines`: the pipelines there are, what they do, and which labels they keep."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.views.next_step import print_next
from datagen.cli.views.output import Json, console, emit
from datagen.cli.views.pipeline_tables import flow, label_table, steps_table, value
from datagen.core.errors import UsageError

if TYPE_CHECKING:
    from pipelines.pipeline import Pipeline


def pipelines(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|FILE]", help="Show this pipeline (default: list all presets)."
        ),
    ] = None,
    as_yaml: Annotated[
        bool, typer.Option("--yaml", help="Print only its YAML, comments included.")
    ] = False,
    labels: Annotated[
        bool,
        typer.Option("--labels", help="Show which class each kind of change makes of each class."),
    ] = False,
    ops: Annotated[
        bool,
        typer.Option(
            "--ops", help="List the operations for pipelines, with their parameters and defaults."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """List the augmentation pipelines; show one step by step, with the classes it is safe for.

    A pipeline is refused for a class whose label it would make wrong: a mirrored IV is a VI.

    Example: `datagen pipelines top5 --yaml > my-pipeline.yaml`
    """
    if as_yaml and (name is None or as_json):
        raise UsageError("--yaml prints one pipeline, without --json: name it, such as top5 --yaml")
    if sum((name is not None, labels, ops)) > 1:
        raise UsageError("a pipeline's name, --labels and --ops exclude each other; give only one")
    if labels:
        _show_labels(as_json=as_json)
    elif ops:
        _show_ops(as_json=as_json)
    elif name is None:
        _list(as_json=as_json)
    elif as_yaml:
        _print_yaml(name)
    else:
        _show(name, as_json=as_json)


def _print_yaml(name: str) -> None:
    """Print the text that a person wrote, not ours: its comments say where the numbers are from."""
    from pipelines.pipeline import find, parse

    found = find(name)
    parse(found.text, origin=found.origin, folder=found.folder)  # refuses what is no pipeline
    text = found.text
    print(text, end="" if text.endswith("\n") else "\n")


def _list(*, as_json: bool) -> None:
    from rich.text import Text

    from datagen.cli.views.tables import Column, FittedTable
    from pipelines.pipeline import load, presets
    from pipelines.safety import in_short, label_checks

    found = [load(name) for name in presets()]
    table = FittedTable(Column("", "word", "bold"), Column("", "text"), below=1)
    for pipeline in found:
        checks = label_checks(pipeline)
        safe = not any(check.refused for check in checks)
        facts = Text(pipeline.description)
        facts.append(f"\n{flow(pipeline.spec.steps)}", style="dim")
        facts.append(f"\nsafe for {in_short(checks)}", "green" if safe else "yellow")
        table.add_row(pipeline.name, facts)
    out = console(as_json=as_json)
    out.print(table)
    print_next(out, "pipelines", "paper-and-pen", why="shows one, step by step")
    if as_json:
        for pipeline in found:
            emit(_plain(pipeline))


def _show(name: str, *, as_json: bool) -> None:
    from pipelines.pipeline import load
    from pipelines.safety import label_checks

    pipeline = load(name)
    out = console(as_json=as_json)
    out.print(name if pipeline.name == "unnamed" else pipeline.name, style="bold")
    if pipeline.description:
        out.print(pipeline.description)
    out.print()
    out.print(steps_table(pipeline))
    out.print()
    out.print(label_table(label_checks(pipeline)))
    print_next(out, "preview", "--pipeline", name, why="pictures of what it does")
    if as_json:
        emit(_plain(pipeline))


def _plain(pipeline: "Pipeline") -> dict[str, Any]:
    from dataclasses import asdict

    from pipelines.safety import in_short, label_checks

    checks = label_checks(pipeline)
    return {
        "command": "pipelines",
        "name": pipeline.name,
        "description": pipeline.description,
        "steps": pipeline.spec.model_dump(mode="json")["steps"],
        "safe_for": in_short(checks),
        "labels": [{"class": row.pop("numeral"), **row} for row in map(asdict, checks)],
    }


def _show_labels(*, as_json: bool) -> None:
    from dataclasses import asdict

    from rich.text import Text

    from datagen.cli.views.tables import Column, FittedTable
    from pipelines.labels import LIMITS
    from pipelines.safety import CASES, algebra

    rules = algebra()
    out = console(as_json=as_json)
    for case, styles in CASES.items():
        classes = [Column(numeral, "mark") for numeral in rules["upper"]["mirror"]]
        table = FittedTable(Column(f"{case} case", "word", "bold"), *classes)
        for move, row in rules[styles[0]].items():
            cells = (_shown(numeral, shown) for numeral, shown in row.items())
            table.add_row(move, *(Text(text, style=style) for text, style in cells))
        out.print(table)
        out.print()
    out.print(
        "= keeps its class   iv: it then shows iv (needs relabel: true)   - no class, refused"
    )
    out.print(
        f"all steps of a pipeline together may rotate by less than {LIMITS.turn:g}°, slant by at "
        f"most {LIMITS.shear:g}°, shift or crop at most {LIMITS.shift:.0%} of the sheet, and scale "
        f"by {LIMITS.shrink:g} … {LIMITS.enlarge:g}",
        soft_wrap=True,
    )
    if as_json:
        emit({"command": "pipelines", "algebra": rules, "limits": asdict(LIMITS)})


def _shown(numeral: str, shown: str | None) -> tuple[str, str]:
    if shown is None:
        return "-", "red"
    return ("=", "green") if shown == numeral else (shown, "cyan")


def _show_ops(*, as_json: bool) -> None:
    from datagen.cli.views.tables import Column, FittedTable
    from pipelines.registry import OPS

    table = FittedTable(
        Column("op", "word", "bold"),
        Column("what it does", "text"),
        Column("parameters and their defaults", "text"),
    )
    for op in OPS.values():
        fields = op.parameters.model_fields.items()
        given = ", ".join(
            f"{key} {'(required)' if field.is_required() else value(field.default)}"
            for key, field in fields
        )
        table.add_row(op.name, op.summary.rstrip("."), given)
    console(as_json=as_json).print(table)
    if as_json:
        for op in OPS.values():
            schema = op.parameters.model_json_schema()
            emit({"command": "pipelines", "op": op.name, "summary": op.summary, "schema": schema})
