"""`search.html` in Chromium, where it is as narrow as a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from datagen.searches.page import PAGE
from datagen.sweeps.trial import Task
from tests.chromium import Tab, chromium
from tests.datagen.searches.conftest import Pretender, search, spec_of

pytestmark = [pytest.mark.usefixtures("undivided"), pytest.mark.browser, pytest.mark.slow]

_OVERLAP = """
(() => {
  const [, named] = document.querySelectorAll("svg text.name");
  const name = named.getBoundingClientRect();
  return [...document.querySelectorAll("svg text:not(.name)")]
    .map((t) => t.getBoundingClientRect())
    .filter((t) => t.left < name.right && t.top < name.bottom && t.bottom > name.top).length;
})()
"""
_HIDDEN = """
[...document.querySelectorAll(".tried td")]
  .filter((cell) => cell.getBoundingClientRect().right > innerWidth).length
"""


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    """Yield the page of a search in which some candidates failed."""

    def value(task: Task, _: Path) -> float | str:
        return "class iv has too few images; give more" if "fold-2" in task.point else 0.12

    search(spec_of(tmp_path / "mine"), tmp_path / "best", Pretender(value))
    with chromium(tmp_path) as browser:
        yield browser.open((tmp_path / "best" / PAGE).as_uri(), width=360, height=800)


def test_numbers_and_names_of_an_axis_stand_apart(tab: Tab) -> None:
    for width in (360, 1400):
        tab.resize(width, 900)
        assert tab(_OVERLAP) == 0


def test_a_phone_shows_why_candidates_failed(tab: Tab) -> None:
    assert tab("document.documentElement.scrollWidth") <= 360
    assert tab(_HIDDEN) == 0
    failed = "document.querySelectorAll('.tried .failed')"
    assert tab(f"{failed}.length") > 3
    assert tab(f"Math.max(...[...{failed}].map((row) => row.offsetHeight))") < 130
    assert tab.complaints() == []
