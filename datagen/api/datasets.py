"""Datasets from Python: plan, build, open, look at, check, export."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datagen.api.call import public
from datagen.api.progress import Progress, counted, fetched, folds, no_progress
from datagen.api.recipes import RecipeLike, as_recipe
from datagen.core.errors import CorruptInputError, UnknownNameError
from datagen.core.numerals import Split
from datagen.datasets.class_counts import class_counts, total_count
from datagen.datasets.format import (
    DatasetInfo,
    ManifestEntry,
    all_image_files,
    info_if_any,
    manifest_if_any,
    read_info,
)
from datagen.files.leftovers import is_folder
from datagen.files.paths import real_path, user_path

if TYPE_CHECKING:
    from PIL.Image import Image

    from datagen.datasets.flatten import Flattened
    from datagen.datasets.inspect import Inspection
    from datagen.datasets.leakage import Leaks
    from datagen.planning.plan import Plan

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class Dataset:
    """A dataset's folder: `train/` and `val/` with class folders, built by datagen or not.

    It is a path too, so that every function that takes a folder takes it. In a notebook it shows
    its contact sheet.

    Attributes:
        path: its folder, given as text or as a path, and absolute from then on.
        info: what `dataset.json` says; None where there is none.

    Raises:
        UsageError: `path` is no path.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> out = pathlib.Path(tempfile.mkdtemp(), "ds")
        >>> ds = datagen.build({"images": 100}, out)
        >>> ds.counts["train"]["iv"]
        8
        >>> ds.contact_sheet(per_cell=4).mode
        'L'
    """

    path: Path
    info: DatasetInfo | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", user_path(self.path).absolute())

    @cached_property
    def counts(self) -> Mapping[Split, Mapping[str, int]]:
        """Images per part and class, counted from the files."""
        return class_counts((split, numeral) for split, numeral, _ in all_image_files(self.path))

    @property
    def manifest(self) -> list[ManifestEntry]:
        """How every image came to be, in order of index; empty where there is no manifest.

        Raises:
            CorruptInputError: a line is no entry.
        """
        return manifest_if_any(self.path)

    def read_info(self) -> DatasetInfo:
        """Return what `dataset.json` says.

        Raises:
            MissingInputError: there is none: it was not built by datagen.
            CorruptInputError: it is damaged.
        """
        return self.info or read_info(self.path)

    @public
    def contact_sheet(self, *, per_cell: int = 8, tile: int = 64) -> "Image":
        """Return a picture, rows by class and columns by source: grey, ink 0 on paper 255.

        Args:
            per_cell: images of each class and source.
            tile: side of an image's place, pixels.

        Raises:
            UsageError: a number is out of range.
            CorruptInputError: an image cannot be read.
        """
        from datagen.previews.contact_sheet import (  # noqa: PLC0415 - loads Pillow
            contact_sheet,
            require_sheet,
        )
        from datagen.previews.contents import preview_dataset  # noqa: PLC0415

        require_sheet(per_cell, tile)
        return contact_sheet(preview_dataset(self.path, per_cell), per_cell=per_cell, tile=tile)

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"Dataset({str(self.path)!r}, {total_count(self.counts).exact:,} images)"

    def _repr_html_(self) -> str:
        from datagen.core.notebook import picture  # noqa: PLC0415 - a notebook's alone

        return picture(self.contact_sheet(), repr(self))


@public
def plan(recipe: RecipeLike, *, offline: bool = False, progress: Progress = no_progress) -> "Plan":
    """Decide every image of a dataset without making one: opens the sources, writes nothing.

    Args:
        recipe: a `Recipe`, the name of a shipped one, a file, or a mapping of a recipe's keys.
        offline: fetch nothing, as `build` does.
        progress: told of the step "fetching NAME", in bytes.

    Raises:
        UsageError, InputError: a source cannot be opened.
        RuleError: the plan breaks the budget or leaves a class empty.
        PipelineError: a pipeline is unknown, or would make a label wrong; see `pipelines.errors`.

    Example:
        >>> import datagen
        >>> planned = datagen.plan({"images": 100})
        >>> planned.count.train, planned.count.val, planned.items[0].numeral
        (80, 20, 'i')
    """
    from datagen.building.build import plan_recipe  # noqa: PLC0415 - loads numpy and OpenCV
    from datagen.building.fetch_missing import fetching  # noqa: PLC0415

    fetch = fetching(offline=offline, progress=fetched(progress))
    return plan_recipe(as_recipe(recipe), fetch=fetch)


@public
def build(
    recipe: RecipeLike = "default",
    out: PathLike = "ds",
    *,
    workers: int | None = 1,
    overwrite: bool = False,
    offline: bool = False,
    vet: bool = False,
    progress: Progress = no_progress,
) -> Dataset:
    """Build the dataset of a recipe in a new folder. It appears whole or not at all.

    The same recipe gives the same bytes for any number of workers. In a script with more than one
    worker, call it from under `if __name__ == "__main__":`, for workers are fresh processes.

    An archive of letters that a source needs and this machine lacks (EMNIST, Chars74K) is fetched
    from its publisher first, verified, and kept; a warning says what and from where.

    Args:
        recipe: a `Recipe`, the name of a shipped one, a file, or a mapping of a recipe's keys.
        out: the dataset's folder.
        workers: processes that make images, 1 or more; None: one per core, where starting them is
            worth it.
        overwrite: replace a dataset that stands there.
        offline: fetch nothing: a missing archive is an error. `DATAGEN_OFFLINE=1` does the same.
        vet: first leave out letters that are not what their label says; see `vet_letters`. A
            recipe's `vet: true` does the same.
        progress: told of the step "images", and of "fetching NAME" in bytes.

    Raises:
        UsageError: the folder cannot be used, or the recipe names what is not there.
        InputError: a source is missing or corrupt.
        RuleError: the plan breaks the budget, or leaves a class or a side empty.
        PipelineError: a pipeline is unknown, or would make a label wrong; see `pipelines.errors`.
        BuildError: the disk is full, a worker was killed, or images keep coming out alike.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> out = pathlib.Path(tempfile.mkdtemp(), "ds")
        >>> ds = datagen.build({"images": 100, "seed": 7}, out)
        >>> ds.info.budget.exact, ds.info.sources[0].key
        (100, 'pen')
    """
    from datagen.building.build import build as build_recipe  # noqa: PLC0415 - see `plan`
    from datagen.building.fetch_missing import fetching  # noqa: PLC0415

    chosen = as_recipe(recipe)
    expected = round((chosen.images or chosen.budget) / (1 - chosen.test_share))
    fetch = fetching(offline=offline, progress=fetched(progress))
    if vet or chosen.vet:
        from datagen.letters.vet import vet_recipe  # noqa: PLC0415 - may start the reader

        chosen, _ = vet_recipe(chosen, fetch=fetch, tell=folds(progress))
    built = build_recipe(
        chosen,
        user_path(out),
        workers=workers,
        overwrite=overwrite,
        progress=counted(progress, "images", expected),
        fetch=fetch,
    )
    return Dataset(built.path, built.info)


@public
def open_dataset(path: PathLike) -> Dataset:
    """Open a folder with `train/` and `val/`, built by datagen or by anybody.

    Raises:
        MissingInputError: there is no such folder, or a side is not there.
        CorruptInputError: it holds a folder that is no class, or its `dataset.json` is damaged.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> out = pathlib.Path(tempfile.mkdtemp(), "ds")
        >>> built = datagen.build({"images": 100}, out)
        >>> datagen.open_dataset(out) == built
        True
    """
    root = user_path(path)
    opened = Dataset(root, info_if_any(root))
    _ = opened.counts  # walks the folders, and refuses what is no dataset
    return opened


@public
def find_leaks(dataset: PathLike, test: PathLike) -> "Leaks":
    """Find the pictures of a test set that a dataset knows; nothing is trained.

    Args:
        dataset: a folder with `train/` and `val/`, by anybody, or a folder of class folders.
        test: a folder of class folders.

    Raises:
        MissingInputError: there are no images in class folders.
        CorruptInputError: a file cannot be read as an image, or a folder is no class.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> ds = datagen.build({"images": 100}, pathlib.Path(tempfile.mkdtemp(), "ds"))
        >>> found = datagen.find_leaks(ds, ds.path / "val")
        >>> found.images, found.leaked, found.parents
        (20, 20, 0)
    """
    from datagen.datasets import (  # noqa: PLC0415 - see `inspect`
        compared_pictures,
        content,
        leakage,
        parents,
    )

    root, folder = user_path(dataset), user_path(test)
    known, asked = content.known_content(root), content.required_test_content(folder)
    held = compared_pictures.Held(known)
    found = leakage.find_leaks(held, parents.parents_of(root), asked, folder)
    if found.unreadable:
        more = len(found.unreadable) - 1
        raise CorruptInputError(
            f"{found.unreadable[0]}{f' and {more:,} more files' if more else ''} cannot be "
            "decoded, so they cannot be compared with the dataset; replace or remove them"
        )
    return found


@public
def inspect(dataset: PathLike) -> "Inspection":
    """Check a dataset: counts, budget, balance, duplicates, leakage, integrity.

    Raises:
        MissingInputError: there is no dataset.
        CorruptInputError: a file cannot be read as an image.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> out = pathlib.Path(tempfile.mkdtemp(), "ds")
        >>> found = datagen.inspect(datagen.build({"images": 100}, out))
        >>> found.clean, found.count.exact, found.leaked
        (True, 100, 0)
    """
    from datagen.datasets.inspect import inspect as inspect_folder  # noqa: PLC0415 - loads OpenCV

    return inspect_folder(user_path(dataset))


@public
def export(
    dataset: PathLike, archive: PathLike | None = None, *, overwrite: bool = False
) -> tuple[Path, int]:
    """Write a dataset that keeps every rule as the competition's zip file.

    Args:
        dataset: its folder.
        archive: the file; None is the dataset's name with `.zip`, beside it.
        overwrite: replace a file that stands there.

    Returns:
        The file, and the number of images in it.

    Raises:
        UsageError: the file is there already, or cannot be written.
        RuleError: the dataset breaks a rule.
        InputError: there is no dataset, or a file cannot be read as an image.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> out = pathlib.Path(tempfile.mkdtemp(), "ds")
        >>> archive, images = datagen.export(datagen.build({"images": 100}, out))
        >>> archive.name, images
        ('ds.zip', 100)
    """
    from datagen.datasets.export import export_zip  # noqa: PLC0415 - see `inspect`

    root = user_path(dataset)
    target = user_path(archive) if archive is not None else Path(f"{real_path(root)}.zip")
    return target, export_zip(root, target, overwrite=overwrite)


@public
def flatten(
    folder: PathLike,
    out: PathLike,
    *,
    invert: str = "no",
    skip_bad: bool = False,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> "Flattened":
    """Write a corrected copy of class folders, in which the network sees what a person does.

    Transparency over white, upright as EXIF says, 8 bits, PNG; labels and names as they were.

    Args:
        folder: class folders, some of which may be missing; or `train/` and `val/` with them.
        out: the copy.
        invert: turn light ink on dark paper: "auto" where it is found, "yes" every image, "no".
        skip_bad: leave out files that cannot be read instead of refusing.
        overwrite: replace an earlier copy.
        progress: told of the step "images".

    Returns:
        What was changed: the record that the copy holds as `flatten.json`.

    Raises:
        UsageError: `invert` is another word, or the folder cannot be used.
        InputError: there are no class folders, or a file cannot be read as an image.
        BuildError: writing failed.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> place = pathlib.Path(tempfile.mkdtemp())
        >>> ds = datagen.build({"images": 100}, place / "ds")
        >>> copy = datagen.flatten(ds, place / "copy")
        >>> copy.images, len(copy.corrected)
        (100, 0)
    """
    from datagen.datasets.flatten import INVERT  # noqa: PLC0415 - see `inspect`
    from datagen.datasets.flatten import flatten as flatten_folder  # noqa: PLC0415

    if invert not in INVERT:
        raise UnknownNameError("invert", invert, INVERT)
    return flatten_folder(
        user_path(folder),
        user_path(out),
        invert=INVERT[invert],
        skip_bad=skip_bad,
        overwrite=overwrite,
        progress=lambda total: counted(progress, "images", total),
    )


@public
def preview(
    what: RecipeLike = "default",
    *,
    per_cell: int = 8,
    tile: int = 64,
    offline: bool = False,
    progress: Progress = no_progress,
) -> Any:
    """Return the contact sheet of a dataset, or of a recipe that is not built yet.

    Args:
        what: a dataset's folder; else a recipe, as `build` takes it.
        per_cell: images of each class and source.
        tile: side of an image's place, pixels.
        offline: fetch nothing, as `build` does.
        progress: told of the step "fetching NAME", in bytes.

    Returns:
        A `PIL.Image.Image`, grey, ink 0 on paper 255.

    Raises:
        UsageError: `per_cell` or `tile` is out of range.
        DatagenError, PipelineError: as opening or building it would.

    Example:
        >>> import datagen
        >>> datagen.preview("default", per_cell=2, tile=32).mode
        'L'
    """
    from datagen.building.fetch_missing import fetching  # noqa: PLC0415 - see `plan`
    from datagen.previews.contact_sheet import (  # noqa: PLC0415 - loads Pillow
        contact_sheet,
        require_sheet,
    )
    from datagen.previews.contents import preview_recipe  # noqa: PLC0415

    if isinstance(what, str | os.PathLike) and is_folder(user_path(what)):
        return Dataset(Path(what)).contact_sheet(per_cell=per_cell, tile=tile)
    require_sheet(per_cell, tile)
    fetch = fetching(offline=offline, progress=fetched(progress))
    images = preview_recipe(as_recipe(what), per_cell, fetch)
    return contact_sheet(images, per_cell=per_cell, tile=tile)
