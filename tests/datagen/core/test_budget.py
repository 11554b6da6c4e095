import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.core.budget import Count, shares, table


def test_the_published_count_is_in_batches() -> None:
    count = Count(9_750, 250)
    assert (count.exact, count.in_batches) == (10_000, 10_008)
    assert not count.within(10_000)
    assert Count(8_000, 2_000).within(10_000)


def test_the_nearest_split_takes_the_fewest_images_away() -> None:
    assert Count(9_750, 250).fitted(10_000) == Count(9_750, 248)
    assert Count(9_187, 813).fitted(10_000, val_fixed=True) == Count(9_184, 813)
    assert Count(8_080, 2_020).fitted(10_000) == Count(8_000, 2_000)


@given(st.integers(1, 3_000), st.integers(1, 3_000), st.integers(1, 4_000))
def test_a_fitted_split_fits(train: int, val: int, budget: int) -> None:
    count = Count(train, val)
    fitted = count.fitted(budget)
    if fitted is None:
        assert budget < 16  # two batches always hold one image each
        return
    assert fitted.within(budget)
    assert 1 <= fitted.train <= train
    assert 1 <= fitted.val <= val
    if count.within(budget):
        assert fitted == count


@given(
    st.integers(0, 20_000),
    st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1e6), min_size=1).filter(
        lambda weights: sum(weights.values()) > 0
    ),
)
def test_shares_are_exact(total: int, weights: dict[str, float]) -> None:
    counts = shares(total, weights)
    assert sum(counts.values()) == total
    whole = sum(weights.values())
    for key, weight in weights.items():
        assert abs(counts[key] - total * weight / whole) < 1 + 1e-6


@pytest.mark.parametrize("weights", [{"a": 0.0}, {"a": -1.0, "b": 2.0}])
def test_shares_need_a_positive_weight(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="0 or more, one above 0"):
        shares(10, weights)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=30),
    st.tuples(*(st.floats(0.05, 1),) * 3),
)
def test_a_table_comes_out_even_both_ways(
    rows: list[tuple[int, bool]], weights: tuple[float, float, float]
) -> None:
    upper, lower, mixed = weights
    described = [
        (total, {"upper": upper, "lower": lower} | ({"mixed": mixed} if has_mixed else {}))
        for total, has_mixed in rows
    ]
    counts = table(described)
    for (total, _), row in zip(described, counts, strict=True):
        assert sum(row.values()) == total
        assert min(row.values()) >= 0
    for style in ("upper", "lower", "mixed"):
        ideal = sum(total * w.get(style, 0) / sum(w.values()) for total, w in described)
        assert abs(sum(row.get(style, 0) for row in counts) - ideal) <= 1
