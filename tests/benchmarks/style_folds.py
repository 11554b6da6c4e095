"""Recipes on style folds that none of them saw: what each scores on unseen writers and styles.

    datagen holdout roman-mnist --folds 5 --review competition-2021 --out folds
    python tests/benchmarks/style_folds.py folds roman-mnist --letters ../shared/data
        [--only RECIPE|FILE …] [--folds 1 2 3 4] [--epochs 100] [--seeds 1]
        [--out style_folds.jsonl] [--workers 2]

Each recipe is built once per fold with `images=folds/fold-K/rest`, which is reviewed (`raw` from
the images as given, less every picture of the fold), and scored on that fold's holdout, as given
and reviewed. A recipe without real images is built once, and scored on all folds. Fewer than 100
epochs are previews. What `--out` holds already is not run again. Every look at a fold's test
is added to `looks.jsonl` beside `--out`.

The table gives the mean over folds of the mean over seeds, with a 95 % interval of Student's t over
the folds: the scatter of a fold's mean holds that of folds and of seeds. The last column is the
same for the difference to the first recipe named, by folds and seeds that both have.
"""

import argparse
import json
import math
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from scipy.stats import t as student

import datagen
from datagen.searches.looks import LOOKS, Look, Purpose, append_look, count_looks, now, read_looks

DATAGEN = Path(sys.executable).with_name("datagen")
SHIPPED = (
    *("competition", "competition-1", "top5", "combined-augmented", "combined", "raw"),
    *("synthetic-only", "synthetic-1", "synthetic-mixed"),
)
HOLDOUTS = ("holdout", "holdout-reviewed")
FIRST_SEED = 123


@dataclass(frozen=True)
class Job:
    """One recipe to build and evaluate: on one fold, or, without real images, on several.

    Attributes:
        recipe: a name, or a file.
        folds: that it is scored on.
        seed: of the training.
    """

    recipe: str
    folds: tuple[int, ...]
    seed: int

    @property
    def name(self) -> str:
        """The recipe's name in the table."""
        return Path(self.recipe).stem


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
    out: Path
    epochs: int
    purpose: Purpose

    def build(self, job: Job) -> Path:
        """Build the dataset of a job, once for all its seeds."""
        needed = sources(job.recipe)
        fold = job.folds[0] if "images" in needed else 0
        into = self.out.with_suffix(".datasets") / f"{job.name}-{fold}"
        if not into.exists():
            raw = job.recipe == "raw"
            paths = {
                "images": self.as_given(fold) if raw else self.folds / f"fold-{fold}/rest",
                "emnist": self.letters / "emnist" / "gzip.zip",
                "chars74k": self.letters / "chars74k" / "EnglishHnd.tgz",
                "trajectories": self.letters / "strokes" / "handwriting_ivx.json",
            }
            flags = [f"--path={name}={path}" for name, path in paths.items() if name in needed]
            _run("build", "--recipe", job.recipe, *flags, "--workers", 1, "--out", into)
        return into

    def as_given(self, fold: int) -> Path:
        """Copy the images of all other folds as they were given, each in its `train` or `val`."""
        into = self.out.with_suffix(".datasets") / f"given-{fold}"
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
        tests = [self.folds / f"fold-{fold}" / name for fold in job.folds for name in HOLDOUTS]
        length = ["--preview", self.epochs] if self.epochs < 100 else []
        flags = [word for test in tests for word in ("--test", test)]
        found = json.loads(
            _run("evaluate", dataset, "--seed", job.seed, *length, *flags, "--no-report", "--json")
        )
        (run,) = found["runs"]
        self._note(job)
        accuracies = [test["accuracy"] for test in run["tests"]]
        pairs = zip(job.folds, accuracies[::2], accuracies[1::2], strict=True)
        return [
            Row(
                job.name, fold, job.seed, self.epochs, found["images"], run["chosen_epoch"],
                run["val_accuracy"], given, reviewed,
            )
            for fold, given, reviewed in pairs
        ]  # fmt: skip

    def _note(self, job: Job) -> None:
        """Add a look at each fold's test, as given, to the log."""
        for fold in job.folds:
            look = Look(
                when=now(),
                test=f"fold-{fold}",
                what=job.name,
                seed=job.seed,
                epochs=self.epochs,
                images=len(list((self.folds / f"fold-{fold}" / HOLDOUTS[0]).glob("*/*"))),
                purpose=self.purpose,
            )
            append_look(self.out.with_name(LOOKS), look)


def sources(recipe: str) -> set[str]:
    """Return the names of a recipe's sources."""
    return {ingredient.source for ingredient in datagen.load_recipe(recipe).mix}


def _run(*words: object) -> str:
    command = [str(DATAGEN), *map(str, words), "--quiet"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def table(rows: Iterable[Row], first: str) -> list[str]:
    """Return the lines of the table, best recipe first by the accuracy on images as given."""
    by_recipe: dict[str, list[Row]] = {}
    for row in rows:
        by_recipe.setdefault(row.recipe, []).append(row)
    means = {name: by_fold(found, "given") for name, found in by_recipe.items()}
    order = sorted(means, key=lambda name: -statistics.fmean(means[name].values()))
    lines = []
    for name in order:
        found = by_recipe[name]
        seeds = len({row.seed for row in found})
        ahead = differences(found, by_recipe.get(first, []))
        lines.append(
            f"| `{name}` | {found[0].images:,} | {len(means[name])} × {seeds} "
            f"| {interval(by_fold(found, 'val').values())} | {interval(means[name].values())} "
            f"| {interval(by_fold(found, 'reviewed').values())} "
            f"| {interval(ahead) if name != first else ''} |"
        )
    return lines


def differences(rows: Iterable[Row], others: Iterable[Row]) -> list[float]:
    """Return by how much `rows` are ahead, a mean for each fold, over seeds that both have."""
    there = {(row.fold, row.seed): row.given for row in others}
    folds: dict[int, list[float]] = {}
    for row in rows:
        if (row.fold, row.seed) in there:
            folds.setdefault(row.fold, []).append(row.given - there[row.fold, row.seed])
    return [statistics.fmean(found) for found in folds.values()]


def by_fold(rows: Iterable[Row], what: str) -> dict[int, float]:
    """Return the mean over seeds of a column, for each fold."""
    folds: dict[int, list[float]] = {}
    for row in rows:
        folds.setdefault(row.fold, []).append(getattr(row, what))
    return {fold: statistics.fmean(values) for fold, values in sorted(folds.items())}


def interval(values: Iterable[float]) -> str:
    """Return the mean and half of its 95 % interval (Student's t)."""
    found = list(values)
    if not found:
        return ""
    return f"{statistics.fmean(found):.3f}{_half(found)}"


def _half(found: Sequence[float]) -> str:
    if len(found) < 2:
        return ""
    quantile = float(student.ppf(0.975, len(found) - 1))
    return f" ± {quantile * statistics.stdev(found) / math.sqrt(len(found)):.3f}"


def jobs(asked: argparse.Namespace, done: set[tuple[str, int, int, int]]) -> list[Job]:
    """Return what is not done yet: a training for each fold, or one for all of them."""
    wanted = []
    for seed in range(FIRST_SEED, FIRST_SEED + asked.seeds):
        for recipe in asked.only:
            left = [
                fold
                for fold in asked.folds
                if (Path(recipe).stem, seed, asked.epochs, fold) not in done
            ]
            each = [(fold,) for fold in left] if "images" in sources(recipe) else [tuple(left)]
            wanted += [Job(recipe, folds, seed) for folds in each if folds]
    return wanted


def main() -> None:
    """Run what is missing, two at a time, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("path", type=Path, metavar="folds")
    parser.add_argument("given", type=Path)
    parser.add_argument("--letters", type=Path, required=True)
    parser.add_argument("--folds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="+", default=SHIPPED)
    parser.add_argument("--out", type=Path, default=Path("style_folds.jsonl"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--purpose", choices=["choice", "report"], default="choice")
    asked = parser.parse_args()
    bench = Bench(asked.path, asked.given, asked.letters, asked.out, asked.epochs, asked.purpose)
    rows = []
    if asked.out.exists():
        rows = [Row(**json.loads(line)) for line in asked.out.read_text("utf-8").splitlines()]
    done = {(row.recipe, row.seed, row.epochs, row.fold) for row in rows}
    with ThreadPoolExecutor(asked.workers) as pool:
        for found in pool.map(bench.evaluate, jobs(asked, done)):
            with asked.out.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(asdict(row)) + "\n" for row in found)
            rows += found
    names = [Path(recipe).stem for recipe in asked.only]
    chosen = [
        row
        for row in rows
        if row.epochs == asked.epochs and row.recipe in names and row.fold in asked.folds
    ]
    print(
        "| recipe | images | folds × seeds | own val | as given | reviewed | ahead of the first |"
    )
    print("|---|---|---|---|---|---|---|")
    print("\n".join(table(chosen, names[0])))
    looks = count_looks(read_looks(asked.out.with_name(LOOKS)))
    print("looks so far: " + ", ".join(f"{test} {count}" for test, count in sorted(looks.items())))


if __name__ == "__main__":
    main()
