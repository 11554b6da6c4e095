"""A real Ray cluster of two nodes on this machine, one of them killed in the middle."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from datagen.cli.app import _run
from datagen.evaluation.process import identity
from datagen.evaluation.records import read_score
from datagen.recipes.load import load
from datagen.sweeps.trial import Task, run_trial
from tests.datagen.sweeps.conftest import state_files, wait_for

SCRIPT = Path(__file__).with_name("ray_cluster.py")
STANDING = Path(__file__).with_name("ray_standing.py")

pytestmark = [
    pytest.mark.ray,
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None, reason="ray is not installed; [dev] brings it"
    ),
]


def test_a_cluster_that_does_not_answer_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cluster = ("--executor", "ray", "--address", "127.0.0.1:9")
    code = _run(["sweep", "--vary", "seed=1,2", "--images", "60", "--no-timing", *cluster])
    assert code == 1
    assert "no Ray cluster answers at 127.0.0.1:9" in capsys.readouterr().err
    assert not (tmp_path / "sweeps").exists()


@pytest.mark.long
def test_ctrl_c_ends_the_trials_of_a_cluster_and_the_same_command_goes_on(tmp_path: Path) -> None:
    environment = os.environ | {
        "RAY_USAGE_STATS_ENABLED": "0",
        "DATAGEN_CACHE": str(tmp_path / "cache"),
    }
    candidates = ("--mix", "pen=1", "--option", "pen.writers=12", "--vary", "seed=1,2")
    short = ("--images", "60", "--preview", "80", "--no-timing", "--json")

    def begin(address: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [
                *(str(Path(sys.executable).with_name("datagen")), "sweep", *candidates, *short),
                *("--executor", "ray", "--address", address),
            ],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    with standing(environment) as address:
        interrupted = begin(address)
        wait_for(lambda: bool(state_files(tmp_path)))
        assert evaluators(tmp_path)
        interrupted.send_signal(signal.SIGINT)
        answer, said = interrupted.communicate(timeout=100)
        assert (interrupted.returncode, answer) == (130, "")
        (line,) = (line for line in said.splitlines() if line.startswith("datagen: "))
        assert line.startswith("datagen: interrupted: 0 trials have ended")
        assert "the same command resumes" in line
        assert "Traceback" not in said
        wait_for(lambda: not evaluators(tmp_path))
        assert state_files(tmp_path)  # they were ended: nothing of them came to its end
        assert not list((tmp_path / "sweeps" / "sweep").glob("scores/*"))

        last = begin(address)
        answer, said = last.communicate(timeout=200)
    assert last.returncode == 0, said
    out = tmp_path / "sweeps" / "sweep"
    assert len((out / "sweep.jsonl").read_text().splitlines()) == 2
    trials = [json.loads(line) for line in answer.splitlines()]
    assert {(t["name"], t["seed"]) for t in trials} == {("seed=1", 123), ("seed=2", 123)}
    assert [(t["state"], t["epochs"], t["error"]) for t in trials] == [("done", 80, None)] * 2
    assert not list((out / "datasets").glob(".*"))  # nothing half-built
    assert state_files(tmp_path) == []


@contextmanager
def standing(environment: dict[str, str]) -> Iterator[str]:
    """Start a cluster of one node; yield its address."""
    with subprocess.Popen(
        [sys.executable, str(STANDING)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as cluster:
        assert cluster.stdin is not None
        assert cluster.stdout is not None
        yield cluster.stdout.readline().strip()
        cluster.stdin.close()


def evaluators(folder: Path) -> set[str]:
    """Return the evaluators, below whatever node, that keep their state in `folder`."""
    if not Path("/proc").is_dir():
        pytest.skip("finds processes through /proc")
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = os.fsdecode((process / "cmdline").read_bytes())
        except OSError:
            continue
        if "fixed_eval" in command and str(folder) in command:
            found.add(process.name)
    return found


def test_a_node_dies_and_no_trial_is_lost_or_counted_twice(evaluable: Path, tmp_path: Path) -> None:
    out = tmp_path / "sweep"
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(out), str(evaluable / "test")],
        env=os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "DATAGEN_CACHE": str(tmp_path / "ray")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["killed_before_the_end"]
    assert found["counts"] == {"seed=1 123": 1, "seed=2 123": 1}
    assert found["lines"] == 2
    assert [(t["state"], t["epochs"], t["error"]) for t in found["trials"]] == [
        ("done", 15, None)
    ] * 2

    # and what came out is what this machine alone would have found
    trial = found["trials"][0]
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "spec.yaml").write_text("")
    recipe = load(str(out / "datasets" / trial["point"] / "recipe.yaml"))
    local = run_trial(
        Task(
            folder=alone,
            point=trial["point"],
            seed=trial["seed"],
            recipe=recipe.model_dump(mode="json", exclude_none=True),
            until=None,
            tests=(evaluable / "test",),
            selection=None,
            preview=15,
            engine="auto",
            threads=1,
            evaluator=identity(),
        )
    )
    scores = [read_score(alone / str(local.score)), read_score(out / trial["score"])]
    rows = [[(e.loss, e.val_loss, e.val_accuracy) for e in score.history] for score in scores]
    assert rows[0] == rows[1]
    assert scores[0].tests == scores[1].tests
    assert local.fingerprint == trial["fingerprint"]
