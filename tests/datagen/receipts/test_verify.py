"""Scores made again: a real one is the same to the bit; of a changed one the change is named."""

import copy
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.api.evaluations import write_report
from datagen.api.receipts import verify
from datagen.core.errors import CorruptInputError, MissingInputError, UsageError
from datagen.evaluation.evaluate import Evaluation
from datagen.evaluation.process import EvaluationJob, Event
from datagen.evaluation.records import Score
from datagen.receipts import verify as verification
from datagen.receipts.read import find_score, read_receipt
from datagen.receipts.rebuild import receipt_recipe, recipe_difference
from datagen.receipts.records import Verification
from datagen.recipes.fingerprint import recipe_fingerprint
from datagen.recipes.schema import Recipe
from tests.datagen.conftest import Started
from tests.datagen.test_hostile_records import damaged, few, only_ours

Run = Callable[..., subprocess.CompletedProcess[str]]
Plain = dict[str, Any]


@pytest.fixture
def report(evaluation: Evaluation, tmp_path: Path) -> Path:
    """The report of two seeds, 123 and 124."""
    return write_report(evaluation, tmp_path / "report").parent


@pytest.fixture
def plain(report: Path) -> Plain:
    """The score of seed 123, to be changed."""
    found: Plain = json.loads((report / "score-123.json").read_text("utf-8"))
    return found


@pytest.fixture
def replayed(monkeypatch: pytest.MonkeyPatch, evaluation: Evaluation) -> None:
    """Instead of training, tell and return what the evaluator told and found before."""

    def run(job: EvaluationJob, folder: Path, tell: Callable[[Event], None]) -> Score:
        del folder
        score = next(each for each in evaluation.scores if each.seed == job.seed)
        last = job.until or len(score.history)
        for event in events(score, last):
            tell(event)
        tests = [test for test in score.tests if test.path in map(str, job.tests)]
        return score.model_copy(update={"history": score.history[:last], "tests": tests})

    monkeypatch.setattr(verification, "run_apart", run)


def events(score: Score, last: int) -> Iterator[Event]:
    """Yield what the evaluator says of the first epochs of a run."""
    assert score.receipt is not None
    whole = {"epochs": len(score.history), "seed": score.seed, "official": False}
    run = {"protocol": "cutoff-resnet50", "engine": "native", "device": "cpu"}
    counts = {"train": score.dataset.train, "val": score.dataset.val}
    yield {"event": "start", "order": score.receipt.order, **whole, **run, **counts}
    best = {"best_val_accuracy": 0.1, "best_epoch": 1, "steps_per_second": 9.0, "eta_seconds": 1.0}
    for epoch in score.history[:last]:
        yield {
            "event": "epoch",
            **epoch.model_dump(),
            **score.receipt.model_dump(),
            **whole,
            **best,
        }


def kept(plain: Plain, report: Path) -> Path:
    """Write a changed score beside the first."""
    path = report / "changed.json"
    path.write_text(json.dumps(plain), "utf-8")
    return path


def other(digest: str) -> str:
    """Return another digest."""
    return ("1" if digest[0] == "0" else "0") + digest[1:]


def test_a_score_nested_beyond_reading_is_refused(tmp_path: Path) -> None:
    (tmp_path / "score.json").write_text("[" * 100_000)
    with pytest.raises(CorruptInputError, match="is nested too deeply"):
        verify(tmp_path / "score.json")


def test_more_parents_than_leaked_images_are_refused(plain: Plain, report: Path) -> None:
    plain["tests"][0]["leakage"] |= {"images": 0, "parents": 1}
    with pytest.raises(CorruptInputError, match=r"leakage: parents is 1, more than the 0 images"):
        verify(kept(plain, report))


def test_a_test_set_given_twice_is_refused(report: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(UsageError, match="is given twice"):
        verify(report / "score-124.json", test=[tmp_path, tmp_path / "other" / ".."])


@pytest.mark.slow
def test_a_real_score_is_the_same_to_the_bit(evaluation: Evaluation, report: Path) -> None:
    (test,) = evaluation.request.tests
    found = verify(report / "score-124.json", test=test)
    assert found.difference is None
    assert (found.verdict, found.epochs, found.of) == ("the same to the bit", 2, 2)
    assert [(check.what, check.state) for check in found.checks] == [
        ("test set", "same"),
        ("recipe", "same"),
        ("dataset", "same"),
        ("order", "same"),
        ("training", "same"),
        ("predictions", "same"),
    ]
    assert not found.official
    assert found.label.startswith("PREVIEW of 2 epochs")


@pytest.mark.tensorflow
@pytest.mark.slow
def test_the_command_trains_the_first_epochs_only(
    datagen: Run, report: Path, evaluation: Evaluation
) -> None:
    assert evaluation.scores
    done = datagen("verify", report / "score-123.json", "--quick", 1, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["command"], found["same"], found["whole"]) == ("verify", True, False)
    assert found["verdict"] == "the same to the bit, as far as checked: epoch 1 of 2"
    skipped = [check["what"] for check in found["checks"] if check["state"] == "not checked"]
    assert skipped == ["predictions", "test set"]
    assert "epoch 1/2" in done.stderr
    assert "epoch 2/2" not in done.stderr
    assert "next         datagen verify " in done.stderr


@pytest.mark.slow
def test_the_training_ends_with_the_first_epoch_that_differs(plain: Plain, report: Path) -> None:
    plain["history"][0]["state"] = other(plain["history"][0]["state"])
    told: list[str] = []
    path = kept(plain, report)
    found = verify(path, on_event=lambda _, event: told.append(event["event"]))
    assert found.difference is not None
    assert (found.difference.kind, found.epochs) == ("epoch", 0)
    assert found.difference.where == "training state after epoch 1"
    assert (told[-1], told.count("epoch")) == ("epoch", 1)


def _seed(plain: Plain) -> None:
    plain["seed"] = 124


def _recipe(plain: Plain) -> None:
    plain["origin"]["recipe"]["seed"] = 1


def _recipe_and_its_fingerprint(plain: Plain) -> None:
    plain["origin"]["recipe"]["images"] = 110
    recipe = Recipe.model_validate(plain["origin"]["recipe"])
    plain["origin"]["recipe_fingerprint"] = recipe_fingerprint(recipe)


def _dataset(plain: Plain) -> None:
    plain["dataset"]["fingerprint"] = other(plain["dataset"]["fingerprint"])


def _image(plain: Plain) -> None:
    _dataset(plain)
    row = plain["origin"]["images"]["val"]
    row["iv"] = row["iv"][:2] + other(row["iv"][2:4]) + row["iv"][4:]


def _source(plain: Plain) -> None:
    _image(plain)
    plain["origin"]["sources"][0]["fingerprint"] = "0" * 64


def _bits(plain: Plain) -> None:
    plain["receipt"]["bits"] += 1


def _initial(plain: Plain) -> None:
    plain["receipt"]["initial"] = other(plain["receipt"]["initial"])


def _epoch(plain: Plain) -> None:
    plain["history"][1]["state"] = other(plain["history"][1]["state"])


def _loss(plain: Plain) -> None:
    plain["history"][1]["val_loss"] += 0.01


def _predictions(plain: Plain) -> None:
    plain["receipt"]["predictions"] = other(plain["receipt"]["predictions"])


def _test_predictions(plain: Plain) -> None:
    plain["tests"][0]["predictions"] = other(plain["tests"][0]["predictions"])


def _accuracy(plain: Plain) -> None:
    plain["val"]["accuracy"]["correct"] = 20 - plain["val"]["accuracy"]["correct"]


def _result(plain: Plain) -> None:
    first = plain["tests"][0]["results"][0]
    first["predicted"] = "v" if first["predicted"] != "v" else "x"


def _official(plain: Plain) -> None:
    plain["official"] = True


def _leak_free(plain: Plain) -> None:
    plain["tests"][0]["leak_free"].update(correct=1, accuracy=1.0, images=1)


def _leaked_row(plain: Plain) -> None:
    plain["tests"][0]["results"][0]["leaked"] = True


def _before(plain: Plain) -> None:
    plain["before_training"]["accuracy"] = 1.0


def _budget(plain: Plain) -> None:
    plain["dataset"].update(train=1, budget_used=8)


def _protocol(plain: Plain) -> None:
    plain["protocol"]["fingerprint"] = other(plain["protocol"]["fingerprint"])


def _test_image(plain: Plain) -> None:
    first = plain["tests"][0]["results"][0]
    first["sha256"] = other(first["sha256"])
    plain["tests"][0]["fingerprint"] = other(plain["tests"][0]["fingerprint"])


@pytest.mark.tensorflow
@pytest.mark.usefixtures("replayed")
@pytest.mark.parametrize(
    ("change", "kind", "where"),
    [
        (_official, "official", "the mark official"),
        (_test_image, "test image", "i/0.png"),
        (_recipe, "recipe", "fingerprint of the recipe in the receipt"),
        (_recipe_and_its_fingerprint, "image", "train/i"),
        (_source, "source", "source pen"),
        (_image, "image", "val/iv/"),
        (_dataset, "dataset", "dataset fingerprint"),
        (_seed, "order", "order of the images"),
        (_bits, "engine", "bits of the engine native"),
        (_initial, "initial weights", "weights before training"),
        (_epoch, "epoch", "training state after epoch 2"),
        (_loss, "accuracy", "epoch 2, val_loss"),
        (_predictions, "predictions", "predictions on val"),
        (_accuracy, "accuracy", "metrics on val, accuracy, correct"),
        (_leak_free, "accuracy", "leak-free accuracy on /"),
        (_leaked_row, "accuracy", "leak-free accuracy on /"),
        (_before, "accuracy", "the network before training, accuracy"),
        (_budget, "accuracy", "dataset, train"),
        (_protocol, "accuracy", "protocol, fingerprint"),
        (_test_predictions, "predictions", "predictions on /"),
        (_result, "accuracy", "results on /"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_was_changed_in_a_receipt_is_named(
    change: Callable[[Plain], None],
    kind: str,
    where: str,
    plain: Plain,
    report: Path,
    evaluation: Evaluation,
) -> None:
    change(plain)
    found = verify(kept(plain, report), test=evaluation.request.tests)
    assert found.difference is not None
    assert found.difference.kind == kind
    assert found.difference.where.startswith(where)
    assert found.difference.receipt != found.difference.found
    assert found.verdict == "not the same"
    assert found.checks[-1].state == "different"


@pytest.mark.tensorflow
@pytest.mark.usefixtures("replayed")
def test_the_command_says_what_differs_and_ends_with_3(
    datagen_here: Run, plain: Plain, report: Path
) -> None:
    _epoch(plain)
    done = datagen_here("verify", kept(plain, report))
    assert done.returncode == 3
    assert "training     DIFFERENT    training state after epoch 2: " in done.stdout
    assert "NOT THE SAME" in done.stdout
    (line,) = done.stderr.splitlines()[-1:]
    assert line.startswith(f"datagen: {report / 'changed.json'} is not the same: training state")
    (quick,) = [verify(report / "changed.json", quick=1)]  # before the epoch that differs
    assert (quick.same, quick.epochs) == (True, 1)


@pytest.mark.tensorflow
@pytest.mark.usefixtures("replayed")
def test_an_engine_without_bits_is_compared_at_the_end(plain: Plain, report: Path) -> None:
    plain["receipt"]["bits"] = None
    _epoch(plain)
    found: Verification = verify(kept(plain, report))
    assert found.difference is not None
    assert found.difference.kind == "engine"  # the one that is replayed has bits
    assert any("promises no bits" in note for note in found.notes)


@pytest.mark.tensorflow
@pytest.mark.usefixtures("no_start")
def test_what_cannot_be_verified_is_said(
    plain: Plain, report: Path, evaluation: Evaluation, tmp_path: Path
) -> None:
    without = copy.deepcopy(plain)
    del without["receipt"], without["origin"]
    with pytest.raises(MissingInputError, match="has no receipt"):
        verify(kept(without, report))
    foreign = copy.deepcopy(plain)
    foreign["origin"] |= {"recipe": None, "note": "it was not built by datagen"}
    path = kept(foreign, report)
    with pytest.raises(MissingInputError, match=r"not built by datagen.*--dataset DIR"):
        verify(path)
    with pytest.raises(Started):  # the dataset itself will do
        verify(path, dataset=evaluation.request.dataset)
    tests = [*evaluation.request.tests, evaluation.request.dataset / "val"]
    with pytest.raises(MissingInputError, match="leave it out"):
        verify(report / "score-123.json", test=tests)
    plain["origin"]["recipe"]["images"] = "many"
    with pytest.raises(CorruptInputError, match="changed or damaged"):
        verify(kept(plain, report))
    with pytest.raises(UsageError, match="2 scores"):
        find_score(report)
    shutil.copy(report / "score-123.json", tmp_path / "score.json")
    assert find_score(tmp_path) == tmp_path / "score.json"
    line = tmp_path / "line.json"
    line.write_text(json.dumps({"command": "evaluate", "report": str(tmp_path / "report.html")}))
    assert find_score(line) == tmp_path / "score.json"
    line.write_text(json.dumps({"command": "evaluate", "report": None}))
    with pytest.raises(MissingInputError, match="without a report"):
        find_score(line)


@pytest.mark.tensorflow
@pytest.mark.usefixtures("replayed")
@few
@given(st.data())
def test_a_damaged_receipt_is_refused_or_differs(
    plain: Plain, report: Path, evaluation: Evaluation, data: st.DataObject
) -> None:
    path = report / "damaged.json"
    path.write_text(json.dumps(damaged(plain, data)), "utf-8")
    only_ours(lambda: verify(path, dataset=evaluation.request.dataset))

    def read_recipe() -> None:
        score, _ = read_receipt(path)
        recipe = receipt_recipe(score.origin, path)
        assert score.origin is not None
        recipe_difference(recipe, score.origin)

    only_ours(read_recipe)
