"""What a sweep's answer is: ranking, evidence, cost, words, the best recipe."""

from collections.abc import Callable
from pathlib import Path

import pytest

from datagen.core.errors import CorruptInputError, EvaluationError, MissingInputError
from datagen.core.numerals import CLASSES
from datagen.datasets.format import BudgetInfo, DatasetInfo
from datagen.evaluation.process import identity
from datagen.evaluation.summary import wilson
from datagen.recipes.load import parse
from datagen.recipes.schema import Recipe
from datagen.sweeps.records import TRIALS, Trial
from datagen.sweeps.results import words
from datagen.sweeps.results.cost import cost
from datagen.sweeps.results.ranking import read
from datagen.sweeps.results.recipe import best_recipe, header

Make = Callable[..., Trial]
Write = Callable[..., Path]

PEN, EMNIST = {"pen": 1.0, "emnist": 0.0}, {"pen": 0.0, "emnist": 1.0}
BOTH = {"pen": 0.5, "emnist": 0.5}


def test_the_selection_set_ranks_and_the_test_set_does_not(trial: Make, write: Write) -> None:
    good_on_test = trial(PEN, 0.3).model_copy(update={"tests": trial(PEN, 0.95).tests})
    answer = read(write(good_on_test, trial(BOTH, 0.6, val_accuracy=0.5), trial(EMNIST, 0.5)))
    assert answer.ranked_by == "selection"
    assert [candidate.ratios for candidate in answer.candidates] == [BOTH, EMNIST, PEN]
    assert answer.best is answer.candidates[0]
    assert answer.candidates[2].tests[answer.tests[0].fingerprint].mean > 0.8
    said = words.ranked_by(answer)
    assert said.startswith("Ranked by accuracy on the selection set data/selection (200 images)")
    assert "the test images decided nothing" in said


def test_leaked_images_and_another_evaluator_are_noted(trial: Make, write: Write) -> None:
    clean = trial(PEN, 0.6, evaluator=identity())
    assert not [note for note in words.notes(read(write(clean))) if "leak" in note]
    assert clean.selection is not None
    selection = clean.selection.model_copy(update={"leaked": 7, "leak_free": 0.5})
    leaking = trial(EMNIST, 0.9, evaluator="another").model_copy(update={"selection": selection})
    answer = read(write(clean, leaking))
    notes = "\n".join(words.notes(answer))
    assert (
        "pen=0 emnist=1 contains or was made from 7 of the 200 images of selection data/selection"
        in notes
    )
    assert "scored by another evaluator than the one installed here" in notes
    found = next(each.selection for each in answer.candidates if each.ratios == EMNIST)
    assert found is not None
    assert (found.leaked, found.leak_free) == (7, 0.5)


def test_leaked_images_rank_nobody(trial: Make, write: Write) -> None:
    def knows(made: Trial, count: int, leak_free: float | None) -> Trial:
        assert made.selection is not None
        known = {"leaked": count, "leak_free": leak_free}
        return made.model_copy(update={"selection": made.selection.model_copy(update=known)})

    clean = trial(PEN, 0.6)
    answer = read(
        write(knows(trial(EMNIST, 0.99), 200, None), knows(trial(BOTH, 0.9), 90, 0.5), clean)
    )
    assert [candidate.ratios for candidate in answer.candidates] == [PEN, BOTH, EMNIST]
    notes = "\n".join(words.notes(answer))
    assert "contains or was made from 200 of the 200 images" in notes
    assert "candidates are ordered by the leak-free one" in notes


def test_without_a_selection_set_val_ranks(trial: Make, write: Write) -> None:
    low = trial(PEN, 0.9, selection=False, val_accuracy=0.91)
    high = trial(BOTH, 0.2, selection=False, val_accuracy=0.97)
    answer = read(write(low, high))
    assert (answer.ranked_by, answer.selection) == ("val", None)
    assert [candidate.ratios for candidate in answer.candidates] == [BOTH, PEN]
    # the test set tells afterwards that val has misled, and changes nothing
    assert answer.lead is not None
    assert answer.lead.real is False
    assert "The next, pen=1 emnist=0, is better by more than noise" in words.verdict(answer)
    assert "did not change the order" in words.verdict(answer)


def test_without_any_common_images_nobody_can_tell(trial: Make, write: Write) -> None:
    bare = {"selection": False, "tests": ()}
    answer = read(write(trial(PEN, 0.5, **bare), trial(BOTH, 0.6, **bare)))
    assert answer.lead is not None
    assert answer.lead.real is None
    assert "is not known: every candidate has its own" in words.verdict(answer)
    assert "there is no test set" in words.ranked_by(answer)


def test_a_candidate_is_all_its_seeds(trial: Make, write: Write) -> None:
    trials = [trial(BOTH, 0.6, seed=seed, build_seconds=b) for seed, b in ((1, 5.0), (2, 0.0))]
    (candidate,) = read(write(*trials)).candidates
    assert (candidate.seeds, candidate.state, candidate.missing) == ((1, 2), "done", {})
    assert candidate.selection is not None
    accuracies = [t.selection.accuracy for t in trials if t.selection]
    assert candidate.selection.mean == pytest.approx(sum(accuracies) / 2)
    assert candidate.selection.std == pytest.approx(abs(accuracies[0] - accuracies[1]) / 2**0.5)
    assert candidate.selection.interval == wilson(candidate.selection.mean, 200)
    recalls = [t.selection.classes["iv"] for t in trials if t.selection]
    assert candidate.selection.classes["iv"] == pytest.approx(sum(r or 0 for r in recalls) / 2)
    assert candidate.seconds == 405.0


def test_the_val_interval_needs_the_dataset(trial: Make, write: Write) -> None:
    one = trial(BOTH, 0.6)
    folder = write(one)
    candidate = read(folder).candidates[0]
    assert candidate.val is not None
    assert candidate.val.interval is None
    counts = dict.fromkeys(CLASSES, 20)
    info = DatasetInfo(
        name="",
        fingerprint="f",
        size=32,
        counts={"train": counts, "val": counts},
        styles={},
        budget=BudgetInfo(limit=400, exact=400, in_batches=400, eligible=True),
        sources=(),
        notes=(),
        versions={},
    )
    (folder / "datasets" / one.point / "dataset.json").write_text(info.model_dump_json())
    candidate = read(folder).candidates[0]
    assert candidate.val is not None
    assert candidate.val.interval == wilson(candidate.val.mean, 200)


def test_stopped_and_failed_candidates_are_shown_as_such(
    trial: Make, failed: Make, write: Write
) -> None:
    stop = {"state": "stopped", "official": False}
    answer = read(
        write(
            failed(PEN, "killed for memory"),
            trial({"pen": 0.25, "emnist": 0.75}, 0.9, epochs=10, **stop),
            trial(EMNIST, 0.2, epochs=30, **stop),
            trial(BOTH, 0.5),
        )
    )
    assert [candidate.state for candidate in answer.candidates] == [
        "done",
        "stopped",
        "stopped",
        "failed",
    ]
    assert [words.state(candidate, answer) for candidate in answer.candidates] == [
        "100 epochs",
        "stopped at 30",  # farther, though worse
        "stopped at 10",
        "failed",
    ]
    assert answer.official  # a stopped score is no score of the sweep
    assert answer.candidates[3].errors == ("killed for memory",)
    assert answer.candidates[1].to_best is None
    assert "No other candidate ran to the end" in words.verdict(answer)


def test_seeds_that_are_missing_rank_a_candidate_lower(trial: Make, write: Write) -> None:
    trials = [trial(BOTH, 0.5, seed=seed) for seed in (1, 2)]
    trials += [trial(PEN, 0.9, seed=1), trial(EMNIST, 0.95, seed=2)]
    trials.append(trial(PEN, 0.2, seed=2, state="stopped", epochs=10, official=False))
    answer = read(write(*trials))
    assert [(p.ratios, p.state) for p in answer.candidates] == [
        (BOTH, "done"),
        (EMNIST, "partly"),
        (PEN, "partly"),
    ]
    assert answer.candidates[1].missing == {1: "to come"}
    assert answer.candidates[2].missing == {2: "stopped"}
    assert answer.candidates[2].epochs == 100
    assert answer.to_come == 1
    assert words.state(answer.candidates[1], answer) == "100 epochs, 1 of 2 seeds (1 to come)"
    assert any("1 trial to come" in note for note in words.notes(answer))


def test_a_running_sweep_counts_the_datasets_that_wait(trial: Make, write: Write) -> None:
    folder = write(trial(BOTH, 0.5, seed=1), trial(BOTH, 0.5, seed=2))
    waiting = folder / "datasets" / "waiting" / "recipe.yaml"
    waiting.parent.mkdir()
    waiting.touch()
    assert read(folder).to_come == 2


def test_previews_are_marked(trial: Make, write: Write) -> None:
    answer = read(write(*(trial(r, 0.5, official=False, epochs=3) for r in (PEN, BOTH))))
    assert not answer.official
    assert "NOT OFFICIAL" in words.best(answer)
    assert any("NOT OFFICIAL" in note for note in words.notes(answer))


@pytest.mark.parametrize(("lead", "real"), [(0.3, True), (0.005, False)])
def test_the_lead_is_paired_over_images_and_seeds(
    trial: Make, write: Write, lead: float, real: bool
) -> None:
    seeds = (1, 2, 3, 4)
    trials = [trial(BOTH, 0.5 + lead, seed=seed) for seed in seeds]
    trials += [trial(PEN, 0.5, seed=seed) for seed in seeds]
    answer = read(write(*trials))
    assert answer.lead is not None
    assert answer.lead.difference is not None
    assert answer.lead.real is real
    assert answer.lead.difference.accuracy.mean == pytest.approx(lead, abs=0.06)
    other = answer.candidates[1].to_best
    assert other is not None
    assert other.accuracy.mean == pytest.approx(-answer.lead.difference.accuracy.mean)
    said = words.verdict(answer)
    assert ("It beats the next" in said) is real
    assert "over seeds" in said
    assert "selection data/selection" in said


def test_one_seed_says_how_many_images_decide(trial: Make, write: Write) -> None:
    answer = read(write(trial(BOTH, 0.9), trial(PEN, 0.5)))
    said = words.verdict(answer)
    assert "images right only by the best" in said
    assert answer.lead is not None
    assert answer.lead.difference is not None
    assert answer.lead.difference.row_only is not None
    assert answer.lead.difference.row_only > 50
    assert f"({answer.lead.difference.row_only} images right only by the best" in said


def test_the_best_of_many_has_more_to_show(trial: Make, write: Write) -> None:
    best, following = trial(BOTH, 0.6), trial(PEN, 0.57)
    two = read(write(best, following)).lead
    assert two is not None
    assert two.difference is not None
    assert 0.01 < two.difference.p < 0.05
    assert two.real
    assert "Holm" not in words.verdict(read(write(best, following)))
    rest = [trial({"pen": k / 10, "emnist": 1 - k / 10}, 0.57) for k in range(1, 5)]
    answer = read(write(best, following, *rest))
    assert answer.lead is not None
    assert answer.lead.difference is not None
    found = answer.lead.difference
    assert (found.p_images, found.compared) == (two.difference.p_images, 5)
    assert found.p > 0.05
    assert not answer.lead.real
    assert found.p == next(p.to_best.p for p in answer.candidates[1:2] if p.to_best)
    said = words.verdict(answer)
    assert said.startswith("It does not beat the next, pen=1 emnist=0, by more than noise")
    assert f"corrected to p {found.p:.3f} by Holm's method, the best being compared with 5" in said


def test_what_the_best_can_be_told_from(trial: Make, write: Write) -> None:
    def by_val(ratios: dict[str, float], val: float, quality: float) -> Trial:
        return trial(ratios, quality, selection=False, val_accuracy=val)

    best, as_good = by_val(BOTH, 0.99, 0.5), by_val(PEN, 0.9, 0.51)
    answer = read(write(best, as_good, by_val(EMNIST, 0.8, 0.9)))
    assert words.rivals(answer) == (
        "Of the 2 other candidates, on test data/test: 1 within noise of it, "
        "1 better by more than noise, though ranked below (p-values corrected by Holm's method for "
        "2 comparisons)."
    )
    worse = by_val(EMNIST, 0.8, 0.1)
    assert "1 worse by more than noise, 1 within" in words.rivals(read(write(best, as_good, worse)))
    assert words.rivals(read(write(best, as_good))) == ""  # the first sentence says it


def test_candidates_without_a_common_seed_are_not_compared(trial: Make, write: Write) -> None:
    answer = read(write(trial(BOTH, 0.9, seed=1), trial(PEN, 0.5, seed=2)))
    assert "the two share no seed" in words.verdict(answer)


def test_the_cost_and_what_was_saved(trial: Make) -> None:
    timed = {"build_seconds": 10.0, "evaluate_seconds": 200.0}
    trials = [
        trial(BOTH, 0.5, **timed),
        trial(PEN, 0.5, state="stopped", epochs=10, build_seconds=0.0, evaluate_seconds=30.0),
        trial(EMNIST, 0.5, cached=True, build_seconds=0.0, evaluate_seconds=0.0),
    ]
    found = cost(trials)
    assert (found.seconds, found.build_seconds, found.trials) == (240.0, 10.0, 3)
    assert (found.stopped, found.epochs_saved) == (1, 90)
    assert found.stopped_seconds == pytest.approx(90 * 3.0)  # its own pace
    assert found.cached == 1
    assert found.cached_seconds == pytest.approx(100 * 2.5)  # the median of 2 and 3 s per epoch
    assert (found.datasets, found.datasets_reused) == (3, 2)
    only_stopped = cost(trials[1:2])
    assert (only_stopped.epochs_saved, only_stopped.stopped_seconds) == (None, None)


def test_the_best_recipe_builds_again(trial: Make, write: Write) -> None:
    folder = write(*(trial(r, q, seed=s) for r, q in ((BOTH, 0.7), (PEN, 0.4)) for s in (1, 2)))
    answer = read(folder)
    text = best_recipe(answer)
    assert parse(text, origin="it", folder=folder) == Recipe(name="pen=0.5 emnist=0.5")
    comment = [line for line in text.splitlines() if line.startswith("#")]
    assert text.splitlines()[: len(comment)] == comment
    assert max(map(len, comment)) <= 80
    said = " ".join(line.removeprefix("# ") for line in comment)
    for expected in (
        "Best of 2 recipes: pen=0.5 emnist=0.5",
        words.ranked_by(answer),
        words.verdict(answer),
        "Seeds of the evaluator: 1, 2.",
    ):
        assert expected in said
    assert header(answer) == [line.removeprefix("# ") for line in comment]


def test_a_best_recipe_that_is_not_there(trial: Make, failed: Make, write: Write) -> None:
    with pytest.raises(EvaluationError, match="no best recipe: none of its 1 candidates"):
        best_recipe(read(write(failed(PEN, "no memory"))))
    folder = write(trial(PEN, 0.5))
    (next((folder / "datasets").glob("pen=1*")) / "recipe.yaml").unlink()
    with pytest.raises(MissingInputError, match="has lost its best recipe"):
        best_recipe(read(folder))


def test_a_sweep_that_has_only_begun(write: Write) -> None:
    answer = read(write())
    assert (answer.candidates, answer.best, answer.to_come) == ((), None, 0)
    assert words.best(answer).startswith("No candidate has run to the end")


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=TRIALS):
        read(tmp_path)
    (tmp_path / TRIALS).write_text('{"point": 1}\n')
    with pytest.raises(CorruptInputError, match="line 1"):
        read(tmp_path)


def test_a_line_that_is_still_being_written_is_left_out(trial: Make, write: Write) -> None:
    folder = write(trial({"pen": 1.0, "emnist": 0.0}, 0.8))
    with (folder / TRIALS).open("a") as file:
        file.write('{"schema_version":1,"point":"abc')
    assert len(read(folder).candidates) == 1
