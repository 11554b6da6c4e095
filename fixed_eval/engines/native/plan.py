"""Where everything lies in the network's memory: one float32 array for weights and activations.

All places are known beforehand, so they are constants of the compiled code. A place is an index
into the memory, and begins a line of the cache. What Adam moves comes first, five times: weights,
gradients by the first and by the second half of a batch, momentums and velocities, each `LEARNED`
values behind the one before.

The memory is for batches of up to `IMAGES` images and teams of up to `team.LARGEST` members.
"""

import contextlib
import math
import mmap
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from fixed_eval.engines.native.intrinsics import LANES
from fixed_eval.engines.native.team import LARGEST

Memory = np.ndarray[Any, np.dtype[np.float32]]

IMAGES: Final = 8
HALVES: Final = 2  # of a batch: each has a gradient of its own, so that two members share little
HALF: Final = IMAGES // HALVES
IMAGE_SIDE, COLOURS = 32, 3
STEM, STRIDE, STEM_RING = 7, 2, 3  # 7×7, every second position, 3 pixels of zeros around the image
RINGED_IMAGE: Final = IMAGE_SIDE + 2 * STEM_RING
PICTURE: Final = RINGED_IMAGE * RINGED_IMAGE * COLOURS  # values of an image with its ring
STEM_SIDE: Final = IMAGE_SIDE // STRIDE
TAPS: Final = STEM * STEM
GREY_LINE: Final = 8  # a line of the kernel's gradient by grey images, with one row too much
COLOUR_LINE: Final = GREY_LINE * COLOURS
SIDE: Final = STEM_SIDE // 2  # of the maps behind the pooling
WIDE: Final = SIDE + 2  # with a ring of zeros
STEM_POSITIONS, POSITIONS, RINGED = STEM_SIDE * STEM_SIDE, SIDE * SIDE, WIDE * WIDE
NARROW, BROAD, CLASSES = 64, 256, 10

# Winograd's transforms; see `winograd`.
PLACES: Final = 36  # of a 6×6 square
TILES: Final = 4  # of an image
MATRIX: Final = NARROW * NARROW  # input channel × output channel
MOVED: Final = 16 * LANES  # weights that Adam moves at once
BAND: Final = 2 * LANES  # output channels of U, and input channels of its gradient ..
SLICE: Final = LANES  # .. that are made and used at once: they stay in a core's second cache
# From one place to the next in V, N and M, in a band, and in a slice. One line is not used: with
# a multiple of 4096 bytes all places of a tile would fall into the same few lines of the cache.
PLACE: Final = (TILES * HALF + 1) * NARROW
BAND_PLACE: Final = (NARROW + 1) * BAND
SLICE_PLACE: Final = (SLICE + 1) * NARROW
SPREAD: Final = PLACES * PLACE  # all of V, N or M, of half a batch
BAND_SIZE: Final = PLACES * BAND_PLACE
BANDS: Final = NARROW // BAND
KERNEL: Final = BANDS * BAND_SIZE  # all of U


class Unit(NamedTuple):
    """A convolution and its batch norm.

    Sizes: values that a position sees (`inner`), channels out, positions of an image. Places of
    weights, of gradients `LEARNED` behind them, and of the moving statistics. `flipped` is the
    kernel with input and output channels exchanged, twice, for each of two members; see
    `shares.own`. `raw` is what the convolution gives, `means` to `d_gammas` are sums by image
    × channel. `mine` is member × 5 × channels: centre, inverse and scale of the batch, then level
    and slope of its gradient; every member makes its own, which costs less than to wait for one
    that does.
    """

    inner: int
    channels: int
    positions: int
    kernel: int
    gamma: int
    beta: int
    bias: int
    mean: int
    variance: int
    flipped: int
    raw: int
    d_raw: int
    means: int
    squares: int
    d_betas: int
    d_gammas: int
    mine: int


class Block(NamedTuple):
    """A residual block: 1×1, 3×3 and 1×1 convolution, and the sum with the shortcut.

    `first` is 1 where the shortcut is a unit of its own, `SHORTCUT`, else 0. `reduced` has a
    ring of zeros. The gradient of all blocks' `out` is `Room.d_out`, one after the other.
    """

    first: int
    x: int
    reduce: Unit
    spread: Unit
    expand: Unit
    reduced: int
    spreaded: int
    out: int
    v: int


class _Layout:
    """Gives out the memory."""

    def __init__(self) -> None:
        self.size = 0
        self.weights: dict[str, tuple[int, tuple[int, ...]]] = {}
        self._shared: dict[object, int] = {}

    def take(self, *shape: int) -> int:
        """A place for values of this shape."""
        at = self.size
        self.size += -(-math.prod(shape) // LANES) * LANES
        return at

    def share(self, kind: str, *shape: int) -> int:
        """As `take`, but the same place for the same kind: parts use it one after the other."""
        if (kind, shape) not in self._shared:
            self._shared[kind, shape] = self.take(*shape)
        return self._shared[kind, shape]

    def weight(self, path: str, *shape: int) -> None:
        """A place for a weight, with its name and shape in Keras."""
        self.weights[path] = self.take(*shape), shape

    def unit(self, name: str, positions: int) -> Unit:
        """A unit whose weights have their places already."""
        at = {path: place for path, (place, _) in self.weights.items()}
        *window, channels = self.weights[f"{name}_conv/kernel"][1]
        inner, rows, take = math.prod(window), IMAGES * positions, self.take
        return Unit(
            inner=inner,
            channels=channels,
            positions=positions,
            kernel=at[f"{name}_conv/kernel"],
            gamma=at[f"{name}_bn/gamma"],
            beta=at[f"{name}_bn/beta"],
            bias=at[f"{name}_conv/bias"],
            mean=at[f"{name}_bn/moving_mean"],
            variance=at[f"{name}_bn/moving_variance"],
            flipped=take(HALVES, channels, inner),
            raw=take(rows, channels),
            d_raw=self.share(f"d_raw {name[-2:]}", rows, channels),
            means=take(IMAGES, channels),
            squares=take(IMAGES, channels),
            d_betas=take(IMAGES, channels),
            d_gammas=take(IMAGES, channels),
            mine=take(LARGEST, 5, channels),
        )


def _units() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and kernel's shape of every unit, in Keras' order."""
    yield "conv1", (STEM, STEM, COLOURS, NARROW)
    for block in (1, 2, 3):
        name, inner = f"conv2_block{block}", NARROW if block == 1 else BROAD
        yield f"{name}_1", (1, 1, inner, NARROW)
        yield f"{name}_2", (3, 3, NARROW, NARROW)
        if block == 1:
            yield f"{name}_0", (1, 1, NARROW, BROAD)
        yield f"{name}_3", (1, 1, NARROW, BROAD)


_layout = _Layout()
for _name, _shape in _units():
    _layout.weight(f"{_name}_conv/kernel", *_shape)
    _layout.weight(f"{_name}_bn/gamma", _shape[-1])
    _layout.weight(f"{_name}_bn/beta", _shape[-1])
_layout.weight("dense/kernel", BROAD, CLASSES)
_layout.weight("dense/bias", CLASSES)
LEARNED: Final = _layout.size
LEARNED_PATHS: Final = frozenset(_layout.weights)
_layout.take(4 * LEARNED)
for _name, _shape in _units():
    _layout.weight(f"{_name}_conv/bias", _shape[-1])
    _layout.weight(f"{_name}_bn/moving_mean", _shape[-1])
    _layout.weight(f"{_name}_bn/moving_variance", _shape[-1])


class Room(NamedTuple):
    """Places that are not a unit's or a block's: those by image, then what all blocks use in turn.

    In a tuple, for Numba compiles functions again for every constant that they are called with, but
    not for parts of a constant tuple. `inside` to `d_edges` are told of in `stem`; the last two are
    by half of a batch. `u` is room for U of each block's kernel, twice, `d_u` for a slice by
    member. `m` is by member and half, `n` by half, `stem_out`, `d_x` and
    `moved` by member.
    """

    dense: int
    dense_bias: int
    inside: int
    pictures: int
    grey: int
    contrast: int
    edges: int
    sums: int
    d_lines: int
    d_edges: int
    stem_out: int
    pooled: int
    d_pooled: int
    average: int
    d_average: int
    logits: int
    d_logits: int
    u: int
    d_u: int
    m: int
    n: int
    d_reduced: int
    d_out: int
    d_x: int
    moved: int


def _blocks(x: int) -> Iterator[Block]:
    take = _layout.take
    for number in (1, 2, 3):
        name = f"conv2_block{number}"
        block = Block(
            first=int(number == 1),
            x=x,
            reduce=_layout.unit(f"{name}_1", POSITIONS),
            spread=_layout.unit(f"{name}_2", POSITIONS),
            expand=_layout.unit(f"{name}_3", POSITIONS),
            reduced=take(IMAGES * RINGED, NARROW),
            spreaded=take(IMAGES * POSITIONS, NARROW),
            out=take(IMAGES * POSITIONS, BROAD),
            v=take(HALVES, SPREAD),
        )
        yield block
        x = block.out


def _room() -> Room:
    take = _layout.take
    return Room(
        dense=_layout.weights["dense/kernel"][0],
        dense_bias=_layout.weights["dense/bias"][0],
        inside=take(RINGED_IMAGE, RINGED_IMAGE),
        pictures=take(IMAGES, PICTURE),
        grey=take(LARGEST, TAPS, NARROW),
        contrast=take(LARGEST, TAPS, NARROW),
        edges=take(LARGEST, STEM_POSITIONS, NARROW),
        sums=take(LARGEST, STEM_POSITIONS, NARROW),
        d_lines=take(HALVES, STEM, COLOUR_LINE, NARROW),
        d_edges=take(HALVES, STEM, GREY_LINE, NARROW),
        stem_out=take(LARGEST, STEM_POSITIONS, NARROW),
        pooled=take(IMAGES * POSITIONS, NARROW),
        d_pooled=take(IMAGES * POSITIONS, NARROW),
        average=take(IMAGES, BROAD),
        d_average=take(IMAGES, BROAD),
        logits=take(IMAGES, CLASSES),
        d_logits=take(IMAGES, CLASSES),
        u=take(HALVES, 3, KERNEL),
        d_u=take(LARGEST, PLACES * SLICE_PLACE),
        m=take(LARGEST, HALVES, SPREAD),
        n=take(HALVES, SPREAD),
        d_reduced=take(IMAGES * RINGED, NARROW),
        d_out=take(IMAGES * POSITIONS, BROAD),
        d_x=take(LARGEST, POSITIONS, BROAD),
        moved=take(LARGEST, MOVED),
    )


ROOM: Final = _room()
STEM_UNIT: Final = _layout.unit("conv1", STEM_POSITIONS)
SHORTCUT: Final = _layout.unit("conv2_block1_0", POSITIONS)
FIRST, SECOND, THIRD = _blocks(ROOM.pooled)
BLOCKS: Final = (FIRST, SECOND, THIRD)
UNITS: Final = (
    STEM_UNIT,
    SHORTCUT,
    *(unit for block in BLOCKS for unit in (block.reduce, block.spread, block.expand)),
)
WEIGHTS: Final = dict(_layout.weights)
SIZE: Final = _layout.size
MOMENTUM, VELOCITY = HALVES + 1, HALVES + 2  # copies; see `weight`
_HUGE: Final = 2**21  # bytes


def make_memory() -> Memory:
    """Zeros, at the begin of a page, and the ones of `Room.inside`.

    Where the system has huge pages it is asked for them: with them the address of each of many
    streams is at hand.
    """
    memory = np.frombuffer(_pages(), np.float32, SIZE)
    inside = memory[ROOM.inside : ROOM.inside + RINGED_IMAGE**2]
    inside.reshape(RINGED_IMAGE, RINGED_IMAGE)[STEM_RING:-STEM_RING, STEM_RING:-STEM_RING] = 1
    return memory


def _pages() -> mmap.mmap:
    size = _HUGE * -(-4 * SIZE // _HUGE)
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return mmap.mmap(-1, size)
    room = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):  # a kernel without them
        room.madvise(mmap.MADV_HUGEPAGE)
    return room


def weight(memory: Memory, path: str, copy: int = 0) -> Memory:
    """The part of `memory` that holds a weight, as a view in Keras' shape.

    Args:
        memory: As from `make_memory`.
        path: The weight's name in Keras.
        copy: 0 for the weight, 1 and 2 for its gradients, `MOMENTUM` and `VELOCITY` for Adam's
            slots; only 0 where the weight is not among `LEARNED_PATHS`.
    """
    at, shape = WEIGHTS[path]
    at += copy * LEARNED
    return memory[at : at + math.prod(shape)].reshape(shape)


def shape(path: str) -> tuple[int, ...]:
    """A weight's shape in Keras."""
    return WEIGHTS[path][1]


def make_which() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Room for what `layers.pool` takes of each image."""
    return np.zeros((IMAGES, POSITIONS, NARROW), np.uint8)
