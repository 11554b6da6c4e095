"""What the evaluator counted as leaked, completed by what the dataset's manifest knows."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from datagen.building.build import build
from datagen.core.numerals import CLASSES
from datagen.datasets.leakage import LeakKind, Leaks
from datagen.evaluation.evaluate import evaluate_dataset
from datagen.evaluation.leaks import completed
from datagen.evaluation.process import Event
from datagen.evaluation.records import (
    Accuracy,
    ImageResult,
    Leakage,
    Score,
    TestResult,
    parse_score,
)
from datagen.evaluation.request import EvaluationRequest
from datagen.evaluation.summary import summarise
from datagen.recipes.schema import Ingredient, Recipe


def _row(name: str, *, hit: bool, leaked: bool = False) -> ImageResult:
    predicted = "i" if hit else "v"
    return ImageResult(
        path=name, sha256=name, true="i", predicted=predicted, probabilities=(), leaked=leaked
    )


def _leaks(kinds: Mapping[str, LeakKind], near: int | None = 0) -> Leaks:
    return Leaks(
        path=Path("test"),
        images=5,
        kinds=kinds,
        files=(),
        same_picture=0,
        parents=0,
        near_duplicates=near,
        near_note=None,
        notes=("a note",),
        unreadable=(),
    )


@pytest.fixture
def tested(score: Score) -> Score:
    """A score on five images, of which the evaluator has found one in the dataset."""
    rows = (
        _row("a", hit=True, leaked=True),
        _row("b", hit=True),
        _row("c", hit=True),
        _row("d", hit=False),
        _row("e", hit=True),
    )
    test = TestResult(
        path="/some/test",
        fingerprint="t",
        images=5,
        metrics=score.val,
        leakage=Leakage(images=1, decoded_identical=0, input_identical=1),
        leak_free=Accuracy(images=4, correct=3, accuracy=0.75, interval=(0.3, 0.95)),
        results=rows,
    )
    return score.model_copy(update={"tests": (test,)})


def test_what_the_manifest_knows_is_added_and_told_apart(tested: Score) -> None:
    kinds: dict[str, LeakKind] = {"b": "same picture", "c": "parent", "e": "near-duplicate"}
    found = completed(tested, [_leaks(kinds)])
    (test,) = found.tests
    assert [(row.leaked, row.leak) for row in test.results] == [
        (True, "same picture"),
        (True, "same picture"),
        (True, "parent"),
        (False, None),
        (False, "near-duplicate"),
    ]
    assert test.leakage == Leakage(
        images=3,
        decoded_identical=0,
        input_identical=1,
        same_picture=2,
        parents=1,
        near_duplicates=1,
        notes=("a note",),
    )
    assert (test.leak_free.images, test.leak_free.correct) == (2, 1)
    summary = summarise([found], path="ds")
    assert (summary.tests[0].leaked, summary.tests[0].parents) == (3, 1)
    assert summary.warnings[:2] == (
        "3 of 5 images of /some/test are leaked (2 in train or val, 1 that images "
        "there were made from): the accuracy on them is too high; the leak-free accuracy leaves "
        "them out",
        "a note",
    )


def test_a_kept_score_is_completed_anew_beside_another_manifest(tested: Score) -> None:
    once = completed(tested, [_leaks({"b": "same picture", "c": "parent"})])
    again = completed(once, [_leaks({"b": "same picture"}, near=None)])
    assert [row.leak for row in again.tests[0].results] == [
        "same picture",
        "same picture",
        None,
        None,
        None,
    ]
    assert again.tests[0].leakage.images == 2
    assert again.tests[0].leakage.near_duplicates is None
    assert completed(once, [_leaks({"b": "same picture", "c": "parent"})]) == once
    assert completed(once, [None]) == once


def test_where_all_have_leaked_nothing_is_left(tested: Score) -> None:
    kinds: dict[str, LeakKind] = dict.fromkeys("abcde", "parent")
    (test,) = completed(tested, [_leaks(kinds)]).tests
    assert test.leak_free == Accuracy(images=0, correct=0, accuracy=None, interval=None)
    assert summarise([tested.model_copy(update={"tests": (test,)})], path="ds").tests[0].leaked == 5


def test_a_score_of_earlier_versions_is_read_and_of_another_evaluator(tested: Score) -> None:
    plain = tested.model_dump(mode="json")
    (test,) = plain["tests"]
    for key in ("same_picture", "parents", "near_duplicates", "notes"):
        del test["leakage"][key]
    for row in test["results"]:
        del row["leak"]
    summary = summarise([parse_score(plain, origin="old")], path="ds")
    assert (summary.tests[0].leaked, summary.tests[0].same_picture) == (1, 1)
    newer = {**plain, "protocol": {**plain["protocol"], "sources": {"heldout.py": "0"}}}
    assert summarise([parse_score(newer, origin="")], path="").evaluator != summary.evaluator


@pytest.mark.usefixtures("forked")
def test_augmentation_alone_at_32_pixels_from_colour_jpegs_is_counted_and_warned_of_first(
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(4)
    for folder in ("own", "other"):
        for numeral in CLASSES:
            (tmp_path / folder / numeral).mkdir(parents=True)
            for k in range(2):
                blocks = rng.integers(0, 2, (8, 9), dtype=np.uint8) * 200 + 30
                ink = np.pad(np.kron(blocks, np.ones((5, 5), np.uint8)), 6, constant_values=250)
                colour = cv2.cvtColor(ink, cv2.COLOR_GRAY2RGB) - np.array([9, 4, 0], np.uint8)
                Image.fromarray(colour).save(tmp_path / folder / numeral / f"{k}.jpg", quality=75)
    mix = (Ingredient(source="images", path=tmp_path / "own"),)
    ds = build(Recipe(mix=mix, images=100, pipeline="scanned"), tmp_path / "ds").path
    events: list[Event] = []
    request = EvaluationRequest(ds, (tmp_path / "other", tmp_path / "own"), preview=1)
    found = evaluate_dataset(request, lambda _, event: events.append(event))
    assert events[0]["event"] == "warning"
    assert f"20 of 20 images of {tmp_path / 'own'} are leaked" in events[0]["message"]
    other, own = found.summary.tests
    assert (other.leaked, other.leak_free) == (0, other.accuracy)
    assert (own.leaked, own.leak_free) == (20, None)
    assert own.parents > 0
    assert found.summary.warnings[0] == events[0]["message"]
    assert {row.leaked for row in found.scores[0].tests[1].results} == {True}
