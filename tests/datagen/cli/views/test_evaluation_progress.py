"""What a person sees of an evaluation while it runs."""

import io
import time

import pytest
from rich.console import Console
from rich.progress import Progress, Task
from rich.text import Text

from datagen.cli.views import evaluation_progress
from datagen.cli.views.epoch_columns import MovingBar, PhaseColumn, within
from datagen.cli.views.evaluation_progress import _bars, _Live, _print

START = {
    "event": "start",
    "protocol": "dcai-2021",
    "engine": "native",
    "device": "CPU",
    "seed": 123,
    "train": 8000,
    "val": 2000,
    "epochs": 100,
    "official": True,
}
EPOCH = {
    "event": "epoch",
    "epoch": 3,
    "epochs": 100,
    "loss": 1.5,
    "val_loss": 1.25,
    "best_val_accuracy": 0.75,
    "best_epoch": 2,
    "accuracy": 0.5,
    "val_accuracy": 0.7,
    "steps_per_second": 100,
    "eta_seconds": 970.0,
}


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> Progress:
    monkeypatch.setattr(evaluation_progress, "expected_epoch", lambda *_: 8.0)
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    made = _bars(console)
    assert isinstance(made, Progress)
    return made


def shown(bars: Progress) -> str:
    console = Console(width=80, file=io.StringIO(), force_terminal=False)
    with console.capture() as capture:
        console.print(bars.get_renderable())
    return capture.get()


def test_something_is_said_from_the_first_moment(bars: Progress) -> None:
    view = _Live(bars, threads=1)
    assert "reading the images 0 s" in shown(bars)
    view(123, {"event": "launch"})
    assert "seed 123" in shown(bars)
    assert "starting 0 s" in shown(bars)
    view(123, START)
    assert "first epoch 0/8 s" in shown(bars)
    view(123, EPOCH)
    text = shown(bars)
    assert "3/100" in text
    assert "best 0.750 at 2" in text
    assert "0/10 s" in text  # the rest of 97 epochs in 970 s
    assert all(len(line) <= 80 for line in text.splitlines())


def test_the_bar_grows_within_an_epoch() -> None:
    task = Task(
        0, "", 100.0, 3.0, _get_time=time.monotonic, fields={"told": "", "since": 0.0, "expect": 10}
    )
    for gone, share in ((0.0, 0.0), (5.0, 0.5), (50.0, 0.95)):
        task.fields["since"] = time.monotonic() - gone
        assert within(task) == pytest.approx(share, abs=0.05)
        assert MovingBar().render(task).completed == pytest.approx(3 + share, abs=0.05)
    task.fields["since"] = None
    assert within(task) == 0
    assert PhaseColumn().render(task).plain == ""


def test_a_log_says_how_long_an_epoch_takes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation_progress, "expected_epoch", lambda *_: 8.0)
    for event in ({"event": "launch"}, START):
        _print(123, event, 1, several=True)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("seed 123  dcai-2021")
    assert line.endswith("100 epochs, about 8 s each")


def test_what_is_fetched_is_said(bars: Progress, capsys: pytest.CaptureFixture[str]) -> None:
    event = {"event": "fetch", "message": "fetching weights from https://example.org/x.h5"}
    _print(123, event, None, several=False)
    assert capsys.readouterr().err == f"{event['message']}\n"
    _Live(bars, None)(123, event)
    assert isinstance(bars.console.file, io.StringIO)
    assert event["message"] in Text.from_ansi(bars.console.file.getvalue()).plain


def test_what_a_score_says_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    event = {"event": "warning", "message": "\x1b[2J[bold]odd/\u202ename"}
    for quiet in (False, True):
        with evaluation_progress.progress_view(1, quiet=quiet) as view:
            view(123, event)
    assert capsys.readouterr().err == "warning: \\x1b[2J[bold]odd/\\u202ename\n" * 2
