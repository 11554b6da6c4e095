"""Archives that are sound, damaged or hostile."""

import io
import tarfile
from pathlib import Path

import pytest

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.files.archives import iter_tar


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
    with pytest.raises(MissingInputError, match="no archive at"):
        read(tmp_path / "absent.tgz")
