"""The engine `fast` on the device that TensorFlow sees, beside `native` on the CPU.

    python tests/benchmarks/gpu.py [--epochs 100] [--images 10000]

Three parts: whether both agree (the losses of 50 steps from the same weights and batches, then the
logits under the same weights); how long a whole evaluation takes, by its parts; and which
operations the steps of one epoch spend their time in, from TensorFlow's profiler. `gpu.sh` installs
what this needs. Where TensorFlow sees no GPU it runs on the CPU, and says so.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from fixed_eval.cores import Cores
from fixed_eval.data import Split
from fixed_eval.engines.native.engine import NativeEngine
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50 as PROTOCOL
from fixed_eval.runtime import start_tensorflow

STEPS = 50
FIRST, LATER, LOGITS = 1e-5, 1e-2, 1e-3  # how far apart losses (relative) and logits may be


def noise(name: str, images: int) -> Split:
    """Grey noise with a dark square whose place tells the class."""
    rng = np.random.default_rng(images)
    labels = (np.arange(images) % len(PROTOCOL.classes)).astype(np.int32)
    pixels = rng.uniform(150, 255, (images, 32, 32, 3)).astype(np.float32)
    for image, label in zip(pixels, labels, strict=True):
        image[8:20, 3 * label : 3 * label + 4] = 20
    nothing = ("",) * images
    return Split(name, (), pixels, labels, nothing, nothing)


def agreement() -> bool:
    """Print how far `fast` is from `native`, and whether that is near enough."""
    from fixed_eval.engines.fast import FastEngine

    splits = noise("train", 8 * STEPS), noise("val", 200)
    engines = NativeEngine(*splits, PROTOCOL, 123, Cores()), FastEngine(*splits, PROTOCOL, 123)
    order = np.arange(8 * STEPS, dtype=np.int32)
    first = [engine.train_epoch(order[:8])[0] for engine in engines]
    rest = [engine.train_epoch(order[8:])[0] for engine in engines]
    weights = engines[0].snapshot().weights
    logits = [engine.predict(weights, splits[1].images) for engine in engines]
    found = (
        ("loss of the first step", abs(first[1] / first[0] - 1), FIRST),
        (f"loss of {STEPS - 1} more steps", abs(rest[1] / rest[0] - 1), LATER),
        ("logits under the same weights", float(np.abs(logits[1] - logits[0]).max()), LOGITS),
    )
    for what, apart, allowed in found:
        verdict = "agrees" if apart <= allowed else "DIFFERS"
        print(f"{what}: {apart:.1e} apart, {allowed:.0e} allowed: {verdict}", flush=True)
    return all(apart <= allowed for _, apart, allowed in found)


def whole(images: int, epochs: int) -> None:
    """Print how long an evaluation of a dataset by the pen takes, and its parts."""
    with tempfile.TemporaryDirectory() as folder:
        ds, out = Path(folder) / "ds", Path(folder) / "score.json"
        datagen = Path(sys.executable).with_name("datagen")
        subprocess.run(
            [datagen, "build", "--images", str(images), "--out", ds, "--quiet"], check=True
        )
        began = time.perf_counter()
        options = ["--engine", "fast", "--progress", "none", "--preview", str(epochs)]
        subprocess.run([sys.executable, "-m", "fixed_eval", ds, *options, "--out", out], check=True)
        wall = time.perf_counter() - began
        score = json.loads(out.read_text("utf-8"))
    train = sum(row["train_seconds"] for row in score["history"])
    steps = PROTOCOL.batches(score["dataset"]["train"]) * epochs
    print(f"{epochs} epochs of {images:,} images on {score['device']}: {wall:.0f} s in all")
    print(f"  of these {train:.0f} s training, {train / steps * 1e3:.2f} ms a step")
    for part, seconds in score["seconds"].items():
        print(f"  {part}: {seconds:.1f} s")


def operations() -> None:
    """Print the operations that take most of an epoch, from a trace of it."""
    import tensorflow as tf

    from fixed_eval.engines.fast import FastEngine

    splits = noise("train", 1600), noise("val", 8)
    engine = FastEngine(*splits, PROTOCOL, 123)
    order = np.arange(1600, dtype=np.int32)
    engine.train_epoch(order)
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            engine.train_epoch(order)
        traces = sorted(Path(folder).rglob("*.xplane.pb"))
        times: dict[str, float] = {}
        for plane in _planes(traces):
            names = {number: data.name for number, data in plane.event_metadata.items()}
            for line in plane.lines:
                for event in line.events:
                    name = names[event.metadata_id].split(":")[0]
                    times[name] = times.get(name, 0) + event.duration_ps / 1e9
    print("longest, in ms of 200 steps (parts lie within others):")
    for name, spent in sorted(times.items(), key=lambda item: -item[1])[:25]:
        print(f"  {spent:9.1f}  {name[:80]}")


def _planes(traces: list[Path]) -> list[Any]:
    """The device's planes of a trace, or the host's where there is no GPU."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace()
    for trace in traces:
        space.MergeFromString(trace.read_bytes())
    device = [plane for plane in space.planes if plane.name.startswith("/device:GPU")]
    return device or [plane for plane in space.planes if plane.name.startswith("/host:CPU")]


def main() -> int:
    """Run all parts; return 1 where the engines differ."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=PROTOCOL.epochs)
    parser.add_argument("--images", type=int, default=10_000)
    asked = parser.parse_args()
    print(f"TensorFlow sees: {start_tensorflow(1)}", flush=True)
    right = agreement()
    whole(asked.images, asked.epochs)
    operations()
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
