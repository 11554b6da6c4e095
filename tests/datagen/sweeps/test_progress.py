"""What a sweep shows while it runs."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

SCRIPT = """
from datagen.cli.views.output import console
from datagen.cli.views.sweep_progress import sweep_progress
from datagen.sweeps.records import Trial
from datagen.sweeps.run import plan_sweep

spec = {"mix": [{"source": "pen", "ratio": "1"}], "vary": {"seed": [1, 2]}, "images": 60}
with sweep_progress(console(as_json=True), as_json=True, quiet=False) as view:
    plan = plan_sweep(spec, "out", listener=view)
    view.round(2, 100)
    for candidate in plan.candidates:
        trial = Trial(
            point=candidate.id, seed=123, name=candidate.name, state="done", val_accuracy=0.5
        )
        view.trial(trial, news=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_json_goes_to_stdout_also_where_a_terminal_shows_the_bar() -> None:
    shown, terminal = os.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            stdout=subprocess.PIPE,
            stderr=terminal,
            env=os.environ | {"TERM": "xterm"},
            text=True,
            check=True,
        )
        said = os.read(shown, 100_000).decode()
    finally:
        os.close(terminal)
        os.close(shown)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["name"] for line in lines] == ["seed=1", "seed=2"]
    assert "datasets     2 of up to 60 images" in said
    assert "done     seed=1  seed 123" in said
    assert '"command"' not in said


@pytest.mark.parametrize(("pause", "lines"), [(0.0, 3), (1000.0, 0)])
def test_long_planning_is_no_silence(
    datagen_here: Run, monkeypatch: pytest.MonkeyPatch, pause: float, lines: int
) -> None:
    monkeypatch.setattr("datagen.cli.views.sweep_progress.PAUSE", pause)
    given = ("sweep", "--vary", "seed=0,1,2", "--images", 60, "--no-timing", "--dry-run")
    done = datagen_here(*given)
    said = [line for line in done.stderr.splitlines() if line.startswith("planned ")]
    assert said == [f"planned {k} of 3 candidates" for k in range(1, lines + 1)]
    assert datagen_here(*given, "--quiet").stderr == ""
