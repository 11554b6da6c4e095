"""Images to try a pipeline on: from files and folders, or composed. Nothing is augmented here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Final

from datagen.building.build import plan_recipe
from datagen.building.fetch_missing import FetchMissing
from datagen.building.render import ImageRenderer
from datagen.core.arrays import GrayImage
from datagen.core.errors import CorruptInputError, MissingInputError, UnknownNameError, UsageError
from datagen.core.numerals import CLASSES, CaseStyle
from datagen.files.class_folders import SAMPLE_RULES, class_files, files_in, has_classes
from datagen.files.decode import read_gray
from datagen.planning.assign import Item
from datagen.recipes.schema import Recipe

_MIN_SIDE: Final = 2  # pixels: no pipeline takes smaller images


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """An image and what it shows.

    Attributes:
        name: of its file, or how it was composed.
        image: `uint8 H×W`, ink 0 on paper 255.
    """

    name: str
    image: GrayImage
    numeral: str
    style: CaseStyle


def read_samples(
    paths: Sequence[Path], *, numeral: str | None, style: CaseStyle, per_class: int
) -> list[Sample]:
    """Read images whose class is the name of the folder they lie in.

    Args:
        paths: image files; of a folder, its own first images or those of its class folders, of a
            dataset those of `train`.
        numeral: the class of images that lie in no class folder.
        style: how they are written.
        per_class: how many of a folder's images of each class.

    Raises:
        UsageError: the class of an image is not known, or said to be another than its folder's.
        MissingInputError: there is no such file, or no image in a folder.
        CorruptInputError: an image cannot be read.
    """
    if numeral is not None and numeral not in CLASSES:
        raise UnknownNameError("class", numeral, CLASSES)
    files = [file for path in paths for file in _files(path, per_class)]
    classes = {file: _class_of(file, numeral) for file in files}
    return [Sample(str(file), _read(file), shown, style) for file, shown in classes.items()]


def compose_samples(
    recipe: Recipe, style: CaseStyle | None, fetch: FetchMissing | None = None
) -> list[Sample]:
    """Make one image per class.

    Args:
        recipe: what from; at native size it makes the sheets that pipelines are made for.
        style: how they shall be written; None, or where a class is not written so: as it comes.
        fetch: fetches an archive that is missing; None: that is an error.

    Raises:
        DatagenError: as building it would.
    """
    planned = plan_recipe(recipe, fetch=fetch)
    renderer = ImageRenderer(planned.sources)
    chosen: dict[str, Item] = {}
    for item in planned.items:
        best = chosen.setdefault(item.numeral, item)
        if best.style != style and item.style == style:
            chosen[item.numeral] = item
    return [
        Sample(f"composed, {item.source}", made.pixels, made.entry.numeral, item.style)
        for item in (chosen[numeral] for numeral in CLASSES if numeral in chosen)
        for made in (renderer.make(item),)
    ]


def _files(path: Path, per_class: int) -> Iterator[Path]:
    if not path.exists():
        raise MissingInputError(f"no image {path}; expected an image file or a folder of them")
    if not path.is_dir():
        yield path
        return
    root = path / "train" if (path / "train").is_dir() else path
    if has_classes(root):
        classes = groupby(class_files(root, SAMPLE_RULES), key=itemgetter(0))
        found = [file for _, files in classes for _, file in islice(files, per_class)]
    else:
        found = files_in(root, SAMPLE_RULES)[:per_class]
    if not found:
        raise MissingInputError(
            f"{path} holds no image; expected class folders {CLASSES[0]} … {CLASSES[-1]}, or images"
        )
    yield from found


def _class_of(file: Path, given: str | None) -> str:
    folder = file.absolute().parent.name
    if folder not in CLASSES:
        if given is None:
            raise UsageError(
                f"the class of {file} is not known: its folder is no class such as iv; say --class"
            )
        return given
    if given not in (None, folder):
        raise UsageError(f"{file} lies in {folder}/, but --class says {given}; leave --class out")
    return folder


def _read(file: Path) -> GrayImage:
    image = read_gray(file)
    if min(image.shape) < _MIN_SIDE:
        height, width = image.shape
        raise CorruptInputError(
            f"{file} is {width}×{height} pixels, too small for a numeral; remove it"
        )
    return image
