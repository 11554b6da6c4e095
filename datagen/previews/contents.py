"""What a dataset, or a recipe not built yet, looks like."""

from collections import Counter, defaultdict
from pathlib import Path

from datagen.building.build import plan_recipe
from datagen.building.fetch_missing import FetchMissing
from datagen.building.render import ImageRenderer
from datagen.core.arrays import GrayImage
from datagen.core.errors import MissingInputError
from datagen.datasets.format import MANIFEST, TEST, all_image_files, inside, read_manifest
from datagen.files.decode import decode_gray
from datagen.files.reading import IMAGE, read_bytes
from datagen.previews.contact_sheet import SheetImages
from datagen.recipes.schema import Recipe


def preview_dataset(root: Path, per_cell: int) -> SheetImages:
    """Read the first images of every class and source of a dataset.

    Images of test have columns of their own. Without a manifest the columns are the parts.

    Raises:
        MissingInputError: there is no dataset.
        CorruptInputError: an image cannot be read, or lies elsewhere by the manifest.
    """
    listed = (root / MANIFEST).is_file()
    if listed:
        places = [
            (e.numeral, _column(e.source, e.split), root / e.path) for e in read_manifest(root)
        ]
    else:
        places = [(numeral, split, path) for split, numeral, path in all_image_files(root)]
    chosen: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for numeral, column, path in places:
        if len(chosen[numeral, column]) < per_cell:
            chosen[numeral, column].append(path)
    columns = tuple(dict.fromkeys(column for _, column, _ in places))
    cells = {
        cell: [_read(inside(root, path) if listed else path) for path in paths]
        for cell, paths in chosen.items()
    }
    return SheetImages(columns, cells)


def preview_recipe(recipe: Recipe, per_cell: int, fetch: FetchMissing | None = None) -> SheetImages:
    """Make the first images of every class and source of a recipe's plan.

    Args:
        recipe: what would be built.
        per_cell: images of each class and source.
        fetch: fetches an archive that is missing; None: that is an error.

    Raises:
        DatagenError: as building it would.
    """
    planned = plan_recipe(recipe, fetch=fetch)
    renderer = ImageRenderer(planned.sources)
    cells: dict[tuple[str, str], list[GrayImage]] = defaultdict(list)
    tried: Counter[tuple[str, str]] = Counter()
    for item in planned.items:
        column = _column(item.source, item.split)
        tried[item.numeral, column] += 1
        if tried[item.numeral, column] <= per_cell:
            made = renderer.make(item)
            # a pipeline may have relabelled it
            cells[made.entry.numeral, column].append(made.pixels)
    columns = tuple(dict.fromkeys(_column(item.source, item.split) for item in planned.items))
    return SheetImages(columns, cells)


def _column(source: str, split: str) -> str:
    return f"{source}, {TEST}" if split == TEST else source


def _read(path: Path) -> GrayImage:
    try:
        content = read_bytes(path, IMAGE)
    except MissingInputError as error:
        raise MissingInputError(f"{error}; `datagen inspect` names all such files") from error
    return decode_gray(content, str(path))
