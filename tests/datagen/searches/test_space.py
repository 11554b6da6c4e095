"""Settings become recipes for one's own images; shipped recipes are where a search starts."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datagen.recipes import load as recipes
from datagen.searches.space import SPACE, Range, at, has_real, recipe_of, shipped_starts
from datagen.searches.strength import pipeline_of, scaled
from pipelines.pipeline import load
from tests.datagen.searches.conftest import spec_of


def one_of(part: Range | tuple[str, ...]) -> "st.SearchStrategy[float | str]":
    """Return what draws a value of a setting."""
    if isinstance(part, tuple):
        return st.sampled_from(part)
    return st.floats(part.low, part.high).map(part.nearest)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.fixed_dictionaries({key: one_of(part) for key, part in SPACE.items()}))
def test_all_settings_make_a_recipe_that_reads_back(
    tmp_path: Path, drawn: dict[str, float | str]
) -> None:
    spec = spec_of(tmp_path / "mine", review="competition-2021")
    recipe = recipe_of(drawn, spec, tmp_path, "try 1")
    assert recipe.budget == 1000
    real = [part for part in (*recipe.mix, *recipe.val.mix) if part.source == "images"]
    assert real
    assert {part.path for part in real} == {tmp_path / "mine"}
    assert all(part.options == {"review": "competition-2021"} for part in real)
    moved = at(recipe, tmp_path / "rest")
    assert str(tmp_path / "mine") not in moved.to_yaml()


def test_a_search_starts_from_the_recipes_that_need_no_other_images(tmp_path: Path) -> None:
    starts = {each.name: each for each in shipped_starts(spec_of(tmp_path / "mine"), tmp_path)}
    assert {"competition", "synthetic-only", "top5"} <= starts.keys()
    assert not {"combined", "raw"} & starts.keys()  # they need more
    assert not {"competition-1", "synthetic-1"} & starts.keys()  # kept for comparison only
    assert "competition-2021" not in starts["competition"].recipe.to_yaml()
    assert starts["competition"].settings["copies.share"] == 0.5
    assert not has_real(starts["synthetic-only"].recipe)
    assert starts["synthetic-only"].settings == {}


def test_earlier_versions_of_a_shipped_recipe_are_no_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of(tmp_path / "mine")
    before = shipped_starts(spec, tmp_path)
    texts = recipes.shipped()
    monkeypatch.setattr(recipes, "shipped", lambda: texts | {"top5-1": texts["top5"]})
    assert shipped_starts(spec, tmp_path) == before


@pytest.mark.parametrize("strength", [0.5, 1.5])
@pytest.mark.parametrize("key", ["copies.pipeline", "pen.pipeline"])
def test_every_pipeline_can_be_as_strong_as_a_search_asks(
    tmp_path: Path, key: str, strength: float
) -> None:
    names = SPACE[key]
    assert isinstance(names, tuple)
    for name in set(names) - {"none"}:
        file = pipeline_of(name, strength, tmp_path)
        assert load(file).name == f"{name}-x{strength:g}"
        for numeral in ("i", "ix", "x"):
            load(file).check(numeral, "upper")


def test_a_pipeline_of_strength_1_is_the_shipped_one(tmp_path: Path) -> None:
    assert pipeline_of("scanned", 1.0, tmp_path) == "scanned"
    assert not list(tmp_path.iterdir())


def test_weights_of_alternatives_stay_as_they_are() -> None:
    one_of = [{"op": "grid_paper", "p": 0.5}, {"op": "ruled_paper", "p": 0.4}]
    plain = {"name": "a", "steps": [{"one_of": one_of, "p": 0.2}]}
    assert scaled(plain, 2)["steps"] == [{"one_of": one_of, "p": 0.4}]
