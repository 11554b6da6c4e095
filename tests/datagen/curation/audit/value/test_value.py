"""What images are worth: how subsets are drawn, what a datamodel tells, and one real estimate."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.core.errors import RuleError
from datagen.curation.audit.value import runs as value_runs
from datagen.curation.audit.value.check import check_values
from datagen.curation.audit.value.datamodel import Datamodel
from datagen.curation.audit.value.design import doubt_strata, draw_subsets, hold_back
from datagen.curation.audit.value.estimate import ValuedImages, estimate_values, subset_scores


def one_hot(numbers: np.ndarray) -> np.ndarray:
    return np.eye(numbers.max() + 1)[numbers]


@given(st.integers(20, 400), st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_subsets_are_halves_and_leave_groups_whole(count: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    groups = [f"g{k // 3}" for k in range(count)]
    styles = np.arange(count) // 3 % 7
    held = hold_back(groups, labels, generator)
    for name in set(groups):
        assert len({bool(h) for h, g in zip(held, groups, strict=True) if g == name}) == 1
    masks = draw_subsets(60, [styles], groups, ~held, generator)
    assert not masks[:, held].any()
    assert 0.35 < masks[:, ~held].mean() < 0.65
    whole = masks[:, : count // 3 * 3].reshape(60, -1, 3)  # one group, one style: together
    held_groups = held[: count // 3 * 3].reshape(-1, 3).any(axis=1)
    assert (whole[:, ~held_groups] == whole[:, ~held_groups, :1]).all()


def test_the_most_doubtful_are_a_stratum_of_their_own() -> None:
    found = doubt_strata(np.arange(100) / 100)
    assert np.bincount(found).tolist() == [5, 10, 25, 30, 30]
    assert (found[-5:] == 0).all()


def test_a_run_is_measured_against_what_others_make_of_the_same_images() -> None:
    own = np.array([[0.9, 0.5], [0.9, 0.1], [0.3, 0.1]])
    judges = np.array([[True, False], [True, True], [False, True]])
    np.testing.assert_allclose(subset_scores(own, judges), [0, 0, 0], atol=1e-12)
    judges[0, 1] = True  # the second image is known better in the first run
    assert subset_scores(own, judges)[0] > 0.1


def test_values_are_found_again_and_intervals_hold_what_they_say() -> None:
    """Six made-up worlds, in which a few doubtful images do harm that no single one shows."""
    held, order = [], []
    for seed in range(6):
        generator = np.random.default_rng(seed)
        count = 600
        styles, doubt = generator.integers(0, 40, count), generator.random(count) ** 3
        truth = 3e-5 - 4e-4 * (doubt > 0.8) + 2e-5 * generator.standard_normal(40)[styles]
        truth += 2e-5 * generator.standard_normal(count)
        strata = [styles, doubt_strata(doubt)]
        names = [str(k) for k in range(count)]
        masks = draw_subsets(150, strata, names, np.ones(count, bool), generator)
        scores = 0.7 + masks @ truth + 0.005 * generator.standard_normal(150)
        shared = [np.ones((count, 1)), one_hot(styles), one_hot(strata[1])]
        model = Datamodel(masks, scores, shared)
        each = model.each()
        held.append(np.mean([e.low <= true <= e.high for e, true in zip(each, truth, strict=True)]))
        order.append(np.corrcoef([e.value for e in each], truth)[0, 1])
        everything = model.total(np.ones(count, bool))
        assert everything.value == pytest.approx(sum(e.value for e in each))
        assert everything.low < everything.value < everything.high
    assert np.mean(held) > 0.9
    assert np.mean(order) > 0.6


def test_scores_that_are_all_equal_say_nothing() -> None:
    masks = np.random.default_rng(0).random((30, 20)) < 0.5
    each = Datamodel(masks, np.ones(30), [np.ones((20, 1))]).each()
    assert all(abs(e.value) < 1e-9 and e.low <= 0 <= e.high for e in each)


def nothing(done: int, epochs: int) -> None:
    """Tell nobody."""
    del done, epochs


def bars(count: int) -> ValuedImages:
    """Images of ten classes that a bar's place tells, a fifth of them under a wrong label."""
    generator = np.random.default_rng(5)
    true = np.arange(count) % 10
    views = generator.integers(215, 256, (count, 32, 32), np.uint8)
    for view, label in zip(views, true, strict=True):
        view[:, 3 * label : 3 * label + 3] = generator.integers(0, 60)
    wrong = np.arange(count) // 10 % 5 == 0
    labels = np.where(wrong, (true + 1) % 10, true)
    names = [f"g{k}" for k in range(count)]
    return ValuedImages(views, labels, names, labels * 2 + wrong, ["here"] * count, wrong * 0.9)


def test_of_few_images_none_is_valued() -> None:
    with pytest.raises(RuleError, match="99 images are too few"):
        estimate_values(bars(99), seed=0, tell=nothing)


def spoilt_by_wrong_labels(
    views: np.ndarray,
    labels: np.ndarray,
    masks: np.ndarray,
    seeds: np.ndarray,
    *,
    epochs: int,
    rate: float,
    tell: Callable[[int, int], None],
) -> np.ndarray:
    """Answer as a training might: right labels help, wrong ones spoil, and chance does the rest."""
    del views, epochs, rate
    wrong = np.arange(len(labels)) // 10 % 5 == 0
    good, bad = (masks[:, which].mean(axis=1) for which in (~wrong, wrong))
    chance = np.random.default_rng(int(seeds[0])).normal(0, 0.02, masks.shape)
    own = np.clip(0.5 + 0.2 * good - 0.2 * bad, 0, 1)[:, None] * np.where(wrong, 0.3, 1) + chance
    tell(len(masks), len(masks))
    rest = np.log(np.clip(1 - own, 1e-9, 1) / 9)
    found = np.repeat(rest[..., None], 10, axis=2)
    found[:, np.arange(len(labels)), labels] = np.log(np.clip(own, 1e-9, 1))
    return found.astype(np.float32)


def test_wrong_labels_are_worth_least_and_removing_them_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path))
    monkeypatch.setattr(value_runs, "train_on_subsets", spoilt_by_wrong_labels)
    images = bars(400)
    values = estimate_values(images, runs=120, seed=1, tell=nothing)
    worth, wrong = np.array([image.value for image in values.images]), images.doubt > 0
    assert worth[wrong].max() < worth[~wrong].min()
    found = {each.end: each for each in check_values(images, values, seed=2, tell=nothing)}
    assert found["bottom"].low > 0 > found["top"].high
    assert found["bottom"].change > found["random"].change > found["top"].change


@pytest.mark.tensorflow
def test_real_trainings_are_explained_checked_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path))
    images = bars(120)
    told: list[tuple[int, int]] = []
    values = estimate_values(
        images, runs=5, epochs=2, seed=1, tell=lambda done, all_: told.append((done, all_))
    )
    assert told[-1] == (10, 10)
    assert all(each.low <= each.value <= each.high for each in values.images)
    assert set(values.sources) == {"here"}
    assert len(values.styles) == 20
    found = check_values(images, values, seed=2, tell=nothing, seeds=1, epochs=2)
    assert [(each.end, each.removed) for each in found] == [
        ("bottom", 5),
        ("top", 5),
        ("random", 5),
    ]
    assert all(0 <= each.score <= 1 and each.low <= each.change <= each.high for each in found)

    monkeypatch.setattr(value_runs, "train_on_subsets", lambda *_, **__: pytest.fail("trained"))
    again = estimate_values(images, runs=5, epochs=2, seed=1, tell=nothing)
    assert list(again.images) == list(values.images)
