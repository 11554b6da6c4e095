"""How fast the evaluator is, beside the published script's order of work, in one run.

    python tests/benchmarks/bench_evaluator.py speed [--images N] [--epochs N] [--runs N]
        [--kinds KIND …]
    python tests/benchmarks/bench_evaluator.py agreement [--seeds N] [--epochs N]

`speed` runs, each as its own process: the published order of work (`image_dataset_from_directory`,
`model.fit`, checkpoint on disk, all cores), then the engines, each alone and two at once: those of
TensorFlow and `native-1` on one thread, `native` on all cores, which two share. It prints the
floor, too: multiply-adds per step over the machine's measured peak.
`agreement` trains all engines on the raw data over several seeds and compares final accuracies.
Both read `roman-mnist` from `../shared/data` or `DATAGEN_SHARED_DATA`.
"""

import argparse
import dataclasses
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
SHARED = Path(os.environ.get("DATAGEN_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
RAW = SHARED / "roman-mnist"
BATCH = 8
KINDS = ("published", "reference", "fast", "native-1", "native")


@dataclasses.dataclass(frozen=True)
class Run:
    """One process: milliseconds per training step (median epoch after the first), and the rest."""

    ms_per_step: float
    first_step_seconds: float
    wall_seconds: float
    peak_mib: float


def make_images(folder: Path, images: int) -> Path:
    """A dataset of `images` files, 1 in 10 for val, by repeating the raw ones."""
    for split, count in (("train", images - images // 10), ("val", images // 10)):
        files = sorted((RAW / split).rglob("*.png"))
        # Strided, so that every class is there however few are asked for.
        order = (files[(number * 97) % len(files)] for number in itertools.count())
        for number, file in zip(range(count), order, strict=False):
            target = folder / split / file.parent.name / f"{number:05}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    return folder


def command(kind: str, dataset: Path, epochs: int, out: Path) -> list[str]:
    """The process that runs `kind` and writes its figures or score to `out`."""
    if kind == "published":
        return [sys.executable, __file__, "published", str(dataset), str(epochs), str(out)]
    engine, _, threads = kind.partition("-")
    options = ["--preview", str(epochs), "--engine", engine, "--progress", "none"]
    share = ["--threads", threads] if threads else ["--share", str(out.parent / "running")]
    return [sys.executable, "-m", "fixed_eval", str(dataset), *options, *share, "--out", str(out)]


def run_at_once(kind: str, dataset: Path, epochs: int, count: int) -> list[Run]:
    """`count` processes of one kind, started together."""
    with tempfile.TemporaryDirectory() as folder:
        outs = [Path(folder) / f"{number}.json" for number in range(count)]
        began = time.perf_counter()
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TF_CPP_MIN_LOG_LEVEL": "2"}
        processes = [
            subprocess.Popen(
                command(kind, dataset, epochs, out), env=environment, stderr=subprocess.DEVNULL
            )
            for out in outs
        ]
        ended = {}
        for _ in processes:
            pid, status, usage = os.wait4(-1, 0)
            if status:
                sys.exit(f"a {kind} process failed; run it by hand to see why")
            ended[pid] = (time.perf_counter() - began, usage.ru_maxrss / 1024)
        for process in processes:
            process.returncode = 0  # reaped above
        return [
            read_run(json.loads(out.read_text()), *ended[process.pid])
            for out, process in zip(outs, processes, strict=True)
        ]


def read_run(figures: dict[str, Any], wall: float, peak: float) -> Run:
    """A `Run` from a score, or from what `published` wrote in the same terms."""
    steps = -(-figures["dataset"]["train"] // BATCH)
    epochs = [row["train_seconds"] for row in figures["history"]]
    per_step = statistics.median(epochs[1:] or epochs) / steps * 1e3
    parts = figures["seconds"]
    start = parts["import"] + parts["load"] + parts["compile"]
    return Run(per_step, start, wall, peak)


def published(dataset: Path, epochs: int, out: Path) -> None:
    """The published script's order of work on the installed Keras, timed."""
    began = time.perf_counter()
    import keras
    from keras.applications import resnet

    keras.utils.set_random_seed(123)
    splits = [
        keras.utils.image_dataset_from_directory(
            dataset / split,
            labels="inferred",
            label_mode="categorical",
            class_names=["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"],
            shuffle=True,
            seed=123,
            batch_size=BATCH,
            image_size=(32, 32),
            verbose=False,
        )
        for split in ("train", "val")
    ]
    base = resnet.ResNet50(input_shape=(32, 32, 3), include_top=False, weights=None)
    base = keras.Model(base.inputs, base.get_layer("conv2_block3_out").output)
    inputs = keras.Input(shape=(32, 32, 3))
    features = keras.layers.GlobalAveragePooling2D()(base(resnet.preprocess_input(inputs)))
    model = keras.Model(inputs, keras.layers.Dense(10)(features))
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.0001),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.evaluate(splits[1], verbose=0)
    first: list[float] = []
    history: list[dict[str, float]] = []

    class Times(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):  # noqa: ARG002
            self.began = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):  # noqa: ARG002
            if not first:
                first.append(time.perf_counter() - began)
            self.trained = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):  # noqa: ARG002
            history.append({"train_seconds": self.trained - self.began})

    best = out.with_suffix(".weights.h5")
    checkpoint = keras.callbacks.ModelCheckpoint(
        best, monitor="val_accuracy", mode="max", save_best_only=True, save_weights_only=True
    )
    model.fit(
        splits[0],
        validation_data=splits[1],
        epochs=epochs,
        callbacks=[checkpoint, Times()],
        verbose=0,
    )
    model.load_weights(best)
    model.evaluate(splits[1], verbose=0)
    figures = {
        "dataset": {"train": len(splits[0].file_paths)},
        "history": history,
        "seconds": {"import": first[0], "load": 0.0, "compile": 0.0},
    }
    out.write_text(json.dumps(figures))


def multiply_adds() -> int:
    """Of one training step: forward, and backward to weights and (past the stem) to inputs."""
    stem = 16 * 16 * 7 * 7 * 3 * 64
    first = 64 * 256 + 64 * 64 + 9 * 64 * 64 + 64 * 256
    later = 256 * 64 + 9 * 64 * 64 + 64 * 256
    return BATCH * (2 * stem + 3 * 8 * 8 * (first + 2 * later) + 3 * 256 * 10)


def native_multiply_adds() -> int:
    """As `multiply_adds`, by what `native` does on grey images: see its `winograd` and `stem`.

    36 instead of 144 for each 4×4 of a 3×3 convolution's results, and one colour of three.
    """
    saved = 9 * 64 * 64 - 36 * 64 * 64 // 16
    stem = 2 * 16 * 16 * 7 * 7 * (3 - 1) * 64
    return multiply_adds() - BATCH * (3 * 8 * 8 * 3 * saved + stem)


def peak_gemm() -> float:
    """Multiply-adds per second of TensorFlow's best square matrix product on one thread."""
    code = """
import os, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
best = 0
for size in (512, 1024, 2048):
    a = tf.random.uniform((size, size))
    for _ in range(8):
        began = time.perf_counter()
        tf.matmul(a, a).numpy()
        best = max(best, size**3 / (time.perf_counter() - began))
print(best)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return float(run.stdout)


def speed(options: argparse.Namespace) -> None:
    """Print the table of the module's first lines."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = make_images(Path(folder), options.images)
        results: dict[tuple[str, int], list[list[Run]]] = {}
        for _ in range(options.runs):  # interleaved, so that a slow minute hits all alike
            for kind, count in itertools.product(options.kinds, (1, 2)):
                runs = run_at_once(kind, dataset, options.epochs, count)
                results.setdefault((kind, count), []).append(runs)
    print(f"{options.images:,} images, {options.epochs} epochs, {options.runs} run(s); ", end="")
    print("ms/step: median (lowest … highest) over runs")
    for (kind, count), runs in results.items():
        each = [run for group in runs for run in group]
        steps = [run.ms_per_step for run in each]
        print(
            f"{kind:10} x{count}  {statistics.median(steps):6.2f} "
            f"({min(steps):.2f} … {max(steps):.2f}) ms/step   "
            f"wall {statistics.median(run.wall_seconds for run in each):6.1f} s   "
            f"first step after {statistics.median(run.first_step_seconds for run in each):5.1f} s"
            f"   peak {max(run.peak_mib for run in each):,.0f} MiB"
        )

    def middle(kind: str, count: int, field: str) -> float:
        return statistics.median(getattr(r, field) for g in results[kind, count] for r in g)

    alone, both = middle("published", 1, "ms_per_step"), middle("published", 2, "ms_per_step")
    peak, direct, native = peak_gemm(), multiply_adds(), native_multiply_adds()
    works = {"fast": direct, "native-1": native, "native": native}
    for kind, work in ((kind, works[kind]) for kind in options.kinds if kind in works):
        one, two = middle(kind, 1, "ms_per_step"), middle(kind, 2, "ms_per_step")
        walls = middle("published", 1, "wall_seconds") / middle(kind, 1, "wall_seconds")
        print(
            f"one {kind} against one published: {alone / one:.2f}x per step, {walls:.2f}x in wall"
        )
        print(
            f"throughput of two {kind} at once: {2 * alone / two:.2f}x one published, "
            f"{both / two:.2f}x two published at once"
        )
        floor = work / peak * 1e3
        print(
            f"floor of {kind}: {work / 1e6:.0f} M multiply-adds per step at {peak / 1e9:.1f} G/s "
            f"on one thread: {floor:.2f} ms; it runs at {one / floor:.2f}x of it"
            + (f", {one / direct * peak / 1e3:.2f}x of fast's" if work != direct else "")
        )


def agreement(options: argparse.Namespace) -> None:
    """Final accuracies of all engines on the raw data, over seeds."""
    shares: dict[str, list[tuple[float, float]]] = {"reference": [], "fast": [], "native": []}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "score.json"
        for seed, engine in itertools.product(range(123, 123 + options.seeds), shares):
            arguments = [*command(engine, RAW, options.epochs, out), "--seed", str(seed)]
            arguments += ["--test", str(RAW / "label_book")]
            environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
            subprocess.run(arguments, check=True, env=environment)
            score = json.loads(out.read_text())
            val = score["val"]["accuracy"]["accuracy"]
            test = score["tests"][0]["metrics"]["accuracy"]["accuracy"]
            shares[engine].append((val, test))
            print(f"seed {seed} {engine:9}  val {val:.4f}  label_book {test:.4f}", flush=True)
    for position, name in enumerate(("val", "label_book")):
        means, spreads = [], []
        for rows in shares.values():
            column = [row[position] for row in rows]
            means.append(statistics.mean(column))
            spreads.append(statistics.stdev(column) if len(column) > 1 else float("nan"))
        pairs = zip(shares, means, spreads, strict=True)
        print(name, "  ".join(f"{e} {m:.4f} ± {s:.4f}" for e, m, s in pairs), end="  ")
        apart = (f"{e} {m - means[0]:+.4f}" for e, m in list(zip(shares, means, strict=True))[1:])
        print("from reference:", "  ".join(apart))


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = parser.add_subparsers(required=True)
    part = parts.add_parser("speed")
    part.add_argument("--images", type=int, default=10_000 - 8)
    part.add_argument("--epochs", type=int, default=3)
    part.add_argument("--runs", type=int, default=3)
    part.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    part.set_defaults(run=speed)
    part = parts.add_parser("agreement")
    part.add_argument("--seeds", type=int, default=3)
    part.add_argument("--epochs", type=int, default=100)
    part.set_defaults(run=agreement)
    part = parts.add_parser("published")
    part.add_argument("dataset", type=Path)
    part.add_argument("epochs", type=int)
    part.add_argument("out", type=Path)
    part.set_defaults(run=lambda options: published(options.dataset, options.epochs, options.out))
    options = parser.parse_args()
    if not RAW.is_dir():
        sys.exit(f"{RAW} is absent; set DATAGEN_SHARED_DATA")
    options.run(options)


if __name__ == "__main__":
    main()
