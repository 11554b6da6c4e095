"""A corrected copy: every reader sees in it what a person sees in the original."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datagen.core.errors import CorruptInputError, MissingInputError, UsageError
from datagen.datasets.flatten import RECORD, Invert, flatten
from datagen.datasets.traps import find_traps
from datagen.files.decode import decode_as_evaluator, decode_gray
from tests.datagen.datasets.test_traps import CLEAR, DEEP, GRAY, LIGHT, turned_by
from tests.datagen.files.test_decode import encode, page

UNLIKE = {
    "i/alpha.png": encode(Image.fromarray(CLEAR)),
    "i/deep.png": encode(Image.fromarray(DEEP // 16)),
    "ii/turned.png": encode(GRAY.transpose(Image.Transpose.ROTATE_90), exif=turned_by(6)),
    "ii/page.tif": encode(GRAY, "TIFF"),
    "v/below/a.webp": encode(GRAY.convert("RGB"), "WEBP", lossless=True),
    "v/1 bit.bmp": encode(GRAY.convert("1"), "BMP"),
    "x/clear.gif": encode(Image.fromarray(CLEAR), "GIF"),
}
WHITE_INK = np.dstack([np.full_like(page(), 255)] * 3 + [255 - page()])


def lay(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def copies(out: Path) -> list[Path]:
    return sorted(file for file in out.rglob("*") if file.is_file() and file.name != RECORD)


@pytest.mark.parametrize("split", ["", "train/"])
def test_whatever_differs_is_put_right(tmp_path: Path, split: str) -> None:
    root = lay(tmp_path / "given", {split + name: data for name, data in UNLIKE.items()})
    record = flatten(root, tmp_path / "copy")
    files = copies(tmp_path / "copy")
    assert [file.relative_to(tmp_path / "copy").as_posix() for file in files] == sorted(
        split + str(Path(name).with_suffix(".png")) for name in UNLIKE
    )
    for file in files:
        data = file.read_bytes()
        np.testing.assert_array_equal(decode_gray(data, "copy"), page())
        np.testing.assert_array_equal(decode_as_evaluator(data, "copy")[..., 0], page())
    assert find_traps(files) == []
    assert record.images == len(record.corrected) == len(UNLIKE)
    kinds = {file.source.rpartition("/")[2]: file.corrected for file in record.corrected}
    assert kinds["alpha.png"] == ("alpha",)
    assert kinds["turned.png"] == ("orientation",)
    assert json.loads((tmp_path / "copy" / RECORD).read_text()) == record.model_dump(mode="json")


def test_a_sound_png_stays_byte_for_byte_and_colours_stay(tmp_path: Path) -> None:
    red = np.dstack([np.full_like(page(), 255), page(), page()])
    files = {
        "i/gray.png": encode(GRAY),
        "i/red.png": encode(Image.fromarray(red)),
        "i/red.bmp": encode(Image.fromarray(red), "BMP"),
        "i/RED.gif": encode(GRAY, "GIF"),
    }
    root = lay(tmp_path / "given", files)
    out = tmp_path / "copy"
    assert flatten(root, out).corrected == ()
    for name in ("i/gray.png", "i/red.png"):
        assert (out / name).read_bytes() == files[name]
    np.testing.assert_array_equal(np.asarray(Image.open(out / "i" / "red-bmp.png")), red)
    assert (out / "i" / "RED-gif.png").is_file()  # where letters' case does not tell files apart


@pytest.mark.parametrize(
    ("invert", "ink", "turned", "light"),
    [("no", [0, 255, 255], 0, 1), ("auto", [0, 0, 0], 2, 0), ("yes", [255, 0, 0], 3, 1)],
)
def test_polarity_is_turned_where_asked(
    tmp_path: Path, invert: Invert, ink: list[int], turned: int, light: int
) -> None:
    files = {
        "i/dark.png": encode(GRAY),
        "i/light.png": encode(Image.fromarray(LIGHT)),
        "i/white.png": encode(Image.fromarray(WHITE_INK)),
    }
    root = lay(tmp_path / "given", files)
    record = flatten(root, tmp_path / "copy", invert=invert)
    found = [decode_gray(file.read_bytes(), "a")[3, 5] for file in copies(tmp_path / "copy")]
    assert found == ink
    assert sum("polarity" in file.corrected for file in record.corrected) == turned
    assert len(record.light) >= light


def test_no_copy_takes_the_place_of_another(tmp_path: Path) -> None:
    names = ("a.png", "a.bmp", "a.bmp.png", "a-bmp.png", "A.BMP", "a.gif")
    kinds = {".png": "PNG", ".bmp": "BMP", ".gif": "GIF"}
    files = {f"i/{name}": encode(GRAY, kinds[Path(name).suffix.lower()]) for name in names}
    record = flatten(lay(tmp_path / "given", files), tmp_path / "copy")
    assert record.images == len(copies(tmp_path / "copy")) == len(names)


def test_an_unreadable_file_is_named_or_left_out(tmp_path: Path) -> None:
    root = lay(tmp_path / "given", {**UNLIKE, "iv/bad.png": b"%!PS-Adobe-3.0", "iv/cut.png": b""})
    with pytest.raises(CorruptInputError, match=r"iv/bad\.png holds PostScript.*--skip-bad"):
        flatten(root, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    record = flatten(root, tmp_path / "copy", skip_bad=True)
    assert record.images == len(UNLIKE)
    assert [file.source for file in record.left_out] == ["iv/bad.png", "iv/cut.png"]
    assert record.left_out[0].reason.startswith("iv/bad.png holds PostScript")


def test_a_copy_needs_a_place_of_its_own(tmp_path: Path) -> None:
    root = lay(tmp_path / "given", UNLIKE)
    for out in (root, root / "below", tmp_path):
        with pytest.raises(UsageError, match="lie in one another"):
            flatten(root, out)
    flatten(root, tmp_path / "copy")
    with pytest.raises(UsageError, match="exists; --overwrite"):
        flatten(root, tmp_path / "copy")
    flatten(root, tmp_path / "copy", overwrite=True)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingInputError, match="none of the class folders"):
        flatten(tmp_path / "empty", tmp_path / "other")
