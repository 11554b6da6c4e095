"""Many small trainings on subsets: what is refused, who judges whom, and the same bits again."""

import numpy as np
import pytest

from datagen.core.errors import InputError, UsageError
from datagen.core.numerals import CLASSES
from datagen.evaluation.array_tools import ask_with_arrays
from datagen.evaluation.subsets import train_on_subsets


def pictures(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Bars whose place says the class, with some noise."""
    generator = np.random.default_rng(0)
    labels = np.arange(count) % len(CLASSES)
    images = generator.integers(225, 256, (count, 32, 32), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, 3 * label : 3 * label + 3] = 0
    return images, labels


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"images": np.zeros((20, 16, 16), np.uint8)}, "do not fit"),
        ({"labels": np.arange(20)}, "positions in the 10 classes"),
        ({"masks": np.zeros((2, 20), bool)}, "learns from no image"),
        ({"seeds": np.array([1])}, "do not fit"),
        ({"epochs": 0}, "no epoch"),
    ],
)
def test_what_cannot_be_trained_is_refused(change: dict, said: str) -> None:
    images, labels = pictures(20)
    given = {"images": images, "labels": labels, "masks": np.ones((2, 20), bool)}
    given |= {"seeds": np.array([1, 2]), "epochs": 1} | change
    with pytest.raises(UsageError, match=said):
        train_on_subsets(**given)


def test_the_tool_refuses_arrays_that_are_not_its_own() -> None:
    with pytest.raises(InputError, match="no array images of uint8"):
        ask_with_arrays(["subsets"], {"labels": np.zeros(3)}, ["--epochs", 1])


@pytest.mark.tensorflow
def test_every_run_judges_all_images_and_knows_those_it_learnt_from() -> None:
    """Three runs on two cores: one learns wrong labels of one class, which the others tell."""
    images, labels = pictures(120)
    masks = np.ones((3, 120), bool)
    masks[0, 60:] = masks[1, :60] = False
    seeds = np.array([7, 8, 7])
    done: list[tuple[int, int]] = []
    given = (images, labels, masks, seeds)
    found = train_on_subsets(*given, epochs=25, rate=1e-3, tell=lambda *each: done.append(each))
    assert found.shape == (3, 120, 10)
    assert done == [(epoch, 75) for epoch in range(1, 76)]
    np.testing.assert_allclose(np.exp(found.astype(float)).sum(axis=2), 1, atol=1e-5)
    assert (found[0, 60:].argmax(axis=1) == labels[60:]).mean() > 0.9, "judged out of sample"
    assert not np.array_equal(found[0], found[2]), "other images are learnt from"
    alone = train_on_subsets(images, labels, masks[:1], seeds[:1], epochs=25, rate=1e-3)
    np.testing.assert_array_equal(alone[0], found[0], "the same bits, whatever runs beside it")
