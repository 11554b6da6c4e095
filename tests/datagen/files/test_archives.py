"""Archives that are sound, damaged or hostile."""

import gzip
import io
import os
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.core.errors import CorruptInputError, DatagenError, MissingInputError
from datagen.files import archives
from datagen.files.archives import Folderlike, iter_tar, read_up_to


def member(name: str, data: bytes = b"data", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def write(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return path


def read(path: Path, **options: int) -> dict[str, bytes]:
    return dict(iter_tar(path, lambda name: name.endswith(".png"), **options))


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_only_wanted_members_are_read(tmp_path: Path, mode: str) -> None:
    folder = tarfile.TarInfo("a")
    folder.type = tarfile.DIRTYPE
    path = write(tmp_path / "a.tgz", (folder, b""), member("a/b.png"), member("a/c.txt"), mode=mode)
    assert read(path) == {"a/b.png": b"data"}
    assert [p.name for p in tmp_path.iterdir()] == ["a.tgz"]


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (member("../evil.png"), "outside"),
        (member("a/../../evil.png"), "outside"),
        (member("/etc/evil.png"), "outside"),
        (member("C:/evil.png"), "outside"),
        (member("..\\evil.png"), "outside"),
        (member("l.png", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "link or a device"),
        (member("h.png", b"", type=tarfile.LNKTYPE, linkname="b.png"), "link or a device"),
        (member("d.png", b"", type=tarfile.CHRTYPE), "link or a device"),
        (member("p.png", b"", type=tarfile.FIFOTYPE), "link or a device"),
    ],
)
def test_odd_members_are_refused_by_name(
    tmp_path: Path, odd: tuple[tarfile.TarInfo, bytes], said: str
) -> None:
    with pytest.raises(CorruptInputError, match=said) as caught:
        read(write(tmp_path / "a.tgz", member("b.png"), odd))
    assert repr(odd[0].name) in str(caught.value)


def test_links_that_nobody_wants_are_passed_over(tmp_path: Path) -> None:
    readme = member("README", b"", type=tarfile.SYMTYPE, linkname="docs/README")
    hard = member("a/COPYING", b"", type=tarfile.LNKTYPE, linkname="b.png")
    assert read(write(tmp_path / "a.tgz", readme, member("b.png"), hard)) == {"b.png": b"data"}


def test_member_of_10_gb_is_refused_from_its_header(tmp_path: Path) -> None:
    info = tarfile.TarInfo("huge.bin")  # not wanted, and refused all the same
    info.size = 10 << 30
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(512))
    with pytest.raises(CorruptInputError, match=r"'huge\.bin' says it is 10,737,418,240 bytes"):
        read(path)


def test_pax_header_of_10_gb_is_not_read_into_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("pax")
    info.size, info.type = 10 << 30, tarfile.XHDTYPE
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
    with pytest.raises(CorruptInputError, match="10,737,418,"):
        read(path)


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_every_truncation_is_noticed_or_loses_only_padding(tmp_path: Path, mode: str) -> None:
    path = write(
        tmp_path / "a", *(member(f"{k}.png", bytes(range(200))) for k in range(4)), mode=mode
    )
    whole, data = read(path), path.read_bytes()
    for size in range(0, len(data), max(1, len(data) // 60)):
        path.write_bytes(data[:size])
        try:
            assert read(path) == whole, size
        except CorruptInputError:
            continue
        assert mode == "w"  # a gzip stream has a checksum at its very end


def test_not_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.tgz"
    path.write_text("<!DOCTYPE html> moved")
    with pytest.raises(CorruptInputError, match="no tar archive"):
        read(path)
    with pytest.raises(MissingInputError, match="no file"):
        read(tmp_path / "absent.tgz")


@pytest.mark.skipif(os.name != "posix", reason="needs the system's tar")
@pytest.mark.parametrize("form", ["gnu", "pax", "ustar"])
def test_a_tar_of_the_folder_itself_is_read(tmp_path: Path, form: str) -> None:
    """`tar czf x.tgz -C dir .` has members `./` and `./a/b.png`; long names have headers."""
    deep = tmp_path / "dir" / "a" / ("long-" * 18)
    deep.mkdir(parents=True)
    files = {deep / f"{'n' * (90 if form == 'ustar' else 200)}.png", tmp_path / "dir" / "ü.png"}
    for file in files:
        file.write_bytes(b"data")
    tar = ["tar", f"--format={form}", "-czf", tmp_path / "x.tgz", "-C", tmp_path / "dir", "."]
    if subprocess.run(tar, check=False, capture_output=True).returncode:
        pytest.skip("a tar without --format")
    assert set(read(tmp_path / "x.tgz")) == {
        file.relative_to(tmp_path / "dir").as_posix() for file in files
    }


def test_members_by_odd_but_plain_names(tmp_path: Path) -> None:
    root = tarfile.TarInfo(".")
    root.type = tarfile.DIRTYPE
    path = write(tmp_path / "a.tar", (root, b""), member("./a//b.png"), member("10:30/c.png"))
    assert read(path) == {"a/b.png": b"data", "10:30/c.png": b"data"}


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tar", member("b.png"), member("x.txt"), member("x.txt"))
    assert read(path) == {"b.png": b"data"}
    path = write(tmp_path / "a.tar", member("b.png"), member("./b.png", b"other"))
    with pytest.raises(CorruptInputError, match=r"holds b\.png twice"):
        read(path)


def test_a_small_file_that_decompresses_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "TOTAL_LIMIT", 1 << 20)
    path = write(tmp_path / "a.tgz", *(member(f"{k}.bin", bytes(300_000)) for k in range(8)))
    with pytest.raises(CorruptInputError, match="more than 1,048,576 bytes in it"):
        read(path)


def test_a_thousand_long_names_in_a_row(tmp_path: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 4
    block = info.tobuf(tarfile.GNU_FORMAT) + b"abc\0".ljust(512, b"\0")
    (tmp_path / "a.tar").write_bytes(block * 3000)
    with pytest.raises(CorruptInputError, match="truncated, damaged"):
        read(tmp_path / "a.tar")


@pytest.mark.skipif(os.name != "posix", reason="needs a named pipe")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reads: tuple[Callable[[], object], ...] = (
        lambda: read(tmp_path / "pipe"),
        lambda: Folderlike.of_zip(tmp_path / "pipe", "*"),
        lambda: Folderlike(tmp_path, {"a": "pipe"}).open("a").__enter__(),
    )
    for attempt in reads:
        with pytest.raises(CorruptInputError, match="is a named pipe"):
            attempt()


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return path


def unzipped(path: Path) -> dict[str, bytes]:
    found = Folderlike.of_zip(path, "e-*")
    contents = {}
    for name in found.members:
        with found.open(name) as stream:
            contents[name] = read_up_to(stream, 1 << 16, found.label(name))
    return contents


def test_a_zip_by_the_names_of_its_files(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", **{"e-1": b"1", "gzip__e-2.gz": gzip.compress(b"2")})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("e-folder/", b"")
        archive.writestr("__MACOSX/gzip/._e-2.gz", b"litter")
        info = zipfile.ZipInfo("x")
        info.filename = "win\\e-3"  # as some tools wrote
        archive.writestr(info, b"3")
    assert unzipped(path) == {"e-1": b"1", "e-2": b"2", "e-3": b"3"}
    with pytest.raises(CorruptInputError, match="holds two files 'e-1'"):
        unzipped(zipped(path, **{"a__e-1": b"1", "b__e-1": b"2"}))


def test_what_is_wrong_with_a_zip_is_said_in_one_line(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", **{"e-1": bytes(1000)})
    sound = path.read_bytes()
    place = sound.index(b"PK\1\2")
    encrypted = bytearray(sound)
    encrypted[6] |= 1
    encrypted[place + 8] |= 1
    method = bytearray(sound)
    method[8] = method[place + 10] = 97
    liar = bytearray(sound)  # it says 10 bytes, and holds 1,000
    liar[22:26] = liar[place + 24 : place + 28] = (10).to_bytes(4, "little")
    for data, said in {
        bytes(encrypted): "encrypted",
        bytes(method): "compression",
        bytes(liar): "CRC",
        sound[:place]: "not a zip",
        b"": "not a zip",
    }.items():
        path.write_bytes(data)
        with pytest.raises(CorruptInputError, match=said) as caught:
            unzipped(path)
        assert "\n" not in str(caught.value)


SOUND: dict[str, Callable[[Path], object]] = {"zip": unzipped, "tar": read, "tgz": read}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("sound")
    made = {
        "zip": zipped(folder / "zip", **{"e-1": b"1" * 99, "e-2.gz": gzip.compress(b"2" * 99)}),
        "tar": write(folder / "tar", member("a.png"), member("ü" * 80 + ".png"), mode="w"),
        "tgz": write(folder / "tgz", member("a.png"), member("b" * 200 + ".png")),
    }
    return {name: path.read_bytes() for name, path in made.items()}


@settings(max_examples=150)
@given(data=st.data())
def test_damaged_archives_are_read_or_refused(
    sound: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever bytes are changed, cut off or put in, only our own error comes, in one line."""
    kind = data.draw(st.sampled_from(sorted(sound)))
    content = bytearray(sound[kind])
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    content[cut : data.draw(st.sampled_from([cut, cut + 1, len(content)]))] = data.draw(
        st.binary(max_size=3)
    )
    path = tmp_path_factory.getbasetemp() / "fuzzed"
    path.write_bytes(content)
    said = ""
    try:
        SOUND[kind](path)
    except DatagenError as error:
        said = str(error)
    assert "\n" not in said
    assert len(said) < 700


def test_zip64_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("a/b", "w", force_zip64=True) as file:
        file.write(b"data")
    found = Folderlike.of_zip(path, "*")
    with found.open("b") as stream:
        assert read_up_to(stream, 100, "b") == b"data"
