"""The pictures of a folder as they were given, beside what a review makes of them.

Enters: a folder of class folders. Leaves: every distinct picture with its class as given, its class
as reviewed, and what it must stay together with.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from datagen.core.errors import CorruptInputError, MissingInputError, SplitError
from datagen.core.numerals import CLASSES
from datagen.curation.holdout.record import Cause, LeftOut
from datagen.datasets.format import MANIFEST, manifest_if_any
from datagen.files.decode import DECODER
from datagen.files.hashing import file_hash, hash_files, pixel_hash
from datagen.sources.images.read import read_numeral
from datagen.sources.images.source import ImagesOptions, ImageSurvey, survey

COLUMNS: Final = ("path", "writer")

_WRITER: Final = "writer "  # before names in the graph of what stays together
_PARENT: Final = "parent "


@dataclass(frozen=True, slots=True)
class Given:
    """One picture of the folder: of equal ones under one class the first.

    Attributes:
        source: its path below the folder.
        sha256: of its bytes.
        pixels: the hash of its pixels.
        was: the class it was given under.
        numeral: its class as reviewed; `was` where the review drops it.
        cause: why it may not be trained on; None of a sound one.
        note: what the review says of it, or why it is not sound.
    """

    source: str
    sha256: str
    pixels: str
    was: str
    numeral: str
    cause: Cause | None
    note: str | None

    @property
    def sound(self) -> bool:
        """Whether it may be trained on; see `record.Placed`."""
        return self.cause is None

    def left_out(self) -> LeftOut:
        """Return the record of one that is not sound, where it is not held out either."""
        return LeftOut(
            source=self.source, was=self.was, cause=self.cause or "copy", reason=self.note or ""
        )


@dataclass(frozen=True, slots=True)
class Collection:
    """What lies in a folder.

    Attributes:
        pictures: every distinct one, by content: names and listing order do not matter.
        left_out: files that are no pictures, or copies.
    """

    pictures: tuple[Given, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Ties:
    """What is known beside the looks of pictures.

    Attributes:
        origin: where from: a file's name, or the manifest; None where nothing is known.
        writers: source → the writers of its letters.
        parents: source → the finished image it was made from.
    """

    origin: str | None = None
    writers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)


def collect(root: Path, review: str | None, *, skip_bad: bool) -> Collection:
    """Look through a folder.

    A picture counts once for each class it lies under. Copies beyond that are left out, and so is
    what cannot be used.

    Raises:
        SplitError: none is left of a class.
        MissingInputError, UnknownNameError, RecipeError, CorruptInputError: see `survey`.
    """
    found = survey(root, ImagesOptions(review=review, skip_bad=skip_bad))
    _refuse_emptied(found, root)
    hashes = dict(found.hashes)
    dropped = [name for name in found.given if name not in found.names]
    variant = f"as given, decoder {DECODER}"
    seen = hash_files(root, dropped, variant, lambda file: pixel_hash(read_numeral(file)))
    hashes.update({name: value for name, value in seen.items() if isinstance(value, str)})
    sums = _sums(root, list(hashes))
    kept = set(found.kept)
    first: dict[tuple[str, str], str] = {}
    # what is kept comes before its copies; then in the folder's order
    for name in sorted(hashes, key=lambda name: (name not in kept, list_key(found.given, name))):
        first.setdefault((hashes[name], found.given[name]), name)
    by_hash = {hashes[name]: name for name in found.kept}
    pictures = [
        _given(found, name, sums[name], hashes[name], by_hash.get(hashes[name]))
        for name in first.values()
    ]
    return Collection(
        tuple(sorted(pictures, key=lambda picture: (picture.sha256, picture.was))),
        tuple(_left_out(found, hashes, first)),
    )


def list_key(given: Mapping[str, str], name: str) -> tuple[int, str]:
    """Return the key of the folder's order: by class as given, then by path."""
    return CLASSES.index(given[name]), name


def _sums(root: Path, names: Sequence[str]) -> dict[str, str]:
    sums: dict[str, str] = {}
    for name, value in hash_files(root, names, "bytes", file_hash).items():
        if isinstance(value, CorruptInputError):
            raise value
        sums[name] = value
    return sums


def _given(found: ImageSurvey, name: str, sha256: str, pixels: str, kept: str | None) -> Given:
    """Return a picture; `kept` is the one of its pixels that may be trained on."""
    was, judged = found.given[name], found.judged.get(name)
    cause: Cause | None = None
    note = judged.reason if judged else None
    if name not in found.names:
        cause = "review"
    elif kept is None:
        cause, note = "contradiction", "same pixels lie under another class too"
    elif kept != name:
        cause, note = "copy", f"same pixels as {kept}"
    numeral = found.names.get(name, was)
    return Given(name, sha256, pixels, was, numeral, cause, note)


def _refuse_emptied(found: ImageSurvey, root: Path) -> None:
    left = {found.names[name] for name in found.kept}
    empty = [numeral for numeral in CLASSES if numeral not in left]
    if empty:
        raise SplitError(
            f"of class {', '.join(empty)} no usable picture is left in {root} once bad ones and "
            "those that lie under several classes are taken out; add pictures, or put them right"
        )


def _left_out(
    found: ImageSurvey, hashes: Mapping[str, str], first: Mapping[tuple[str, str], str]
) -> Iterator[LeftOut]:
    """Yield the files that are no picture of the collection."""
    for source in sorted(found.given):
        was = found.given[source]
        if source not in hashes:
            judged = found.judged.get(source)
            yield LeftOut(
                source=source,
                was=was,
                cause="review" if judged else "unusable",
                reason=judged.reason if judged else "not a usable image",
            )
        elif (own := first[hashes[source], was]) != source:
            yield LeftOut(source=source, was=was, cause="copy", reason=f"same pixels as {own}")


def tie(pictures: Sequence[Given], alike: Sequence[str], ties: Ties) -> list[str]:
    """Return the group of each picture: equal for what must stay together.

    Near-duplicates do, pictures of one writer, and those made from one picture. A group is named
    by the smallest hash among its sound pictures, cut short.

    Args:
        pictures: as `collect` returns them.
        alike: equal for near-duplicates.
        ties: what is known beside their looks.
    """
    links = [(k, f"alike {label}") for k, label in enumerate(alike)]
    for k, picture in enumerate(pictures):
        links += [(k, _WRITER + writer) for writer in ties.writers.get(picture.source, ())]
        if picture.source in ties.parents:
            links.append((k, _PARENT + ties.parents[picture.source]))
    joined = _components(len(pictures), links)
    names: dict[int, str] = {}
    for k in sorted(range(len(pictures)), key=lambda k: (not pictures[k].sound, k)):
        names.setdefault(joined[k], pictures[k].sha256[:16])
    return [names[label] for label in joined]


def _components(count: int, links: Sequence[tuple[int, str]]) -> list[int]:
    """Return the connected component of each of `count` things that share names."""
    numbers = {name: count + k for k, name in enumerate(dict.fromkeys(name for _, name in links))}
    rows = np.array([k for k, _ in links], np.intp)
    columns = np.array([numbers[name] for _, name in links], np.intp)
    size = count + len(numbers)
    graph = coo_array((np.ones(len(links)), (rows, columns)), shape=(size, size))
    return [int(label) for label in connected_components(graph, directed=False)[1][:count]]


def read_ties(root: Path, writers: Path | None) -> Ties:
    """Return who wrote what: from a file, or else from the manifest of a dataset of ours.

    Args:
        root: the folder.
        writers: CSV with the columns `path`, below the folder, and `writer`.

    Raises:
        MissingInputError: no such file.
        CorruptInputError: the file or the manifest is none, or names a picture twice.
    """
    parents: dict[str, str] = {}
    known: dict[str, tuple[str, ...]] = {}
    for entry in manifest_if_any(root):
        if entry.writers:
            known[entry.path] = tuple(f"{entry.source} {name}" for name in entry.writers)
        if entry.parent is not None:
            parents[entry.path] = f"{entry.source} {entry.parent}"
    origin = MANIFEST if known else None
    if writers is not None:
        known, origin = _read_writers(root, writers), str(writers)
    return Ties(origin, known, parents)


def _read_writers(root: Path, file: Path) -> dict[str, tuple[str, ...]]:
    if not file.is_file():
        found_there = f"{file} is no file" if file.exists() else f"no file {file}"
        raise MissingInputError(
            f"{found_there}; --writers expects CSV with the columns {','.join(COLUMNS)}"
        )
    found: dict[str, tuple[str, ...]] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            if not {*COLUMNS} <= {*(rows.fieldnames or ())}:
                raise CorruptInputError(
                    f"{file} starts with {rows.fieldnames}; expected a first line with "
                    f"{','.join(COLUMNS)}"
                )
            for row in rows:
                given, writer = ((row[name] or "").strip() for name in COLUMNS)
                place = PurePosixPath(given)
                path = str(place) if given else ""  # ./i/1.png is i/1.png
                if not path or not writer or path in found:
                    raise CorruptInputError(
                        f"{file}, line {rows.line_num}: expected a path that no line before names, "
                        f"and its writer; got {path[:80]!r}, {writer[:80]!r}"
                    )
                outside = place.is_absolute() or ".." in place.parts
                if outside or not (root / path).is_file():
                    raise MissingInputError(
                        f"{file}, line {rows.line_num}: no file {path[:80]!r} below {root}; write "
                        "paths as they are below that folder, with /"
                    )
                found[path] = (writer,)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorruptInputError(f"{file} cannot be read as CSV ({error})") from error
    if not found:
        raise CorruptInputError(
            f"{file} names no writer; expected a line for each image below "
            f"{','.join(COLUMNS)}, such as i/1.png,kim; add them, or leave --writers out"
        )
    return found
