"""`python tests/fixed_eval/bits.py THREADS…`: a hash of what a short native run leaves, for each.

The images are drawn without anybody's library, so that the hash speaks of the engine only: 30 steps
with partial batches, a validation and a prediction, from the initial weights of seed 123.
"""

import hashlib
import sys

import numpy as np

from fixed_eval.cores import Cores
from fixed_eval.data import Split
from fixed_eval.engines.native.engine import NativeEngine
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50 as PROTOCOL


def _split(name: str, images: int) -> Split:
    """Images of whole numbers from a linear congruential generator."""
    state, values = 2 * images + 1, np.empty(images * 32 * 32 * 3, np.float32)
    for k in range(len(values)):
        state = (1103515245 * state + 12345) % 2**31
        values[k] = state // 2**16 % 256
    labels = np.arange(images, dtype=np.int32) % 10
    nothing = ("",) * images
    return Split(name, (), values.reshape(images, 32, 32, 3), labels, nothing, nothing)


def _digest(threads: int, train: Split, val: Split) -> str:
    engine = NativeEngine(train, val, PROTOCOL, 123, Cores(threads))
    order = np.arange(59, dtype=np.int32)
    content = hashlib.sha256()
    for _ in range(4):  # 4 · 8 steps; the last of 8 has three images
        content.update(np.array(engine.train_epoch(order)).tobytes())
    content.update(np.array(engine.evaluate(order)).tobytes())
    state = engine.snapshot()
    for group in (state.weights, state.momentums, state.velocities):
        for array in group:
            content.update(array.tobytes())
    content.update(engine.predict(state.weights, train.images[:7]).tobytes())
    return content.hexdigest()[:16]


if __name__ == "__main__":
    splits = _split("train", 59), _split("val", 13)
    for argument in sys.argv[1:]:
        print(_digest(int(argument), *splits), flush=True)
