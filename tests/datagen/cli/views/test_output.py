"""Lines of progress, where stderr is no terminal."""

import pytest

from datagen.cli.views import output


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the lines go by; a test changes them."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr(output, "is_live", lambda: False)
    return now


def test_long_work_says_now_and_then_how_far_it_is(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with output.progress_bars(quiet=False) as progress:
        for second in range(60):
            clock[0] = float(second)
            progress("networks", second, 60)
    assert capsys.readouterr() == ("", "networks: 20 of 60\nnetworks: 40 of 60\n")


@pytest.mark.usefixtures("clock")
def test_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress_bars(quiet=False) as progress:
        for image in range(10_000):
            progress("images", image, 10_000)
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("clock")
def test_bytes_are_told_every_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress_bars(quiet=False) as progress:
        for done in (0, 1, 3_000_000, 3_100_000, 10_000_000):
            progress("fetching emnist", done, 10_000_000)
    said = capsys.readouterr().err.splitlines()
    assert said == ["fetching emnist: 3.0 of 10.0 MB", "fetching emnist: 10.0 of 10.0 MB"]


def test_quiet_work_says_nothing_however_long_it_is(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with output.progress_bars(quiet=True) as progress:
        clock[0] = 1e6
        progress("networks", 1, 2)
    assert capsys.readouterr() == ("", "")
