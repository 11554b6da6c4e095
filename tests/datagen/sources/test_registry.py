"""Sources from outside the package: registered once, known to workers or refused in one line."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datagen.building.build import build
from datagen.core.errors import UnknownNameError, UsageError
from datagen.datasets.format import read_info
from datagen.recipes.schema import Ingredient, Recipe
from datagen.sources import get_source, registry
from datagen.sources.registry import Source, outside_sources, register, unregister

MODULE = """
import numpy as np
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool
from datagen.sources import Source, register

@register
class Bars(Source):
    name, summary = "bars", "every letter is one thick bar"
    licence, citation = "CC0-1.0", "none"

    def open(self, path, options):
        infos = [
            GlyphInfo(f"{c}-{case}-{k}", c, case, None)
            for c in "ivx" for case in ("lower", "upper") for k in range(20)
        ]
        bar = np.full((60, 12), 255, np.uint8)
        return GlyphPool("bars", infos, lambda k: Glyph(infos[k], "bars", ink=bar))
"""

SCRIPT = (
    MODULE
    + """
import sys
from pathlib import Path
from datagen.building.build import build
from datagen.core.errors import DatagenError
from datagen.recipes.schema import Ingredient, Recipe

if __name__ == "__main__":
    recipe = Recipe(mix=(Ingredient(source="bars"),), images=200)
    try:
        build(recipe, Path(sys.argv[-1]), workers=2)
    except DatagenError as error:
        sys.exit(str(error))
"""
)


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module of the user's own that registers the source `bars`."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "bars_of_mine.py").write_text(MODULE, "utf-8")
    monkeypatch.syspath_prepend(folder)
    importlib.import_module("bars_of_mine")
    yield "bars_of_mine"
    unregister("bars")
    del sys.modules["bars_of_mine"]


def recipe() -> Recipe:
    return Recipe(mix=(Ingredient(source="bars"),), images=200)


@pytest.mark.slow
@pytest.mark.usefixtures("outside")
def test_workers_know_a_source_of_a_module(tmp_path: Path) -> None:
    for workers in (1, 2):
        build(recipe(), tmp_path / str(workers), workers=workers)
    one, two = (read_info(tmp_path / str(workers)) for workers in (1, 2))
    assert one.fingerprint == two.fingerprint
    assert one.sources[0].licence == "CC0-1.0"


@pytest.mark.slow
def test_workers_know_a_source_of_a_script(tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text(SCRIPT, "utf-8")
    subprocess.run([sys.executable, script, tmp_path / "ds"], check=True)
    assert read_info(tmp_path / "ds").sources[0].source == "bars"


@pytest.mark.slow
def test_workers_of_a_prompt_are_refused_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-", tmp_path / "ds"],
        input=SCRIPT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("workers import the script that starts them, and <stdin>")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def local_source(called: str) -> type[Source]:
    class Local(Source):
        name = called
        summary = licence = citation = "none"

        def open(self, path: Path | None, options: object) -> object:
            raise NotImplementedError

    return Local


def test_a_source_of_a_function_is_for_one_worker() -> None:
    register(local_source("mine"))
    try:
        with pytest.raises(UsageError, match="use 1 worker"):
            outside_sources(["pen", "mine"])
        assert outside_sources(["pen"]) == ()
    finally:
        unregister("mine")


def test_the_same_class_again_replaces_the_first() -> None:
    try:
        register(local_source("mine"))
        second = register(local_source("mine"))
        assert type(get_source("mine")) is second
    finally:
        unregister("mine")
    with pytest.raises(UnknownNameError):
        unregister("mine")


def test_names_of_others_and_incomplete_classes_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(UsageError, match="'pen' is registered already"):
        register(local_source("pen"))
    nameless = local_source("mine")
    monkeypatch.delattr(nameless, "licence")
    with pytest.raises(UsageError, match="Local has no licence"):
        register(nameless)
    with pytest.raises(UnknownNameError):  # those of the package stay
        unregister("pen")
    assert "mine" not in registry._registry


def test_what_is_no_source_is_refused_by_its_name() -> None:
    class Duck:
        name = summary = licence = citation = "duck"

    class Silent(Source):
        name = summary = licence = citation = "silent"

    class Wordy(local_source("wordy")):  # type: ignore[misc]  # a class made here
        def __init__(self, words: str) -> None:
            self.words = words

    class Loose(local_source("loose")):  # type: ignore[misc]
        options = dict

    class Placed(local_source("placed")):  # type: ignore[misc]
        path_hint = 3

    given: tuple[tuple[Any, str], ...] = (
        ("x", "derived from datagen.Source, and not 'x'"),
        (None, "derived from datagen.Source, and not None"),
        (Duck, "derived from datagen.Source, and not the class Duck"),
        (Silent, "Silent has no method open"),
        (Wordy, "Wordy cannot be made without arguments .*words"),
        (Loose, "options of the source Loose is a class"),
        (Placed, "path_hint of the source Placed is a text"),
    )
    for one, message in given:
        with pytest.raises(UsageError, match=message):
            register(one)
    assert {"duck", "silent", "wordy", "loose", "placed"}.isdisjoint(registry._registry)
