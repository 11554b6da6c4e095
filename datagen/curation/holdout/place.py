"""Where every picture of a holdout stands, and the folders written.

Enters: pictures and the folds that hold them out. Leaves: records, and copies byte by byte.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from datagen.core.errors import BuildError
from datagen.core.numerals import CLASSES
from datagen.curation.holdout.collection import Collection, Given, Ties
from datagen.curation.holdout.record import RECORD, REVIEWED, SIDES, Holdout, LeftOut, Placed
from datagen.datasets.format import MANIFEST
from datagen.files.names import DistinctNames
from datagen.files.paths import recorded_place
from datagen.files.reading import IMAGE, read_bytes

_NAME_LIMIT: Final = 200  # bytes: file systems take 255


@dataclass(frozen=True, slots=True)
class Sides:
    """Where every picture of a collection goes.

    Attributes:
        groups: what each stays together with.
        folds: the fold that holds it out; 1 and None where there is one holdout.
        styles: its style cluster; None where sides are drawn at random.
    """

    groups: Sequence[str]
    folds: Sequence[int | None]
    styles: Sequence[int | None]


def fold_folder(fold: int) -> str:
    """Return the name of a fold's folder in the result."""
    return f"fold-{fold}"


def place(
    collection: Collection, sides: Sides, ties: Ties, *, fold: int, reviewed: bool, folds: int
) -> tuple[tuple[Placed, ...], tuple[LeftOut, ...]]:
    """Return where each picture stands in one fold, and what stands nowhere.

    Args:
        collection: the pictures.
        sides: the folds that hold them out.
        ties: their writers.
        fold: which; 1 where there is one holdout.
        reviewed: whether the holdout stands there as reviewed too.
        folds: how many there are.
    """
    pictures = collection.pictures
    given = _names([(picture, picture.was) for picture in pictures])
    sound = _names([(picture, picture.numeral) for picture in pictures if picture.sound])
    files: list[Placed] = []
    out = list(collection.left_out)
    for k in sorted(range(len(pictures)), key=lambda k: _order(pictures[k])):
        own = pictures[k]
        key = own.source
        held = sides.folds[k] == fold
        if not held and not own.sound:
            out.append(own.left_out())
            continue
        files.append(
            Placed(
                file=f"holdout/{given[key]}" if held else f"rest/{sound[key]}",
                source=own.source,
                sha256=own.sha256,
                numeral=own.numeral,
                was=own.was,
                side="holdout" if held else "rest",
                group=sides.groups[k],
                fold=sides.folds[k] if folds > 1 else None,
                style=sides.styles[k],
                writer=", ".join(ties.writers.get(own.source, ())) or None,
                sound=own.sound,
                reviewed=f"{REVIEWED}/{sound[key]}" if held and own.sound and reviewed else None,
                note=own.note,
            )
        )
    return tuple(files), tuple(sorted(out, key=lambda file: file.source))


def _order(picture: Given) -> tuple[int, str]:
    return CLASSES.index(picture.numeral), picture.source


def _names(pictures: Sequence[tuple[Given, str]]) -> dict[str, str]:
    """Return source → class and file name, no two alike where case does not count."""
    found: dict[str, str] = {}
    names = DistinctNames()
    for picture, numeral in sorted(pictures, key=lambda pair: _order(pair[0])):
        file = f"{numeral}/{_file_name(picture, numeral)}"
        found[picture.source] = names.give(file, picture.sha256[:16])
    return found


def _file_name(picture: Given, numeral: str) -> str:
    """Return a name that tells where a file comes from: `train/v/a.png` → `train-a.png`."""
    path = PurePosixPath(picture.source)
    parts = list(path.parts)
    parts.remove(picture.was)  # the first such part is the class folder: only train or val before
    moved = [] if numeral == picture.was else [f"was-{picture.was}"]
    name = "-".join((*moved, *parts))
    return name if len(name.encode()) <= _NAME_LIMIT else picture.sha256[:16] + path.suffix[:16]


def all_folds(records: Sequence[Holdout]) -> Holdout:
    """Return the record of all folds: each picture once, where it is held out."""
    one = records[0]
    files = [
        file.model_copy(update=_below(fold_folder(fold), file))
        for fold, record in enumerate(records, 1)
        for file in record.files
        if file.side == "holdout"
    ]
    nowhere = {file.source for file in one.left_out}.intersection(
        *({file.source for file in record.left_out} for record in records[1:])
    )
    order = sorted(files, key=lambda file: (CLASSES.index(file.numeral), file.source))
    left = tuple(file for file in one.left_out if file.source in nowhere)
    return one.model_copy(update={"files": tuple(order), "left_out": left})


def _below(folder: str, file: Placed) -> dict[str, Any]:
    return {
        "file": f"{folder}/{file.file}",
        "reviewed": f"{folder}/{file.reviewed}" if file.reviewed else None,
    }


def write(record: Holdout, root: Path, folder: Path, place: Path) -> None:
    """Copy every picture of one fold, byte by byte, and write its record.

    Args:
        record: of the fold.
        root: of the pictures.
        folder: to write to.
        place: where that will stand.

    Raises:
        BuildError: a picture changed since it was looked at, or writing failed.
    """
    try:
        for side in (*SIDES, REVIEWED) if record.review is not None else SIDES:
            for numeral in CLASSES:
                (folder / side / numeral).mkdir(parents=True)
        for file in record.files:
            data = read_bytes(root / file.source, IMAGE)
            if hashlib.sha256(data).hexdigest() != file.sha256:
                raise BuildError(f"{root / file.source} changed meanwhile; run again")
            for name in _places(file):
                (folder / name).write_bytes(data)
        write_record(record, folder, place)
    except OSError as error:
        raise BuildError(f"cannot write the images: {error}; nothing was kept") from error


def _places(file: Placed) -> Iterator[str]:
    yield file.file
    if file.reviewed:
        yield file.reviewed


def write_record(record: Holdout, folder: Path, place: Path) -> None:
    """Write `holdout.json` to a folder that will stand at `place`, which its paths start from."""
    names = {"source": record.source, "review": record.review, "writers": record.writers}
    found = {
        key: recorded_place(name, place)
        for key, name in names.items()
        if name is not None and (key == "source" or (name != MANIFEST and Path(name).is_file()))
    }
    text = record.model_copy(update=found).model_dump_json(indent=1) + "\n"
    (folder / RECORD).write_text(text, "utf-8", newline="\n")
