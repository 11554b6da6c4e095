"""The guide's pages as the program lists them; what they show is tested with README's."""

import re
import tomllib
from pathlib import Path

import pytest

from datagen.core.errors import UnknownNameError
from datagen.guide import ORDER, text, topics

ROOT = Path(__file__).parents[3]
PAGES = tuple(topics())


def test_every_page_has_its_place_in_the_order() -> None:
    pages = {path.stem for path in (ROOT / "datagen" / "guide").glob("*.md")}
    assert pages == set(PAGES) == set(ORDER)
    assert list(PAGES) == [name for name in ORDER if name in PAGES]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_begins_with_a_title_and_a_summary(name: str) -> None:
    title, summary, *rest = text(name).split("\n\n")
    assert re.fullmatch(r"# [^\n]+", title)
    assert re.match(r"[A-Z`]", summary), "a paragraph, not a list, table or picture"
    assert rest
    assert topics()[name].title == title.removeprefix("# ")
    assert topics()[name].summary.endswith(".")
    assert len(topics()[name].summary) < 160


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
