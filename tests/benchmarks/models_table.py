"""Does the ranking of datasets hold across models? Five datasets by every protocol that is asked.

    python tests/benchmarks/models_table.py FOLD OUT --letters FOLDER [--protocol NAME[:EPOCHS] …]

FOLD is one of `datagen holdout --by style --folds 5`: datasets are built from its `rest/`, with a
third part of 10 %, and tested on that part (in-split) and on its `holdout/`, as given. FOLDER holds
`emnist/gzip.zip` and `chars74k/EnglishHnd.tgz`. A protocol is run to its end, with one seed, or as
a preview of EPOCHS; pretrained ones begin with random weights, so that no network is needed. With
--train N only some N training images of each dataset are taken, spread over each class, and as
large a part of its val and test: for networks that are slow. OUT gets the datasets, and
`table.jsonl`, which is added to: a line that is there is not made again.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import datagen

ALL = {"per_class": "all", "options": {"skip_bad": True}}
SHARES = {"val": {"fraction": 0.2}, "test": {"fraction": 0.1}}
RAW: dict[str, Any] = {"name": "raw", "mix": [{"source": "images", **ALL}]}
IMAGES = {"classic-emnist": 2500, "classic-chars74k": 2500, "competition": 4000}
DATASETS = ("raw", "classic-emnist", "classic-chars74k", "combined", "competition")


def build(name: str, fold: Path, letters: Path, out: Path) -> Path:
    """The dataset called `name`, built unless it is there."""
    if not (out / name).exists():
        places = {
            "images": fold / "rest",
            "emnist": letters / "emnist" / "gzip.zip",
            "chars74k": letters / "chars74k" / "EnglishHnd.tgz",
        }
        recipe: dict[str, Any] = dict(RAW)
        if name != "raw":
            recipe = datagen.load_recipe(name).model_dump(mode="json", exclude_unset=True)
        recipe |= SHARES | ({"images": IMAGES[name]} if name in IMAGES else {})
        recipe["mix"] = [
            {**part, "path": str(places[part["source"]])} if part["source"] in places else part
            for part in recipe["mix"]
        ]
        datagen.build(recipe, out / name)
    return out / name


def thin(dataset: Path, train: int) -> Path:
    """A copy of `dataset` with some `train` training images, and as large a part of the rest."""
    out = dataset.with_name(f"{dataset.name}-{train}")
    if out.exists():
        return out
    share = min(1.0, train / len(list((dataset / "train").glob("*/*.png"))))
    for folder in (
        each for part in ("train", "val", "test") for each in (dataset / part).iterdir()
    ):
        files = sorted(folder.glob("*.png"))
        into = out / folder.relative_to(dataset)
        into.mkdir(parents=True)
        for k in range(round(share * len(files))):
            shutil.copy(files[int(k / share)], into)
    return out


def measure(dataset: Path, holdout: Path, protocol: str, epochs: int | None) -> dict[str, Any]:
    """One evaluation, as a line of the table."""
    pretrained = protocol.startswith("transfer") or protocol == "ablation-transfer"
    found = datagen.evaluate(
        dataset,
        test=[dataset / "test", holdout],
        protocol=protocol,
        preview=epochs,
        weights="none" if pretrained else None,
    )
    (score,) = found.scores
    return {
        "protocol": protocol,
        "preview": epochs,
        "dataset": dataset.name,
        "train": score.dataset.train,
        "epochs": len(score.history),
        "val": score.val.accuracy.accuracy,
        "accuracies": [test.metrics.accuracy.accuracy for test in score.tests],
        "macro_f1": [test.metrics.macro.f1 for test in score.tests],
        "train_seconds": sum(epoch.train_seconds for epoch in score.history),
    }


def main() -> None:
    """Measure what is not in the table yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fold", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--letters", type=Path, required=True)
    parser.add_argument("--train", type=int)
    parser.add_argument("--only", nargs="+", choices=DATASETS, default=DATASETS)
    parser.add_argument("--protocol", nargs="+", default=["cutoff-resnet50:10", "model-s"])
    options = parser.parse_args()
    table = options.out / "table.jsonl"
    options.out.mkdir(parents=True, exist_ok=True)
    known = [json.loads(line) for line in table.read_text().splitlines()] if table.exists() else []
    done = {(row["protocol"], row["preview"], row["dataset"]) for row in known}
    of = f"-{options.train}" if options.train else ""
    for word in options.protocol:
        protocol, _, epochs = word.partition(":")
        preview = int(epochs) if epochs else None
        for name in options.only:
            if (protocol, preview, name + of) in done:
                continue
            dataset = build(name, options.fold, options.letters, options.out)
            if options.train:
                dataset = thin(dataset, options.train)
            row = measure(dataset, options.fold / "holdout", protocol, preview)
            with table.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(json.dumps(row), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
