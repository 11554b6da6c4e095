"""`datagen models`: the networks that judge a dataset, and what each of them is."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.views.next_step import print_next
from datagen.cli.views.output import Json, Quiet, console, emit, is_live
from datagen.core.errors import UsageError

if TYPE_CHECKING:
    from datagen.evaluation.models import Model, ModelDescription


def models(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Show this model (default: list all)."),
    ] = None,
    no_timing: Annotated[
        bool,
        typer.Option("--no-timing", help="Do not measure the seconds per epoch."),
    ] = False,
    images: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Number of training images for the expected seconds (9,992)."
        ),
    ] = None,
    classes: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Number of classes, for a model that takes it from the dataset (10).",
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List the models that `evaluate` can train; show one with its layers, phases and speed.

    Each is a frozen protocol: a network, its training and its scoring, which never change. The
    expected seconds per epoch are measured in 20 training steps on this machine.

    Example: `datagen models simple-cnn --no-timing`
    """
    from datagen.api.models import describe_model, list_models

    out = console(as_json=as_json, quiet=quiet)
    if name is None:
        if no_timing or (images, classes) != (None, None):
            raise UsageError("--classes, --images and --no-timing need a model: give its name")
        found = list_models()
        _print_list(found, out)
        if as_json:
            for model in found:
                emit({"command": "models", **model.model_dump(mode="json")})
        return
    if is_live() and not quiet and not no_timing:
        out.print(f"{name}: 20 steps of training …", style="dim")
    described = describe_model(
        name, classes=10 if classes is None else classes, images=images, timing=not no_timing
    )
    _print_one(described, out)
    if as_json:
        emit({"command": "models", **described.model_dump(mode="json")})


def _print_list(found: "list[Model]", out: Any) -> None:
    from datagen.cli.views.model_tables import list_table

    out.print(list_table(found))
    out.print("letters      emnist-cnn reads single letters: datagen letters train", soft_wrap=True)
    print_next(out, "models", "simple-cnn", why="shows one: layers, phases, speed")


def _print_one(model: "ModelDescription", out: Any) -> None:
    from datagen.cli.views.model_tables import facts_table, layers_table, phases_table

    out.print(model.name, style="bold")
    out.print(model.summary)
    out.print()
    for table in (facts_table(model), phases_table(model), layers_table(model)):
        out.print(table)
        out.print()
    print_next(out, "evaluate", "ds", "--protocol", model.name)
