"""Hashes of pictures, remembered from run to run by path, size and time of each file.

Enters: a folder of files and how to hash one. Leaves: for each file the hash of its pixels or
bytes, or why it cannot be used.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, TypeAdapter

from datagen.core.arrays import GrayImage
from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.limits import MOST_SEED
from datagen.files.cache_dir import Stamp, cache_folder, read_cached, stamp, write_cached
from datagen.files.json_records import read_json
from datagen.files.paths import real_path
from datagen.files.reading import open_regular
from datagen.files.threads import look_at_all

FORMAT: Final = 2

_Known = dict[str, tuple[Stamp, str]]  # name → stamp, hash


def pixel_hash(image: GrayImage) -> str:
    """Return 32 hex digits that are equal for equal pixels and shape, whatever the file."""
    digest = hashlib.blake2b(repr(image.shape).encode(), digest_size=16)
    digest.update(image.tobytes())
    return digest.hexdigest()


def view_hash(image: GrayImage) -> str:
    """Return the SHA-256 of a picture's levels as the evaluator resizes it, 64 hex digits.

    Pictures with one hash are the same to whoever is trained or tested on them, whatever sizes
    they are stored at.

    Args:
        image: `uint8 H×W` of any size.
    """
    return hashlib.sha256(evaluator_view(image).tobytes()).hexdigest()


def file_hash(file: Path) -> str:
    """Return the SHA-256 of a file's bytes, 64 hex digits.

    Raises:
        CorruptInputError: it cannot be read.
    """
    try:
        with open_regular(file) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, MissingInputError) as error:
        raise CorruptInputError(
            f"{file} cannot be read ({error}); check its permissions"
        ) from error


def hash_files(
    root: Path, names: Sequence[str], variant: str, digest: Callable[[Path], str]
) -> dict[str, str | CorruptInputError]:
    """Return for each of `names` below `root` its hash, or what `digest` raised.

    Args:
        root: the folder.
        names: paths below it.
        variant: tells apart ways of hashing the same file.
        digest: returns the hash of one file; called from several threads.
    """
    memory = cache_folder() / "pixels" / f"{_key(root, variant)}.json"
    known = read_cached(memory, _read) or {}
    stamps = {name: stamp(root / name) for name in names}
    fresh = [name for name in names if name not in known or known[name][0] != stamps[name]]

    def judge(name: str) -> str | CorruptInputError:
        try:
            return digest(root / name)
        except CorruptInputError as error:
            return error

    judged = dict(zip(fresh, look_at_all(judge, fresh), strict=True))
    sound = {name: found for name, found in judged.items() if isinstance(found, str)}
    if sound:
        known.update({name: (stamps[name], found) for name, found in sound.items()})
        write_cached(memory, lambda path: _write(path, known))
    return {name: judged[name] if name in judged else known[name][1] for name in names}


def _key(root: Path, variant: str) -> str:
    return hashlib.sha256(f"{FORMAT}\n{real_path(root)}\n{variant}".encode()).hexdigest()[:24]


def _read(memory: Path) -> _Known:
    rows = _rows.validate_python(read_json(memory))
    return {name: (seen, found) for name, seen, found in rows}


_Size = Annotated[int, Field(ge=0, le=MOST_SEED)]
_Time = Annotated[int, Field(ge=-MOST_SEED, le=MOST_SEED)]
_Inode = Annotated[int, Field(ge=0, lt=2**128)]  # Windows has file ids of 128 bits
_rows: Final = TypeAdapter(
    list[
        tuple[
            str,
            tuple[_Size, _Time, _Time, _Inode],
            Annotated[str, Field(pattern=r"^[0-9a-f]{32,64}( [0-9a-f]{32,64})*$")],
        ]
    ]
)


def _write(memory: Path, known: _Known) -> None:
    rows = [[name, *entry] for name, entry in sorted(known.items())]
    memory.write_text(json.dumps(rows), "utf-8")
