"""A real Ray cluster of two nodes on this machine, one of them killed in the middle."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from datagen.cli.app import _run
from datagen.evaluator import identity
from datagen.recipe import load
from datagen.scores import read_score
from datagen.sweep.trial import Task, run_trial

SCRIPT = Path(__file__).with_name("ray_cluster.py")


needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="ray is not installed; [dev] brings it"
)


@needs_ray
def test_a_cluster_that_does_not_answer_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cluster = ("--executor", "ray", "--address", "127.0.0.1:9")
    code = _run(["sweep", "--vary", "seed=1,2", "--images", "60", "--no-timing", *cluster])
    assert code == 1
    assert "no Ray cluster answers at 127.0.0.1:9" in capsys.readouterr().err
    assert not (tmp_path / "sweeps").exists()


@needs_ray
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
