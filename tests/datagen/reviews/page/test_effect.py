from typing import Any

import numpy as np
import pytest

from datagen.core.numerals import CLASSES
from datagen.reviews.page import effect
from datagen.reviews.page.effect import held_out, measure, sentence
from datagen.reviews.page.suspects import Suspect
from tests.datagen.reviews.page.audits import drop, keep, relabel

EACH = 20


def _images() -> list[Suspect]:
    return [
        Suspect(f"{numeral}/{k}.png", f"{i * EACH + k:064x}", numeral)
        for i, numeral in enumerate(CLASSES)
        for k in range(EACH)
    ]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Note what is trained on what; every network reads every image right."""
    seen: dict[str, Any] = {}

    def train(
        images: Any, labels: Any, masks: Any, seeds: Any, *, epochs: int, **_: Any
    ) -> np.ndarray:
        seen.update(images=images, labels=labels, masks=masks, seeds=seeds, epochs=epochs)
        logs = np.full((len(seeds), len(images), 10), -9.0, np.float32)
        for run in range(len(masks)):
            logs[run, np.arange(len(images)), images[:, 0, 0]] = 0
        return logs

    monkeypatch.setattr(effect, "train_on_subsets", train)
    return seen


def _views(images: list[Suspect]) -> np.ndarray:
    labels = [CLASSES.index(image.numeral) for image in images]
    return np.repeat(np.array(labels, np.uint8), 1024).reshape(-1, 32, 32)


def test_three_tenths_of_each_class_are_held_out_whatever_the_order() -> None:
    images = _images()
    held = {image.path for image, out in zip(images, held_out(images), strict=True) if out}
    assert len(held) == 60
    assert {path.split("/")[0] for path in held} == set(CLASSES)
    again = {i.path for i, out in zip(images[::-1], held_out(images[::-1]), strict=True) if out}
    assert again == held


def test_only_what_is_trained_on_differs(asked: dict[str, Any]) -> None:
    images = _images()
    held = held_out(images)
    rest, out = np.flatnonzero(~held), np.flatnonzero(held)
    dropped, moved, kept, away = images[rest[0]], images[rest[-1]], images[rest[3]], images[out[0]]
    decisions = {
        dropped.sha256: drop(dropped.numeral),
        moved.sha256: relabel("v", moved.numeral),
        kept.sha256: keep(kept.numeral),
        away.sha256: drop(away.numeral),
    }
    found = measure(images, _views(images), decisions, runs=2, epochs=1)
    assert found is not None
    without, with_them = asked["masks"][0], asked["masks"][1]
    assert np.array_equal(asked["seeds"][::2], asked["seeds"][1::2])
    assert np.array_equal(without[:200], ~held)
    assert not without[200:].any()
    assert set(np.flatnonzero(without[:200] != with_them[:200])) == {rest[0], rest[-1]}
    assert with_them[200:].tolist() == [True]
    assert asked["labels"][200] == CLASSES.index("v")
    assert (found.decisions, found.trained) == (3, 2)
    assert (found.given.images, found.decided.images) == (60, 59)


def test_a_decision_about_held_out_images_alone_says_nothing(asked: dict[str, Any]) -> None:
    images = _images()
    away = images[int(np.flatnonzero(held_out(images))[0])]
    assert measure(images, _views(images), {away.sha256: drop(away.numeral)}) is None
    assert measure(images, _views(images), {}) is None
    assert measure(images[:30], _views(images[:30]), {images[0].sha256: drop("i")}) is None
    assert not asked


def test_a_decision_about_an_image_that_moved_since_counts_for_nothing(
    asked: dict[str, Any],
) -> None:
    images = _images()
    decisions = {image.sha256: drop("i") for image in images[EACH:]}
    assert measure(images, _views(images), decisions) is None
    assert not asked


@pytest.mark.usefixtures("asked")
def test_the_sentence_says_the_noise() -> None:
    images = _images()
    rest = np.flatnonzero(~held_out(images))
    found = measure(images, _views(images), {images[rest[0]].sha256: drop("i")}, runs=2)
    assert found is not None
    assert sentence(found) == (
        "Held-out preview score with your decisions: +0.0 points (95 % interval +0.0 … +0.0, no "
        "clear difference) on 60 images as given, +0.0 points (95 % interval +0.0 … +0.0, no clear "
        "difference) on those as you decided (2 networks of 10 epochs on either side, 100.0 % "
        "without; 1 of 1 changes are among the images trained on)."
    )
