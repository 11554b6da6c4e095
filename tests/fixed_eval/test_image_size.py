"""What an image's header says of its size, for files of every kind, and for no image at all."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixed_eval.image_size import pixel_count

Image = pytest.importorskip("PIL.Image", reason="Pillow writes the files")


def written(kind: str, **options: object) -> bytes:
    memory = io.BytesIO()
    Image.new("RGB", (37, 53), "white").save(memory, kind, **options)
    return memory.getvalue()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("GIF", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"exif": b"Exif\0\0" + b"\xff\xc0" * 300, "comment": b"\xff\xc0\0\x11 no frame"}),
    ],
)
def test_the_header_of_every_format_is_read(kind: str, options: dict[str, object]) -> None:
    assert pixel_count(written(kind, **options)) == 37 * 53


def test_all_frames_of_a_gif_count_for_all_are_unpacked() -> None:
    frames = [Image.effect_noise((40, 30), 90 + k) for k in range(4)]
    memory = io.BytesIO()
    frames[0].save(memory, "GIF", save_all=True, append_images=frames[1:])
    assert pixel_count(memory.getvalue()) == 4 * 40 * 30


@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"BM", b"GIF89a", b"\xff\xd8\xff", b""]),
    st.binary(max_size=300),
)
def test_whatever_the_bytes_an_answer_comes(magic: bytes, rest: bytes) -> None:
    assert (pixel_count(magic + rest) or 0) >= 0
