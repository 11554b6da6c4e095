"""Every candidate of the simplex once, nothing twice, nothing empty."""

from fractions import Fraction
from itertools import product
from math import comb
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.core.errors import RecipeError, UsageError
from datagen.planning.resolve import resolve
from datagen.sweeps.candidates import candidates_of, fingerprint, mixes_of, source_keys
from datagen.sweeps.spec import Spec, axis_values

SOURCES = ("pen", "emnist", "chars74k", "fonts")


def spec_of(*ratios: str, **keys: object) -> Spec:
    mix = [{"source": SOURCES[k], "ratio": ratio} for k, ratio in enumerate(ratios)]
    return Spec.model_validate({"mix": mix, **keys})


@given(st.integers(1, 4), st.integers(1, 8), st.sampled_from([1, 5, 100]))
def test_a_simplex_has_all_its_candidates_once(sources: int, parts: int, scale: int) -> None:
    axis = f"0:{scale}:{Fraction(scale, parts)}"
    mixes = mixes_of(spec_of(*[axis] * sources))
    assert len(mixes) == len(set(mixes)) == comb(parts + sources - 1, sources - 1)
    assert all(sum(mix) == 1 for mix in mixes)


axes = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 3)).map(
    lambda numbers: f"{numbers[0]}:{numbers[0] + numbers[1]}:{numbers[2]}"
)


@given(st.lists(axes | st.integers(0, 3).map(str), min_size=1, max_size=3))
def test_a_product_has_every_mix_once_and_no_empty_one(ratios: list[str]) -> None:
    values = [axis_values(ratio) for ratio in ratios]
    if any(":" in ratio and not max(axis) for ratio, axis in zip(ratios, values, strict=True)):
        return  # refused by the spec
    if not any(map(max, values)):
        return
    varies = any(":" in ratio for ratio in ratios)
    mixes = mixes_of(spec_of(*ratios, **({"points": "product"} if varies else {})))
    expected = {
        tuple(value / sum(mix) for value in mix) for mix in product(*values) if sum(mix) > 0
    }
    assert set(mixes) == expected
    assert len(mixes) == len(expected)


def test_a_varied_path_is_named_by_what_tells_it_from_the_others() -> None:
    paths = ["/data/a/roman/train", "/data/b/roman/train", "/data/c"]
    spec = Spec(vary={"val.folder": tuple(paths), "pipeline": ("/mine.yaml", "scanned", None)})
    names = [candidate.name for candidate in candidates_of(spec)]
    assert len(set(names)) == 9
    assert names[:2] == [
        "val.folder=a/roman/train pipeline=mine.yaml",
        "val.folder=a/roman/train pipeline=scanned",
    ]
    assert names[-1] == "val.folder=c pipeline=None"


def test_equal_mixes_on_other_scales_are_one() -> None:
    mixes = mixes_of(spec_of("0:1:0.25", "0:1:0.25", points="product"))
    assert mixes.count((Fraction(1, 2), Fraction(1, 2))) == 1
    assert len(mixes) == 13
    assert mixes_of(spec_of("0:100:25", "0:100:25")) == mixes_of(spec_of("0:1:0.25", "0:1:0.25"))


def test_a_fixed_ratio_stands_beside_an_axis() -> None:
    mixes = mixes_of(spec_of("0:2:1", "1"))
    assert mixes == [(0, 1), (Fraction(1, 2), Fraction(1, 2)), (Fraction(2, 3), Fraction(1, 3))]


def test_candidates_carry_recipes_that_hold_no_empty_source() -> None:
    spec = spec_of("0:1:0.5", "0:1:0.5", images=60)
    first, second, third = candidates_of(spec)
    assert [candidate.name for candidate in (first, second, third)] == [
        "pen=0 emnist=1",
        "pen=0.5 emnist=0.5",
        "pen=1 emnist=0",
    ]
    assert [part.source for part in first.recipe.mix] == ["emnist"]
    assert second.ratios == {"pen": 0.5, "emnist": 0.5}
    assert {candidate.recipe.images for candidate in (first, second, third)} == {60}
    assert first.id == fingerprint(first.recipe)[:16]
    renamed = first.recipe.model_copy(update={"name": "other"})
    assert fingerprint(renamed) == fingerprint(first.recipe)


def test_an_edited_pipeline_makes_other_candidates(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    spec = Spec.model_validate({"vary": {"pipeline": [str(file), "scanned"]}})

    def ids(text: str) -> list[str]:
        file.write_text(text)
        return [candidate.id for candidate in candidates_of(spec)]

    first = ids("pipeline: 1\nsteps: [{op: scan}]\n")
    edited = ids("pipeline: 1\nsteps: [{op: fade}]\n")
    assert edited[0] != first[0]
    assert edited[1] == first[1]
    assert ids("pipeline: 1\nsteps: [{op: scan}]\n") == first


def test_any_key_of_a_recipe_varies() -> None:
    vary = {"val.fraction": [0.1, 0.2], "seed": [1, 2], "compose.slant": [0.0]}
    spec = Spec.model_validate({"vary": {key: vary[key] for key in ("val.fraction", "seed")}})
    candidates = candidates_of(spec)
    assert [candidate.settings for candidate in candidates] == [
        {"val.fraction": fraction, "seed": seed} for fraction in (0.1, 0.2) for seed in (1, 2)
    ]
    assert [candidate.recipe.val.fraction for candidate in candidates] == [0.1, 0.1, 0.2, 0.2]
    assert [candidate.recipe.seed for candidate in candidates] == [1, 2, 1, 2]
    assert candidates[0].ratios == {}
    deep = Spec.model_validate({"vary": {"mix.0.options.writers": [5, 9]}})
    assert [p.recipe.mix[0].options["writers"] for p in candidates_of(deep)] == [5, 9]


def test_the_same_source_twice_has_two_keys(tmp_path: Path) -> None:
    mix = [{"source": "images", "path": str(tmp_path / n), "ratio": "0:1:1"} for n in "ab"]
    candidates = candidates_of(Spec.model_validate({"mix": mix}))
    assert [dict(candidate.ratios) for candidate in candidates] == [
        {"images": 0.0, "images-2": 1.0},
        {"images": 1.0, "images-2": 0.0},
    ]
    given = [(part.path, part.ratio) for part in candidates[0].recipe.mix]
    assert given == [(tmp_path / "a", 0.0), (tmp_path / "b", 1.0)]


def test_nothing_varying_is_refused() -> None:
    for spec in (Spec(), spec_of("0:1:1"), spec_of("1", "2"), Spec(vary={"seed": (3,)})):
        with pytest.raises(UsageError, match="nothing varies"):
            candidates_of(spec)
    with pytest.raises(UsageError, match="mixes to try; at most 10,000,000"):
        candidates_of(spec_of("0:1:0.01", "0:1:0.01", "0:1:0.01", "0:1:0.01"))
    with pytest.raises(UsageError, match="candidates; at most 10,000"):
        candidates_of(spec_of("0:1:0.005", "0:1:0.005", "0:1:0.005"))
    with pytest.raises(UsageError, match="settings to try; at most 10,000"):
        candidates_of(Spec(vary={f"mix.{k}.per_class": tuple(range(100)) for k in range(9)}))


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("val.fractoin", "did you mean 'val.fraction'|did you mean 'fraction'"),
        ("val.fraction.deep", "has no keys"),
        ("mix.7.source", "not a position"),
        ("imagse", "did you mean 'images'"),
    ],
)
def test_a_key_that_is_none_is_named(key: str, message: str) -> None:
    with pytest.raises((RecipeError, UsageError), match=message):
        candidates_of(Spec.model_validate({"vary": {key: [1, 2]}}))


def test_a_value_out_of_range_is_named() -> None:
    with pytest.raises(RecipeError, match=r"candidate val\.fraction=2: val\.fraction"):
        candidates_of(Spec.model_validate({"vary": {"val.fraction": [0.5, 2.0]}}))


def test_a_source_has_one_name_on_the_page_and_in_manifests() -> None:
    mix = [{"source": "images", "path": f"/{name}", "ratio": "0:1:0.5"} for name in "ab"]
    spec = Spec.model_validate({"mix": [*mix, {"source": "pen", "ratio": "0:1:0.5"}]})
    assert source_keys(spec) == ["images", "images-2", "pen"]
    for candidate in candidates_of(spec):
        named = {key: part.ratio for key, part in resolve(candidate.recipe).ingredients.items()}
        assert named == {key: share for key, share in candidate.ratios.items() if share > 0}


def test_a_share_of_0_has_no_influence_on_a_candidates_id() -> None:
    """Sweeps of before named the same candidates by recipes without such ingredients."""
    mix = [{"source": "images", "path": f"/{name}", "ratio": "0:1:1"} for name in "ab"]
    spec = Spec.model_validate({"mix": mix})
    for candidate in candidates_of(spec):
        used = tuple(part for part in candidate.recipe.mix if part.ratio > 0)
        assert len(used) == 1 < len(candidate.recipe.mix)
        short = candidate.recipe.model_copy(update={"mix": used})
        assert candidate.id == fingerprint(short)[:16]


def test_ingredients_of_one_pool_are_told_apart_by_their_pipelines() -> None:
    pen = {"source": "pen", "ratio": "0:1:0.5"}
    spec = Spec.model_validate({"mix": [pen, pen | {"pipeline": "scanned"}, pen]})
    assert source_keys(spec) == ["pen", "pen+scanned", "pen+3"]
