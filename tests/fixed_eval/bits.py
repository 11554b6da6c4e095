"""`python tests/fixed_eval/bits.py THREADS…`: a hash of what a short native run leaves, for each.

The images are drawn without anybody's library, so that the hash speaks of the engine only: 30 steps
with partial batches, a validation and a prediction, from the initial weights of seed 123; then the
same on grey images, which the engine takes another way.
"""

import hashlib
import sys

import numpy as np

from fixed_eval.cores import Cores
from fixed_eval.data import Split
from fixed_eval.engines.native.engine import NativeEngine
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50 as PROTOCOL


def _split(name: str, images: int, *, grey_every: int | None = None) -> Split:
    """Images of whole numbers from a linear congruential generator, grey or in colour."""
    state, values = 2 * images + 1, np.empty(images * 32 * 32 * 3, np.float32)
    for k in range(len(values)):
        state = (1103515245 * state + 12345) % 2**31
        values[k] = state // 2**16 % 256
    pictures = values.reshape(images, 32, 32, 3)
    if grey_every:
        pictures[::grey_every, :, :, 1:] = pictures[::grey_every, :, :, :1]
    labels = np.arange(images, dtype=np.int32) % 10
    nothing = ("",) * images
    return Split(name, (), pictures, labels, nothing, nothing)


def _leave(threads: int, train: Split, val: Split) -> bytes:
    """All bits that a run leaves."""
    engine = NativeEngine(train, val, PROTOCOL, 123, Cores(threads))
    order = np.arange(59, dtype=np.int32)
    # 4 · 8 steps; the last of 8 has three images
    left = [np.array(engine.train_epoch(order)) for _ in range(4)]
    left.append(np.array(engine.evaluate(order)))
    state = engine.snapshot()
    left.extend((*state.weights, *state.momentums, *state.velocities))
    left.append(engine.predict(state.weights, train.images[:7]))
    return b"".join(array.tobytes() for array in left)


if __name__ == "__main__":
    colour, grey = _split("train", 59), _split("train", 59, grey_every=1)
    mixed = _split("val", 13, grey_every=2)
    for argument in sys.argv[1:]:
        digest = hashlib.sha256()
        for train in (colour, grey):
            digest.update(_leave(int(argument), train, mixed))
        print(digest.hexdigest()[:16], flush=True)
