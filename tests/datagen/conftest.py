"""Small recipes that build in a moment, with no download."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from datagen.building.build import build
from datagen.core.numerals import CLASSES
from datagen.evaluation.process import EvaluatorProcess
from datagen.evaluation.records import (
    Accuracy,
    Average,
    Epoch,
    EvaluatedDataset,
    Metrics,
    ProtocolRecord,
    Score,
)
from datagen.recipes.schema import Ingredient, Recipe
from tests.datagen.evaluations import (  # noqa: F401 - fixtures, which pytest finds by their names
    _fork_server,
    _official_once,
    evaluable,
    evaluation,
    forked,
    forked_here,
    official,
)


class Started(Exception):  # noqa: N818
    """Raised instead of starting an evaluator."""


@pytest.fixture
def no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise `Started` where an evaluator would be started."""

    def refuse(run: EvaluatorProcess) -> None:
        raise Started(run.job.seed)

    monkeypatch.setattr(EvaluatorProcess, "start", refuse)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def pen() -> Ingredient:
    """A few of the embedded pen's writers."""
    return Ingredient(source="pen", options={"writers": 12})


@pytest.fixture(scope="session")
def recipe(pen: Ingredient) -> Recipe:
    """100 images by twelve writers."""
    return Recipe(name="small", mix=(pen,), images=100)


@pytest.fixture(scope="session")
def _built_once(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(recipe, tmp_path_factory.mktemp("built") / "ds").path


@pytest.fixture
def dataset(_built_once: Path, tmp_path: Path) -> Path:
    """A freshly built dataset of `recipe` that a test may change."""
    return Path(shutil.copytree(_built_once, tmp_path / "ds"))


@pytest.fixture
def numeral_folder(tmp_path: Path) -> Path:
    """Class folders with six different finished images each."""
    rng = np.random.default_rng(5)
    root = tmp_path / "numerals"
    for numeral in CLASSES:
        (root / numeral).mkdir(parents=True)
        for k in range(6):
            image = np.full((40, 50), 255, np.uint8)
            image[8:32, 8:40] = rng.integers(0, 2, (24, 32)) * 255
            cv2.imwrite(str(root / numeral / f"{k}.png"), image)
    return root


@pytest.fixture
def score() -> Score:
    """A whole official run of three epochs, made up."""
    average = Average(precision=0.5, recall=0.5, f1=0.5, auc=None)
    return Score(
        schema_version=1,
        official=True,
        complete=True,
        preview=None,
        protocol=ProtocolRecord(
            name="cutoff-resnet50",
            version=1,
            fingerprint="f",
            engine="native",
            epochs=3,
            constants={},
            sources={},
        ),
        dataset=EvaluatedDataset(
            path="ds", fingerprint="d", train=1, val=1, classes={}, budget=2, budget_used=2
        ),
        seed=123,
        before_training={},
        history=tuple(
            Epoch(
                epoch=k,
                loss=1.0,
                accuracy=0.5,
                val_loss=1.0,
                val_accuracy=k / 10,
                seconds=1.0,
                train_seconds=0.9,
            )
            for k in (1, 2, 3)
        ),
        chosen_epoch=3,
        val=Metrics(
            accuracy=Accuracy(images=2, correct=1, accuracy=0.5, interval=(0.1, 0.9)),
            loss=1.0,
            classes=(),
            macro=average,
            weighted=average,
            confusion=(),
            top_confusions=(),
            roc=(),
        ),
        tests=(),
        note=None,
        warnings=(),
        seconds={"total": 9.0},
        threads=1,
        device="cpu",
        versions={},
    )


_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--hide-scrollbars", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--dump-dom"),
)
_PROBE = """<!doctype html><body style="margin:0">
<iframe style="width:{width}px;height:900px;border:0" srcdoc="{page}"></iframe>
<script>
const frame = document.querySelector("iframe");
frame.onload = () => {{
  const page = frame.contentDocument, root = page.documentElement;
  const wide = [...page.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > {width} + 0.5).map(e => e.tagName + "." +
      e.className);
  const asked = frame.contentWindow.performance.getEntriesByType("resource").map(e => e.name)
    .filter(name => !name.startsWith("data:"));
  const text = [...page.querySelectorAll("body *")].filter(e => [...e.childNodes]
    .some(n => n.nodeType === 3 && n.data.trim()) && !e.closest("title"));
  const sizes = text.map(e => parseFloat(frame.contentWindow.getComputedStyle(e).fontSize)
    * (e.ownerSVGElement ? Math.hypot(e.getScreenCTM().a, e.getScreenCTM().b) : 1));
  document.title = JSON.stringify({{scroll: root.scrollWidth, wide, asked, height:
    root.scrollHeight, images: [...page.images].filter(i => !i.naturalWidth).length,
    smallest: Math.min(...sizes)}});
}};
</script>"""


@pytest.fixture
def browse(tmp_path: Path) -> Callable[[str, int], dict[str, Any]]:
    """Show a page in Chromium at a width in pixels; return what is measured of it.

    `scroll`: the width that it asks for; `wide`: elements that reach beyond; `asked`: resources
    loaded from elsewhere; `height`; `images`: those not shown; `smallest`: text on the screen, px.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium; Debian's package of that name has it")

    def browsed(page: str, width: int) -> dict[str, Any]:
        probe = tmp_path / "probe.html"
        probe.write_text(_PROBE.format(width=width, page=escape(page)), "utf-8")
        done = subprocess.run(
            [chromium, *_FLAGS, f"--user-data-dir={tmp_path / 'profile'}", probe.as_uri()],
            capture_output=True,
            text=True,
            env=os.environ | {"HOME": str(tmp_path)},
            timeout=90,
            check=False,
        )
        title = re.search(r"<title>(.*?)</title>", done.stdout)
        assert title, done.stderr
        found: dict[str, Any] = json.loads(title[1].replace("&amp;", "&"))
        return found

    return browsed


def untimed(score: Score) -> dict[str, Any]:
    """Return all of a score but times."""
    plain = score.model_dump(mode="json")
    del plain["seconds"]
    for epoch in plain["history"]:
        del epoch["seconds"], epoch["train_seconds"]
    return plain
