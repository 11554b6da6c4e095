"""Reading archives safely: nothing is unpacked to disk, no link inside is followed.

Enters: a path. Leaves: the bytes of regular members, streamed; an archive that is damaged or
holds what it should not raises `CorruptInputError` with the member's name.
"""

import fnmatch
import gzip
import io
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from datagen.core.errors import CorruptInputError
from datagen.files.reading import IMAGE, open_regular

TOTAL_LIMIT: Final = 8 << 30
"""Bytes that an archive may hold once decompressed: ten times the largest that is known here."""

_DRIVE: Final = re.compile(r"[A-Za-z]:")
# What the readers of zip, tar and of what is compressed in them raise for damage, by fuzzing.
_DAMAGE: Final = (
    EOFError,
    OSError,  # gzip's too
    ValueError,  # also a name that is not UTF-8
    OverflowError,
    NotImplementedError,
    RuntimeError,  # zipfile: a password is needed; tarfile: a thousand long names in a row
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
)


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
    def of_zip(cls, path: Path, pattern: str) -> "Folderlike":
        """List the members of an archive, in any folder, whose names match the glob `pattern`.

        Raises:
            MissingInputError: no such file.
            CorruptInputError: it is not a zip archive, its directory is damaged, or it holds two
                files of one name.
        """
        with open_regular(path) as stream:
            try:
                with zipfile.ZipFile(stream) as archive:
                    infos = archive.infolist()
            except _DAMAGE as error:
                raise CorruptInputError(
                    f"{path} is not a readable zip archive ({_one_line(error)}); get it again"
                ) from error
        members: dict[str, str] = {}
        for info in infos:
            # some tools on Windows wrote backslashes
            name = PurePosixPath(info.filename.replace("\\", "/")).name
            if info.is_dir() or not fnmatch.fnmatchcase(name, pattern):
                continue
            if name in members:
                raise CorruptInputError(
                    f"{path} holds two files {name!r:.200}; keep one of them, in any folder"
                )
            members[name] = info.filename
        return cls(path, {name.removesuffix(".gz"): name_in for name, name_in in members.items()})

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open one file, decompressed as it is read.

        Raises:
            MissingInputError: it is not there any more.
            CorruptInputError: the archive's entry for it is damaged, or no regular file. Damage
                further in shows while reading: see `read_up_to`.
        """
        member = self.members[name]
        with ExitStack() as stack:
            raw: IO[bytes]
            if self.path.is_dir():
                raw = stack.enter_context(open_regular(self.path / member))
            else:
                whole = stack.enter_context(open_regular(self.path))
                try:
                    archive = stack.enter_context(zipfile.ZipFile(whole))
                    raw = stack.enter_context(archive.open(member))
                except _DAMAGE as error:
                    raise CorruptInputError(
                        f"{self.label(name)} cannot be read ({_one_line(error)}); get the archive "
                        "again"
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


def read_up_to(stream: IO[bytes], size: int, name: str) -> bytes:
    """Return `size` bytes of a stream, or as many as are left.

    Raises:
        CorruptInputError: the compressed data, called `name`, is truncated or damaged.
    """
    pieces, left = [], size
    try:
        while left and (piece := stream.read(min(left, 1 << 24))):
            pieces.append(piece)
            left -= len(piece)
    except _DAMAGE as error:
        raise CorruptInputError(
            f"{name}: the compressed data is truncated or damaged ({_one_line(error)}); get the "
            "file again"
        ) from error
    return b"".join(pieces)


def iter_tar(
    path: Path, wanted: Callable[[str], bool], limit: int = IMAGE.limit
) -> Iterator[tuple[str, bytes]]:
    """Yield (name, bytes) of the regular members that `wanted` picks, in the archive's order.

    The whole archive is read, so that damage behind the last wanted member is found too. Names are
    plain: `./a/b.png`, as `tar -C FOLDER .` writes it, is `a/b.png`.

    Raises:
        MissingInputError: no such file.
        CorruptInputError: not a tar (gzipped or not), truncated, or with a member that is absolute,
            climbs out with `..`, says it is larger than `limit` bytes, or is wanted and there twice
            or a link or a device.
    """
    seen: set[str] = set()
    with open_regular(path) as file, ExitStack() as stack:
        try:
            raw = _maybe_gzip(file, stack)
            archive = stack.enter_context(tarfile.open(fileobj=raw, mode="r:"))
            while (member := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined] # it would keep millions
                name = _plain_name(path, member, wanted, limit)
                if member.isreg() and wanted(name):
                    stream = archive.extractfile(member)
                    if name in seen:
                        raise CorruptInputError(f"{path} holds {name} twice; keep one of them")
                    seen.add(name)
                    if stream is not None:
                        yield name, stream.read()
            _read_to_end(archive, raw)
        except _DAMAGE as error:
            raise CorruptInputError(
                f"{path} is truncated, damaged or no tar archive ({_one_line(error)}); get the "
                "file again"
            ) from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _maybe_gzip(raw: IO[bytes], stack: ExitStack) -> "_Bounded":
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


def _plain_name(
    path: Path, member: tarfile.TarInfo, wanted: Callable[[str], bool], limit: int
) -> str:
    """Return the name of `member`; raise if it is what no archive of letters has reason to hold.

    A link that nobody wants, such as one to a readme, does no harm: nothing is unpacked.
    """
    name = PurePosixPath(member.name.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or _DRIVE.match(str(name)):
        reason = "lies outside the archive"
    elif not (member.isreg() or member.isdir()) and wanted(str(name)):
        reason = "is a link or a device"
    elif member.size > limit:
        reason = f"says it is {member.size:,} bytes, more than {limit:,}"
    else:
        return str(name)
    raise CorruptInputError(
        f"{path}: member {member.name!r:.200} {reason}; nothing was read, use the publisher's "
        "archive"
    )


class _Bounded(io.RawIOBase):
    """A stream that refuses to read much at once: tarfile reads a pax header of any size whole.

    Nor does it read on for ever: a small file may decompress to any size.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if size > 2 * IMAGE.limit:
            raise OSError(f"a header that says it is {size:,} bytes")
        if self._stream.tell() > TOTAL_LIMIT:
            raise OSError(f"more than {TOTAL_LIMIT:,} bytes in it")
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True
