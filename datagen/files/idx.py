"""Reading idx files, MNIST's own format, from any binary stream, in pieces.

Enters: a stream of bytes, compressed or not. Leaves: labels, and batches of images; a file that
is not what its header says raises `CorruptInputError`.
"""

import struct
from collections.abc import Iterator
from typing import IO, Final

import numpy as np
import numpy.typing as npt

from datagen.core.errors import CorruptInputError
from datagen.files.archives import read_up_to

LABELS_MAGIC: Final = 0x801  # unsigned bytes, one dimension
IMAGES_MAGIC: Final = 0x803  # unsigned bytes, three dimensions
LABEL_LIMIT: Final = 10_000_000  # ten times EMNIST: labels are read at once, so not any number
BATCH: Final = 4096  # images at a time: 3.2 MB of 28×28

Bytes = npt.NDArray[np.uint8]


def read_labels(stream: IO[bytes], name: str) -> Bytes:
    """Return the labels of an idx1-ubyte stream, `uint8 N`.

    Raises:
        CorruptInputError: `name` is not idx1-ubyte, or its length disagrees with its header.
    """
    (count,) = _header(stream, name, LABELS_MAGIC, 1)
    if count > LABEL_LIMIT:
        raise CorruptInputError(
            f"{name}: its header says {count:,} labels, expected at most {LABEL_LIMIT:,}; get the "
            "file again"
        )
    body = read_up_to(stream, count + 1, name)
    if len(body) != count:
        raise _disagrees(name, f"{count} labels", len(body), count)
    return np.frombuffer(body, np.uint8)


def read_image_count(stream: IO[bytes], name: str, side: int) -> int:
    """Read the header of an idx3-ubyte stream and return how many images it announces.

    Raises:
        CorruptInputError: it is not idx3-ubyte, or its images are not `side`×`side`.
    """
    count, rows, columns = _header(stream, name, IMAGES_MAGIC, 3)
    if (rows, columns) != (side, side):
        raise CorruptInputError(
            f"{name}: its header says {rows}×{columns} images, expected {side}×{side}; "
            "get the file again"
        )
    return count


def iter_images(stream: IO[bytes], name: str, count: int, side: int) -> Iterator[Bytes]:
    """Yield the `count` images that follow the header, in batches `uint8 n×side×side`.

    Raises:
        CorruptInputError: there are fewer or more bytes than `count` images need.
    """
    size, expected = side * side, count * side * side
    done = 0
    while done < count:
        want = min(BATCH, count - done)
        body = read_up_to(stream, want * size, name)
        if len(body) != want * size:
            raise _disagrees(name, f"{count} images", done * size + len(body), expected)
        done += want
        yield np.frombuffer(body, np.uint8).reshape(want, side, side)
    if read_up_to(stream, 1, name):
        raise CorruptInputError(
            f"{name}: its header says {count} images, but more bytes follow than these; "
            "get the file again"
        )


def _header(stream: IO[bytes], name: str, magic: int, dimensions: int) -> tuple[int, ...]:
    size = 4 + 4 * dimensions
    head = read_up_to(stream, size, name)
    if len(head) < size:
        raise CorruptInputError(
            f"{name}: {len(head)} bytes are too few for an idx header of {size}; get the file again"
        )
    found, *lengths = struct.unpack(f">{1 + dimensions}I", head)
    if found != magic:
        raise CorruptInputError(
            f"{name}: it begins with 0x{found:08x}, expected 0x{magic:08x} "
            f"(idx{dimensions}-ubyte); is it another file under this name?"
        )
    return tuple(lengths)


def _disagrees(name: str, said: str, found: int, expected: int) -> CorruptInputError:
    return CorruptInputError(
        f"{name}: its header says {said} ({expected:,} bytes), the file holds "
        f"{'more' if found > expected else f'only {found:,}'}; get the file again"
    )
