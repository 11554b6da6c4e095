"""`datagen sweep` as a user runs it, with the real evaluator, also killed in the middle."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from datagen.cli.app import _run
from datagen.evaluation.fork_server import can_fork
from datagen.recipes.load import parse
from datagen.sweeps.records import read_trials
from tests.datagen.sweeps.conftest import state_files, wait_for

Run = Callable[..., subprocess.CompletedProcess[str]]

SPEC = """\
mix:
- {{source: pen, ratio: 0:1:1, options: {{writers: 12}}}}
- {{source: images, path: numerals, ratio: 0:1:1}}
images: 50
tests: [evaluable/test]
preview: {preview}
"""


@pytest.fixture
def spec(tmp_path: Path, evaluable: Path, numeral_folder: Path) -> Path:
    """A sweep of two candidates: pen alone, and pictures alone."""
    assert evaluable.parent == numeral_folder.parent == tmp_path
    path = tmp_path / "two.yaml"
    path.write_text(SPEC.format(preview=1))
    return path


@pytest.mark.tensorflow
def test_a_sweep_from_its_plan_to_its_answer(datagen: Run, spec: Path, tmp_path: Path) -> None:
    given = ("sweep", spec, "--workers", 2, "--no-timing", "--json")
    planned = datagen(*given, "--dry-run")
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout == ""
    assert "2 × 1 seed = 2" in planned.stderr
    assert "PREVIEW of 1 epoch, not an official score" in planned.stderr
    assert not (tmp_path / "sweeps").exists()

    done = datagen(*given, "--tensorboard")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["name"] for line in lines} == {"pen=0 images=1", "pen=1 images=0"}
    out = tmp_path / "sweeps" / "two"
    trials = read_trials(out)
    assert [t.model_dump(mode="json") | {"command": "sweep"} for t in trials] == lines
    for trial in trials:
        assert (trial.state, trial.epochs, trial.official, trial.images) == ("done", 1, False, 50)
        assert (out / str(trial.score)).is_file()
        assert len(trial.tests[0].hits) == 20
        assert (out / "tensorboard" / f"{trial.name} {trial.point[:6]}").is_dir()
    assert done.stderr.count("  not official") == 2
    assert done.stderr.count("PREVIEW of 1 epoch, not an official score") == 1
    assert "Ranked by val accuracy" in done.stderr
    assert "<svg" in (out / "sweep.html").read_text("utf-8")
    best = datagen("sweep", "--best", out)
    assert parse(best.stdout, origin="the best recipe", folder=out).images == 50
    answer = json.loads(datagen("sweep", "--best", out, "--json").stdout)
    assert answer["ranked_by"] == "val"
    began = time.monotonic()
    again = datagen(*given)
    assert again.returncode == 0, again.stderr
    assert sorted(again.stdout.splitlines()) == sorted(done.stdout.splitlines())
    assert "to epoch" not in again.stderr  # nothing ran
    assert time.monotonic() - began < 30

    edited = datagen(*given, "--images", 52)
    assert edited.returncode == 2
    assert "spec differs (images: 50 → 52)" in edited.stderr
    assert datagen(*given, "--seeds", 2, "--extend", "--dry-run").returncode == 0


@pytest.mark.tensorflow
def test_a_sweep_is_interrupted_and_killed_and_goes_on(spec: Path, tmp_path: Path) -> None:
    spec.write_text(SPEC.format(preview=30))
    command = ["sweep", str(spec), "--workers", "2", "--no-timing", "--json"]

    def begin() -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("datagen")), *command],
            cwd=tmp_path,
            env=os.environ | {"DATAGEN_CACHE": str(tmp_path / "cache")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    interrupted = begin()
    wait_for(lambda: states(tmp_path) == 2)
    server = int(can_fork())
    if server:  # itself and its forks
        assert len(children_of(tmp_path, "fixed_eval.warm")) > 1
    interrupted.send_signal(signal.SIGINT)
    _, said = interrupted.communicate(timeout=100)
    assert interrupted.returncode == 130
    assert "the same command resumes" in said
    assert children_of(tmp_path) == set()

    killed = begin()
    wait_for(lambda: len(children_of(tmp_path)) == 4 + server)  # two workers, their two evaluators
    killed.kill()
    killed.communicate(timeout=100)
    wait_for(lambda: children_of(tmp_path) == set())

    last = begin()
    answer, said = last.communicate(timeout=200)
    assert last.returncode == 0, said
    trials = read_trials(tmp_path / "sweeps" / "two")
    assert [(trial.state, trial.epochs) for trial in trials] == [("done", 30)] * 2
    assert len(answer.splitlines()) == 2
    assert len((tmp_path / "sweeps" / "two" / "sweep.jsonl").read_text().splitlines()) == 2
    assert states(tmp_path) == 0


def states(folder: Path) -> int:
    return len(state_files(folder))


def children_of(folder: Path, *modules: str) -> set[str]:
    """Return the processes in `folder` that run one of the modules: workers and evaluators."""
    found = set()
    if not Path("/proc").is_dir():
        pytest.skip("finds processes through /proc")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = os.fsdecode((process / "cmdline").read_bytes())
            place = str((process / "cwd").readlink())
        except OSError:
            continue
        wanted = modules or ("executors.worker", "fixed_eval")
        if any(module in command for module in wanted) and place == str(folder):
            found.add(process.name)
    return found


PEN = ("--mix", "pen=0:1:0.5", "--mix", "fonts:ttf=0:1:0.5")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "nothing varies"),
        (("--mix", "pen=0:1:1"), 2, "nothing varies: all is 'pen=1'"),
        (("--mix", "pen=0:0:1", "--mix", "fonts=0:1:1"), 2, "never above 0"),
        (("--mix", "pen=1:2"), 2, "is not NAME[:PATH]=START:STOP:STEP"),
        (PEN, 4, "candidate pen=0 fonts=1: no "),
        (("--vary", "seed=1,2", "--test", "nowhere"), 4, "nowhere; expected class folders"),
        (("--vary", "seed=1,2", "--test", "test", "--test", "test"), 2, "hold the same images"),
        (("--vary", "seed=1,2", "--test", "test", "--select", "test"), 2, "the test would decide"),
        (("--vary", "images=9"), 2, "nothing varies"),
        (("--vary", "images=9,90"), 3, "candidate images=9: train 7 + val 2"),
        (("--vary", "sede=1,2"), 2, "did you mean 'seed'"),
        (("--vary", "seed=1,2", "--rungs", "a"), 2, "--rungs 'a'"),
        (("--vary", "seed=1,2", "--rungs", "0"), 2, "--rungs '0': expected numbers of epochs, su"),
        (("--vary", "seed=1,2", "--address", "auto"), 2, "add --executor ray"),
        (("--vary", "seed=1,2", "--recipe", "defualt"), 2, "'defualt' (did you mean 'default'?)"),
        (("--vary", "recipe=raw,top5"), 2, "recipe is what all candidates share; vary its keys"),
        (("nowhere.yaml",), 4, "no sweep file nowhere.yaml"),
        (("--vary", "seed=1,2", "--mlflow"), 2, "pip install '.[mlflow]'"),
        (("--vary", "seed=1,2", "--wandb"), 2, "pip install '.[wandb]'"),
        (("--vary", "seed=1,2", "--executor", "ray"), 2, "pip install '.[ray]'"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    arguments: tuple[str, ...],
    code: int,
    message: str,
    evaluable: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (evaluable / "test").rename(tmp_path / "test")
    for extra in ("mlflow", "wandb", "ray"):
        monkeypatch.setitem(sys.modules, extra, None)  # type: ignore[arg-type]  # not installed
    monkeypatch.chdir(tmp_path)
    assert _run(["sweep", *arguments, "--images", "60", "--no-timing"]) == code
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert message in line
    assert not (tmp_path / "sweeps").exists()


def test_a_disk_too_small_is_found_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datagen.sweeps.estimate.free_bytes", lambda _: 1_000_000)
    assert _run(["sweep", "--vary", "seed=1,2", "--no-timing"]) == 1
    assert "has 1 MB free; use fewer candidates" in capsys.readouterr().err
    assert not (tmp_path / "sweeps").exists()
