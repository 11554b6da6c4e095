"""How long `datagen sweep` takes: halving beside the grid, two workers beside one, again, overhead.

    python tests/benchmarks/bench_sweep.py [--images 1000] [--points 8] [--epochs 100]
                                           [--rungs 10,30] [--seeds 1] [--keep FOLDER] [--cold]

Whole processes, wall time, one after the other in one run; the candidates are mixes of the pen and
of EMNIST from `../shared/data` (or `DATAGEN_SHARED_DATA`; without it, seeds of the pen alone).
Every sweep has a cache and a folder of its own, and builds its own datasets; how long that took is
left out of the overhead. The bare evaluations are `python -m fixed_eval`, one after the other, on
the same datasets, scored on the same images. The machine must have nothing else to do. Fewer epochs
than 100 are a preview and measure starts more than training.

With `--cold` every evaluation starts in a fresh process that imports the evaluator, instead of as
a fork of one that has (`datagen.evaluation.fork_server`). For the time of one grid alone, which
shows what forks save, add `--grid-only`.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("DATAGEN_SHARED_DATA", ROOT.parent / "shared" / "data"))


class Bench:
    """One set of sweeps over the same points."""

    def __init__(self, options: argparse.Namespace, root: Path) -> None:
        self.options = options
        self.root = root
        self.tests = [SHARED / "roman-mnist" / "label_book"] if SHARED.is_dir() else []

    def environment(self, name: str) -> dict[str, str]:
        """Return an environment with a cache of its own."""
        cache = str(self.root / f"cache-{name}")
        forks = "0" if self.options.cold else "1"
        return os.environ | {
            "DATAGEN_CACHE": cache,
            "DATAGEN_FORK_SERVER": forks,
            "PYTHONPATH": str(ROOT),
        }

    def sweep(self, name: str, *more: object) -> tuple[float, list[dict[str, Any]]]:
        """Run one sweep; return its wall seconds and its trials."""
        options = self.options
        step = f"1/{options.points - 1}"  # an exact fraction
        emnist = SHARED / "emnist" / "gzip.zip"
        axes = (
            ["--mix", f"pen=0:1:{step}", "--mix", f"emnist:{emnist}=0:1:{step}"]
            if SHARED.is_dir()
            else ["--vary", "seed=" + ",".join(str(k) for k in range(options.points))]
        )
        preview = [] if options.epochs == 100 else ["--preview", str(options.epochs)]
        command = [
            *(str(Path(sys.executable).with_name("datagen")), "sweep", *axes, *preview),
            *("--images", options.images, "--seeds", options.seeds),
            *(["--rungs", options.rungs] if "halving" in more else []),
            *[part for test in self.tests for part in ("--test", test)],
            *("--out", self.root / name, "--no-timing", "--json", *more),
        ]
        began = time.perf_counter()
        done = subprocess.run(
            [str(part) for part in command],
            env=self.environment(name),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if not options.loud else None,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        if done.returncode:
            sys.exit(f"{name} failed: {done.stderr}")
        return seconds, [json.loads(line) for line in done.stdout.splitlines()]

    def bare(self, dataset: Path, seed: int) -> float:
        """Run the evaluator alone; return its wall seconds."""
        preview = [] if self.options.epochs == 100 else ["--preview", str(self.options.epochs)]
        began = time.perf_counter()
        subprocess.run(
            [
                *(sys.executable, "-m", "fixed_eval", str(dataset), *preview),
                *[part for test in self.tests for part in ("--test", str(test))],
                *("--out", str(self.root / "bare.json"), "--seed", str(seed)),
                *("--state", str(self.root / "bare-state"), "--progress", "none"),
            ],
            env=self.environment("bare"),
            check=True,
        )
        shutil.rmtree(self.root / "bare-state")
        return time.perf_counter() - began


def best(trials: list[dict[str, Any]]) -> str:
    """Return the candidate with the best mean val accuracy among those that ran to the end."""
    values: dict[str, list[float]] = {}
    for trial in trials:
        if trial["state"] == "done":
            values.setdefault(trial["name"], []).append(trial["val_accuracy"])
    return max(values, key=lambda name: sum(values[name]) / len(values[name]))


def main() -> None:
    """Run everything and print the figures beside their aims."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--points", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--rungs", default="10,30")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="work here and keep everything")
    parser.add_argument("--cold", action="store_true", help="without the fork server")
    parser.add_argument("--grid-only", action="store_true", help="time one grid and stop")
    parser.add_argument("--loud", action="store_true", help="show what the sweeps say")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = (options.keep or Path(temporary)).resolve()
        root.mkdir(parents=True, exist_ok=True)
        report(Bench(options, root))


def report(bench: Bench) -> None:
    """Run the sweeps; print one line per figure."""
    two, grid = bench.sweep("grid-2", "--strategy", "grid", "--workers", 2)
    datasets = bench.root / "grid-2"
    built = sum(trial["build_seconds"] for trial in grid)
    print(f"grid, two workers         {two:8.1f} s   {len(grid)} trials, best {best(grid)}")
    print(f"  of it building          {built:8.1f} s   (summed over the workers)")
    if bench.options.grid_only:
        return
    again, _ = bench.sweep("grid-2", "--strategy", "grid", "--workers", 2)
    print(f"the same sweep again      {again:8.2f} s   aim ≤ 2 s")
    one, alone = bench.sweep("grid-1", "--strategy", "grid", "--workers", 1)
    print(f"grid, one worker          {one:8.1f} s   {one / two:.2f}× two workers, aim ≥ 1.8")
    halving, trials = bench.sweep("halving-2", "--strategy", "halving", "--workers", 2)
    winner = "same winner" if best(trials) == best(grid) else f"ANOTHER WINNER: {best(trials)}"
    epochs = sum(trial["epochs"] for trial in trials) / sum(trial["epochs"] for trial in grid)
    print(
        f"halving, two workers      {halving:8.1f} s   {halving / two:.0%} of the grid, aim ≤ 40 %"
    )
    print(f"                                       {epochs:.0%} of its epochs; {winner}")
    bare = sum(bench.bare(datasets / trial["dataset"], trial["seed"]) for trial in grid)
    evaluated = sum(trial["evaluate_seconds"] for trial in alone)
    overhead = (one - sum(trial["build_seconds"] for trial in alone)) / bare - 1
    print(f"bare evaluations          {bare:8.1f} s   in turn; in the sweep {evaluated:.1f} s")
    print(f"overhead of one worker    {overhead:8.1%}     without building, aim ≤ 3 %")


if __name__ == "__main__":
    main()
