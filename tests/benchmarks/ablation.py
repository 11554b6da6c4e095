"""Which idea is worth what: recipes that differ in one thing, scored on a holdout.

    datagen holdout roman-mnist --by random --review competition-2021 --out real
    python tests/benchmarks/ablation.py real [--given roman-mnist] [--images 3000]
        [--epochs 20] [--seeds 3] [--only NAME …] [--out ablation.jsonl]

Every variant trains on `real/rest` (or on no real image) and is scored on
`real/holdout-reviewed`. Scores of fewer than 100 epochs are previews: good for telling ideas
apart, no official scores. What `--out` holds already is not run again; the table is printed at the
end. Every variant differs from an earlier one in one thing; what some need made first
(`ablation_parts.py`) is kept beside `--out`.
"""

import argparse
import hashlib
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ablation_parts import Parts, Recipe, build, run

Variant = Recipe | Callable[[], Recipe]
"""A recipe, or what makes one together with the parts that it needs."""


def variants(
    rest: Path, given: Path | None, letters: Path | None, images: int, parts: Parts
) -> dict[str, Variant]:
    """Return the recipes, by name.

    Args:
        rest: real images that the holdout left.
        given: the same images before they were reviewed; None leaves them out.
        letters: a folder laid out as `../shared/data`; None leaves its letters out.
        images: of every recipe that is not of real images alone.
        parts: what some of them need made first.
    """
    real = {"source": "images", "path": str(rest)}
    everything = real | {"per_class": "all"}
    pen = {"source": "pen"}

    def copies(pipeline: str, **more: Any) -> Recipe:
        return {"images": images, "mix": [everything, real | {"pipeline": pipeline}], **more}

    base = copies("paper-and-pen")
    half = [everything, real | {"pipeline": "paper-and-pen"}, pen | {"pipeline": "scanned"}]
    own_val = {"mix": [everything]}
    found: dict[str, Variant] = {
        "real, reviewed": {"mix": [everything]},
        "+ copies: seed-blog": copies("seed-blog"),
        "+ copies: top5": copies("top5"),
        "+ copies: scanned": copies("scanned"),
        "+ copies: mirrored": copies("mirrored"),
        "+ copies: edge-cases": copies("edge-cases"),
        "+ copies: paper-and-pen": base,
        "val of originals only": base | {"val": own_val},
        "half pen": base | {"mix": half},
        "half pen, val of originals": base | {"mix": half, "val": own_val},
        "half pen through paper-and-pen, val of originals": base
        | {"mix": [*half[:2], pen | {"pipeline": "paper-and-pen"}], "val": own_val},
        "no real image: pen": {"images": images, "mix": [pen]},
        "no real image: pen, scanned": {"images": images, "mix": [pen], "pipeline": "scanned"},
        "no real image: pen, paper-and-pen": {
            "images": images,
            "mix": [pen],
            "pipeline": "paper-and-pen",
        },
    }
    found |= of_crops(rest, images, parts) | of_weights(rest, images, parts)
    found |= of_papers(images, parts)
    if letters is not None:
        four = [pen, *recorded(letters)]
        for pipeline in ("scanned", "paper-and-pen"):
            found[f"no real image: four sources, {pipeline}"] = {
                "images": images,
                "mix": four,
                "pipeline": pipeline,
            }
        found["half letters of four sources, val of originals"] = base | {
            "mix": [
                everything,
                real | {"pipeline": "paper-and-pen", "ratio": 4},
                *(letter | {"pipeline": "paper-and-pen"} for letter in four),
            ],
            "val": own_val,
        }
    if given is None:
        return found
    raw = {"mix": [{"source": "images", "path": str(given), "options": {"skip_bad": True}}]}
    return {"real, as given": raw} | found


def of_crops(rest: Path, images: int, parts: Parts) -> dict[str, Variant]:
    """Return variants of `+ copies: paper-and-pen` and `half pen, val of originals`, cropped.

    The holdout is as it was scanned: where val is cropped too, it looks unlike the test.
    """
    real = {"source": "images", "path": str(rest)}
    everything = real | {"per_class": "all"}
    cropped = everything | {"pipeline": "cropped"}
    pen = {"source": "pen", "pipeline": "scanned"}

    def recipe(original: Recipe, *more: Recipe, val: Recipe | None = None) -> Callable[[], Recipe]:
        def made() -> Recipe:
            mix = [original, real | {"pipeline": parts.cropped()}, *more]
            return {"images": images, "mix": mix} | ({"val": {"mix": [val]}} if val else {})

        return made

    half = "half pen, val of originals"
    return {
        "+ copies, copies cropped": recipe(everything),
        "+ copies, everything cropped": recipe(cropped),
        f"{half}, copies cropped": recipe(everything, pen, val=everything),
        f"{half}, all of train that is real cropped": recipe(cropped, pen, val=everything),
        "half pen, val of originals cropped, all that is real cropped": recipe(
            cropped, pen, val=cropped
        ),
    }


def of_weights(rest: Path, images: int, parts: Parts) -> dict[str, Variant]:
    """Return variants of the same two in which some images serve more often as copies.

    At 3,000 images there are fewer copies than images: then only the heaviest serve at all. With
    `--images 6000` of 2,129 real ones there are about two for each without pen, and one with it.
    """

    def recipe(boost: Callable[[], str], *, pen: bool) -> Callable[[], Recipe]:
        def made() -> Recipe:
            real = {"source": "images", "path": str(rest), "options": {"boost": boost()}}
            everything = real | {"per_class": "all"}
            mix = [everything, real | {"pipeline": "paper-and-pen"}]
            if not pen:
                return {"images": images, "mix": mix}
            mix.append({"source": "pen", "pipeline": "scanned"})
            return {"images": images, "mix": mix, "val": {"mix": [everything]}}

        return made

    return {
        "+ copies, hard ones more": recipe(parts.hard, pen=False),
        "+ copies, rare styles more": recipe(parts.rare, pen=False),
        "half pen, val of originals, hard ones more": recipe(parts.hard, pen=True),
        "half pen, val of originals, rare styles more": recipe(parts.rare, pen=True),
    }


def of_papers(images: int, parts: Parts) -> dict[str, Variant]:
    """Return variants on papers of real scans, and their base.

    The base is `half pen, val of originals`, its val in files apart: papers are taken from the
    folder of training images, and neither val nor the holdout may lend theirs.
    """

    def recipe(copies: Callable[[], str], pen: Callable[[], str]) -> Callable[[], Recipe]:
        def made() -> Recipe:
            real = {"source": "images", "path": str(parts.own_val() / "rest")}
            val = {"source": "images", "path": str(parts.own_val() / "holdout")}
            mix = [real | {"per_class": "all"}, real | {"pipeline": copies()}]
            mix.append({"source": "pen", "pipeline": pen()})
            return {"images": images, "mix": mix, "val": {"mix": [val | {"per_class": "all"}]}}

        return made

    return {
        "half pen, val apart": recipe(lambda: "paper-and-pen", lambda: "scanned"),
        "half pen, val apart, copies on real paper": recipe(parts.real_paper, lambda: "scanned"),
        "half pen, val apart, pen on real paper": recipe(
            lambda: "paper-and-pen", parts.scanned_paper
        ),
    }


def recorded(shared: Path) -> list[Recipe]:
    """Return the three sources of people's letters."""
    return [
        {"source": "trajectories", "path": str(shared / "strokes" / "handwriting_ivx.json")},
        {"source": "emnist", "path": str(shared / "emnist" / "gzip.zip")},
        {"source": "chars74k", "path": str(shared / "chars74k" / "EnglishHnd.tgz")},
    ]


def as_given(source: Path, record: Path, into: Path) -> Path:
    """Copy what the holdout left out of `source`, with the classes it was given."""
    entries = json.loads(record.read_text("utf-8"))["files"]
    held = {entry["sha256"] for entry in entries if entry["side"] == "holdout" and entry["sound"]}
    for path in sorted(source.glob("train/*/*")) + sorted(source.glob("val/*/*")):
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() not in held:
            target = into / path.parent.name
            target.mkdir(parents=True, exist_ok=True)
            (target / f"{path.parents[1].name}-{path.name}").write_bytes(content)
    return into


def score(recipe: Recipe, holdout: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Build one recipe and evaluate it."""
    with tempfile.TemporaryDirectory() as scratch:
        dataset = build(recipe, Path(scratch, "ds"))
        preview = [] if options.epochs >= 100 else ["--preview", options.epochs]
        more = ["--seeds", options.seeds, "--workers", options.workers, "--no-report", *preview]
        return run("evaluate", dataset, "--test", holdout, *more, "--quiet")


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("real", type=Path, help="the folder that `datagen holdout` made")
    parser.add_argument("--given", type=Path, help="the images that it was made from")
    parser.add_argument("--letters", type=Path, help="letters, laid out as ../shared/data")
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", nargs="*", help="names of variants")
    parser.add_argument("--out", type=Path, default=Path("ablation.jsonl"))
    options = parser.parse_args()
    scratch = Path(tempfile.mkdtemp())
    given = (
        as_given(options.given, options.real / "holdout.json", scratch) if options.given else None
    )
    rest = (options.real / "rest").resolve()
    letters = options.letters.resolve() if options.letters else None
    place = options.out.with_suffix(".parts").resolve()
    place.mkdir(exist_ok=True)
    parts = Parts(place, rest, options.images, options.epochs, options.workers)
    recipes = variants(rest, given, letters, options.images, parts)
    if unknown := set(options.only or ()) - set(recipes):
        parser.error(f"no variant {', '.join(sorted(unknown))}; there are {', '.join(recipes)}")
    lines = options.out.read_text("utf-8").splitlines() if options.out.exists() else []
    known = {row["name"]: row for row in map(json.loads, lines)}
    for name, variant in recipes.items():
        if name in known or (options.only and name not in options.only):
            continue
        recipe = variant() if callable(variant) else variant
        result = score(recipe, options.real / "holdout-reviewed", options)
        row = {"name": name, "epochs": options.epochs, "images": result["images"]}
        row["holdout"] = [seed["tests"][0]["accuracy"] for seed in result["runs"]]
        row["val"] = [seed["val_accuracy"] for seed in result["runs"]]
        known[name] = row
        with options.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{name}: {row['holdout']}", file=sys.stderr, flush=True)
    shutil.rmtree(scratch)
    print("| variant | images | own val | holdout |\n|---|---|---|---|")
    for row in (known[name] for name in recipes if name in known):
        val, holdout = spread(row["val"]), spread(row["holdout"])
        print(f"| {row['name']} | {row['images']:,} | {val} | {holdout} |")


def spread(values: list[float]) -> str:
    """Return mean ± standard deviation."""
    deviation = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{deviation}"


if __name__ == "__main__":
    main()
