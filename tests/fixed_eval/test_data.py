"""Reading a directory: what an image means, and errors that name what is wrong."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from fixed_eval import data
from fixed_eval.errors import BudgetError, InputError, RuleError
from fixed_eval.protocol import CUTOFF_RESNET50 as PROTOCOL

KEEP_SIZE = 32


def decoded(content: bytes) -> np.ndarray:
    """A 32×32 image as the network would see it: the resize then changes nothing."""
    return data.make_decoder(KEEP_SIZE)(content)[0]


def png(header: tuple[int, int], rows: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A 32×32 PNG of (bit depth, colour type), its filtered rows, and chunks before them."""
    depth, colour = header
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 32, 32, depth, colour, 0, 0, 0)), *chunks]
    parts += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def test_sixteen_bits_keep_the_high_byte(encode):
    pixels = np.full((32, 32, 1), 0xABCD, np.uint16)
    assert np.unique(decoded(encode(pixels))).tolist() == [0xAB]


def test_a_palette_becomes_its_colours():
    content = png((8, 3), (b"\0" + b"\1" * 32) * 32, (b"PLTE", bytes([0, 0, 0, 10, 20, 30])))
    assert decoded(content)[5, 5].tolist() == [10, 20, 30]


def test_an_alpha_channel_is_dropped_not_blended(encode):
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[..., :3] = 77
    assert np.unique(decoded(encode(pixels))).tolist() == [77]


def test_cmyk_jpegs_become_rgb(tmp_path: Path):
    image = pytest.importorskip("PIL.Image", reason="Pillow writes the CMYK file")
    image.new("CMYK", (32, 32), (255, 0, 0, 0)).save(tmp_path / "cyan.jpg", quality=95)
    red, green, blue = decoded((tmp_path / "cyan.jpg").read_bytes())[16, 16]
    assert red < 60
    assert min(green, blue) > 190


def test_an_animated_gif_gives_its_first_frame(tmp_path: Path):
    image = pytest.importorskip("PIL.Image", reason="Pillow writes the animation")
    frames = [image.new("L", (32, 32), level) for level in (40, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert np.unique(decoded((tmp_path / "a.gif").read_bytes())).tolist() == [40]


def test_resizing_is_bilinear_without_antialiasing_and_unrounded():
    cv2 = pytest.importorskip("cv2")
    pixels = np.random.default_rng(0).integers(0, 256, (61, 47), dtype=np.uint8)
    content = cv2.imencode(".png", pixels)[1].tobytes()
    other = cv2.resize(pixels.astype(np.float32), (32, 32), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(decoded(content)[..., 0], other, atol=1e-3)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"no image at all, but long enough to have a header", "not a PNG, JPEG, GIF or BMP image"),
        ("truncated", ""),
    ],
)
def test_an_unreadable_file_is_named(make_dataset, load, encode, content, reason):
    root = make_dataset()
    bad = root / "train" / "vi" / "001.png"
    if content == "truncated":
        noise = np.random.default_rng(0).integers(0, 256, (40, 40, 1), dtype=np.uint8)
        content = encode(noise)[:300]
    bad.write_bytes(content)
    with pytest.raises(InputError, match="nothing was trained") as error:
        load(root)
    assert str(bad) in str(error.value)
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_a_pipe_or_device_among_the_images_is_refused_and_not_opened(make_dataset, load):
    root = make_dataset()
    pipe = root / "val" / "v" / "zz.png"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match=f"{pipe} is a named pipe, not a regular file"):
        data.list_dataset(root, PROTOCOL, 123)
    pipe.unlink()
    pipe.symlink_to("/dev/zero")
    with pytest.raises(InputError, match="is a device"):
        data.list_split(root / "val", PROTOCOL, None)
    pipe.unlink()
    pipe.symlink_to(root / "nowhere.png")
    with pytest.raises(InputError, match=f"{pipe}: No such file or directory"):
        load(root)
    pipe.unlink()
    os.mkfifo(pipe)
    with pytest.raises(ValueError, match="named pipe"):  # it took the place of a listed file
        data.read_file(pipe)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.bmp"])
def test_an_image_too_large_to_decode_is_refused_by_its_header(tmp_path: Path, name: str):
    image = pytest.importorskip("PIL.Image", reason="Pillow writes the file")
    image.new("L", (5001, 5000), 255).save(tmp_path / name)
    file = data.ImageFile(tmp_path / name, name, 0)
    with pytest.raises(InputError, match=r"25,005,000 pixels, more than the 25,000,000 allowed"):
        data.load_split("train", [file], PROTOCOL)


def test_a_file_too_large_to_read_is_refused(tmp_path: Path):
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(InputError, match="bytes, more than the 67,108,864 allowed"):
        data.load_split("val", [data.ImageFile(tmp_path / "a.png", "a.png", 0)], PROTOCOL)


def test_many_unreadable_files_are_counted_and_the_first_named(make_dataset, load):
    root = make_dataset()
    for path in (root / "val").rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(InputError, match=r"20 of 20 val images .* and 15 more"):
        load(root)


def test_files_that_keras_does_not_list_are_passed_over(make_dataset, load):
    root = make_dataset()
    (root / "train" / "i" / "notes.txt").write_text("not an image")
    (root / "train" / "manifest.jsonl").write_text("{}")
    (root / "train" / ".ipynb_checkpoints").mkdir()
    assert len(load(root)[0]) == 30


def test_litter_is_passed_over_although_it_looks_like_images(make_dataset, load):
    root = make_dataset()
    image = (root / "train" / "i" / "000.png").read_bytes()
    for name in ("__MACOSX/i/a.png", "@eaDir/i/a.png", "#recycle/a.png", "lost+found/a.png"):
        (root / "train" / name).parent.mkdir(parents=True)
        (root / "train" / name).write_bytes(image)
        (root / "train" / "i" / name).parent.mkdir(parents=True)
        (root / "train" / "i" / name).write_bytes(image)
    (root / "train" / "i" / "._000.png").write_bytes(b"metadata")
    (root / "train" / "i" / ".ipynb_checkpoints").mkdir()
    (root / "train" / "i" / ".ipynb_checkpoints" / "000-checkpoint.png").write_bytes(image)
    assert len(load(root)[0]) == 30


def test_a_missing_split_is_named(tmp_path: Path):
    (tmp_path / "train").mkdir()
    with pytest.raises(InputError, match="no val/ folder"):
        data.list_dataset(tmp_path, PROTOCOL, 123)
    with pytest.raises(InputError, match="is not a folder"):
        data.list_dataset(tmp_path / "nowhere", PROTOCOL, 123)


def test_a_class_without_training_images_is_named(make_dataset):
    root = make_dataset(train=1)
    (root / "train" / "vii" / "000.png").unlink()
    with pytest.raises(RuleError, match="no image of class vii;"):
        data.list_dataset(root, PROTOCOL, 123)


def test_an_empty_val_is_refused_and_an_empty_class_in_it_reported(make_dataset):
    root = make_dataset(val=1)
    (root / "val" / "x" / "000.png").unlink()
    val = data.list_dataset(root, PROTOCOL, 123)[1]
    assert data.empty_classes(val, PROTOCOL) == ["x"]
    for path in (root / "val").rglob("*.png"):
        path.unlink()
    with pytest.raises(RuleError, match="has no image"):
        data.list_dataset(root, PROTOCOL, 123)


def test_an_unknown_folder_is_named(make_dataset):
    root = make_dataset(train=1, val=1)
    (root / "val" / "xi").mkdir()
    with pytest.raises(RuleError, match="unknown class folder 'xi'"):
        data.list_dataset(root, PROTOCOL, 123)


def test_the_budget_counts_whole_batches_and_files():
    PROTOCOL.check_budget(9_744, 256)
    with pytest.raises(BudgetError, match=r"10,000 images.*: 10,008;"):
        PROTOCOL.check_budget(9_750, 250)
    with pytest.raises(BudgetError, match="10,001 images"):
        PROTOCOL.check_budget(10_000, 1)
