"""A real Ray cluster of two nodes on this machine, one of them killed in the middle."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from datagen.cli.app import _run
from datagen.core.errors import SweepError, UsageError
from datagen.evaluation.process import identity
from datagen.evaluation.records import read_score
from datagen.recipes.load import load
from datagen.sweeps.executors import ray as executor
from datagen.sweeps.executors.ray import RayExecutor
from datagen.sweeps.trial import Task, run_trial
from tests.datagen.sweeps.conftest import state_files, wait_for

SCRIPT = Path(__file__).with_name("ray_cluster.py")
OF_USER = Path(__file__).with_name("ray_of_user.py")
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


def _done(
    script: Path, *arguments: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a script to its good end."""
    done = subprocess.run(
        [sys.executable, str(script), *map(str, arguments)],
        env={**environment, "RAY_USAGE_STATS_ENABLED": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def _said_by(script: Path, *arguments: Path, cache: Path) -> dict[str, Any]:
    """Return the last line of a script, as JSON."""
    done = _done(script, *arguments, environment=os.environ | {"DATAGEN_CACHE": str(cache)})
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
def test_a_ray_of_the_user_is_used_and_stays(tmp_path: Path) -> None:
    found = _said_by(OF_USER, tmp_path, cache=tmp_path / "old")
    assert found["states"] == [["done", None]] * 2
    assert found["cached"]
    assert not (tmp_path / "old").exists()
    assert found["mine"] == 41
    assert "has initialised Ray already" in found["refused"]
    assert len(found["warned"]) <= 1  # of a network that others reach, if there is one
    assert all("Ray trusts its network" in warning for warning in found["warned"])


@pytest.mark.parametrize(("place", "ended"), [("192.0.2.2", 1), ("127.0.0.1", 0)])
def test_only_what_was_started_here_is_ended(
    place: str, ended: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def init(**settings: Any) -> None:
        said.append(settings["address"])
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # as Ray does

    fake: Any = SimpleNamespace(
        init=init,
        shutdown=lambda: said.append("shutdown"),
        is_initialized=lambda: bool(said),
        nodes=lambda: [{"NodeManagerAddress": place, "Alive": True}],
        get_runtime_context=lambda: SimpleNamespace(gcs_address=f"{place}:6379"),
        util=SimpleNamespace(
            client=SimpleNamespace(ray=SimpleNamespace(is_connected=lambda: False))
        ),
    )
    monkeypatch.setattr(executor, "_needed", lambda: fake)
    monkeypatch.setattr(executor, "_kept_to_this_machine", nullcontext)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(SweepError, match="listens on") if ended else nullcontext():
        RayExecutor(None)
    assert said == ["local", *["shutdown"] * ended]  # not a cluster that Ray finds on the machine
    assert signal.signal(signal.SIGTERM, before) is signal.default_int_handler

    said[:] = ["the user's"]
    for address in (None, "auto", f"{place}:6379"):
        with RayExecutor(address):
            pass
    for other in (f"{place}:6380", "192.0.2.9:6379", "ray://192.0.2.2:10001"):
        with pytest.raises(UsageError, match="has initialised Ray already"):
            RayExecutor(other)
    assert said == ["the user's"]


OWN = """
import os, signal
import ray
from ray._private import ray_constants
from datagen.sweeps.executors.ray import RayExecutor

if __name__ == "__main__":
    before = ray_constants.ENABLE_RAY_CLUSTER, signal.getsignal(signal.SIGTERM)
    with RayExecutor(None) as executor:
        assert executor._nodes() == ["127.0.0.1"]
        with RayExecutor(None):  # the same
            pass
        assert ray.is_initialized()
    assert not ray.is_initialized()
    assert before == (ray_constants.ENABLE_RAY_CLUSTER, signal.getsignal(signal.SIGTERM))
    assert os.environ.get("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER") is None
"""


@pytest.mark.slow
def test_a_ray_that_is_started_here_is_ended_here(tmp_path: Path) -> None:
    script = tmp_path / "own.py"
    script.write_text(OWN)
    left_out = ("RAY_ADDRESS", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER")
    environment = {key: value for key, value in os.environ.items() if key not in left_out}
    done = _done(script, environment=environment)
    assert "trusts its network" not in done.stderr


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
    found = _said_by(SCRIPT, out, evaluable / "test", cache=tmp_path / "ray")
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
