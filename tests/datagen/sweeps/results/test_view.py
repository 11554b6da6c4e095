"""The answer of a sweep in a terminal."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from datagen.cli.views.sweep_answer import plain, print_answer, print_best
from datagen.sweeps.records import Trial
from datagen.sweeps.results.ranking import read
from datagen.sweeps.results.recipe import best_recipe

Make = Callable[..., Trial]
Write = Callable[..., Path]

BOTH, PEN, EMNIST = (
    {"images": a, "emnist": b, "pen": c}
    for a, b, c in ((0.5, 0.25, 0.25), (0.0, 0.0, 1.0), (0.25, 0.5, 0.25))
)


def printed(folder: Path, width: int) -> str:
    console = Console(width=width, highlight=False, markup=False, record=True, quiet=False)
    with console.capture() as capture:
        print_answer(read(folder), console)
    return capture.get()


@pytest.mark.parametrize("width", [80, 120])
def test_the_table(trial: Make, failed: Make, write: Write, width: int) -> None:
    stop = {"state": "stopped", "epochs": 10, "official": False}
    folder = write(
        *(failed(PEN, "the evaluator was killed for memory", seed=s) for s in (1, 2)),
        *(trial(EMNIST, 0.5, seed=s, **stop) for s in (1, 2)),
        *(trial(BOTH, 0.7, seed=s) for s in (1, 2)),
    )
    text = printed(folder, width)
    lines = text.splitlines()
    assert all(len(line) <= width for line in lines)
    assert "Ranked by accuracy on the selection set" in lines[0]
    rows = [line for line in lines if line.split()[:1] in (["1"], ["2"], ["3"])]
    assert [line.split()[1] for line in rows] == ["images=0.5", "images=0.25", "images=0"]
    assert "BEST" in text
    assert "stopped at 10" in rows[1]
    said = " ".join(text.split())
    assert said.count("pen=1: the evaluator was killed for memory") == 1
    assert "Saved by stopping 2 trials early: 180 epochs" in said
    assert ("seconds" in text.splitlines()[-20:][0] or "to the best" in text) is (width == 120)


def test_previews_are_marked(trial: Make, write: Write) -> None:
    folder = write(*(trial(r, 0.5, official=False, epochs=3) for r in (BOTH, PEN)))
    text = printed(folder, 80)
    assert text.count("NOT OFFICIAL") == 4  # two rows, the best, the note


def test_nothing_ran_to_the_end(failed: Make, write: Write) -> None:
    text = printed(write(failed(PEN, "no memory")), 80)
    assert "No candidate has run to the end" in text
    assert "95 %" not in text


def test_the_best_recipe_is_all_of_stdout(
    trial: Make, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = read(write(trial(BOTH, 0.5), trial(PEN, 0.4)))
    print_best(answer)
    assert capsys.readouterr().out == best_recipe(answer)


def test_json_says_the_same(trial: Make, failed: Make, write: Write) -> None:
    answer = read(write(trial(BOTH, 0.9), trial(PEN, 0.4), failed(EMNIST, "no memory")))
    found = json.loads(json.dumps(plain(answer), allow_nan=False))
    assert answer.best is not None
    assert (found["best"], found["beats_next"]) == (answer.best.id, True)
    assert [candidate["state"] for candidate in found["points"]] == ["done", "done", "failed"]
    best = found["points"][0]
    assert best["selection"]["mean"] > 0.8
    assert best["tests"]["data/test"]["interval"][0] < best["tests"]["data/test"]["mean"]
    assert found["points"][2]["errors"] == ["no memory"]
