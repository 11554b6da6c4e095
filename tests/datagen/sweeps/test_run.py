"""Nothing twice, nothing lost: kills, failures, restarts, extensions, with made-up trials."""

import json
import os
from pathlib import Path

import pytest

from datagen.core.errors import CorruptInputError, RecipeError, StoppedError, UsageError
from datagen.evaluation.process import identity
from datagen.sweeps.candidates import candidates_of
from datagen.sweeps.folder import check_folder
from datagen.sweeps.records import TRIALS, Reached, read_trials
from datagen.sweeps.spec import Spec, validate
from datagen.sweeps.store import JOURNAL, RUNGS, opened, read_spec
from datagen.sweeps.trial import Task
from tests.datagen.sweeps.conftest import Pretender, by_seed, make_spec, sweep


def good(task: Task) -> float:
    """Better with the recipe's seed, a little with the evaluator's."""
    return float(task.recipe["seed"]) / 10 + (task.seed - 123) / 1000


def test_a_grid_records_every_trial_once(out: Path) -> None:
    spec = make_spec(3, seeds=2)
    trials, notes = sweep(spec, out, executor := Pretender(good))
    assert len(executor.ran) == len(trials) == 6
    assert all(trial.state == "done" and trial.official for trial in trials)
    assert read_trials(out) == list(trials)
    assert {(t.settings["seed"], t.seed) for t in trials} == {
        (recipe, seed) for recipe in range(3) for seed in (123, 124)
    }
    # datasets of different candidates are built side by side, not one waited for
    assert [task.seed for task in reversed(executor.ran)] == [123, 123, 123, 124, 124, 124]
    before = (out / "sweep.jsonl").read_bytes()
    again, heard = sweep(spec, out, second := Pretender(good))
    assert (second.ran, again) == ([], trials)
    assert [news for _, news in heard.trials] == [False] * 6
    assert [trial for trial, _ in heard.trials] == [
        trial for trial, _ in sorted(heard.trials, key=lambda told: told[0].seed)
    ]
    assert (out / "sweep.jsonl").read_bytes() == before
    assert notes.rounds == [(6, 100)]


def test_halving_stops_all_seeds_of_a_candidate_by_their_mean(out: Path) -> None:
    spec = make_spec(9, seeds=2, strategy="halving", finalists=1)
    trials, notes = sweep(spec, out, Pretender(good))
    assert notes.rounds == [(18, 10), (6, 30), (2, 100)]
    names = by_seed(candidates_of(spec))
    ended = {(names[t.point], t.seed): (t.state, t.epochs) for t in trials}
    expected = [("stopped", 10)] * 6 + [("stopped", 30)] * 2 + [("done", 100)]
    assert ended == {(k, seed): expected[k] for k in range(9) for seed in (123, 124)}
    assert not any(trial.official for trial in trials if trial.state == "stopped")
    assert {trial.evaluate_seconds for trial in trials} == {2.0, 4.0, 6.0}  # over all rungs
    # each result once: what a rung gave in one log, how a trial ended in the other
    assert len((out / RUNGS).read_text().splitlines()) == 18 + 6
    assert len((out / "sweep.jsonl").read_text().splitlines()) == 18
    assert not (out / JOURNAL).exists()


def test_halving_decides_between_equals_by_their_loss(out: Path, tmp_path: Path) -> None:
    spec = make_spec(8, seeds=2, strategy="halving", finalists=1, rungs=[10])

    def equal(task: Task) -> float:
        return 0.7 if task.recipe["seed"] >= 4 else 0.5

    def loss(task: Task) -> float:  # the mean of a candidate's seeds decides
        return {4: 1.0, 5: 1.5 - (task.seed - 123), 6: 1.2, 7: 1.3}.get(task.recipe["seed"], 0.1)

    names = by_seed(candidates_of(spec))
    trials, notes = sweep(spec, out, Pretender(equal, loss=loss))
    assert notes.rounds == [(16, 10), (4, 100)]
    assert {names[trial.point] for trial in trials if trial.state == "done"} == {4, 5}
    # rungs of an earlier version, or some of it, have none: then all equals go on, as they did
    _, notes = sweep(spec, tmp_path / "old", Pretender(equal))
    assert notes.rounds == [(16, 10), (8, 100)]
    partly = Pretender(equal, loss=lambda task: None if task.recipe["seed"] == 0 else loss(task))
    _, notes = sweep(spec, tmp_path / "partly", partly)
    assert notes.rounds == [(16, 10), (8, 100)]


def test_a_grid_and_tpe_need_no_log_of_rungs(out: Path, tmp_path: Path) -> None:
    sweep(make_spec(3), out, Pretender(good))
    assert {path.name for path in out.iterdir()} == {"lock", "spec.yaml", "sweep.jsonl"}
    sweep(make_spec(9, strategy="tpe", trials=3), tmp_path / "tpe", Pretender(good))
    assert {path.name for path in (tmp_path / "tpe").iterdir()} == {
        *("lock", "spec.yaml", "sweep.jsonl", JOURNAL)
    }


def test_a_sweep_of_an_earlier_version_goes_on(out: Path) -> None:
    """It wrote every outcome into `rungs.jsonl`, and no evaluator into `sweep.jsonl`."""
    trials, _ = sweep(make_spec(3, seeds=2), out, Pretender(good))
    outcomes = [
        trial.model_dump(include=set(Reached.model_fields))
        | {"until": None, "complete": True, "value": trial.val_accuracy}
        for trial in trials
    ]
    (out / RUNGS).write_text("".join(f"{json.dumps(outcome)}\n" for outcome in outcomes))
    old = "".join(trial.model_dump_json(exclude={"evaluator"}) + "\n" for trial in trials)
    (out / "sweep.jsonl").write_text(old)
    (out / JOURNAL).write_text("not read")
    assert [trial.evaluator for trial in read_trials(out)] == [None] * 6
    again, heard = sweep(make_spec(3, seeds=2), out, executor := Pretender(good))
    assert executor.ran == []
    assert not any(news for _, news in heard.trials)
    assert (out / "sweep.jsonl").read_text() == old
    more, _ = sweep(make_spec(4, seeds=2), out, executor := Pretender(good))
    assert [task.recipe["seed"] for task in executor.ran] == [3, 3]
    assert (len(again), len(more)) == (6, 8)


@pytest.mark.parametrize("strategy", ["grid", "halving", "tpe"])
@pytest.mark.parametrize("left", [0, 3, 7])
def test_a_stopped_sweep_goes_on(out: Path, tmp_path: Path, strategy: str, left: int) -> None:
    spec = make_spec(9, strategy=strategy, **({"trials": 8} if strategy == "tpe" else {}))
    whole, _ = sweep(spec, tmp_path / "whole", Pretender(good))
    with pytest.raises(StoppedError, match=r"interrupted: .* the same command resumes in"):
        sweep(spec, out, killed := Pretender(good, left=left))
    rest, _ = sweep(spec, out, resumed := Pretender(good))
    assert sorted(rest, key=lambda t: t.name) == sorted(whole, key=lambda t: t.name)
    done = [(task.point, task.seed, task.until) for task in killed.ran + resumed.ran]
    assert len(done) == len(set(done))


def test_a_failed_trial_does_not_stop_the_others_and_is_retried_on_demand(out: Path) -> None:
    spec = make_spec(4, strategy="halving", rungs=[10], seeds=2)

    def bad(task: Task) -> float | str:
        return "no ink" if task.recipe["seed"] == 3 and task.seed == 124 else good(task)

    trials, _ = sweep(spec, out, Pretender(bad))
    (failed,) = (trial for trial in trials if trial.state == "failed")
    assert (failed.name, failed.seed, failed.error) == ("seed=3", 124, "no ink")
    other = next(t for t in trials if t.name == "seed=3" and t.seed == 123)
    assert other.state == "done"  # its mean is that of the seed that ran
    sweep(spec, out, known := Pretender(good))
    assert known.ran == []
    mended, _ = sweep(spec, out, retried := Pretender(good), retry_failed=True)
    assert [(task.seed, task.until) for task in retried.ran] == [(124, 10), (124, None)]
    assert not any(trial.state == "failed" for trial in mended)
    assert read_trials(out) == list(mended)


def test_a_line_torn_by_a_kill_is_made_again(out: Path) -> None:
    spec = make_spec(2)
    trials, _ = sweep(spec, out, Pretender(good))
    path = out / "sweep.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    again, _ = sweep(spec, out, executor := Pretender(good))
    assert len(executor.ran) == 1
    assert sorted(again, key=lambda t: t.name) == sorted(trials, key=lambda t: t.name)
    (out / RUNGS).write_text("nonsense\n")
    with pytest.raises(CorruptInputError, match=r"rungs\.jsonl line 1 is damaged"):
        sweep(spec, out, Pretender(good))


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("damage", ["nonsense\n", "[1]\n", "{}\n", '{"op_code": 99}\n'])
def test_a_damaged_journal_is_said_and_can_be_removed(out: Path, damage: str, at_end: bool) -> None:
    def spec(candidates: int) -> Spec:
        return make_spec(9, strategy="tpe", trials=candidates)

    sweep(spec(3), out, first := Pretender(good))
    kept = (out / JOURNAL).read_text()
    (out / JOURNAL).write_text(kept + damage if at_end else damage + kept)
    before = files(out)
    with pytest.raises(CorruptInputError, match=r"optuna\.journal is damaged .*; remove it"):
        sweep(spec(4), out, Pretender(good))
    assert files(out) == before
    (out / JOURNAL).unlink()
    sweep(spec(4), out, second := Pretender(good))
    assert not {task.point for task in first.ran} & {task.point for task in second.ran}


def test_a_pipe_in_the_place_of_a_log_is_said_before_any_trial(out: Path) -> None:
    spec = make_spec(2)
    sweep(spec, out, Pretender(lambda _: 0.5))
    for name in (TRIALS, RUNGS):
        (out / name).unlink(missing_ok=True)
        os.mkfifo(out / name)
        executor = Pretender(lambda _: 0.5)
        with pytest.raises(UsageError, match=f"{name} is a named pipe"):
            sweep(spec, out, executor)
        assert not executor.ran
        (out / name).unlink()


def test_a_spec_that_is_no_text_is_said(out: Path) -> None:
    out.mkdir()
    (out / "spec.yaml").write_bytes(b"\xff\xff")
    with pytest.raises(RecipeError, match=r"spec\.yaml is no text"):
        check_folder(out, make_spec(2), extend=False)


def test_two_sweeps_cannot_share_a_folder(out: Path) -> None:
    spec = make_spec(2)
    with (
        opened(out),
        pytest.raises(UsageError, match=rf"another sweep runs in .* \(process {os.getpid()} on"),
    ):
        sweep(spec, out, Pretender(good))
    (out / "lock").write_text("process 999999 on elsewhere")  # of one that died
    sweep(spec, out, Pretender(good))


def test_a_folder_that_is_no_sweep_is_left_alone(out: Path) -> None:
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds no spec\.yaml, so it is no sweep"):
        check_folder(out, make_spec(2), extend=False)
    with pytest.raises(UsageError, match="is a file"):
        check_folder(out / "thesis.txt", make_spec(2), extend=False)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root and Windows write everywhere"
)
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="cannot write in"):
        sweep(make_spec(2), tmp_path / "out", Pretender(good))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write in"):
        sweep(make_spec(2), tmp_path / "file" / "out", Pretender(good))


def test_one_test_set_cannot_take_the_place_of_another(out: Path) -> None:
    sweep(make_spec(2, tests=["/one"]), out, Pretender(good))
    with pytest.raises(UsageError, match=r"scored by \(tests\.0: .*one.* → .*two"):
        check_folder(out, make_spec(2, tests=["/two"]), extend=True)


def test_an_edited_spec_needs_a_new_folder_or_extend(out: Path) -> None:
    first = make_spec(2)
    sweep(first, out, Pretender(good))
    check_folder(out, first, extend=False)
    more = make_spec(3, seeds=2, strategy="halving")
    with pytest.raises(UsageError, match=r"spec differs \(seeds: 1 → 2; strategy: .*null → 2\);"):
        check_folder(out, more, extend=False)
    check_folder(out, more, extend=True)
    for other, message in (
        (make_spec(3, preview=2), r"scored by \(preview: null → 2\)"),
        (make_spec(3, tests=["/test"]), r"scored by \(tests"),
        (make_spec(3, images=50), r"lacks candidates \(seed=0 and 1 more\)"),
    ):
        with pytest.raises(UsageError, match=message):
            check_folder(out, other, extend=True)
    sweep(more, out, executor := Pretender(good))
    with pytest.raises(UsageError, match="lacks 1 of its seeds"):
        check_folder(out, make_spec(3), extend=True)
    full = {(task.recipe["seed"], task.seed) for task in executor.ran if task.until is None}
    assert (0, 123) not in full
    states = {(t.settings["seed"], t.seed): t.state for t in read_trials(out)}
    assert states[0, 123] == "done"  # what is known stays
    assert states[0, 124] == "stopped"


def test_an_edited_pipeline_needs_a_new_folder(out: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("pipeline: 1\nsteps: [{op: scan}]\n")
    spec = validate({"vary": {"pipeline": [str(file), "scanned"]}}, origin="test")
    sweep(spec, out, Pretender(good))
    check_folder(out, spec, extend=False)
    file.write_text("pipeline: 1\nsteps: [{op: fade}]\n")
    for extend in (False, True):
        with pytest.raises(UsageError, match=r"was edited since pipeline=.*mine\.yaml ended"):
            check_folder(out, spec, extend=extend)


def test_scores_of_two_evaluators_are_not_mixed(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, more = make_spec(2), make_spec(3)
    trials, _ = sweep(first, out, Pretender(good))
    monkeypatch.setattr("datagen.sweeps.trial_runner.identity", lambda: "updated")
    again, _ = sweep(first, out, Pretender(good))  # nothing to run: what is known is told
    assert again == trials
    with pytest.raises(UsageError, match=r"trials in .* were scored by another evaluator"):
        sweep(more, out, executor := Pretender(good))
    assert executor.ran == []
    log = (out / "sweep.jsonl").read_text().replace(f'"evaluator":"{identity()}",', "")
    (out / "sweep.jsonl").write_text(log)  # of a version that did not note it
    assert len(sweep(more, out, Pretender(good))[0]) == 3


@pytest.mark.parametrize("strategy", ["grid", "halving", "tpe"])
def test_a_refused_extension_leaves_every_byte_as_it_was(
    out: Path, monkeypatch: pytest.MonkeyPatch, strategy: str
) -> None:
    def asked(values: int, trials: int) -> Spec:
        of_tpe = {"trials": trials} if strategy == "tpe" else {}
        return make_spec(values, strategy=strategy, **of_tpe)

    with pytest.raises(StoppedError):
        sweep(asked(9, 5), out, Pretender(good, left=4))
    (out / "lock").write_text("process 7 on elsewhere")
    for log in ("sweep.jsonl", RUNGS, JOURNAL):  # and a kill tore what it wrote
        if (out / log).exists():
            with (out / log).open("a") as file:
                file.write('{"torn')
    before = files(out)
    monkeypatch.setattr("datagen.sweeps.trial_runner.identity", lambda: "updated")
    more = asked(10, 9)
    check_folder(out, more, extend=True)
    with pytest.raises(UsageError, match="scored by another evaluator"):
        sweep(more, out, Pretender(good))
    assert files(out) == before
    monkeypatch.undo()
    sweep(more, out, Pretender(good))
    assert read_spec(out) == more
    with (out / RUNGS).open("a") as file:
        file.write("nonsense\n")
    before = files(out)
    with pytest.raises(CorruptInputError, match="is damaged"):
        sweep(asked(11, 9), out, Pretender(good))
    assert files(out) == before


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_log_is_one_object_a_line(out: Path) -> None:
    sweep(make_spec(2), out, Pretender(good))
    lines = (out / "sweep.jsonl").read_text().splitlines()
    assert {json.loads(line)["name"] for line in lines} == {"seed=0", "seed=1"}
