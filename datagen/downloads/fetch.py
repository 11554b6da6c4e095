"""Fetching the archives of letters: from their publishers, or from a file the user has.

Enters: the name of an archive in `registry.txt`. Leaves: verified files in the cache folder, where
the source of that name looks; nothing unverified is ever put there under its final name.
"""

import configparser
import importlib.resources
import logging
import shutil
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

import pooch

from datagen.core.errors import DownloadError, InputError, MissingInputError, UnknownNameError
from datagen.downloads.http import Connection, Progress, Remote, probe, transfer
from datagen.downloads.zip_ranges import fetch_members
from datagen.files.archives import TOTAL_LIMIT, iter_tar
from datagen.files.atomic import staged_file
from datagen.files.cache_dir import cache_folder, set_aside
from datagen.files.reading import YAML, open_regular, read_text, what_is


@dataclass(frozen=True)
class Archive:
    """What the registry knows of one archive; see the comments in `registry.txt`."""

    name: str
    page: str
    url: str
    file: str
    licence: str
    citation: str
    size: int | None = None
    sha256: str | None = None
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fetched:
    """What a fetch left behind.

    Attributes:
        path: the archive, or the folder of its members.
        received: bytes that came over the network; 0 where everything was there already.
        official: its hash is the published one; False wherever that cannot be told.
        verified: how that is known, in words.
    """

    path: Path
    received: int
    official: bool
    verified: str


def registry() -> dict[str, Archive]:
    """Return what can be fetched, by name."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(
        (importlib.resources.files("datagen.downloads") / "registry.txt").read_text("utf-8")
    )
    return {name: _archive(name, parser[name]) for name in parser.sections()}


def _archive(name: str, row: configparser.SectionProxy) -> Archive:
    return Archive(
        name,
        page=row["page"],
        url=row["url"],
        file=row["file"],
        licence=row["licence"],
        citation=row["citation"],
        size=row.getint("size"),
        sha256=row.get("sha256"),
        members=tuple(row.get("members", "").split()),
    )


def fetch(
    name: str,
    *,
    progress: Progress | None = None,
    from_file: Path | None = None,
    unofficial: bool = False,
    members: Sequence[str] | None = None,
    whole: bool = False,
    base_url: str | None = None,
) -> Fetched:
    """Fetch an archive into the cache folder, or register one that the user has.

    A fetch that breaks off goes on where it stopped when it is called again.

    Args:
        name: of a section of `registry.txt`.
        progress: told of bytes here and bytes expected.
        from_file: register this file instead of downloading.
        unofficial: accept a `from_file` that is not the publisher's, if it can be read.
        members: glob patterns of the members wanted of a zip archive; None: the registry's.
        whole: fetch the whole archive even where members would suffice.
        base_url: of a mirror that has the file under the same name.

    Raises:
        UnknownNameError: no archive has that name.
        MissingInputError: `from_file` is not there.
        DownloadError: no verified file at the end; says what was expected and what came.
    """
    archives = registry()
    if name not in archives:
        raise UnknownNameError("archive", name, archives)
    archive = archives[name]
    try:
        if from_file is not None:
            return _register(archive, from_file, unofficial)
        return fetch_archive(archive, progress, members=members, whole=whole, base_url=base_url)
    except OSError as error:
        raise DownloadError(
            f"could not keep {archive.file} in {_folder(archive)} ({error}); free some space there "
            "or name another folder in DATAGEN_CACHE"
        ) from error


def fetch_archive(
    archive: Archive,
    progress: Progress | None = None,
    *,
    members: Sequence[str] | None = None,
    whole: bool = False,
    base_url: str | None = None,
) -> Fetched:
    """Fetch one archive. See `fetch`."""
    url = archive.url if base_url is None else f"{base_url.rstrip('/')}/{archive.file}"
    place = _folder(archive) / archive.file
    there = _already(archive, place)
    if there is not None:
        return there
    patterns = () if whole else tuple(archive.members if members is None else members)
    connection = Connection(progress)
    try:
        with connection.session:
            remote = probe(connection, url)
            _check_size(remote, archive)
            if patterns and remote.ranges:
                return _fetch_members(connection, remote, archive, patterns)
            return _fetch_whole(connection, remote, archive)
    except DownloadError as error:
        raise DownloadError(
            f"{error}; or get it by hand from {archive.page} and say "
            f"`datagen fetch {archive.name} --from FILE`"
        ) from error


def _check_size(remote: Remote, archive: Archive) -> None:
    if archive.size is not None and remote.size not in (None, archive.size):
        raise DownloadError(
            f"{remote.url}: the server has {remote.size:,} bytes, expected {archive.size:,}; it "
            "is not the file we know"
        )


def _folder(archive: Archive) -> Path:
    return cache_folder() / archive.name


def _record(archive: Archive) -> Path:
    return _folder(archive) / f"{archive.file}.sha256"


def _known_hash(archive: Archive) -> str | None:
    """Return the published hash, else the one recorded when the file first came."""
    if archive.sha256 is not None:
        return archive.sha256
    record = _record(archive)
    return read_text(record, YAML).split()[0] if record.is_file() else None


def _already(archive: Archive, place: Path) -> Fetched | None:
    """Return what is there, if it is what would be fetched."""
    known = _known_hash(archive)
    if not place.is_file() or (known is not None and pooch.file_hash(place) != known):
        return None
    if known is None:
        try:
            _check_readable(place, archive)
        except DownloadError as error:
            set_aside(place, error)
            return None
    how = f"was there already; {_verify_text(archive, place)}"
    return Fetched(place, 0, official=archive.sha256 is not None, verified=how)


def _fetch_whole(connection: Connection, remote: Remote, archive: Archive) -> Fetched:
    """Fetch the archive; pooch verifies its hash and moves it into place."""
    known = _known_hash(archive)
    place = _folder(archive) / archive.file
    part = place.with_name(f"{place.name}.part")
    connection.total = remote.size

    def download(_url: str, target: str, _pooch: Any) -> None:
        transfer(connection, remote, part)
        part.replace(target)  # pooch's temporary file, which it deletes unless all is well
        if known is None:
            _check_readable(Path(target), archive)

    pooch.get_logger().setLevel(logging.WARNING)  # its "Downloading …" would go to stderr
    keeper = pooch.create(
        _folder(archive),
        base_url="",
        registry={archive.file: known and f"sha256:{known}"},
        urls={archive.file: remote.url},
    )
    try:
        keeper.fetch(archive.file, downloader=download)
    except ValueError as error:  # pooch: the hash differs, the download is deleted
        raise DownloadError(f"{remote.url}: {error}") from error
    how = _verify_text(archive, place)
    return Fetched(place, connection.received, official=archive.sha256 is not None, verified=how)


def _verify_text(archive: Archive, place: Path) -> str:
    """Return how a file was verified, and record the hash of one that has none published."""
    found = pooch.file_hash(place)
    if archive.sha256 is not None:
        return f"sha256 {found}, as published"
    with staged_file(_record(archive)) as temporary:
        temporary.write_text(f"{found}  {archive.file}\n", "ascii", newline="\n")
    return (
        f"reads to its end, gzip CRC-32; no hash is published, its sha256 {found} is now recorded"
    )


def _check_readable(path: Path, archive: Archive, given: Path | None = None) -> None:
    """Raise if `path` is not of the kind of `archive`, sound to its end.

    The message calls it `given`, where a person knows it by that name.
    """
    try:
        if archive.file.endswith(".zip"):
            with open_regular(path) as stream, zipfile.ZipFile(stream) as opened:
                size = sum(info.file_size for info in opened.infolist())
                if size > TOTAL_LIMIT:
                    raise zipfile.BadZipFile(f"it says it holds {size:,} bytes")
                damaged = opened.testzip()
                names = [PurePosixPath(info.filename).name for info in opened.infolist()]
            wanted = archive.members
            missing = not any(fnmatch(name, each) for name in names for each in wanted)
            problem = f"its member {damaged} is damaged" if damaged else ""
            if not problem and wanted and missing:
                problem = f"it holds no member {' or '.join(wanted)}"
        else:
            images = sum(1 for _ in iter_tar(path, lambda name: name.endswith(".png")))
            problem = "" if images else "it holds no images"
    except (InputError, zipfile.BadZipFile, OSError, zlib.error, RuntimeError) as error:
        # RuntimeError: an encrypted member, or a compression that Python does not know
        problem = str(error).replace(str(path), str(given or path))
    if problem:
        with path.open("rb") as file:
            head = file.read(16)
        raise DownloadError(
            f"expected the archive {archive.file}, got something that begins with {head!r}: "
            f"{problem}"
        )


def _fetch_members(
    connection: Connection, remote: Remote, archive: Archive, patterns: tuple[str, ...]
) -> Fetched:
    """Fetch the members that match `patterns`."""
    folder = _folder(archive)
    names = fetch_members(connection, remote, folder, patterns)
    how = (
        f"{len(names)} members of {archive.file} ({remote.size:,} bytes), each by the archive's "
        "own CRC-32 and size"
    )
    if archive.sha256 is not None:
        how += "; the published hash is of the whole archive, which --whole fetches"
    return Fetched(folder, connection.received, official=False, verified=how)


def _register(archive: Archive, file: Path, unofficial: bool) -> Fetched:
    """Copy the user's `file` into place, verified."""
    if not file.is_file():
        there = what_is(file.stat().st_mode) if file.exists() else None
        found = f"{file} is {there}, no file" if there else f"no file {file}"
        raise MissingInputError(f"{found} to register as {archive.file}")
    place = _folder(archive) / archive.file
    with staged_file(place) as temporary:
        shutil.copyfile(file, temporary)
        found, size = pooch.file_hash(temporary), temporary.stat().st_size
        if found != archive.sha256:
            if archive.sha256 is not None and not unofficial:
                raise DownloadError(
                    f"{file} is not the publisher's {archive.file}: {size:,} bytes with sha256 "
                    f"{found}, expected {archive.size or 0:,} bytes with sha256 {archive.sha256}; "
                    "say --unofficial if you trust it"
                )
            _check_readable(temporary, archive, file)
    if archive.sha256 not in (None, found):
        how = f"reads to its end; not the publisher's file: sha256 {found}"
    else:
        how = _verify_text(archive, place)
    return Fetched(place, 0, official=found == archive.sha256, verified=how)
