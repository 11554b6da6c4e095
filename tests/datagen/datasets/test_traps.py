"""Files that reach the network as another picture than a person sees are found by cause."""

import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from datagen.datasets import traps
from datagen.datasets.traps import Trap, find_traps, trap_lines, traps_of
from tests.datagen.files.test_decode import encode, page


def turned_by(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def canvas(gif: bytes) -> bytes:
    """Return a GIF with its frame on a larger canvas."""
    return gif[:6] + struct.pack("<HH", 50, 40) + gif[10:]


GRAY = Image.fromarray(page())
DEEP = page().astype(np.uint16) * 257
CLEAR = np.dstack([np.zeros_like(page())] * 3 + [255 - page()])
LIGHT = 255 - page()
HALF = np.dstack([page()] * 3 + [np.full_like(page(), 255)])
HALF[0, 0, 3] = 250  # one pixel, hardly transparent

SOUND = {
    "gray": encode(GRAY),
    "1 bit": encode(GRAY.convert("1")),
    "palette": encode(GRAY.convert("P")),
    "16 bits": encode(Image.fromarray(DEEP)),
    "12 bits shifted up": encode(Image.fromarray(DEEP // 16 * 16)),
    "opaque": encode(GRAY.convert("RGBA")),
    "hardly transparent": encode(Image.fromarray(HALF)),
    "clear white": encode(GRAY, transparency=255),
    "upright": encode(GRAY, exif=turned_by(1)),
    "jpeg": encode(GRAY, "JPEG"),
    "animation": encode(GRAY, save_all=True, append_images=[Image.new("L", (30, 20))]),
    "noise": encode(Image.fromarray(np.tile(np.uint8([[0, 255], [255, 0]]), (10, 10)))),
}
TRAPS = {
    "alpha": (encode(Image.fromarray(CLEAR)), "alpha", "all black"),
    "gray alpha": (encode(Image.fromarray(CLEAR).convert("LA")), "alpha", "all black"),
    "clear gif": (encode(Image.fromarray(CLEAR), "GIF"), "alpha", "all black"),
    "10 bits": (encode(Image.fromarray(DEEP // 64)), "depth", "all black"),
    "14 bits": (encode(Image.fromarray(DEEP // 4)), "depth", "gray levels 0 … 63"),
    "side": (encode(GRAY, "JPEG", exif=turned_by(6)), "orientation", "on its side"),
    "down": (encode(GRAY, exif=turned_by(3)), "orientation", "upside down"),
    "mirror": (encode(GRAY, exif=turned_by(2)), "orientation", "mirrored"),
    "inverted": (encode(Image.fromarray(LIGHT)), "polarity", "light ink on dark paper"),
    "webp": (encode(GRAY.convert("RGB"), "WEBP"), "format", "is WEBP inside"),
    "1 bit bmp": (encode(GRAY.convert("1"), "BMP"), "format", "BMP of 1 bits"),
    "gif": (canvas(encode(GRAY, "GIF")), "format", "of whose canvas only a part"),
    "empty": (b"", "unreadable", "is empty"),
    "cut": (SOUND["gray"][:-20], "unreadable", "damaged"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0", "unreadable", "holds PostScript"),
}


@pytest.mark.parametrize("kind", SOUND)
def test_what_the_network_sees_as_we_do_is_no_trap(kind: str) -> None:
    assert traps_of(SOUND[kind], Path("a.png")) == []


@pytest.mark.parametrize("kind", TRAPS)
def test_each_trap_is_named(kind: str) -> None:
    data, expected, said = TRAPS[kind]
    (trap,) = traps_of(data, Path("i/a.png"))
    assert trap.kind == expected
    assert said in trap.detail
    assert "a.png" not in trap.detail


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_and_clear_picture_has_one_trap_for_each(orientation: int) -> None:
    image = Image.fromarray(HALF)
    kinds = [t.kind for t in traps_of(encode(image, exif=turned_by(orientation)), Path("a.png"))]
    assert kinds == ["orientation"]  # compared as stored: its transparency changes nothing
    clear = encode(Image.fromarray(CLEAR), exif=turned_by(orientation))
    assert [t.kind for t in traps_of(clear, Path("a.png"))] == ["orientation", "alpha"]


def test_files_are_looked_at_in_order_and_told_by_kind(tmp_path: Path) -> None:
    for name in ("b.png", "a.png"):
        (tmp_path / name).write_bytes(TRAPS["alpha"][0])
    (tmp_path / "c.png").write_bytes(SOUND["gray"])
    (tmp_path / "d.jpg").write_bytes(TRAPS["side"][0])
    (tmp_path / "e.tif").write_bytes(SOUND["gray"])
    names = ["b.png", "a.png", "c.png", "d.jpg", "e.tif", "gone.png"]
    found = find_traps([tmp_path / name for name in names])
    kinds = ["alpha", "alpha", "orientation", "format", "unreadable"]
    assert [trap.kind for trap in found] == kinds
    assert found[0].path == tmp_path / "b.png"
    unreadable, seen, alpha, side = trap_lines(found, tmp_path)
    assert alpha == (
        f"2 files of {tmp_path} are transparent, which the protocol ignores (first b.png: reaches "
        f"the network all black); `datagen export {tmp_path} COPY --flatten` writes a corrected "
        "copy"
    )
    assert side.startswith(f"1 file of {tmp_path} is turned by EXIF")
    assert "e.tif: has a name that the evaluator passes over" in seen
    assert unreadable.endswith("replace or remove such files")
    assert trap_lines([], tmp_path) == []
    turned = trap_lines([Trap(tmp_path / "x.png", "polarity", "shows light ink")], tmp_path)
    assert "--flatten --invert auto` writes a copy in which they are turned" in turned[0]


def test_a_plain_file_is_read_and_decoded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What thousands of small files cost; `datagen evaluate` looks at all before it trains."""
    rng = np.random.default_rng(0)
    for k in range(20):
        image = Image.fromarray(np.where(rng.random((32, 32)) < 0.1, 0, 255).astype(np.uint8))
        image.save(tmp_path / f"{k}.png")
    asked: list[tuple[str, str]] = []

    def noted(name: str) -> Callable[..., Any]:
        real = getattr(traps, name)

        def call(*words: Any) -> Any:
            asked.append((name, str(words[-1])))
            return real(*words)

        return call

    for name in ("read_bytes", "decode_gray"):
        monkeypatch.setattr(traps, name, noted(name))
    files = sorted(tmp_path.iterdir())
    assert find_traps(files) == []
    assert Counter(name for name, _ in asked) == {"read_bytes": 20, "decode_gray": 20}
