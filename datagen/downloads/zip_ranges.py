"""Some members of a zip archive on a server, without the rest of it.

Enters: a server that answers range requests, and glob patterns. Leaves: the members as files, each
verified by the CRC-32 and the size that the archive's directory states.
"""

import fnmatch
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Final

import remotezip

from datagen.core.errors import DownloadError
from datagen.downloads.http import Connection, Remote, transfer
from datagen.files.atomic import staged_file

_BLOCK: Final = 1 << 20  # bytes


def fetch_members(
    connection: Connection, remote: Remote, folder: Path, patterns: tuple[str, ...]
) -> tuple[str, ...]:
    """Put the members whose bare names match `patterns` into `folder`; return those names.

    Members that are there already, whole, are not fetched again; one that broke off goes on.

    Raises:
        DownloadError: no such member, a dropped connection, or bytes that do not check.
        OSError: `folder` cannot be written.
    """
    spans = _Spans(connection, remote, folder)
    try:
        with remotezip.RemoteZip(remote.url, fetcher=lambda *_, **__: spans) as archive:
            spans.forget()  # the directory is read
            wanted = _choose(archive.infolist(), patterns, remote)
            connection.total = sum(info.compress_size for info in wanted)
            for info in wanted:
                target = folder / _bare(info)
                if not _is_there(target, info):
                    _extract(archive, info, target)
                    spans.forget()
                connection.base += info.compress_size
                connection.tell(0)
    except (zipfile.BadZipFile, remotezip.RemoteZipError, zlib.error, EOFError) as error:
        spans.forget()  # damaged: nothing can go on from them
        raise DownloadError(
            f"{remote.url}: what came is no sound zip archive ({error}) and was discarded; "
            "run the same command again"
        ) from error
    finally:
        spans.close()
    return tuple(_bare(info) for info in wanted)


class _Spans:
    """What remotezip asks for ranges: each is first completed on disk, resumably."""

    def __init__(self, connection: Connection, remote: Remote, folder: Path) -> None:
        self._connection, self._remote, self._folder = connection, remote, folder
        self._open: list[tuple[Path, IO[bytes]]] = []

    def fetch(self, span: tuple[int, int | None], stream: bool = False) -> remotezip.PartialBuffer:
        """Return a buffer over bytes `span` (inclusive; negative: from the end) of the remote."""
        size = self._remote.size or 0
        first, last = span
        if first < 0:
            first, last = max(0, size + first), size - 1
        last = size - 1 if last is None else last
        part = self._folder / f"{PurePosixPath(self._remote.url).name}.{first}-{last}.part"
        transfer(self._connection, self._remote, part, first, last)
        file = part.open("rb")
        self._open.append((part, file))
        return remotezip.PartialBuffer(file, first, last - first + 1, stream)

    def close(self) -> None:
        """Close the files of the ranges; they stay on disk."""
        for _, file in self._open:
            file.close()

    def forget(self) -> None:
        """Remove the ranges from disk."""
        self.close()
        for part, _ in self._open:
            part.unlink(missing_ok=True)
        self._open.clear()


def _bare(info: zipfile.ZipInfo) -> str:
    return PurePosixPath(info.filename.replace("\\", "/")).name


def _choose(
    infos: list[zipfile.ZipInfo], patterns: tuple[str, ...], remote: Remote
) -> list[zipfile.ZipInfo]:
    """Return the members wanted, small ones first: what is missing shows early."""
    files = [info for info in infos if not info.is_dir()]
    wanted = [info for info in files if any(fnmatch.fnmatch(_bare(info), p) for p in patterns)]
    if not wanted:
        raise DownloadError(
            f"{remote.url} has no member {' or '.join(patterns)}; it has: "
            f"{', '.join(sorted(map(_bare, files))[:10])}"
        )
    return sorted(wanted, key=lambda info: info.file_size)


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    with (
        archive.open(info) as source,
        staged_file(target) as temporary,
        temporary.open("wb") as sink,
    ):
        shutil.copyfileobj(source, sink, _BLOCK)


def _is_there(target: Path, info: zipfile.ZipInfo) -> bool:
    if not target.is_file() or target.stat().st_size != info.file_size:
        return False
    checksum = 0
    with target.open("rb") as file:
        while block := file.read(_BLOCK):
            checksum = zlib.crc32(block, checksum)
    return checksum == info.CRC
