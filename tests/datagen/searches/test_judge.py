"""Who goes on, what is noise, and when a search ends."""

import math
from itertools import pairwise

import numpy as np
import pytest

from datagen.searches.judge import Noise, best_of, gap, idle_generations, kept, noise_of

SMALL = Noise(0.001, 20)


def test_folds_of_different_difficulty_are_no_noise() -> None:
    values = {"a": {1: 0.9, 2: 0.7}, "b": {1: 0.8, 2: 0.6}, "c": {1: 0.85, 2: 0.65}}
    noise = noise_of([values])
    assert noise.std == pytest.approx(0, abs=1e-9)
    assert noise.freedom == 2


def test_noise_is_found_as_it_was_made() -> None:
    rng = np.random.default_rng(0)
    values = {
        str(k): {
            fold: float(0.7 + 0.02 * k + 0.1 * fold + rng.normal(0, 0.02)) for fold in (1, 2, 3)
        }
        for k in range(200)
    }
    assert noise_of([values]).std == pytest.approx(0.02, rel=0.1)


def test_an_interval_of_a_difference_holds_the_truth_19_times_in_20() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        values = {
            str(k): {fold: float(0.7 + rng.normal(0, 0.02)) for fold in (1, 2, 3)} for k in range(6)
        }
        found = gap(values["0"], values["1"], noise_of([values]))
        held += abs(found.mean) <= found.half  # the true difference is 0
    assert 0.91 <= held / 300 <= 0.99


def test_without_two_candidates_and_two_folds_nothing_is_known() -> None:
    for values in ({}, {"a": {1: 0.5, 2: 0.6}}, {"a": {1: 0.5}, "b": {1: 0.6}}):
        noise = noise_of([values])
        assert noise.freedom == 0
        assert not gap({1: 1.0}, {1: 0.0}, noise).real


def test_the_best_third_goes_on() -> None:
    values = {str(k): {1: k / 10, 2: k / 10} for k in range(9)}
    assert kept(values, None, SMALL, 3, frozenset()) == {"6", "7", "8"}


def test_who_cannot_beat_the_best_does_not_go_on() -> None:
    values = {str(k): {1: k / 10, 2: k / 10} for k in range(9)}
    assert kept(values, {1: 0.75, 2: 0.75}, SMALL, 3, frozenset()) == {"8"}
    assert kept(values, {1: 0.95, 2: 0.95}, SMALL, 3, frozenset({"2"})) == {"2"}
    unsure = Noise(0.3, 20)
    assert kept(values, {1: 0.95, 2: 0.95}, unsure, 3, frozenset()) == {"6", "7", "8"}


def test_of_equals_the_first_is_the_best() -> None:
    assert best_of({"a": {1: 0.5}, "b": {1: 0.5}}) == "a"
    assert best_of({}) is None


def folds(mean: float) -> dict[int, float]:
    """Return two folds of a mean."""
    return {1: mean + 0.1, 2: mean - 0.1}


def test_generations_without_a_gain_are_counted_from_the_last_gain() -> None:
    leaders = [folds(mean) for mean in (0.7, 0.7, 0.8, 0.8, 0.8)]
    assert idle_generations(leaders, SMALL) == 2
    assert idle_generations(leaders[:1], SMALL) == 0


def test_small_gains_add_up_to_one() -> None:
    noise = Noise(0.02, 1000)
    half = noise.half(2)
    steps = [0.7 + k * 0.6 * half for k in range(6)]
    assert all(0 < later - before < half for before, later in pairwise(steps))
    assert idle_generations([folds(mean) for mean in steps], noise) == 1


def test_half_widths_shrink_with_the_folds() -> None:
    assert SMALL.half(8) == pytest.approx(SMALL.half(2) / 2)
    assert math.isclose(Noise(1.0, 0).half(3), 1.0)
