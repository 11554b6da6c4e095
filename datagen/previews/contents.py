"""What a dataset, or a recipe not built yet, looks like."""

from collections import Counter, defaultdict
from pathlib import Path

from datagen.building.build import plan_recipe
from datagen.building.render import ImageRenderer
from datagen.core.arrays import GrayImage
from datagen.core.errors import MissingInputError
from datagen.datasets.format import MANIFEST, image_files, read_manifest
from datagen.files.decode import decode_gray
from datagen.previews.contact_sheet import SheetImages
from datagen.recipes.schema import Recipe


def preview_dataset(root: Path, per_cell: int) -> SheetImages:
    """Read the first images of every class and source of a dataset.

    Without a manifest the columns are train and val.

    Raises:
        MissingInputError: there is no dataset.
        CorruptInputError: an image cannot be read.
    """
    if (root / MANIFEST).is_file():
        places = [(e.numeral, e.source, root / e.path) for e in read_manifest(root)]
    else:
        places = [(numeral, split, path) for split, numeral, path in image_files(root)]
    chosen: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for numeral, column, path in places:
        if len(chosen[numeral, column]) < per_cell:
            chosen[numeral, column].append(path)
    columns = tuple(dict.fromkeys(column for _, column, _ in places))
    cells = {cell: [_read(path) for path in paths] for cell, paths in chosen.items()}
    return SheetImages(columns, cells)


def preview_recipe(recipe: Recipe, per_cell: int) -> SheetImages:
    """Make the first images of every class and source of a recipe's plan.

    Raises:
        DatagenError: as building it would.
    """
    planned = plan_recipe(recipe)
    renderer = ImageRenderer(planned.sources)
    cells: dict[tuple[str, str], list[GrayImage]] = defaultdict(list)
    tried: Counter[tuple[str, str]] = Counter()
    for item in planned.items:
        tried[item.numeral, item.source] += 1
        if tried[item.numeral, item.source] <= per_cell:
            made = renderer.make(item)
            # a pipeline may have relabelled it
            cells[made.entry.numeral, item.source].append(made.pixels)
    columns = tuple(dict.fromkeys(item.source for item in planned.items))
    return SheetImages(columns, cells)


def _read(path: Path) -> GrayImage:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MissingInputError(
            f"{path} cannot be read ({error.strerror}); `datagen inspect` names all such files"
        ) from error
    return decode_gray(content, str(path))
