from pathlib import Path

import pytest
from PIL import Image

from datagen.core.errors import UsageError
from datagen.previews.picture_file import check_picture, write_picture


def drawn(grey: int = 0) -> Image.Image:
    return Image.new("L", (8, 8), grey)


@pytest.mark.parametrize("name", ["a.psd", "a.xyz", "a", "a.h5", "a.xbm", "a.qoi"])
def test_a_format_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"cannot write .*: .*; choose another --sheet, such as"):
        check_picture(tmp_path / name, "--sheet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["a.PNG", "a.jpg", "a.webp", "a.tiff", "a.gif", "a.bmp", "a.pdf", "a.tga"]
)
def test_a_picture_is_written_in_the_format_of_its_name(tmp_path: Path, name: str) -> None:
    write_picture(drawn, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.tiff", "a.gif", "a.pdf"])
def test_what_datagen_drew_is_drawn_again(tmp_path: Path, name: str) -> None:
    write_picture(drawn, tmp_path / name)
    before = (tmp_path / name).read_bytes()
    write_picture(lambda: drawn(255), tmp_path / name)
    assert (tmp_path / name).read_bytes() != before


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif"])
def test_a_file_of_somebody_else_stays(tmp_path: Path, name: str) -> None:
    drawn().save(tmp_path / name)
    before = (tmp_path / name).read_bytes()
    with pytest.raises(UsageError, match="nothing in it says that datagen drew it; choose"):
        write_picture(lambda: drawn(255), tmp_path / name)
    assert (tmp_path / name).read_bytes() == before


def test_a_place_that_cannot_be_written_is_refused_before_the_picture_is_drawn(
    tmp_path: Path,
) -> None:
    def never() -> Image.Image:
        raise AssertionError

    (tmp_path / "folder.png").mkdir()
    for place in (tmp_path / "none" / "a.png", tmp_path / "folder.png", Path("/proc/a.png")):
        with pytest.raises(UsageError, match=r"cannot write .*choose another --out"):
            write_picture(never, place)
