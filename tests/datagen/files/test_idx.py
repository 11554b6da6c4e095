"""idx streams in batches."""

import gzip
import io
import struct
from typing import IO, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.core.errors import CorruptInputError
from datagen.files import idx


def images(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 4, 4), dtype=np.uint8)


def read(data: bytes) -> list[np.ndarray]:
    stream = io.BytesIO(data)
    count = idx.read_image_count(stream, "a.idx", side=4)
    return list(idx.iter_images(stream, "a.idx", count, side=4))


@pytest.fixture(autouse=True, scope="module")
def _small_batches() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(idx, "BATCH", 3)
        yield


@given(st.integers(0, 10), st.integers(0, 10), st.integers(-3, 3))
def test_batches_hold_all_or_the_file_is_refused(said: int, held: int, extra: int) -> None:
    body = images(held).tobytes()
    body = body + bytes(extra) if extra >= 0 else body[:extra]
    data = struct.pack(">4I", 0x803, said, 4, 4) + body
    if len(body) == said * 16:
        batches = read(data)
        assert [len(batch) for batch in batches[:-1]] == [3] * (len(batches) - 1)
        joined = np.concatenate([*batches, np.empty((0, 4, 4), np.uint8)])
        np.testing.assert_array_equal(joined.ravel(), np.frombuffer(body, np.uint8))
    else:
        with pytest.raises(CorruptInputError, match=r"a\.idx"):
            read(data)


@given(st.binary(max_size=12))
def test_labels_come_back_or_the_file_is_refused(body: bytes) -> None:
    head = struct.pack(">2I", 0x801, 5)
    if len(body) == 5:
        assert idx.read_labels(io.BytesIO(head + body), "a.idx").tobytes() == body
    else:
        with pytest.raises(CorruptInputError, match="5 labels"):
            idx.read_labels(io.BytesIO(head + body), "a.idx")


def test_a_header_that_says_billions_costs_no_memory() -> None:
    labels = io.BytesIO(struct.pack(">2I", 0x801, 2**32 - 1) + bytes(100))
    with pytest.raises(CorruptInputError, match="says 4,294,967,295 labels"):
        idx.read_labels(labels, "a.idx")
    with pytest.raises(CorruptInputError, match="only 100"):
        read(struct.pack(">4I", 0x803, 2**32 - 1, 4, 4) + bytes(100))


@given(st.data())
def test_damaged_streams_are_read_or_refused_in_one_line(data: st.DataObject) -> None:
    """Whatever bytes are changed or cut off, before or after compression."""
    made = data.draw(
        st.sampled_from([struct.pack(">2I", 0x801, 20), struct.pack(">4I", 0x803, 5, 4, 4)])
    )
    content = bytearray(made + images(5).tobytes()[: 20 if len(made) == 8 else None])
    zipped = data.draw(st.booleans())
    for squeeze in (False, zipped):
        content = bytearray(gzip.compress(content)) if squeeze else content
        for _ in range(data.draw(st.integers(0, 3))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        del content[data.draw(st.integers(len(content) - 9, len(content))) :]
    raw = io.BytesIO(content)
    stream = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if zipped else raw
    said = ""
    try:
        if len(made) == 8:
            assert idx.read_labels(stream, "a.idx").size <= 20
        else:
            list(idx.iter_images(stream, "a.idx", idx.read_image_count(stream, "a.idx", 4), 4))
    except CorruptInputError as error:
        said = str(error)
    assert "\n" not in said
