"""What README shows is true: commands exist, recipes validate, linked files are there."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datagen.cli import app
from datagen.recipes import load as recipes
from datagen.sources import all_sources
from pipelines.pipeline import replay

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_every_command_is_listed_and_no_other() -> None:
    listed = set(re.findall(r"^\| `datagen (\w+)", README, flags=re.MULTILINE))
    assert listed == {command.name for command in app.registered_commands}


def test_every_source_and_recipe_is_listed() -> None:
    for source in all_sources():
        assert f"| `{source.name}` |" in README
    for name in recipes.shipped():
        assert f"`{name}`" in README


def test_the_recipe_shown_validates() -> None:
    (shown,) = blocks("yaml")
    assert recipes.parse(shown, origin="README", folder=ROOT).name == "mine"


@pytest.mark.parametrize("line", [line for text in blocks("sh") for line in text.splitlines()])
def test_every_flag_shown_exists(line: str) -> None:
    command = line.partition("#")[0]
    for name, rest in re.findall(r"datagen (\w+)([^;|&]*)", command):
        (registered,) = (c for c in app.registered_commands if c.name == name)
        assert registered.callback is not None
        known = _flags(registered.callback.__annotations__)
        assert set(re.findall(r"(?<!\S)(--[\w-]+)", rest)) <= known


def test_the_python_shown_runs() -> None:
    (shown,) = blocks("python")
    sheet = np.full((64, 64), 255, np.uint8)
    sheet[10:50, 30:34] = 0
    seen: dict[str, Any] = {"images": [sheet] * 3, "numerals": ["i"] * 3}
    exec(shown, seen)
    for result in seen["results"]:
        assert result.numeral == "i"
        assert np.array_equal(replay(sheet, result.applied), result.image)


def _flags(annotations: dict[str, object]) -> set[str]:
    """Return the option names that a command declares."""
    declared = {"--help"}
    for name, annotation in annotations.items():
        declared.add(f"--{name.replace('_', '-')}")
        for extra in getattr(annotation, "__metadata__", ()):
            # inside Annotated, typer takes the first name for a default
            names = [getattr(extra, "default", None), *(getattr(extra, "param_decls", None) or ())]
            declared |= {name for name in names if isinstance(name, str)}
    return declared


def test_linked_files_exist() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
