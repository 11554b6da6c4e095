"""Progress callbacks: one kind for all functions, bars in a terminal, HTML in a notebook."""

import io
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from datagen.api.progress import NotebookProgress, RichProgress, counted, epochs
from datagen.core.errors import UsageError


def test_counted_names_its_step() -> None:
    told: list[tuple[str, int, int | None]] = []
    counted(lambda *said: told.append(said), "images", 5)(3)
    assert told == [("images", 3, 5)]


def test_the_evaluators_events_become_epochs_of_a_seed() -> None:
    told: list[tuple[str, int, int | None]] = []
    tell = epochs(lambda *said: told.append(said))
    tell(123, {"event": "launch"})
    tell(123, {"event": "start", "epochs": 5})
    tell(123, {"event": "epoch", "epoch": 2, "epochs": 5})
    tell(124, {"event": "warning", "message": "something"})
    # at first nobody knows how much there is: it starts
    assert told == [("seed 123", 0, None), ("seed 123", 0, 5), ("seed 123", 2, 5)]


def test_bars_end_by_themselves_and_name_their_steps() -> None:
    screen = io.StringIO()
    progress = RichProgress(Console(file=screen, force_terminal=True, width=80))
    for done in range(4):
        progress("making [images]", done, 3)
    assert "making [images]" in screen.getvalue()
    assert "3 of 3" in screen.getvalue()
    assert not progress._bars.live.is_started


def test_names_of_steps_steer_no_terminal() -> None:
    screen = io.StringIO()
    with RichProgress(Console(file=screen, force_terminal=True, width=80)) as progress:
        progress("against \x1b[2J", 1, 3)
    assert "\x1b[2J" not in screen.getvalue()
    assert "against \\x1b[2J" in screen.getvalue()


def test_a_failure_ends_the_bars() -> None:
    progress = RichProgress(Console(file=io.StringIO(), force_terminal=True))

    def fail() -> None:
        with progress:
            progress("images", 1, 3)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not progress._bars.live.is_started


def test_a_notebook_sees_one_element_per_step(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []

    def display(item: Any, *, display_id: bool) -> SimpleNamespace:
        assert display_id
        shown.append(item)
        place = len(shown) - 1
        return SimpleNamespace(update=lambda new: shown.__setitem__(place, new))

    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace())
    progress = NotebookProgress()
    progress("images <1>", 1, 10)
    progress("images <1>", 7, 10)
    progress("bytes", 5, None)
    assert len(shown) == 2
    assert 'value="7" max="10"' in shown[0]._repr_html_()
    assert "images &lt;1&gt;" in shown[0]._repr_html_()
    assert repr(shown[1]) == "bytes: 5 bytes"


def test_in_a_script_it_shows_the_start_and_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    module = SimpleNamespace(display=lambda item, **_: shown.append(item))  # no handle
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    progress = NotebookProgress()
    for done in (3, 7, 10):
        progress("images", done, 10)
    assert [repr(item) for item in shown] == ["images: 3 of 10", "images: 10 of 10"]


def test_outside_a_notebook_it_says_what_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython.display", None)
    with pytest.raises(UsageError, match="RichProgress"):
        NotebookProgress()
