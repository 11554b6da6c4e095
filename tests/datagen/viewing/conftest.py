"""A made-up score of a built dataset."""

from pathlib import Path

import pytest

from datagen.core.numerals import CLASSES
from datagen.datasets.content import dataset_content
from datagen.evaluation.records import Accuracy, ImageResult, Leakage, Score, TestResult


@pytest.fixture
def scored(score: Score, dataset: Path, numeral_folder: Path) -> Score:
    """A score of `dataset` on `numeral_folder` in which every first image of a class is wrong."""
    content = dataset_content(dataset)
    assert content is not None
    results = tuple(
        ImageResult(
            path=f"{numeral}/{k}.png",
            sha256="0" * 64,
            true=numeral,
            predicted="x" if k == 0 else numeral,
            probabilities=(0.6,) * 10,
            leaked=False,
            leak="near-duplicate" if k == 1 else None,
        )
        for numeral in CLASSES
        for k in range(6)
    )
    right = Accuracy(images=60, correct=50, accuracy=5 / 6, interval=(0.7, 0.9))
    test = TestResult(
        path=str(numeral_folder),
        fingerprint="t",
        images=60,
        metrics=score.val.model_copy(update={"accuracy": right}),
        leakage=Leakage(images=0, decoded_identical=0, input_identical=0),
        leak_free=right,
        results=results,
    )
    known = score.dataset.model_copy(
        update={"fingerprint": content.fingerprint, "path": str(dataset)}
    )
    return score.model_copy(update={"tests": (test,), "dataset": known})


def written(folder: Path, *scores: Score) -> Path:
    folder.mkdir()
    for each in scores:
        (folder / f"score-{each.seed}.json").write_text(each.model_dump_json(), "utf-8")
    return folder
