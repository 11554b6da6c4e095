"""How long `datagen build` takes, beside only writing the same PNGs already composed.

    python tests/benchmarks/bench_build.py [--images 10000] [--runs 3]

Whole processes, wall time, all side by side in one run; median (least … greatest). The baseline
loads the composed arrays and encodes and writes them from as many processes as `build` uses.
EMNIST and Chars74K come from `../shared/data` (or `DATAGEN_SHARED_DATA`) and are left out where
that is absent; their letters are cached by one build before the clock starts.
"""

import argparse
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("DATAGEN_SHARED_DATA", ROOT.parent / "shared" / "data"))


def build(arguments: list[str], out: Path) -> float:
    """Run `datagen build` as a user does; return the peak memory of its largest process, MB."""
    script = Path(sys.executable).with_name("datagen")
    command = [script, "build", *arguments, "--quiet", "--overwrite", "--out", out]
    process = subprocess.Popen([str(part) for part in command])
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"{' '.join(map(str, command))} failed")
    return usage.ru_maxrss / 1024


def pack(dataset: Path, file: Path) -> None:
    """Keep a dataset's images as arrays, so that the baseline need not decode them."""
    paths = sorted(dataset.glob("*/*/*.png"))
    images = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]
    names = [path.relative_to(dataset).as_posix() for path in paths]
    shapes = np.array([image.shape for image in images])  # type: ignore[union-attr]
    flat = np.concatenate([image.ravel() for image in images])  # type: ignore[union-attr]
    np.savez(file, names=np.array(names), shapes=shapes, flat=flat)


def write_part(file: str, out: str, part: int, parts: int) -> None:
    """Encode and write every `parts`-th image."""
    cv2.setNumThreads(1)
    with np.load(file) as packed:
        names, shapes, flat = packed["names"], packed["shapes"], packed["flat"]
    ends = np.cumsum(shapes.prod(axis=1))
    for k in range(part, len(names), parts):
        image = flat[ends[k] - shapes[k].prod() : ends[k]].reshape(shapes[k])
        Path(out, str(names[k])).write_bytes(cv2.imencode(".png", image)[1].tobytes())


def write_all(file: str, out: str) -> None:
    """Write all images from one process per core: the baseline."""
    with np.load(file) as packed:
        for folder in {Path(out, str(name)).parent for name in packed["names"]}:
            folder.mkdir(parents=True)
    parts = len(os.sched_getaffinity(0))
    context = multiprocessing.get_context("spawn")
    jobs = [context.Process(target=write_part, args=(file, out, k, parts)) for k in range(parts)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()


def cases(images: int) -> dict[str, list[str]]:
    """Return the builds to time, by name."""
    count = ["--images", str(images)]
    native = [*count, "--size", "native"]
    found = {
        "pen, 32": count,
        "pen, native": native,
        "pen, scanned, native": [*native, "--pipeline", "scanned"],
    }
    if SHARED.is_dir():
        found["emnist, 32"] = [*count, "--source", f"emnist:{SHARED / 'emnist/gzip.zip'}"]
        found["chars74k, 32"] = [
            *count,
            "--source",
            f"chars74k:{SHARED / 'chars74k/EnglishHnd.tgz'}",
        ]
    return found


def timed(work: Callable[[], object], out: Path) -> float:
    """Return the seconds that `work` takes; what it wrote is removed."""
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    shutil.rmtree(out)
    return seconds


def main() -> None:
    """Time everything and print one line a case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATAGEN_CACHE"] = f"{folder}/cache"
        out, packed = Path(folder, "ds"), Path(folder, "packed.npz")
        for name, arguments in cases(options.images).items():
            peak = build(arguments, out)
            # in a process of its own: a child's peak counts what its parent held when it was forked
            subprocess.run([sys.executable, __file__, "--pack", str(out), str(packed)], check=True)
            shutil.rmtree(out)
            builds, writes = [], []
            for _ in range(options.runs):
                builds.append(timed(lambda a=arguments: build(a, out), out))  # type: ignore[misc]
                command = [sys.executable, __file__, "--write", str(packed), str(out)]
                writes.append(timed(lambda c=command: subprocess.run(c, check=True), out))  # type: ignore[misc]
            ratio = statistics.median(builds) / statistics.median(writes)
            figures = f"build {spread(builds)}  write {spread(writes)}  ratio {ratio:.2f}"
            print(f"{name:<14} {figures}  peak {peak:.0f} MB")


def spread(seconds: list[float]) -> str:
    """Return median and range."""
    return f"{statistics.median(seconds):.1f} s ({min(seconds):.1f} … {max(seconds):.1f})"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write_all(*sys.argv[2:])
    elif sys.argv[1:2] == ["--pack"]:
        pack(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
