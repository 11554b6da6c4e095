"""The recipes with real images, and the synthetic ones, on style folds that none of them saw.

    datagen holdout roman-mnist --folds 5 --review competition-2021 --out folds
    python tests/benchmarks/style_folds.py folds roman-mnist --letters ../shared/data
        [--epochs 100] [--seeds 1] [--only RECIPE …] [--out style_folds.jsonl] [--workers 2]

Each recipe is built once per fold with `images=folds/fold-K/rest`, which is reviewed (`raw` from
the images as given, less every picture of the fold), and scored on that fold's holdout, as given
and reviewed. A recipe without real images is built once, and scored on all folds. Fewer than 100
epochs are previews. What `--out` holds already is not run again.

The table gives the mean over folds of the mean over seeds, and the standard deviation over the
folds; the last column is the same for the difference to the first recipe, fold by fold.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

DATAGEN = Path(sys.executable).with_name("datagen")
REAL = ("competition", "top5", "combined-augmented", "combined", "raw")
SYNTHETIC = ("synthetic-only", "synthetic-mixed")
HOLDOUTS = ("holdout", "holdout-reviewed")
FIRST_SEED = 123


@dataclass(frozen=True)
class Job:
    """One recipe to build and evaluate: on one fold, or, without real images, on all (fold 0)."""

    recipe: str
    fold: int
    seed: int


@dataclass(frozen=True)
class Row:
    """The accuracies of one training on one fold's holdout."""

    recipe: str
    fold: int
    seed: int
    epochs: int
    images: int
    chosen_epoch: int
    val: float
    given: float
    reviewed: float


@dataclass(frozen=True)
class Bench:
    """Where everything is, and how long each training is."""

    folds: Path
    given: Path
    letters: Path
    work: Path
    epochs: int

    def numbers(self) -> list[int]:
        """Return the numbers of the folds."""
        return sorted(int(path.name.removeprefix("fold-")) for path in self.folds.glob("fold-*"))

    def build(self, job: Job) -> Path:
        """Build the dataset of a job, once for all its seeds."""
        into = self.work / f"{job.recipe}-{job.fold}"
        if not into.exists():
            raw = job.recipe == "raw"
            paths = {
                "images": self.as_given(job.fold) if raw else self.folds / f"fold-{job.fold}/rest",
                "emnist": self.letters / "emnist" / "gzip.zip",
                "chars74k": self.letters / "chars74k" / "EnglishHnd.tgz",
                "trajectories": self.letters / "strokes" / "handwriting_ivx.json",
            }
            needed = _sources(job.recipe)
            flags = [f"--path={name}={path}" for name, path in paths.items() if name in needed]
            _run("build", "--recipe", job.recipe, *flags, "--workers", 1, "--out", into)
        return into

    def as_given(self, fold: int) -> Path:
        """Copy the images of all other folds as they were given, each in its `train` or `val`."""
        into = self.work / f"given-{fold}"
        record = json.loads((self.folds / "holdout.json").read_text("utf-8"))
        for file in record["files"] if not into.exists() else ():
            if file["fold"] != fold:
                target = into / file["source"]
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(self.given / file["source"], target)
        return into

    def evaluate(self, job: Job) -> list[Row]:
        """Train on a job's dataset, and return a row for each fold that it is scored on."""
        dataset = self.build(job)
        folds = [job.fold] if job.fold else self.numbers()
        tests = [self.folds / f"fold-{fold}" / name for fold in folds for name in HOLDOUTS]
        length = ["--preview", self.epochs] if self.epochs < 100 else []
        flags = [word for test in tests for word in ("--test", test)]
        found = json.loads(
            _run("evaluate", dataset, "--seed", job.seed, *length, *flags, "--no-report", "--json")
        )
        (run,) = found["runs"]
        accuracies = [test["accuracy"] for test in run["tests"]]
        pairs = zip(folds, accuracies[::2], accuracies[1::2], strict=True)
        return [
            Row(
                job.recipe, fold, job.seed, self.epochs, found["images"], run["chosen_epoch"],
                run["val_accuracy"], given, reviewed,
            )
            for fold, given, reviewed in pairs
        ]  # fmt: skip


def _sources(recipe: str) -> set[str]:
    import datagen

    loaded = datagen.load_recipe(recipe)
    return {ingredient.source for ingredient in loaded.mix}


def _run(*words: object) -> str:
    command = [str(DATAGEN), *map(str, words), "--quiet"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def table(rows: Iterable[Row]) -> list[str]:
    """Return the lines of the table, best recipe first by the accuracy on images as given."""
    by_recipe: dict[str, list[Row]] = {}
    for row in rows:
        by_recipe.setdefault(row.recipe, []).append(row)
    means = {name: _by_fold(found, "given") for name, found in by_recipe.items()}
    order = sorted(means, key=lambda name: -statistics.fmean(means[name].values()))
    lines = []
    for name in order:
        found = by_recipe[name]
        seeds = len({row.seed for row in found})
        shared = [means[order[0]][fold] - value for fold, value in means[name].items()
                  if fold in means[order[0]]]  # fmt: skip
        lines.append(
            f"| `{name}` | {found[0].images:,} | {len(means[name])} × {seeds} "
            f"| {_spread(_by_fold(found, 'val').values())} | {_spread(means[name].values())} "
            f"| {_spread(_by_fold(found, 'reviewed').values())} | {_spread(shared)} |"
        )
    return lines


def _by_fold(rows: Iterable[Row], what: str) -> dict[int, float]:
    folds: dict[int, list[float]] = {}
    for row in rows:
        folds.setdefault(row.fold, []).append(getattr(row, what))
    return {fold: statistics.fmean(values) for fold, values in sorted(folds.items())}


def _spread(values: Iterable[float]) -> str:
    found = list(values)
    spread = f" ± {statistics.stdev(found):.3f}" if len(found) > 1 else ""
    return f"{statistics.fmean(found):.3f}{spread}"


def main() -> None:
    """Run what is missing, two at a time, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folds", type=Path)
    parser.add_argument("given", type=Path)
    parser.add_argument("--letters", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="+", default=[*REAL, *SYNTHETIC])
    parser.add_argument("--out", type=Path, default=Path("style_folds.jsonl"))
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    work = asked.out.with_suffix(".datasets")
    bench = Bench(asked.folds, asked.given, asked.letters, work, asked.epochs)
    rows = []
    if asked.out.exists():
        rows = [Row(**json.loads(line)) for line in asked.out.read_text("utf-8").splitlines()]
    done = {(row.recipe, row.seed, row.epochs, row.fold) for row in rows}
    jobs = [
        Job(recipe, fold, FIRST_SEED + k)
        for k in range(asked.seeds)
        for fold in bench.numbers()
        for recipe in asked.only
        if (recipe in REAL or fold == 1)
        and (recipe, FIRST_SEED + k, asked.epochs, fold) not in done
    ]
    jobs = [job if job.recipe in REAL else Job(job.recipe, 0, job.seed) for job in jobs]
    with ThreadPoolExecutor(asked.workers) as pool:
        for found in pool.map(bench.evaluate, jobs):
            with asked.out.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(asdict(row)) + "\n" for row in found)
            rows += found
    chosen = [row for row in rows if row.epochs == asked.epochs and row.recipe in asked.only]
    print("| recipe | images | folds × seeds | own val | as given | reviewed | behind the first |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(table(chosen)))


if __name__ == "__main__":
    main()
