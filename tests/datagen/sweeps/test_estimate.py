"""What the plan says: counted from real plans, timed on the real evaluator once."""

from pathlib import Path

import pytest

from datagen.core.budget import Count
from datagen.core.errors import (
    BudgetError,
    BuildError,
    CorruptInputError,
    UnknownNameError,
    UsageError,
)
from datagen.core.glyphs import GlyphPool
from datagen.evaluation.process import EvaluatorProcess
from datagen.evaluation.records import Score
from datagen.sources.registry import Source, register, unregister
from datagen.sweeps.candidates import candidates_of
from datagen.sweeps.counting import check_folders, counts
from datagen.sweeps.estimate import CostEstimate, check_disk, estimate
from datagen.sweeps.spec import Spec
from datagen.sweeps.timing import Timing, time_evaluator
from tests.datagen.sweeps.conftest import make_spec


def plan_of(spec: Spec, out: Path, known: int = 0, workers: int = 1) -> CostEstimate:
    found = {candidate.id: Count(80, 16) for candidate in candidates_of(spec)}
    timing = Timing(start=5.0, step=0.01, val_batch=0.005)
    return estimate(spec, found, out, known=known, workers=workers, timing=timing, test_images=100)


def test_a_plan_counts_what_will_be_run(out: Path) -> None:
    grid = plan_of(make_spec(9, seeds=2), out)
    assert (grid.datasets, grid.evaluations, grid.epochs, grid.images) == (9, 18, 1800, 96)
    # 10 steps and 2 val batches an epoch
    assert grid.seconds == pytest.approx(1800 * 0.11 + 18 * 5.0)
    assert plan_of(make_spec(9, seeds=2), out, workers=2).seconds == pytest.approx(grid.seconds / 2)
    assert plan_of(make_spec(9, seeds=2), out, known=18).seconds == 0
    timing = Timing(start=5.0, step=0.01, val_batch=0.005, once=7.0)
    found = {candidate.id: Count(80, 16) for candidate in candidates_of(make_spec(9))}
    more = estimate(
        make_spec(9),
        found,
        out,
        known=0,
        workers=3,
        timing=timing,
        test_images=100,
        building=(0.5, 0.01),
    )
    # the evaluator is imported once; 9 datasets of 96 images are built by 3 at once
    assert more.seconds == pytest.approx(7 + 3 * (100 * 0.11 + 5) + 3 * (0.5 + 0.96))
    halving = plan_of(make_spec(9, strategy="halving", finalists=1), out)
    assert halving.epochs == 9 * 10 + 3 * 20 + 70
    tpe = plan_of(make_spec(9, strategy="tpe", trials=4), out)
    assert (tpe.datasets, tpe.epochs) == (4, 400)
    assert grid.free > 0


def test_a_plan_too_big_for_the_disk_is_refused(out: Path) -> None:
    plan = plan_of(make_spec(9), out)
    check_disk(plan, out)
    small = CostEstimate(
        **{name: getattr(plan, name) for name in plan.__dataclass_fields__} | {"free": 9}
    )
    with pytest.raises(BuildError, match=r"needs \d+ MB, .* has \d+ bytes free"):
        check_disk(small, out)


@pytest.mark.slow
def test_every_candidate_is_planned_before_anything_is_built(out: Path) -> None:
    spec = make_spec(2, images=60)
    assert {count.exact for count in counts(spec, candidates_of(spec), out).values()} == {60}
    assert not out.exists()
    small = Spec(vary={"images": (60, 9)})
    with pytest.raises(BudgetError, match="^candidate images=9: train 7"):
        counts(small, candidates_of(small), out)
    unknown = Spec.model_validate({"mix": [{"source": "pn", "ratio": "0:1:1"}, {"source": "pen"}]})
    with pytest.raises(UnknownNameError, match="unknown source 'pn'"):
        counts(unknown, candidates_of(unknown), out)
    many = make_spec(120, images=60, strategy="tpe", trials=4)
    assert 25 <= len(counts(many, candidates_of(many), out)) <= 50


def test_a_source_that_only_this_process_knows_is_refused(out: Path) -> None:
    class Mine(Source):
        name = "mine"
        summary = licence = citation = "none"

        def open(self, path: Path | None, options: object) -> GlyphPool:
            raise NotImplementedError

    register(Mine)
    spec = Spec.model_validate({"mix": [{"source": "mine", "ratio": "0:1:1"}, {"source": "pen"}]})
    try:
        with pytest.raises(UsageError, match="'mine' is registered by your own code"):
            counts(spec, candidates_of(spec), out)
    finally:
        unregister("mine")


def test_a_test_set_without_classes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "xi").mkdir()
    with pytest.raises(CorruptInputError, match="expected only class folders i ii"):
        check_folders(make_spec(2, tests=[str(tmp_path)]))


@pytest.mark.tensorflow
def test_the_evaluator_is_timed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = time_evaluator(make_spec(2))
    assert 0 < first.step < 1
    assert 0 < first.val_batch < 1
    assert 0.1 < first.start < 120

    def refuse(run: EvaluatorProcess) -> None:
        raise AssertionError(f"timed again: {run}")

    monkeypatch.setattr(EvaluatorProcess, "start", refuse)
    assert time_evaluator(make_spec(3)) == first


@pytest.mark.parametrize("forking", [True, False])
@pytest.mark.parametrize(
    ("compiling", "runs"), [((1.5,), 1), ((18.0, 1.5), 2), ((18.0, 18.0), 2)], ids=str
)
def test_what_is_done_once_is_no_start_of_every_trial(
    compiling: tuple[float, ...],
    runs: int,
    forking: bool,
    score: Score,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Compiling, and where evaluations are forks the import of the evaluator."""
    monkeypatch.setattr("datagen.sweeps.timing.can_fork", lambda: forking)
    listened: list[Path] = []

    def listen(run: EvaluatorProcess, _: object) -> Score:
        seconds = {"import": 4.0, "load": 0.5, "compile": compiling[len(listened)]}
        listened.append(run.state)
        return score.model_copy(update={"history": score.history[:2], "seconds": seconds})

    monkeypatch.setattr(EvaluatorProcess, "start", lambda _: None)
    monkeypatch.setattr(EvaluatorProcess, "listen", listen)
    found = time_evaluator(make_spec(2))
    first, second = (epoch.seconds for epoch in score.history[:2])
    imported = 0.0 if forking else 4.0
    assert found.start == pytest.approx(imported + 0.5 + compiling[-1] + max(0.0, first - second))
    assert len(set(listened)) == len(listened) == runs  # the second goes on from no state
