"""What some variants of `ablation.py` need made first: pipelines, weights, a val set aside.

Everything is made from the real images that the holdout left, when first asked for, and kept.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DATAGEN = Path(sys.executable).with_name("datagen")
Recipe = dict[str, Any]


def run(*arguments: object) -> dict[str, Any]:
    """Run one `datagen` command and return its JSON."""
    command = [str(DATAGEN), *map(str, arguments), "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def build(recipe: Recipe, into: Path) -> Path:
    """Build one recipe."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "recipe.yaml")
        file.write_text(yaml.safe_dump({"recipe": 1} | recipe), "utf-8")
        run("build", "--recipe", file, "--out", into, "--workers", 1, "--quiet")
    return into


@dataclass(frozen=True)
class Parts:
    """Where parts are kept, and what they are made from.

    Attributes:
        folder: of the parts.
        rest: real images that the holdout left.
        images: of the datasets that hard examples are found with.
        epochs: of their training.
        workers: at once.
    """

    folder: Path
    rest: Path
    images: int
    epochs: int
    workers: int

    def cropped(self) -> str:
        """Return `paper-and-pen` with the sheet cropped to the ink after the ink has moved."""
        steps = _steps("paper-and-pen")
        moved = 1 + max(
            k for k, step in enumerate(steps) if step.get("op") in ("affine", "elastic")
        )
        return self._pipeline("cropped", [*steps[:moved], {"op": "crop_to_ink"}, *steps[moved:]])

    def real_paper(self) -> str:
        """Return `paper-and-pen` with papers of real scans instead of lines, shade and specks."""
        # lines and shade are its one choice of several
        steps = [s for s in _steps("paper-and-pen") if "one_of" not in s and s["op"] != "speckle"]
        return self._pipeline("real-paper", [*steps[:-1], self._paper(), steps[-1]])

    def scanned_paper(self) -> str:
        """Return `scanned` with the ink first laid on papers of real scans."""
        return self._pipeline("scanned-paper", [self._paper(), *_steps("scanned")])

    def own_val(self) -> Path:
        """Return a folder with `rest` to train on and `holdout` to validate on, in files apart.

        Papers are taken from a folder: those of val may not be in it.
        """
        return self._divided("own-val", 0.2)

    def rare(self) -> str:
        """Return the weights that `datagen rare` gives."""
        file = self.folder / "rare.json"
        if not file.exists():
            run("rare", self.rest, "--out", file, "--quiet")
        return str(file)

    def hard(self) -> str:
        """Return the weights that `datagen mine` gives, each half judged by training on the other.

        So no image is judged by a model that has seen it, nor by the holdout.
        """
        file = self.folder / f"hard-{self.images}-{self.epochs}.json"
        if file.exists():
            return str(file)
        halves = self._divided("halves", 0.5)
        found = []
        for trained, judged in (("rest", "holdout"), ("holdout", "rest")):
            real = {"source": "images", "path": str(halves / trained)}
            mix = [real | {"per_class": "all"}, real | {"pipeline": "paper-and-pen"}]
            with tempfile.TemporaryDirectory() as scratch:
                dataset, record = (
                    build({"images": self.images, "mix": mix}, Path(scratch, "ds")),
                    Path(scratch, "hard.json"),
                )
                short = [] if self.epochs >= 100 else ["--preview", self.epochs]
                more = ["--out", record, "--workers", self.workers, "--quiet", *short]
                run("mine", dataset, "--test", halves / judged, *more)
                found += json.loads(record.read_text("utf-8"))["images"]
        file.write_text(json.dumps({"images": found}), "utf-8")
        return str(file)

    def _paper(self) -> Recipe:
        # always: three in five papers of real scans are blank
        return {"op": "background", "parameters": {"folder": str(self.own_val() / "rest")}}

    def _divided(self, name: str, fraction: float) -> Path:
        place = self.folder / name
        if not place.exists():
            run("holdout", self.rest, "--by", "random", "--fraction", fraction, "--out", place)
        return place

    def _pipeline(self, name: str, steps: list[Recipe]) -> str:
        file = self.folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump({"pipeline": 1, "name": name, "steps": steps}), "utf-8")
        return str(file)


def _steps(preset: str) -> list[Recipe]:
    """Return the steps of a preset, as written."""
    command = [str(DATAGEN), "pipelines", preset, "--yaml"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: list[Recipe] = yaml.safe_load(text)["steps"]
    return found
