"""The dataset of a receipt, built again, and compared with what the receipt says of it."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from datagen.building.build import build
from datagen.building.fetch_missing import FetchMissing
from datagen.core.errors import CorruptInputError, MissingInputError, RecipeError, UsageError
from datagen.core.numerals import CLASSES, SPLITS
from datagen.core.text import how_many
from datagen.datasets.format import DatasetInfo, image_files
from datagen.evaluation.origin import MARK
from datagen.evaluation.records import Origin, Score
from datagen.files.reading import IMAGE, read_bytes
from datagen.receipts.records import Mismatch
from datagen.recipes.fingerprint import recipe_fingerprint
from datagen.recipes.load import validate
from datagen.recipes.overrides import Overrides, override
from datagen.recipes.schema import Recipe


@dataclass(frozen=True, slots=True)
class Image:
    """An image of a dataset: its side and class, its path below the dataset, its SHA-256."""

    split: str
    numeral: str
    path: str
    sha256: str


def receipt_recipe(origin: Origin | None, path: Path) -> Recipe:
    """Return the recipe in a receipt.

    Args:
        origin: of the score.
        path: of the score, for messages.

    Raises:
        MissingInputError: there is none; the message says why.
        CorruptInputError: it is no recipe.
    """
    if origin is None or origin.recipe is None:
        why = origin and origin.note
        raise MissingInputError(
            f"{path} has no recipe to build from{f' ({why})' if why else ''}; "
            "--dataset DIR names the dataset instead"
        )
    try:
        return validate(origin.recipe, origin=f"the recipe in {path}", folder=path.parent)
    except RecipeError as error:
        raise CorruptInputError(f"{error}; the receipt was changed or damaged") from error


def recipe_difference(recipe: Recipe, origin: Origin) -> Mismatch | None:
    """Say where a receipt's recipe is not the one that its fingerprint is of."""
    found, known = recipe_fingerprint(recipe), origin.recipe_fingerprint
    if found == known:
        return None
    return Mismatch(
        kind="recipe",
        where="fingerprint of the recipe in the receipt",
        receipt=_short(known),
        found=_short(found),
        advice="the recipe in the receipt was changed after the evaluation, or another version of "
        f"datagen knows other keys ({_made_by(origin)}); ask for the receipt again",
    )


def rebuild(
    recipe: Recipe,
    origin: Origin,
    place: Path,
    *,
    paths: tuple[tuple[str, Path], ...],
    val_dir: Path | None = None,
    workers: int | None,
    progress: Callable[[int], None],
    fetch: FetchMissing | None,
) -> DatasetInfo:
    """Build the dataset of a receipt in the new folder `place`.

    Args:
        recipe: of the receipt.
        origin: has the text of pipelines that are files; where such a file is not there, the text
            is taken.
        place: of the dataset.
        paths: source, and where its files are on this machine.
        val_dir: where the folder of val is, of a recipe that has one.
        workers: processes that make images; None: one per core, where starting them is worth it.
        progress: told how many images are made.
        fetch: fetches an archive that is missing; None: that is an error.

    Raises:
        UsageError, InputError, RuleError, PipelineError, BuildError: as of a build.
    """
    if val_dir is not None and recipe.val.folder is None:
        raise UsageError(
            f"--val-dir {val_dir} is given, but val is no folder in the recipe of the receipt; "
            "leave it out"
        )
    moved = bool(paths) or val_dir is not None
    chosen = override(recipe, Overrides(paths=paths, val_dir=val_dir)) if moved else recipe
    names = _kept_pipelines(origin, place.parent)
    if names:
        chosen = Recipe.model_validate(_renamed(chosen.model_dump(exclude_unset=True), names))
    try:
        return build(chosen, place, workers=workers, progress=progress, fetch=fetch).info
    except MissingInputError as error:
        raise MissingInputError(
            f"{error}; --path SOURCE=PATH, or --val-dir for val, says where it is on this machine"
        ) from error


def _kept_pipelines(origin: Origin, folder: Path) -> dict[str, str]:
    """Write the pipelines whose files are not there; return path in the recipe → file."""
    kept = {}
    for number, (path, text) in enumerate(origin.pipelines.items()):
        if not Path(path).is_file():
            kept[path] = str(folder / f"pipeline-{number}.yaml")
            Path(kept[path]).write_text(text, "utf-8")
    return kept


def _renamed(plain: object, names: dict[str, str], key: str = "") -> object:
    """Return plain data in which pipelines have other names."""
    if isinstance(plain, dict):
        return {name: _renamed(value, names, name) for name, value in plain.items()}
    if isinstance(plain, list | tuple):
        return [_renamed(value, names, key) for value in plain]
    return names.get(str(plain), plain) if key == "pipeline" else plain


def dataset_images(root: Path) -> list[Image]:
    """Hash every image of a dataset, in the order of a receipt's marks.

    Raises:
        InputError: there is no dataset, or a file cannot be read.
    """
    return [
        Image(
            split,
            numeral,
            path.relative_to(root).as_posix(),
            hashlib.sha256(read_bytes(path, IMAGE)).hexdigest(),
        )
        for split, numeral, path in image_files(root)
    ]


def dataset_difference(
    score: Score, fingerprint: str, info: DatasetInfo | None, images: list[Image]
) -> Mismatch | None:
    """Say what of a dataset is the first that is not as the receipt says.

    Args:
        score: with the receipt.
        fingerprint: of the dataset here.
        info: what the build says; None of a dataset that was not built here.
        images: of the dataset here.
    """
    if fingerprint == score.dataset.fingerprint:
        return None
    origin = score.origin or Origin()
    sources = _sources(origin, info) if info else iter(())
    first = next(chain(sources, _counts(origin, images), _images(origin, images)), None)
    return first or Mismatch(
        kind="dataset",
        where="dataset fingerprint",
        receipt=_short(score.dataset.fingerprint),
        found=_short(fingerprint),
        advice="every image has the mark that the receipt keeps of it, so one of the two "
        "fingerprints was changed, or an image that happens to have the same mark",
    )


def _sources(origin: Origin, info: DatasetInfo) -> Iterator[Mismatch]:
    here = {part.key: part.fingerprint for part in info.sources}
    for part in origin.sources:
        if part.fingerprint is None or here.get(part.key) == part.fingerprint:
            continue
        yield Mismatch(
            kind="source",
            where=f"source {part.key}",
            receipt=_short(part.fingerprint),
            found=_short(here.get(part.key)),
            advice="it offers other letters or images than it did; "
            f"--path {part.source}=PATH names the data that the receipt is of "
            f"({_made_by(origin)})",
        )


def _counts(origin: Origin, images: list[Image]) -> Iterator[Mismatch]:
    for split, numeral, marks, here in _classes(origin, images):
        if len(marks) != len(here):
            yield Mismatch(
                kind="image",
                where=f"{split}/{numeral}",
                receipt=how_many(len(marks), "image"),
                found=how_many(len(here), "image"),
                advice=_why_images(origin),
            )


def _images(origin: Origin, images: list[Image]) -> Iterator[Mismatch]:
    for _, _, marks, here in _classes(origin, images):
        for mark, image in zip(marks, here, strict=False):
            if not image.sha256.startswith(mark):
                yield Mismatch(
                    kind="image",
                    where=image.path,
                    receipt=f"SHA-256 {mark}…",
                    found=f"SHA-256 {image.sha256[:8]}…",
                    advice=_why_images(origin),
                )


def _classes(
    origin: Origin, images: list[Image]
) -> Iterator[tuple[str, str, list[str], list[Image]]]:
    """Yield side, class, the receipt's marks and the images of every class that has marks."""
    for split in SPLITS if origin.images else ():
        for numeral in CLASSES:
            text = origin.images.get(split, {}).get(numeral, "")
            marks = [text[k : k + MARK] for k in range(0, len(text), MARK)]
            here = [each for each in images if (each.split, each.numeral) == (split, numeral)]
            yield split, numeral, marks, here


def _why_images(origin: Origin) -> str:
    return (
        "the same recipe gives other images with other versions of datagen, NumPy or OpenCV "
        f"({_made_by(origin)}), or the images were changed"
    )


def _made_by(origin: Origin) -> str:
    names = ", ".join(f"{name} {version}" for name, version in origin.versions.items())
    return f"the dataset was built with {names}" if names else "the versions are not known"


def _short(fingerprint: str | None) -> str:
    return "none" if fingerprint is None else f"{fingerprint[:16]}"
