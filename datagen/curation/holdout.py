"""A holdout: a seeded, stratified part of real images, kept out of training and of choices.

Enters: class folders of real numerals. Leaves: a folder with `holdout/`, `rest/` and a record of
where every file went and why. Near-duplicates stay together; the same files and seed give the same
sides, whatever the files are called and in whichever order they are listed.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Literal, get_args

from datagen.core.arrays import GrayImage
from datagen.core.errors import BuildError, CorruptInputError, SplitError, UsageError
from datagen.core.limits import MOST_SEED, require
from datagen.core.models import StrictModel
from datagen.core.numerals import CLASSES
from datagen.files.atomic import check_target, resolved, staged
from datagen.files.class_folders import require_unicode
from datagen.files.hashing import file_hash, hash_files
from datagen.images.near_duplicates import SAME, group
from datagen.sources.images.source import ImagesOptions, ImageSurvey, read_numeral, survey

RECORD: Final = "holdout.json"
FRACTION: Final = 0.2

Side = Literal["holdout", "rest"]
SIDES: Final[tuple[Side, ...]] = get_args(Side)
Progress = Callable[[int], None]
"""Called with the number of images looked at so far."""

_NAME_LIMIT: Final = 200  # bytes: file systems take 255


class Placed(StrictModel):
    """One picture that stands on a side.

    Attributes:
        file: where it stands, below the result.
        source: where it was, below the folder given.
        sha256: of its bytes.
        numeral: its class.
        was: the class it was given under.
        side: where it went.
        group: equal for near-duplicates: the smallest hash among them, cut short.
    """

    file: str
    source: str
    sha256: str
    numeral: str
    was: str
    side: Side
    group: str


class LeftOut(StrictModel):
    """One file that stands on no side, and why."""

    source: str
    was: str
    cause: Literal["review", "copy", "contradiction", "unusable"]
    reason: str


class Holdout(StrictModel):
    """The record of one holdout, written as `holdout.json`.

    Attributes:
        source: the folder given.
        seed, fraction, review: as asked.
        threshold: likeness from which pictures were kept together; see `images.near_duplicates`.
        files: every picture placed, by class, then by source.
        left_out: every other file, by source.
    """

    holdout: Literal[1] = 1  # version of this format
    source: str
    seed: int
    fraction: float
    review: str | None
    threshold: float
    files: tuple[Placed, ...]
    left_out: tuple[LeftOut, ...]

    def counts(self, side: Side) -> dict[str, int]:
        """Return images per class on one side."""
        found = Counter(file.numeral for file in self.files if file.side == side)
        return {numeral: found[numeral] for numeral in CLASSES}

    def group_sizes(self) -> list[int]:
        """Return the sizes of the groups of near-duplicates, largest first."""
        return sorted(Counter(file.group for file in self.files).values(), reverse=True)


@dataclass(frozen=True, slots=True)
class Picture:
    """What decides a picture's side."""

    sha256: str
    numeral: str
    group: str


def hold_out(
    root: Path,
    out: Path,
    *,
    fraction: float = FRACTION,
    seed: int = 0,
    review: str | None = None,
    skip_bad: bool = False,
    overwrite: bool = False,
    progress: Callable[[int], Progress] | None = None,
) -> Holdout:
    """Set a part of the images in `root` aside, and write both sides to `out`.

    Args:
        root: class folders `i … x`, or `train/` and `val/` that hold them.
        out: the result: `holdout/` and `rest/` with class folders, and `holdout.json`.
        fraction: share of each class that is set aside, 0 … 1, rounded to whole images.
        seed: which ones.
        review: a list of bad images, by name or as a YAML file.
        skip_bad: pass over unusable files instead of refusing.
        overwrite: replace an earlier result.
        progress: called with the number of images, returns what is told of the progress.

    Raises:
        UsageError: a fraction out of range, or `out` cannot be written or is not apart from `root`.
        SplitError: a class has too few pictures to divide, or none is left of it.
        MissingInputError, UnknownNameError, RecipeError, CorruptInputError: see `survey`.
        BuildError: writing failed.
    """
    if not 0 < fraction < 1:
        raise UsageError(f"a fraction of {fraction} holds nothing out; expected 0 < fraction < 1")
    require("seed", seed, -MOST_SEED, MOST_SEED)
    target = resolved(out)
    _refuse_nested(resolved(root), target)
    require_unicode(root.resolve())
    check_target(target, overwrite=overwrite, marker=RECORD)
    found = survey(root, ImagesOptions(review=review, skip_bad=skip_bad))
    _refuse_emptied(found, root)
    pictures = _group(root, found, progress or (lambda _: lambda _: None))
    sides = assign(pictures.values(), fraction, seed)
    record = Holdout(
        source=str(root.resolve()),
        seed=seed,
        fraction=fraction,
        review=review,
        threshold=SAME,
        files=tuple(_place(found, pictures, sides)),
        left_out=tuple(_left_out(found)),
    )
    with staged(target, overwrite=overwrite, marker=RECORD) as folder:
        try:
            _write(record, root, folder)
        except OSError as error:
            raise BuildError(f"cannot write the images: {error}; nothing was kept") from error
    return record


def assign(pictures: Iterable[Picture], fraction: float, seed: int) -> dict[str, Side]:
    """Return group → side, so that each class has `fraction` of its pictures held out, rounded.

    Groups are taken in the order of a hash of seed and content, not by a generator: so a picture
    more or less in the collection moves few others, and no listing order can matter. A group that
    would exceed the share of any of its classes stays in the rest.

    Raises:
        SplitError: a class cannot have at least one picture on each side.
    """
    members: dict[str, list[Picture]] = {}
    for picture in pictures:
        members.setdefault(picture.group, []).append(picture)
    total = Counter(picture.numeral for group in members.values() for picture in group)
    free = {numeral: round(fraction * count) for numeral, count in total.items()}
    sides: dict[str, Side] = {}
    for name in sorted(members, key=lambda name: _draw(name, seed)):
        needed = Counter(picture.numeral for picture in members[name])
        fits = all(free[numeral] >= count for numeral, count in needed.items())
        sides[name] = "holdout" if fits else "rest"
        if fits:
            for numeral, count in needed.items():
                free[numeral] -= count
    _refuse_empty_sides(members, sides, total, fraction)
    return sides


def _draw(name: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest()


def _refuse_empty_sides(
    members: Mapping[str, Sequence[Picture]],
    sides: Mapping[str, Side],
    total: Mapping[str, int],
    fraction: float,
) -> None:
    there = {(sides[name], picture.numeral) for name, group in members.items() for picture in group}
    for numeral in CLASSES:
        if total[numeral] and any((side, numeral) not in there for side in SIDES):
            groups = sum(numeral in {p.numeral for p in group} for group in members.values())
            raise SplitError(
                f"class {numeral} has {total[numeral]} pictures in {groups} groups of "
                f"near-duplicates, of which a share of {fraction} cannot leave one on each side; "
                "add pictures, or change --fraction"
            )


def _refuse_emptied(found: ImageSurvey, root: Path) -> None:
    left = {found.names[name] for name in found.kept}
    empty = [numeral for numeral in CLASSES if numeral not in left]
    if empty:
        raise SplitError(
            f"of class {', '.join(empty)} no usable picture is left in {root} once bad ones and "
            "those that lie under several classes are taken out; add pictures, or put them right"
        )


def _refuse_nested(root: Path, target: Path) -> None:
    if target == root or root in target.parents or target in root.parents:
        raise UsageError(
            f"{target} and {root} lie in one another: the result would be read as input, or "
            "replace it; choose another --out"
        )


def _group(
    root: Path, found: ImageSurvey, progress: Callable[[int], Progress]
) -> dict[str, Picture]:
    """Return path → picture, its near-duplicates known."""
    hashes = hash_files(root, found.kept, "bytes", file_hash)
    sums: dict[str, str] = {}
    for name, value in hashes.items():
        if isinstance(value, CorruptInputError):
            raise value
        sums[name] = value
    names = sorted(sums, key=lambda name: sums[name])  # not by path: names do not matter
    labels = group(_read_all(root, names, progress(len(names))))
    first: dict[int, str] = {}
    for name, label in zip(names, labels, strict=True):
        first.setdefault(label, sums[name][:16])
    return {
        name: Picture(sums[name], found.names[name], first[label])
        for name, label in zip(names, labels, strict=True)
    }


def _read_all(root: Path, names: Sequence[str], tell: Progress) -> Iterator[GrayImage]:
    for done, name in enumerate(names, 1):
        yield read_numeral(root / name)
        tell(done)


def _place(
    found: ImageSurvey, pictures: Mapping[str, Picture], sides: Mapping[str, Side]
) -> Iterator[Placed]:
    """Yield where each kept picture goes, in class order."""
    taken: set[str] = set()
    for source in found.kept:
        picture, was = pictures[source], found.given[source]
        side = sides[picture.group]
        file = f"{side}/{picture.numeral}/{_file_name(source, was, picture)}"
        if file.casefold() in taken:
            path = PurePosixPath(file)
            file = str(path.with_name(f"{path.stem}-{picture.sha256[:16]}{path.suffix}"))
        taken.add(file.casefold())
        yield Placed(
            file=file,
            source=source,
            sha256=picture.sha256,
            numeral=picture.numeral,
            was=was,
            side=side,
            group=picture.group,
        )


def _file_name(source: str, was: str, picture: Picture) -> str:
    """Return a name that tells where a file comes from: `train/v/a.png` → `train-a.png`."""
    path = PurePosixPath(source)
    parts = list(path.parts)
    parts.remove(was)  # the first such part is the class folder: only train or val stand before it
    moved = [] if picture.numeral == was else [f"was-{was}"]
    name = "-".join((*moved, *parts))
    return name if len(name.encode()) <= _NAME_LIMIT else picture.sha256[:16] + path.suffix[:16]


def _left_out(found: ImageSurvey) -> Iterator[LeftOut]:
    """Yield the files that stand on no side."""
    kept = {found.hashes[name]: name for name in found.kept}
    chosen = set(found.kept)
    for source in sorted(found.given.keys() - chosen):
        was = found.given[source]
        if source not in found.names:
            reason = found.judged[source].reason
            yield LeftOut(source=source, was=was, cause="review", reason=reason)
        elif source not in found.hashes:
            yield LeftOut(source=source, was=was, cause="unusable", reason="not a usable image")
        elif found.hashes[source] in kept:
            reason = f"same pixels as {kept[found.hashes[source]]}"
            yield LeftOut(source=source, was=was, cause="copy", reason=reason)
        else:
            reason = "same pixels lie under another class too"
            yield LeftOut(source=source, was=was, cause="contradiction", reason=reason)


def _write(record: Holdout, root: Path, folder: Path) -> None:
    """Copy every picture, byte by byte, and write the record."""
    for side in SIDES:
        for numeral in CLASSES:
            (folder / side / numeral).mkdir(parents=True)
    for file in record.files:
        data = (root / file.source).read_bytes()
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise BuildError(f"{root / file.source} changed meanwhile; run again")
        (folder / file.file).write_bytes(data)
    (folder / RECORD).write_text(record.model_dump_json(indent=1) + "\n", "utf-8", newline="\n")
