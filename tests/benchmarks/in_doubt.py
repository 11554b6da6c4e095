"""Do images help more that a network reads with doubt? Training images chosen by its probabilities.

    datagen build --recipe tests/benchmarks/ideas/pen-paper-legible-val.yaml --out ds
    datagen build --recipe … --seed 11 --out c11     # and c12, c13, c14
    python -m fixed_eval ds --out read.json --test c11/train --test c12/train …
    python tests/benchmarks/in_doubt.py read.json ds chosen [--most 450] [--from 0.01]
    python -m fixed_eval chosen --until 30 --state state --out chosen.json --test fold-1/holdout …

The network has learnt from `ds`, so it has seen none of the candidates, and no test is looked at.
`chosen` gets the val of `ds`, and of every class as many training images as `ds` has: at most
`--most` to whose right class the network gives a probability from `--from` to `--below`, the others
from those that it is surer of.
"""

import argparse
import json
import random
import shutil
from pathlib import Path
from typing import NamedTuple

from datagen.core.numerals import CLASSES


class Read(NamedTuple):
    """A candidate, and the probability that the network gives to its class."""

    file: Path
    numeral: str
    probability: float


def candidates(score: Path) -> list[Read]:
    """Every image of the tests of a score."""
    read = json.loads(score.read_text("utf-8"))
    return [
        Read(
            Path(test["path"]) / each["path"],
            each["true"],
            each["probabilities"][CLASSES.index(each["true"])],
        )
        for test in read["tests"]
        for each in test["results"]
    ]


def main() -> None:
    """Choose, and say how many of every class were in doubt."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("score", type=Path)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--most", type=int, default=450)
    parser.add_argument("--from", type=float, default=0.01, dest="low")
    parser.add_argument("--below", type=float, default=0.98)
    options = parser.parse_args()
    draw = random.Random(0)
    read = candidates(options.score)
    shutil.copytree(options.dataset / "val", options.out / "val")
    for numeral in CLASSES:
        wanted = len(list((options.dataset / "train" / numeral).iterdir()))
        own = [each for each in read if each.numeral == numeral]
        doubtful = [each for each in own if options.low <= each.probability < options.below]
        sure = [each for each in own if each.probability >= options.below]
        taken = draw.sample(doubtful, min(options.most, len(doubtful)))
        into = options.out / "train" / numeral
        into.mkdir(parents=True)
        for k, each in enumerate([*taken, *draw.sample(sure, wanted - len(taken))]):
            shutil.copy(each.file, into / f"{k:05d}.png")
        print(f"{numeral}: {len(own)} candidates, {len(doubtful)} in doubt, {len(taken)} taken")


if __name__ == "__main__":
    main()
