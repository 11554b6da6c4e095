"""Fetching, against a server in this process that can do everything wrong."""

import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import datagen.downloads.http
from datagen.core.errors import DownloadError, MissingInputError, UnknownNameError
from datagen.downloads.fetch import Archive, Fetched, fetch, fetch_archive, registry
from datagen.downloads.http import CHUNK
from datagen.files.cache_dir import cache_folder
from datagen.sources import get_source
from tests.http_server import Server, serving


def noise(size: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).bytes(size)


MEMBERS = {
    "gzip/emnist-byclass-mapping.txt": b"0 48\n",
    "gzip/emnist-byclass-train-images-idx3-ubyte.gz": noise(150_000, 1),
    "gzip/emnist-byclass-train-labels-idx1-ubyte.gz": noise(2_000, 2),
    "gzip/emnist-digits-train-images-idx3-ubyte.gz": noise(400_000, 3),
}


def make_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in MEMBERS.items():
            archive.writestr(name, data)
    return stream.getvalue()


def make_tgz() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        info = tarfile.TarInfo("English/Hnd/Img/Sample019/img019-001.png")
        info.size = 50_000
        archive.addfile(info, io.BytesIO(noise(50_000, 4)))
    return stream.getvalue()


ZIP, TGZ = make_zip(), make_tgz()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(datagen.downloads.http, "PAUSE", 0.001)
    return tmp_path / "cache"


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server({"gzip.zip": ZIP, "EnglishHnd.tgz": TGZ})
    with serving(state):
        yield state


@pytest.fixture
def emnist(server: Server) -> Archive:
    return Archive(
        "emnist",
        page="https://example.org",
        url=f"{server.url}/gzip.zip",
        file="gzip.zip",
        licence="",
        citation="",
        size=len(ZIP),
        sha256=hashlib.sha256(ZIP).hexdigest(),
        members=("emnist-byclass-*",),
    )


@pytest.fixture
def chars74k(server: Server) -> Archive:
    url = f"{server.url}/EnglishHnd.tgz"
    return Archive("chars74k", "https://example.org", url, "EnglishHnd.tgz", "", "")


def files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.rglob("*") if path.is_file()}


BYCLASS = {
    name.removeprefix("gzip/"): len(data) for name, data in MEMBERS.items() if "byclass" in name
}


# --- the registry -------------------------------------------------------------------------------


def test_registry_names_what_is_needed() -> None:
    entries = registry()
    assert set(entries) == {"emnist", "chars74k"}
    for entry in entries.values():
        assert entry.url.startswith("https://")
        assert entry.url.endswith(entry.file)
        assert entry.licence
        assert entry.citation
    assert entries["emnist"].size == 561_753_746
    assert re.fullmatch("[0-9a-f]{64}", entries["emnist"].sha256 or "")
    assert entries["chars74k"].sha256 is None  # nobody published one: never invented


def test_unknown_name_lists_the_valid_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'emnist'.*chars74k, emnist"):
        fetch("eminst")


# --- members by range ---------------------------------------------------------------------------


def test_members_alone_are_fetched(emnist: Archive, folder: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    got = fetch_archive(emnist, lambda here, total: seen.append((here, total)))
    assert files(folder) == BYCLASS
    for name, data in MEMBERS.items():
        if "byclass" in name:
            assert (folder / "emnist" / name.removeprefix("gzip/")).read_bytes() == data
    assert got.path == folder / "emnist"
    assert not got.official  # the published hash is of the whole archive
    assert "--whole" in got.verified
    assert "3 members" in got.verified
    assert "CRC-32" in got.verified
    assert len(ZIP) * 0.25 < got.received < len(ZIP) * 0.55
    done, total = seen[-1]
    assert done == total


def test_what_is_fetched_is_what_the_sources_open(
    server: Server, emnist: Archive, chars74k: Archive, folder: Path
) -> None:
    for entry in (emnist, chars74k):
        assert get_source(entry.name).default_path() is None
        fetch_archive(entry)
    assert get_source("emnist").default_path() == folder / "emnist"
    assert get_source("chars74k").default_path() == folder / "chars74k" / "EnglishHnd.tgz"
    server.ranges = False
    (folder / "emnist").rename(folder / "members")
    fetch_archive(emnist)
    assert get_source("emnist").default_path() == folder / "emnist"


def test_members_that_are_there_are_not_fetched_again(emnist: Archive, folder: Path) -> None:
    fetch_archive(emnist)
    again = fetch_archive(emnist)
    assert again.received <= 1 << 16  # the archive's directory
    (folder / "emnist" / "emnist-byclass-mapping.txt").write_text("9 48\n")  # same size
    fetch_archive(emnist)
    assert (folder / "emnist" / "emnist-byclass-mapping.txt").read_bytes() == b"0 48\n"


def test_members_can_be_named(emnist: Archive, folder: Path) -> None:
    fetch_archive(emnist, members=["emnist-digits-*"])
    assert set(files(folder)) == {"emnist-digits-train-images-idx3-ubyte.gz"}
    with pytest.raises(DownloadError, match=r"no member emnist-runes-\*; it has: emnist-byclass"):
        fetch_archive(emnist, members=["emnist-runes-*"])


def test_a_dropped_member_goes_on_in_the_same_run(
    server: Server, emnist: Archive, folder: Path
) -> None:
    server.budget = [10**9, 10**9, 3 * CHUNK, 2 * CHUNK]
    got = fetch_archive(emnist)
    assert files(folder) == BYCLASS
    assert got.received < len(ZIP) * 0.55  # nothing came twice


def test_an_interrupted_member_goes_on_in_the_next_run(
    server: Server, emnist: Archive, folder: Path
) -> None:
    class Stop(Exception):  # noqa: N818
        pass

    def stop(here: int, total: int | None) -> None:
        if total and here > 60_000 and not stopped:
            stopped.append(here)
            raise Stop

    stopped: list[int] = []
    server.budget = [10**9, 10**9, 100_000]
    with pytest.raises(Stop):
        fetch_archive(emnist, stop)
    (part,) = folder.rglob("*.part")
    have = part.stat().st_size
    assert have > 50_000
    server.budget = []
    got = fetch_archive(emnist)
    assert files(folder) == BYCLASS
    assert got.received < len(ZIP) * 0.55 - have + 1000


def test_damaged_member_is_discarded(server: Server, emnist: Archive, folder: Path) -> None:
    damaged = bytearray(ZIP)
    at = ZIP.index(MEMBERS["gzip/emnist-byclass-train-labels-idx1-ubyte.gz"][:50])
    damaged[at + 20] ^= 0xFF
    server.files["gzip.zip"] = bytes(damaged)
    with pytest.raises(DownloadError, match=r"no sound zip archive.*discarded"):
        fetch_archive(emnist)
    assert set(files(folder)) == {"emnist-byclass-mapping.txt"}
    server.files["gzip.zip"] = ZIP
    fetch_archive(emnist)
    assert files(folder) == BYCLASS


# --- the whole archive --------------------------------------------------------------------------


def test_without_ranges_the_whole_is_fetched(server: Server, emnist: Archive, folder: Path) -> None:
    server.ranges = False
    got = fetch_archive(emnist)
    assert files(folder) == {"gzip.zip": len(ZIP)}
    assert got.path.read_bytes() == ZIP
    assert got.received == len(ZIP)
    assert got.official
    assert "as published" in got.verified
    again = fetch_archive(emnist)
    assert (again.received, again.official) == (0, True)


def test_the_whole_can_be_asked_for(emnist: Archive, folder: Path) -> None:
    assert fetch_archive(emnist, whole=True).received == len(ZIP)
    assert files(folder) == {"gzip.zip": len(ZIP)}


def test_dropped_connection_goes_on(server: Server, emnist: Archive) -> None:
    server.budget = [12 * CHUNK, 6 * CHUNK]
    got = fetch_archive(emnist, whole=True)
    assert got.path.read_bytes() == ZIP
    assert got.received == len(ZIP)
    last = len(ZIP) - 1
    assert server.asked[2:] == [f"bytes={k * CHUNK}-{last}" for k in (12, 18)]


def test_next_run_goes_on(server: Server, emnist: Archive, folder: Path) -> None:
    server.budget = [12 * CHUNK, 0, 0, 0, 0, 0]
    with pytest.raises(
        DownloadError, match=r"gave up after 5 attempts with 196,608 bytes.*resumes from there"
    ):
        fetch_archive(emnist, whole=True)
    assert files(folder) == {"gzip.zip.part": 12 * CHUNK}
    assert fetch_archive(emnist, whole=True).received == len(ZIP) - 12 * CHUNK
    assert files(folder) == {"gzip.zip": len(ZIP)}


def test_without_ranges_a_dropped_connection_begins_anew(server: Server, emnist: Archive) -> None:
    server.ranges = False
    server.budget = [10**9, 6 * CHUNK]  # the probe, then the archive
    got = fetch_archive(emnist)
    assert got.path.read_bytes() == ZIP
    assert got.received == len(ZIP) + 6 * CHUNK


def test_server_that_always_truncates(server: Server, emnist: Archive, folder: Path) -> None:
    server.ranges = False
    server.budget = [10**9, *[6 * CHUNK] * 20]
    with pytest.raises(DownloadError, match="gave up after 5 attempts with 98,304 bytes"):
        fetch_archive(emnist)
    assert set(files(folder)) == {"gzip.zip.part"}


def test_wrong_hash_leaves_nothing(server: Server, emnist: Archive, folder: Path) -> None:
    server.files["gzip.zip"] = ZIP[:-1] + b"\xff"
    with pytest.raises(DownloadError, match=f"{emnist.sha256}.*{server.url}|does not match"):
        fetch_archive(emnist, whole=True)
    assert files(folder) == {}


def test_wrong_size_is_refused_before_a_byte(server: Server, emnist: Archive, folder: Path) -> None:
    server.files["gzip.zip"] = b"<!DOCTYPE html>"
    with pytest.raises(DownloadError, match=rf"has 15 bytes, expected {len(ZIP):,}"):
        fetch_archive(emnist)
    assert files(folder) == {}


def test_404_says_where_else_to_look(server: Server, emnist: Archive, folder: Path) -> None:
    server.files.clear()
    with pytest.raises(
        DownloadError, match=r"404 Not Found.*by hand from https://example\.org.*--from FILE"
    ):
        fetch_archive(emnist)
    assert len(server.asked) == 1  # no use asking again
    assert files(folder) == {}


def test_busy_server_is_asked_again(server: Server, emnist: Archive) -> None:
    server.status, server.failing = 503, 3
    assert len(fetch_archive(emnist).verified) > 0
    server.failing = 10**9
    with pytest.raises(DownloadError, match="503 Service Unavailable"):
        fetch_archive(emnist, members=["*"])


def test_server_that_sends_another_range(server: Server, emnist: Archive) -> None:
    server.lie = 7
    with pytest.raises(DownloadError, match="another range"):
        fetch_archive(emnist)


def test_no_network(emnist: Archive) -> None:
    with pytest.raises(DownloadError, match="no connection"):
        fetch_archive(replace(emnist, url="http://127.0.0.1:9/gzip.zip"))
    with pytest.raises(DownloadError, match="is no URL"):
        fetch_archive(replace(emnist, url="gzip.zip"))


def test_unwritable_folder(server: Server, folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    with pytest.raises(DownloadError, match="name another folder in DATAGEN_CACHE"):
        fetch("chars74k", base_url=server.url)


# --- an archive whose hash nobody published -----------------------------------------------------


def test_hash_is_recorded_and_held_to(server: Server, folder: Path) -> None:
    found = hashlib.sha256(TGZ).hexdigest()
    got = fetch("chars74k", base_url=server.url + "/")
    assert got == Fetched(folder / "chars74k" / "EnglishHnd.tgz", len(TGZ), False, got.verified)
    assert f"no hash is published, its sha256 {found}" in got.verified
    again = fetch("chars74k", base_url=server.url)
    assert (again.received, again.official) == (0, False)  # recorded here, published by nobody
    got.path.unlink()
    server.files["EnglishHnd.tgz"] = make_tgz()[:-8] + TGZ[-8:] + b"\0"
    with pytest.raises(DownloadError, match=found):
        fetch("chars74k", base_url=server.url)
    assert not got.path.exists()


@pytest.mark.parametrize("body", [b"<!DOCTYPE html> moved", TGZ[: len(TGZ) // 2], b""])
def test_what_is_no_archive_is_not_kept(
    server: Server, chars74k: Archive, folder: Path, body: bytes
) -> None:
    server.files["EnglishHnd.tgz"] = body
    with pytest.raises(DownloadError, match=r"expected the archive EnglishHnd\.tgz, got|gave up"):
        fetch_archive(chars74k)
    assert set(files(folder)) <= {"EnglishHnd.tgz.part"}


def test_archive_put_there_by_hand_is_checked(chars74k: Archive, folder: Path) -> None:
    (folder / "chars74k").mkdir(parents=True)
    (folder / "chars74k" / "EnglishHnd.tgz").write_bytes(TGZ)
    assert fetch_archive(chars74k).received == 0
    (folder / "chars74k" / "EnglishHnd.tgz.sha256").unlink()
    (folder / "chars74k" / "EnglishHnd.tgz").write_bytes(b"rubbish")
    assert fetch_archive(chars74k).received == len(TGZ)


# --- --from FILE --------------------------------------------------------------------------------


def test_unofficial_file_must_be_asked_for(tmp_path: Path, folder: Path) -> None:
    mine = tmp_path / "mine.zip"
    mine.write_bytes(ZIP)
    with pytest.raises(
        DownloadError, match=r"is not the publisher's .* 561,753,746 .*--unofficial"
    ):
        fetch("emnist", from_file=mine)
    assert files(folder) == {}
    got = fetch("emnist", from_file=mine, unofficial=True)
    assert not got.official
    assert "not the publisher's" in got.verified
    assert files(folder) == {"gzip.zip": len(ZIP)}
    assert mine.read_bytes() == ZIP


def test_an_archive_without_what_is_needed_replaces_none(tmp_path: Path, folder: Path) -> None:
    mine = tmp_path / "mine.zip"
    mine.write_bytes(ZIP)
    fetch("emnist", from_file=mine, unofficial=True)
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(DownloadError, match=r"holds no member emnist-byclass-\*"):
        fetch("emnist", from_file=other, unofficial=True)
    assert files(folder) == {"gzip.zip": len(ZIP)}


def test_file_of_unknown_hash_is_read_through(tmp_path: Path, folder: Path) -> None:
    mine = tmp_path / "mine.tgz"
    mine.write_bytes(TGZ)
    got = fetch("chars74k", from_file=mine)
    assert got.path.read_bytes() == TGZ
    assert not got.official  # nobody can tell
    assert "is now recorded" in got.verified
    mine.write_bytes(TGZ[:-9])
    with pytest.raises(DownloadError, match="truncated"):
        fetch("chars74k", from_file=mine)
    with pytest.raises(MissingInputError, match="no file"):
        fetch("chars74k", from_file=tmp_path / "absent")
    assert (folder / "chars74k" / "EnglishHnd.tgz").read_bytes() == TGZ


def test_damaged_unofficial_file_is_refused(tmp_path: Path, folder: Path) -> None:
    mine = tmp_path / "mine.zip"
    mine.write_bytes(ZIP[:1000] + b"\xff" + ZIP[1001:])
    with pytest.raises(DownloadError, match=r"is damaged|expected the archive"):
        fetch("emnist", from_file=mine, unofficial=True)
    assert files(folder) == {}
    assert cache_folder() == folder
