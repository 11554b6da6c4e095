"""A sweep from Python: one call that does all that the command does."""

from pathlib import Path

import pytest
import yaml

from datagen.core.errors import CorruptInputError, MissingInputError, UsageError
from datagen.sweeps.records import Trial
from datagen.sweeps.run import SweepPlan, plan_sweep, read_sweep, sweep
from datagen.sweeps.spec import validate
from datagen.sweeps.trial import Task
from tests.datagen.sweeps.conftest import Notes, Pretender

MIX = [{"source": "pen", "ratio": "1", "options": {"writers": 12}}]
SPEC = {"mix": MIX, "vary": {"seed": [0, 1]}, "images": 60}


class Hook:
    """A callback that remembers."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def trial(self, trial: Trial) -> None:
        """Note a trial."""
        self.told.append(trial.name)

    def close(self) -> None:
        """Note the end."""
        self.told.append("closed")


class Planned(Notes):
    """A listener that also remembers the plan."""

    def __init__(self) -> None:
        super().__init__()
        self.plans: list[SweepPlan] = []

    def plan(self, plan: SweepPlan) -> None:
        """Note the plan, which comes before all trials."""
        assert self.trials == []
        self.plans.append(plan)


def value(task: Task) -> float | str:
    """Return an accuracy for the first recipe, an error for the second."""
    return 0.5 if task.recipe["seed"] == 0 else "no ink"


def test_one_call_runs_a_sweep_and_returns_its_answer(out: Path) -> None:
    heard, hook = Planned(), Hook()
    answer = sweep(SPEC, out, executor=Pretender(value), listener=heard, callbacks=[hook])
    assert answer.best is not None
    assert answer.best.name == "seed=0"
    assert [(trial.name, trial.error) for trial in answer.failed] == [("seed=1", "no ink")]
    assert "<html" in (out / "sweep.html").read_text("utf-8")
    (plan,) = heard.plans
    assert (plan.folder, plan.cost.datasets, plan.cost.images) == (out, 2, 60)
    assert plan.cost.seconds is None
    assert sorted(hook.told[:-1]) == ["seed=0", "seed=1"]
    assert hook.told[-1] == "closed"
    again = Hook()
    same = sweep(
        validate(SPEC, origin="test"), str(out), executor=Pretender(value), callbacks=[again]
    )
    assert again.told == ["closed"]  # nothing is new
    assert same.candidates == answer.candidates == read_sweep(str(out)).candidates


def test_a_plan_writes_nothing_and_reads_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.yaml").write_text(
        "mix: [{source: pen, ratio: 1}]\nvary: {seed: [1, 2]}\nimages: 60\n"
    )
    plan = plan_sweep("two.yaml")
    assert (plan.spec.name, plan.folder) == ("two", tmp_path / "sweeps" / "two")
    assert [candidate.name for candidate in plan.candidates] == ["seed=1", "seed=2"]
    assert not plan.folder.exists()
    with pytest.raises(MissingInputError, match=r"no sweep file three\.yaml"):
        plan_sweep("three.yaml")
    with pytest.raises(UsageError, match="nothing varies"):
        plan_sweep({"images": 60})


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"rungs": [5, 10]}, "rungs belongs to strategy halving; this sweep's is grid"),
        ({"strategy": "halving", "trials": 3}, "trials belongs to strategy tpe"),
        ({"points": "product"}, "points chooses among mixes, and no ratio varies"),
        ({"strategy": "halving", "preview": 5}, "halving compares after 10, 30, 100 epochs, and a"),
    ],
)
def test_what_a_sweep_would_not_read_is_refused(
    out: Path, tmp_path: Path, keys: dict[str, object], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        plan_sweep(SPEC | keys, out)
    file = tmp_path / "asked.yaml"
    file.write_text(yaml.safe_dump(SPEC | keys))
    with pytest.raises(UsageError, match=says):
        plan_sweep(file, out)


def test_halving_that_an_earlier_version_began_at_no_rung_goes_on(out: Path) -> None:
    asked = validate(SPEC | {"strategy": "halving", "preview": 5}, origin="test")
    out.mkdir()
    (out / "spec.yaml").write_text(asked.to_yaml(out))
    assert plan_sweep(asked, out, timed=False).spec == asked


def test_a_damaged_trial_says_what_to_do(out: Path) -> None:
    sweep(SPEC, out, executor=Pretender(value))
    log = out / "sweep.jsonl"
    log.write_text("{\n" + log.read_text())
    with pytest.raises(
        CorruptInputError, match=r"line 1 is damaged .*; remove the line: its trial"
    ):
        read_sweep(out)


def test_paths_in_a_spec_may_be_pathlibs(out: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=f"no folder at {tmp_path / 'nowhere'}"):
        plan_sweep({**SPEC, "tests": (tmp_path / "nowhere",)}, out)
