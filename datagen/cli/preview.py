"""`datagen preview`: what a dataset or a recipe looks like."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datagen.cli import recipe_flags as flags
from datagen.cli.output import Json, console, emit
from datagen.errors import UsageError

if TYPE_CHECKING:
    from datagen.contact import Contacts


def preview(
    what: Annotated[
        str | None,
        typer.Argument(metavar="[DATASET|RECIPE]", help="A dataset, a recipe file or its name."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture.")] = Path("preview.png"),
    per_cell: Annotated[int, typer.Option(min=1, max=100, help="Images per class and source.")] = 8,
    tile: Annotated[int, typer.Option(min=16, max=512, help="Side of an image, pixels.")] = 64,
    source: flags.Source = None,
    mix: flags.Mix = None,
    option: flags.Option = None,
    seed: flags.Seed = None,
    size: flags.Size = None,
    as_json: Json = False,
) -> None:
    """Draw a contact sheet: rows by class, columns by source.

    Example: `datagen preview --source emnist:gzip.zip --out emnist.png`
    """
    from datagen.contact import contact_sheet, save, terminal_rows

    given = flags.RecipeFlags(source=source, mix=mix, option=option, seed=seed, size=size)
    contacts = _contacts(what, given, per_cell)
    sheet = contact_sheet(contacts, per_cell=per_cell, tile=tile)
    try:
        save(sheet, out)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot write {out}: {error}; choose another --out, such as a.png"
        ) from error
    terminal = console(as_json=as_json)
    for line in terminal_rows(contacts):
        terminal.print(line, markup=False, no_wrap=True, crop=True)
    terminal.print(f"columns {', '.join(contacts.columns)}   written {out}")
    if as_json:
        emit({"command": "preview", "path": str(out), "columns": list(contacts.columns)})


def _contacts(what: str | None, given: flags.RecipeFlags, per_cell: int) -> "Contacts":
    from dataclasses import replace

    from datagen.preview import preview_dataset, preview_recipe

    if what is not None and Path(what).is_dir():
        if given != flags.RecipeFlags():
            raise UsageError(f"{what} is a dataset; --source, --mix, … belong to recipes")
        return preview_dataset(Path(what), per_cell)
    return preview_recipe(replace(given, recipe=what).resolve(), per_cell)
