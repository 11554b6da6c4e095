"""A whole search with made-up trainings: what is tried, what is looked at, when it ends."""

from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from datagen.cli.views.search import print_answer
from datagen.core.errors import (
    CorruptInputError,
    RecipeError,
    StoppedError,
    SweepError,
    UsageError,
)
from datagen.recipes.load import load
from datagen.searches import words
from datagen.searches.answer import ANSWER, read_search
from datagen.searches.begun import CANDIDATES, read_begun
from datagen.searches.clock import CLOCK
from datagen.searches.looks import LOOKS, read_looks
from datagen.searches.page import PAGE
from datagen.searches.plan import affordable, generation_work
from datagen.searches.run import plan_search
from datagen.searches.spec import check_folder, write_spec
from datagen.searches.trials import TRIALS
from datagen.sweeps.trial import Task
from tests.datagen.searches.conftest import Pretender, by_share, search, spec_of

pytestmark = pytest.mark.usefixtures("undivided")


def test_the_best_is_found_written_and_scored_once_at_the_end(tmp_path: Path) -> None:
    spec = spec_of(tmp_path / "mine")
    executor = Pretender(by_share)
    answer = search(spec, tmp_path / "best", executor)
    best = answer.named(answer.best)
    assert best is not None
    assert best.mean == pytest.approx(0.85)  # only copies: 0.9 on one fold, 0.8 on the other
    recipe = load(str(answer.recipe))
    assert {part.path for part in recipe.mix if part.source == "images"} == {spec.real}
    at_the_end = [task for task in executor.ran if "kept" in str(task.selection)]
    assert {task.point.split("-")[0] for task in at_the_end} == {answer.best, answer.reference}
    assert {task.seed for task in at_the_end} == {123, 124}
    assert executor.ran[-len(at_the_end) :] == at_the_end
    assert "3 generations in a row" in answer.why
    assert read_search(tmp_path / "best").model_dump() == answer.model_dump()


def test_the_kept_part_chooses_nothing_and_no_holdout_is_built_from(tmp_path: Path) -> None:
    executor = Pretender(by_share)
    search(spec_of(tmp_path / "mine"), tmp_path / "best", executor)
    for task in executor.ran:
        tests = [str(test) for test in (task.selection, *task.tests)]
        parts = [*task.recipe["mix"], *task.recipe["val"].get("mix", [])]
        inks = [str(part["path"]) for part in parts if "path" in part]
        assert all(ink.endswith("/rest") for ink in inks)
        if inks:  # and then it is scored on the one holdout that its images are apart from
            (test,) = tests
            assert set(inks) == {test.removesuffix("holdout") + "rest"}


def test_every_look_is_counted(tmp_path: Path) -> None:
    executor = Pretender(by_share)
    answer = search(spec_of(tmp_path / "mine"), tmp_path / "best", executor)
    looks = read_looks(tmp_path / "best" / LOOKS)
    assert len(looks) == sum(1 + len(task.tests) for task in executor.ran)
    assert {look.purpose for look in looks if look.test.startswith("kept")} == {"report"}
    assert {look.purpose for look in looks if not look.test.startswith("kept")} == {"choice"}
    assert sum(answer.looks.values()) == len(looks)
    assert {look.epochs for look in looks} == {10, 100}


def test_the_best_shipped_recipe_stays_in_to_be_compared_with(tmp_path: Path) -> None:
    def value(task: Task, test: Path) -> float:
        return by_share(task, test) / (1 if "0." in str(task.recipe["name"]) else 2)

    answer = search(spec_of(tmp_path / "mine"), tmp_path / "best", Pretender(value))
    reference = answer.named(answer.reference)
    assert reference is not None
    assert reference.shipped
    assert reference.state == "done"


@pytest.mark.parametrize("left", [1, 12, 25])
def test_a_search_that_was_stopped_goes_on_as_if_it_had_not(tmp_path: Path, left: int) -> None:
    spec = spec_of(tmp_path / "mine")
    whole = Pretender(by_share)
    expected = search(spec, tmp_path / "whole" / "best", whole)
    stopped = Pretender(by_share, left=left)
    out = tmp_path / "stopped" / "best"
    with pytest.raises(StoppedError, match="same command resumes"):
        search(spec, out, stopped)
    resumed = Pretender(by_share)
    answer = search(spec, out, resumed)
    assert len(stopped.ran) + len(resumed.ran) == len(whole.ran)
    same = {"folder", "seconds"}
    assert answer.model_dump(exclude=same) == expected.model_dump(exclude=same)


def test_a_line_torn_by_a_kill_is_run_again(tmp_path: Path) -> None:
    spec, out = spec_of(tmp_path / "mine"), tmp_path / "best"
    with pytest.raises(StoppedError):
        search(spec, out, Pretender(by_share, left=3))
    log = out / TRIALS
    log.write_bytes(log.read_bytes()[:-20])
    assert search(spec, out, Pretender(by_share)).best
    assert len(read_looks(out / LOOKS)) > 0


def test_a_search_that_has_ended_is_read_not_run(tmp_path: Path) -> None:
    spec, out = spec_of(tmp_path / "mine"), tmp_path / "best"
    first = search(spec, out, Pretender(by_share))
    again = Pretender(by_share)
    assert search(spec, out, again, hours=5).model_dump() == first.model_dump()
    assert not again.ran


def test_a_page_that_could_not_be_written_is_written_by_the_same_call(tmp_path: Path) -> None:
    spec, out = spec_of(tmp_path / "mine"), tmp_path / "best"
    search(spec, out, Pretender(by_share))
    page = (out / PAGE).read_text("utf-8")
    (out / PAGE).unlink()
    search(spec, out, Pretender(by_share))
    assert (out / PAGE).read_text("utf-8") == page


def test_a_recipe_that_was_removed_is_written_by_the_same_call(tmp_path: Path) -> None:
    spec, out = spec_of(tmp_path / "mine"), tmp_path / "best"
    recipe = search(spec, out, Pretender(by_share)).recipe
    before = recipe.read_text("utf-8")
    recipe.unlink()
    search(spec, out, Pretender(by_share))
    assert recipe.read_text("utf-8") == before
    recipe.unlink()
    (out / CANDIDATES).write_text("")
    with pytest.raises(CorruptInputError, match="lacks the best candidate, so recipe.yaml cannot"):
        search(spec, out, Pretender(by_share))


@pytest.mark.parametrize("damage", ["{", "{}"])
def test_a_damaged_answer_is_written_again_once_it_is_removed(tmp_path: Path, damage: str) -> None:
    spec, out = spec_of(tmp_path / "mine"), tmp_path / "best"
    whole = search(spec, out, Pretender(by_share))
    (out / ANSWER).write_text(damage)
    with pytest.raises(CorruptInputError, match=f"{ANSWER} is .*; remove it: the `datagen search`"):
        search(spec, out, Pretender(by_share))
    (out / ANSWER).unlink()
    again = search(spec, out, executor := Pretender(by_share))
    assert executor.ran == []
    assert again.model_dump(exclude={"seconds"}) == whole.model_dump(exclude={"seconds"})


@pytest.mark.parametrize("log", [LOOKS, CANDIDATES, TRIALS])
def test_a_damaged_log_is_met_before_any_work(tmp_path: Path, log: str) -> None:
    spec, out = spec_of(tmp_path / "mine"), tmp_path / "best"
    with pytest.raises(StoppedError):
        search(spec, out, Pretender(by_share, left=3))
    text = (out / log).read_text("utf-8")
    (out / log).write_text(text[len(text) // 5 :], "utf-8")
    with pytest.raises(CorruptInputError, match=f"{log} line 1 is damaged .*; remove the line: "):
        plan_search(spec, out, hours=1)


def test_a_search_whose_report_failed_has_its_answer_and_page(tmp_path: Path) -> None:
    def value(task: Task, test: Path) -> float | str:
        return "no memory" if task.point.endswith("kept") else by_share(task, test)

    answer = search(spec_of(tmp_path / "mine"), tmp_path / "best", Pretender(value))
    assert not answer.kept
    page = (tmp_path / "best" / PAGE).read_text("utf-8")
    said = (
        "It could not be scored on the kept part; the same command with --retry-failed tries again."
    )
    assert said in page
    assert "<span>on the kept part</span>" not in page


@pytest.mark.parametrize("way", ["../mine", "../link", "../search/../mine"])
def test_a_search_goes_on_however_its_images_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    for name in ("mine", "search", "best"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to("mine")
    monkeypatch.chdir(tmp_path / "search")
    write_spec(spec_of(Path(way)), tmp_path / "best")
    assert check_folder(tmp_path / "best", spec_of(Path(way)))


@pytest.mark.parametrize("text", ['{"seconds": -1}', "[]", '{"minutes": 1}', "{"])
def test_a_damaged_clock_is_one_clear_line(tmp_path: Path, text: str) -> None:
    spec, out = spec_of(tmp_path / "mine"), tmp_path / "best"
    out.mkdir()
    write_spec(spec, out)
    (out / CLOCK).write_text(text)
    with pytest.raises(CorruptInputError, match=f"{CLOCK} .*; remove it: the hours are then"):
        search(spec, out, Pretender(by_share))


def test_a_search_of_other_settings_is_not_gone_on_with(tmp_path: Path) -> None:
    spec, out = spec_of(tmp_path / "mine"), tmp_path / "best"
    with pytest.raises(StoppedError):
        search(spec, out, Pretender(by_share, left=3))
    lines = (out / CANDIDATES).read_text("utf-8").replace("pen.twins", "pen.pairs")
    (out / CANDIDATES).write_text(lines, "utf-8")
    with pytest.raises(UsageError, match=r"another version of datagen.*pen\.pairs, pen\.twins"):
        search(spec, out, Pretender(by_share))


def test_no_more_is_tried_than_the_hours_are_enough_for(tmp_path: Path) -> None:
    answer = search(spec_of(tmp_path / "mine"), tmp_path / "best", Pretender(by_share), hours=1e-9)
    assert "the time is used up" in answer.why
    assert {each.generation for each in answer.candidates} == {0}


def test_a_generation_is_as_wide_as_the_time_left_allows(tmp_path: Path) -> None:
    spec = spec_of(tmp_path / "mine", width=9)
    assert affordable(spec, None, 0.0, 1) == 9
    assert affordable(spec, 1.0, 1e9, 1) == 9
    assert affordable(spec, 1.0, 10.0, 1) == 0
    widths = [affordable(spec, 1.0, seconds, 1) for seconds in range(0, 3000, 50)]
    assert widths == sorted(widths)
    assert generation_work(spec, 3) < generation_work(spec, 9)


def test_candidates_that_fail_lose(tmp_path: Path) -> None:
    def value(task: Task, test: Path) -> float | str:
        return by_share(task, test) if "fold-2" not in task.point else "no memory"

    answer = search(spec_of(tmp_path / "mine"), tmp_path / "best", Pretender(value))
    assert {each.state for each in answer.candidates} == {"done", "failed"}
    best = answer.named(answer.best)
    assert best is not None
    assert best.name == "synthetic-only"  # the only one that no fold's images are in


def test_candidates_that_fail_are_counted_and_named(tmp_path: Path) -> None:
    def value(task: Task, test: Path) -> float | str:
        return by_share(task, test) if "fold-2" not in task.point else "no memory."

    answer = search(spec_of(tmp_path / "mine"), tmp_path / "best", Pretender(value))
    number, failed = len(answer.candidates), answer.failed
    assert len(failed) >= number - 2  # but recipes without real images
    assert failed[0].shipped
    said = f"{len(failed)} of {number} candidates failed: {', '.join(e.name for e in failed[:5])}"
    said += f" and {len(failed) - 5} more. {failed[0].name}: no memory."
    assert words.failures(answer) == said
    assert said in (tmp_path / "best" / PAGE).read_text("utf-8")
    (first, *_) = answer.recipe.read_text("utf-8").splitlines()
    assert f"that `datagen search` trained; {len(failed)} more failed." in first
    out = Console(file=StringIO(), width=500)
    print_answer(answer, out)
    assert said in out.file.getvalue()


def test_a_generation_that_failed_is_no_generation_without_a_gain(tmp_path: Path) -> None:
    spec = spec_of(tmp_path / "mine")
    first = list[str]()  # candidates, the ids of the first generation

    def value(task: Task, test: Path) -> float | str:
        candidate = task.point.split("-")[0]
        if candidate not in first and len(first) < spec.width:
            first.append(candidate)
        return by_share(task, test) if candidate in first else "no memory"

    answer = search(spec, tmp_path / "best", Pretender(value))
    assert answer.why == "every candidate of 3 generations in a row failed"
    assert words.failures(answer).startswith("18 of 24 candidates failed: ")


def test_where_nothing_can_be_trained_the_first_reason_is_told(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="could be trained: no memory"):
        search(spec_of(tmp_path / "mine"), tmp_path / "best", Pretender(lambda *_: "no memory"))


@pytest.mark.parametrize("where", ["", "kept"])
def test_failed_trainings_run_again_when_asked(tmp_path: Path, where: str) -> None:
    def value(task: Task, test: Path) -> float | str:
        return "no memory" if where in task.point else by_share(task, test)

    spec, out = spec_of(tmp_path / "mine"), tmp_path / "best"
    with suppress(SweepError):  # where all failed
        search(spec, out, Pretender(value))
    quiet = Pretender(by_share)
    with suppress(SweepError):
        search(spec, out, quiet)
    assert not quiet.ran
    again = Pretender(by_share)
    found = search(spec, out, again, retry_failed=True)
    assert all(where in task.point for task in again.ran)
    whole = search(spec, tmp_path / "whole", Pretender(by_share))
    assert found.kept == whole.kept
    assert found.best == whole.best


def test_after_the_report_no_failed_training_runs_again(tmp_path: Path) -> None:
    def value(task: Task, test: Path) -> float | str:
        return "no memory" if "fold-2" in task.point else by_share(task, test)

    spec, out = spec_of(tmp_path / "mine"), tmp_path / "best"
    search(spec, out, Pretender(value))
    again = Pretender(by_share)
    with pytest.raises(UsageError, match="scored on its kept part"):
        search(spec, out, again, retry_failed=True)
    assert not again.ran


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds no search"):
        search(spec_of(tmp_path / "mine"), tmp_path / "best", Pretender(by_share))
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        search(spec_of(tmp_path / "mine"), tmp_path / "file", Pretender(by_share))


def test_another_search_in_the_folder_is_refused(tmp_path: Path) -> None:
    search(spec_of(tmp_path / "mine"), tmp_path / "best", Pretender(by_share))
    with pytest.raises(UsageError, match="budget: 1000 → 2000"):
        search(spec_of(tmp_path / "mine", budget=2000), tmp_path / "best", Pretender(by_share))


@pytest.mark.parametrize("hours", [0, -1, float("nan"), float("inf"), 1e9])
def test_hours_that_make_no_sense_are_refused(tmp_path: Path, hours: float) -> None:
    with pytest.raises(UsageError, match="hours is .*; expected more than 0"):
        plan_search(spec_of(tmp_path / "mine"), tmp_path / "best", hours=hours)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"budget": 99}, "budget"),
        ({"folds": 1}, "folds"),
        ({"seeds": 0}, "seeds"),
        ({"rungs": (30, 10)}, "do not rise"),
        ({"width": 1}, "width"),
    ],
)
def test_numbers_out_of_range_are_named(tmp_path: Path, keys: dict[str, int], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        spec_of(tmp_path / "mine", **keys)


def test_a_review_that_is_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--review '.udcff': expected a name or a file"):
        spec_of(tmp_path / "mine", review="\udcff")


def test_a_generation_is_known_before_it_runs(tmp_path: Path) -> None:
    spec, out = spec_of(tmp_path / "mine"), tmp_path / "best"
    with pytest.raises(StoppedError):
        search(spec, out, Pretender(by_share, left=0))
    begun = read_begun(out)
    assert len(begun) == spec.width
    assert begun[0].shipped
    assert len({each.id for each in begun}) == len(begun)
