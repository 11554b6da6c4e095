"""Reading archives safely: nothing is unpacked to disk, no link inside is followed.

Enters: a path. Leaves: the bytes of regular members, streamed; an archive that is damaged or
holds what it should not raises `CorruptInputError` with the member's name.
"""

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from datagen.core.errors import CorruptInputError, MissingInputError

MEMBER_LIMIT: Final = 64 << 20
"""Bytes: no picture of a letter comes near; a larger member is an attack or a mistake."""


@dataclass(frozen=True)
class Folderlike:
    """A folder or a zip archive as one flat set of files, gzipped or not.

    Attributes:
        path: the folder or the archive.
        members: bare file name without `.gz` → name in the folder, or member of the archive.
    """

    path: Path
    members: dict[str, str]

    @classmethod
    def of_folder(cls, folder: Path, pattern: str) -> "Folderlike":
        """Look at the files directly in `folder` whose names match the glob `pattern`."""
        names = sorted(found.name for found in folder.glob(pattern) if found.is_file())
        return cls(folder, {name.removesuffix(".gz"): name for name in names})

    @classmethod
    def of_zip(cls, path: Path) -> "Folderlike":
        """List an archive.

        Raises:
            CorruptInputError: it is not a zip archive, or its directory is damaged.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, OSError) as error:
            raise CorruptInputError(f"{path} is not a readable zip archive ({error})") from error
        return cls(path, {PurePosixPath(name).name.removesuffix(".gz"): name for name in names})

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open one file, decompressed as it is read.

        Raises:
            CorruptInputError: the archive's entry for it is damaged. Damage further in shows while
                reading, as the errors of `gzip`, `zlib` and `zipfile`.
        """
        member = self.members[name]
        with ExitStack() as stack:
            try:
                if self.path.is_dir():
                    raw: IO[bytes] = stack.enter_context((self.path / member).open("rb"))
                else:
                    archive = stack.enter_context(zipfile.ZipFile(self.path))
                    raw = stack.enter_context(archive.open(member))
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
                raise CorruptInputError(
                    f"{self.label(name)} cannot be read ({error}); get the archive again"
                ) from error
            if member.endswith(".gz"):
                raw = cast(IO[bytes], stack.enter_context(gzip.GzipFile(fileobj=raw)))
            yield raw

    def label(self, name: str) -> str:
        """Return what a message should call one file."""
        return str(self.path / self.members[name])

    def files(self, names: list[str]) -> list[Path]:
        """Return the files on disk that hold `names`, those absent left out."""
        if not self.path.is_dir():
            return [self.path]
        return [self.path / self.members[name] for name in names if name in self.members]


def iter_tar(
    path: Path, wanted: Callable[[str], bool], limit: int = MEMBER_LIMIT
) -> Iterator[tuple[str, bytes]]:
    """Yield (name, bytes) of the regular members that `wanted` picks, in the archive's order.

    The whole archive is read, so that damage behind the last wanted member is found too.

    Raises:
        MissingInputError: no such file.
        CorruptInputError: not a tar (gzipped or not), truncated, or with a member that is absolute,
            climbs out with `..`, is a link or a device, or says it is larger than `limit` bytes.
    """
    try:
        with ExitStack() as stack:
            raw = _open_maybe_gzip(path, stack)
            archive = stack.enter_context(tarfile.open(fileobj=raw, mode="r:"))
            for member in archive:
                _refuse_odd(path, member, limit)
                if member.isreg() and wanted(member.name):
                    stream = archive.extractfile(member)
                    if stream is not None:
                        yield member.name, stream.read()
            _read_to_end(archive, raw)
    except FileNotFoundError as error:
        raise MissingInputError(f"no archive at {path}") from error
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise CorruptInputError(
            f"{path} is truncated, damaged or no tar archive ({error}); get the file again"
        ) from error


def _open_maybe_gzip(path: Path, stack: ExitStack) -> "_Bounded":
    raw = stack.enter_context(path.open("rb"))
    zipped = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    if zipped:
        return _Bounded(cast(IO[bytes], stack.enter_context(gzip.GzipFile(fileobj=raw))))
    return _Bounded(raw)


def _read_to_end(archive: tarfile.TarFile, raw: "_Bounded") -> None:
    """Raise if the archive stops short: tarfile takes that for its end."""
    raw.seek(archive.offset)
    if raw.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("no end mark")
    while raw.read(1 << 20):
        pass  # gzip's checksum stands at its very end


def _refuse_odd(path: Path, member: tarfile.TarInfo, limit: int) -> None:
    """Raise if `member` is something that no archive of letters has a reason to hold."""
    name = PurePosixPath(member.name.replace("\\", "/") or ".")
    if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
        reason = "lies outside the archive"
    elif not (member.isreg() or member.isdir()):
        reason = "is a link or a device"
    elif member.size > limit:
        reason = f"says it is {member.size:,} bytes, more than {limit:,}"
    else:
        return
    raise CorruptInputError(
        f"{path}: member {member.name!r} {reason}; nothing was read, use the publisher's archive"
    )


class _Bounded(io.RawIOBase):
    """A stream that refuses to read much at once: tarfile reads a pax header of any size whole."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if size > 2 * MEMBER_LIMIT:
            raise OSError(f"a header that says it is {size:,} bytes")
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True
