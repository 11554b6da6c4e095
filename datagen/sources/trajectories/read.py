"""Files of pen strokes, read and checked: JSON as in `strokes/`, and Chars74K's `Trj` folder.

Only paths enter, only trajectories whose points are finite pairs leave; a file that breaks its
format is refused with its place named.
"""

import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.text import is_unicode
from datagen.files.litter import is_litter
from datagen.files.reading import IMAGE, RECORD, read_bytes

Points = npt.NDArray[np.float64]

LABELS: Final = frozenset("ivxIVX")
CHARS74K_CLASSES: Final = {19: "I", 32: "V", 34: "X", 45: "i", 58: "v", 60: "x"}
"""Class numbers of Chars74K: 1–10 are digits, 11–36 capitals, 37–62 small letters."""

_MOST: Final = 1e100  # of a coordinate: squares of it are finite still
_TRJ_NAME: Final = re.compile(r"img(\d{3})[_-](\d{3})\.m")
_TRJ_CELLS: Final = re.compile(r"\b(rows|cols)\s*=\s*\{(.*?)\}", re.DOTALL)
_TRJ_CELL: Final = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """One letter as a pen went.

    Attributes:
        label: one of i, v, x, I, V, X.
        src: the collection it comes from.
        writer: unique among all collections.
        strokes: `float64 N×2` each, N ≥ 1, y down, in the collection's own units.
    """

    label: str
    src: str
    writer: str
    strokes: tuple[Points, ...]


def read_trajectories(path: Path) -> list[Trajectory]:
    """Read every i, v and x in `path`; other letters are passed over.

    Args:
        path: a JSON file, a folder of them, or a folder with Chars74K's `imgCCC_WWW.m` below it.

    Raises:
        MissingInputError: nothing is there, or the folder holds neither format.
        CorruptInputError: not JSON, another structure, a stroke without points or with a coordinate
            that is not finite, or no i, v or x at all.
    """
    if path.is_dir():
        trajectories = _read_folder(path)
    elif path.exists():
        trajectories = _read_json(path)
    else:
        raise MissingInputError(
            f"no pen strokes at {path}: give a JSON file or Chars74K's Trj folder"
        )
    if not trajectories:
        raise CorruptInputError(
            f"{path} holds no letter i, v or x: check that it is the right file"
        )
    return trajectories


def _read_folder(folder: Path) -> list[Trajectory]:
    recorded = sorted(p for p in folder.rglob("img*.m") if _TRJ_NAME.fullmatch(p.name))
    if recorded:
        return [t for path in recorded if (t := _read_trj(path)) is not None]
    files = sorted(p for p in folder.glob("*.json") if not is_litter(p.name, folder=False))
    if not files:
        raise MissingInputError(
            f"{folder} holds neither *.json nor Chars74K's imgCCC_WWW.m: "
            "give a JSON file of strokes or the Trj folder"
        )
    return [trajectory for path in files for trajectory in _read_json(path)]


# --- JSON ----------------------------------------------------------------------------------------


def _read_json(path: Path) -> list[Trajectory]:
    try:
        records = json.loads(read_bytes(path, RECORD))
    except (ValueError, RecursionError) as error:
        raise CorruptInputError(
            f"{path} is not JSON ({error}): expected a list of strokes"
        ) from None
    if not isinstance(records, list):
        raise CorruptInputError(
            f"{path} holds a JSON {type(records).__name__}; expected a list of "
            "{src, label, writer, strokes}"
        )
    wanted = [(n, record) for n, record in enumerate(records) if _label(record, n, path) in LABELS]
    points = iter(
        _points([record["strokes"] for _, record in wanted], [n for n, _ in wanted], path)
    )
    return [
        Trajectory(
            record["label"],
            record["src"],
            _namespaced(record["src"], record["writer"]),
            tuple(itertools.islice(points, len(record["strokes"]))),
        )
        for _, record in wanted
    ]


def _namespaced(src: str, writer: str) -> str:
    return writer if writer.startswith(f"{src}/") else f"{src}/{writer}"


def _label(record: Any, number: int, path: Path) -> str:
    """Return the label of a record whose fields are there and of the right kind."""
    if not isinstance(record, dict):
        raise CorruptInputError(f"{path}, entry {number}: expected an object, got {record!r:.40}")
    for field in ("src", "label", "writer"):
        if not isinstance(record.get(field), str):
            raise CorruptInputError(f"{path}, entry {number}: {field!r} is missing or not a string")
        if not is_unicode(record[field]):
            raise CorruptInputError(
                f"{path}, entry {number}: {field!r} holds half a character, which is no Unicode"
            )
    strokes = record.get("strokes")
    if not (
        isinstance(strokes, list) and strokes and all(isinstance(s, list) and s for s in strokes)
    ):
        raise CorruptInputError(
            f"{path}, entry {number}: 'strokes' must be a list of strokes with points, none empty"
        )
    return str(record["label"])


def _points(letters: list[list[list[Any]]], numbers: list[int], path: Path) -> list[Points]:
    """Turn all strokes of all letters into arrays: at once, or one by one to name a bad one."""
    strokes = list(itertools.chain.from_iterable(letters))
    everything = _pairs(list(itertools.chain.from_iterable(strokes)))
    if everything is None:
        bad = next(n for n, letter in zip(numbers, letters, strict=True)
                   if any(_pairs(stroke) is None for stroke in letter))  # fmt: skip
        raise CorruptInputError(
            f"{path}, entry {bad}: a point is not a pair of numbers up to {_MOST:g}"
        )
    ends = np.cumsum([len(stroke) for stroke in strokes]).tolist()
    return [everything[a:b] for a, b in itertools.pairwise([0, *ends])]


def _pairs(points: list[Any]) -> Points | None:
    if not points:
        return np.empty((0, 2))
    try:
        pairs = np.array(points)
    except ValueError:
        return None
    if pairs.dtype.kind not in "iuf" or pairs.shape[1:] != (2,):
        return None
    return pairs.astype(np.float64) if _are_sane(pairs) else None


def _are_sane(numbers: npt.NDArray[Any]) -> bool:
    """Return whether coordinates can be computed with: finite, and not close to the largest."""
    return bool(((numbers > -_MOST) & (numbers < _MOST)).all())  # NaN is neither


# --- Chars74K ------------------------------------------------------------------------------------


def _read_trj(path: Path) -> Trajectory | None:
    """Read one MATLAB file, `rows = {[…]; …};` and `cols = {[…]; …};`; None for other letters."""
    name = _TRJ_NAME.fullmatch(path.name)
    label = CHARS74K_CLASSES.get(int(name[1])) if name else None
    if name is None or label is None:
        return None
    text = read_bytes(path, IMAGE).decode("latin-1")
    cells = dict(_TRJ_CELLS.findall(text))
    if set(cells) != {"rows", "cols"}:
        raise CorruptInputError(
            f"{path}: expected MATLAB cells 'rows' and 'cols', one vector per stroke"
        )
    x, y = (_vectors(cells[axis], path) for axis in ("cols", "rows"))
    if not x or [len(v) for v in x] != [len(v) for v in y]:
        raise CorruptInputError(
            f"{path}: 'rows' and 'cols' must hold equally many numbers per stroke"
        )
    strokes = tuple(np.column_stack(pair) for pair in zip(x, y, strict=True))
    return Trajectory(label, "chars74k", f"chars74k/{name[2]}", strokes)


def _vectors(cell: str, path: Path) -> list[Points]:
    try:
        vectors = [
            np.array(re.split(r"[\s;,]+", inner.strip(" \t\r\n;,")), dtype=np.float64)
            for inner in _TRJ_CELL.findall(cell)
        ]
    except ValueError:
        raise CorruptInputError(
            f"{path}: a stroke is empty or holds something not a number"
        ) from None
    if not all(_are_sane(vector) for vector in vectors):
        raise CorruptInputError(f"{path}: a coordinate is not finite, or beyond {_MOST:g}")
    return vectors
