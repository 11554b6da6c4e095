"""How small a difference between two recipes can folds × seeds tell? A simulation.

    python tests/benchmarks/style_folds_power.py style_folds.jsonl [--epochs 10] [--folds 5]

Two recipes that differ by `d` on average are compared on the same folds and seeds. Their difference
on one fold and seed is drawn as `d + fold + run`, two normals whose spreads are estimated from the
pairs of recipes in a file of `style_folds.py` (analysis of variance, pooled over the pairs, a
negative part of variance taken as 0). The test is the one of the table: Student's t on the folds'
means, 5 %, two-sided. Printed is the smallest `d` that it finds in 80 % of 20,000 simulations, and
what is found where only these folds are asked about, not others like them: their spread then counts
nothing, and the spread between runs is taken as known.
"""

import argparse
import itertools
import json
import statistics
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from scipy.stats import norm as normal
from scipy.stats import t as student

TIMES = 20_000
POWER = 0.8

Differences = dict[int, list[float]]


def pairs(file: Path, epochs: int) -> list[Differences]:
    """Return, for each two recipes with several seeds, their differences by fold."""
    by_recipe: dict[str, dict[tuple[int, int], float]] = {}
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["epochs"] == epochs:
            by_recipe.setdefault(row["recipe"], {})[row["fold"], row["seed"]] = row["given"]
    found = []
    for one, other in itertools.combinations(by_recipe.values(), 2):
        folds: Differences = {}
        for fold, seed in one.keys() & other.keys():
            folds.setdefault(fold, []).append(one[fold, seed] - other[fold, seed])
        if len(folds) > 1 and all(len(seeds) > 1 for seeds in folds.values()):
            found.append(folds)
    return found


def spreads(differences: Iterable[Differences]) -> tuple[float, float]:
    """Return the standard deviation of a difference between folds, and between runs of a fold."""
    within, between = [], []
    for folds in differences:
        run = statistics.fmean(statistics.variance(seeds) for seeds in folds.values())
        seeds = statistics.fmean(len(seeds) for seeds in folds.values())
        means = statistics.variance([statistics.fmean(seeds) for seeds in folds.values()])
        within.append(run)
        between.append(max(0.0, means - run / seeds))
    return statistics.fmean(between) ** 0.5, statistics.fmean(within) ** 0.5


def smallest(fold: float, run: float, folds: int, seeds: int) -> float:
    """Return the smallest difference that is found with `POWER`."""
    rng = np.random.default_rng(0)
    shape = (TIMES, folds)
    noise = rng.normal(0, fold, shape) + rng.normal(0, run, (*shape, seeds)).mean(axis=2)
    standard_error = noise.std(axis=1, ddof=1) / folds**0.5
    # found where (d + mean) / standard_error is beyond the quantile; d at which POWER of them are
    needed = student.ppf(0.975, folds - 1) * standard_error - noise.mean(axis=1)
    return float(np.quantile(needed, POWER))


def main() -> None:
    """Print the spreads, and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--folds", type=int, nargs="+", default=[4, 5])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 3])
    asked = parser.parse_args()
    found = pairs(asked.rows, asked.epochs)
    fold, run = spreads(found)
    print(f"{len(found)} pairs of recipes; a difference varies by {fold:.3f} between folds and by")
    print(f"{run:.3f} between runs on one fold (standard deviations)")
    print("| folds | seeds | found in 80 %, for folds like these | for these folds |")
    print("|---|---|---|---|")
    both = float(normal.ppf(0.975) + normal.ppf(POWER))
    for folds, seeds in itertools.product(asked.folds, asked.seeds):
        here = both * run / (folds * seeds) ** 0.5
        print(f"| {folds} | {seeds} | {smallest(fold, run, folds, seeds):.3f} | {here:.3f} |")


if __name__ == "__main__":
    main()
