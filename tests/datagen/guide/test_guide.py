"""Every page of the guide: its form, its links, and the commands that it shows."""

import re
import tomllib
from pathlib import Path

import pytest
import typer

from datagen.cli import app
from datagen.core.errors import UnknownNameError
from datagen.guide import ORDER, text, topics
from datagen.recipes import load as recipes
from datagen.sweeps import spec as sweeps
from datagen.sweeps.candidates import candidates_of

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "datagen" / "guide"
PAGES = tuple(topics())
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)


def test_every_page_has_its_place_in_the_order() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(PAGES) <= set(ORDER)
    assert list(PAGES) == [name for name in ORDER if name in PAGES]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_begins_with_a_title_and_a_summary(name: str) -> None:
    title, summary, *rest = text(name).split("\n\n")
    assert re.fullmatch(r"# [^\n]+", title)
    assert re.match(r"[A-Z`]", summary), "a paragraph, not a list, table or picture"
    assert rest
    assert 20 < len(topics()[name].summary) < 160
    assert topics()[name].summary.endswith(".")


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", text(name)):
        assert (FOLDER / target).exists() or Path(target).stem in ORDER, target


@pytest.mark.parametrize("name", PAGES)
def test_every_command_and_flag_shown_exists(name: str) -> None:
    for block in blocks(text(name), "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            command = line.partition("#")[0]
            for called, rest in re.findall(r"\bdatagen ([a-z]+)\b([^;|&\n]*)", command):
                known = {option for each in COMMANDS[called].params for option in _options(each)}
                given = set(re.findall(r"(?<!\S)(-[a-zA-Z]|--[\w-]+)", rest))
                assert given <= known | {"--help"}, line


@pytest.mark.parametrize("name", PAGES)
def test_recipes_and_sweeps_shown_are_valid(name: str, tmp_path: Path) -> None:
    for block in blocks(text(name), "yaml"):
        if block.startswith("recipe: 1"):
            recipes.parse(block, origin=name, folder=tmp_path)
        elif block.startswith("sweep: 1"):
            keys = sweeps.located(sweeps.parse_yaml(block, name), tmp_path)
            assert len(candidates_of(sweeps.validate(keys, origin=name))) > 1


@pytest.mark.parametrize("name", PAGES)
def test_code_fits_a_terminal_of_80_columns(name: str) -> None:
    for block in re.findall(r"^```\w*\n(.*?)^```", text(name), flags=re.DOTALL | re.MULTILINE):
        wide = [line for line in block.splitlines() if len(line) > 80]
        assert not wide, wide


def _options(parameter: typer.core.TyperOption) -> list[str]:
    return [*parameter.opts, *parameter.secondary_opts]


def test_an_unknown_topic_lists_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="unknown topic 'evaluate'.*evaluation"):
        text("evaluate")
    with pytest.raises(UnknownNameError):
        text("../recipes/default")


def test_pages_are_shipped() -> None:
    """Hatchling takes every file of a package but those that git ignores."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    assert "datagen" in build["targets"]["wheel"]["packages"]
    assert ".md" not in (ROOT / ".gitignore").read_text("utf-8")
