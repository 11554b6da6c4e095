"""An image is its recipe's seed's and its index's alone, whatever was made before it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.building.build import build, plan_recipe
from datagen.building.render import MIN_VIEW_CONTRAST, ImageRenderer, RenderedImage
from datagen.composition.handwritten.parameters import HandOptions
from datagen.core.errors import BuildError
from datagen.core.evaluator_resize import evaluator_view
from datagen.images.polarity import contrast
from datagen.recipes.schema import Ingredient, Recipe

IMAGES = 40


def make(seed: int, order: list[int]) -> dict[int, RenderedImage]:
    """Make some images of a small recipe in the order given, by index."""
    recipe = Recipe(
        seed=seed,
        images=IMAGES,
        budget=48,
        pipeline="scanned",
        mix=(Ingredient(source="pen", options={"writers": 12}),),
        val={"fraction": 0.25},
    )
    planned = plan_recipe(recipe)
    renderer = ImageRenderer(planned.sources)
    return {index: renderer.make(planned.items[index]) for index in order}


@pytest.mark.slow
@given(
    seed=st.integers(0, 2**31),
    order=st.lists(st.integers(0, IMAGES - 1), min_size=2, max_size=8, unique=True),
)
@settings(max_examples=10, deadline=None)
def test_what_was_made_before_changes_nothing_and_another_seed_does(
    seed: int, order: list[int]
) -> None:
    first, again, other = make(seed, order), make(seed, order[::-1]), make(seed + 1, order)
    for index in order:
        assert np.array_equal(first[index].pixels, again[index].pixels)
        assert first[index].entry.seed == again[index].entry.seed == (seed, index)
        assert not np.array_equal(first[index].pixels, other[index].pixels)


def test_images_made_together_are_those_made_one_by_one() -> None:
    letters = Ingredient(source="pen", options={"writers": 12}, twins=0.5)
    planned = plan_recipe(Recipe(images=60, pipeline="paper-and-pen", mix=(letters,)))
    renderer = ImageRenderer(planned.sources)
    together = list(renderer.make_all(planned.items))
    alone = [renderer.make(item) for item in reversed(planned.items)][::-1]
    assert [made.entry for made in together] == [made.entry for made in alone]


FADES = """
pipeline: 1
name: fades
steps:
  - op: contrast
    p: 0.7
    parameters: {factor: [0.02, 0.1]}
"""


@pytest.mark.parametrize(("seed", "index"), [(0, 7260), (2, 2500)])
def test_an_image_of_the_default_that_had_no_ink_is_drawn_anew(seed: int, index: int) -> None:
    planned = plan_recipe(Recipe(seed=seed))
    renderer = ImageRenderer(planned.sources)
    made = renderer.make(planned.items[index])
    assert made.attempt == 1
    assert made.entry.seed == (seed, index, 1)
    assert contrast(evaluator_view(made.pixels)) >= MIN_VIEW_CONTRAST
    assert np.array_equal(renderer.again(made.entry), made.pixels)
    before = renderer.make(planned.items[index - 1])  # all others stay what they were
    assert before.entry.seed == (seed, index - 1)


@pytest.mark.parametrize("source", ["pen", "images"])
def test_what_a_pipeline_leaves_no_ink_of_is_drawn_anew(
    source: str, numeral_folder: Path, tmp_path: Path
) -> None:
    pipeline = tmp_path / "fades.yaml"
    pipeline.write_text(FADES)
    part = {
        "pen": Ingredient(source="pen", options={"writers": 12}),
        "images": Ingredient(source="images", path=numeral_folder),
    }[source]
    planned = plan_recipe(Recipe(mix=(part,), images=60, pipeline=str(pipeline)))
    renderer = ImageRenderer(planned.sources)
    made = [renderer.make(item) for item in planned.items]
    assert all(contrast(evaluator_view(each.pixels)) >= MIN_VIEW_CONTRAST for each in made)
    assert sum(each.attempt > 0 for each in made) > 10
    for each in made[:10]:
        assert np.array_equal(renderer.again(each.entry), each.pixels)


def test_a_pipeline_that_never_leaves_ink_is_said_to_be_too_strong(tmp_path: Path) -> None:
    pipeline = tmp_path / "fades.yaml"
    pipeline.write_text(FADES.replace("0.7", "1"))
    part = Ingredient(source="pen", options={"writers": 12})
    planned = plan_recipe(Recipe(mix=(part,), images=60, pipeline=str(pipeline)))
    with pytest.raises(BuildError, match="20 attempts at 'i' from pen through .* weaken"):
        ImageRenderer(planned.sources).make(planned.items[0])


def test_a_given_image_without_ink_is_kept_and_counted(
    numeral_folder: Path, tmp_path: Path
) -> None:
    pale = np.full((320, 320), 255, np.uint8)
    pale[100:200, 101] = 100  # one column between two that the evaluator looks at
    assert contrast(evaluator_view(pale)) == 0
    cv2.imwrite(str(numeral_folder / "i" / "pale.png"), pale)
    part = Ingredient(source="images", path=numeral_folder)
    built = build(Recipe(mix=(part,)), tmp_path / "ds")
    said = [note for note in built.info.notes if "kept without ink at 32×32" in note]
    assert len(said) == 1
    assert said[0].startswith("1 given image kept")
    assert "(i/pale.png)" in said[0]
    # what a pipeline leaves without ink, whatever it draws, is taken as it came first
    pipeline = tmp_path / "fades.yaml"
    pipeline.write_text(FADES.replace("0.7", "1"))
    planned = plan_recipe(Recipe(mix=(part,), pipeline=str(pipeline), images=60))
    made = ImageRenderer(planned.sources).make(planned.items[0])
    assert (made.attempt, made.has_ink) == (0, False)


WIDE = Ingredient(source="pen", options={"writers": 30, "ranges": "wide"})


def test_what_cannot_be_read_is_drawn_anew_and_all_else_stays() -> None:
    recipe = Recipe(mix=(WIDE,), images=60, compose=HandOptions(ranges="wide"), size="native")
    plain = ImageRenderer(plan_recipe(recipe).sources)
    recipe = recipe.model_copy(update={"legibility": 0.5})
    planned = plan_recipe(recipe)
    renderer = ImageRenderer(planned.sources)
    anew = 0
    for item in planned.items:
        made = renderer.make(item)
        assert made.legible
        assert np.array_equal(renderer.again(made.entry), made.pixels)
        assert np.array_equal(plain.make(item, made.attempt).pixels, made.pixels)
        anew += made.attempt > 0
    assert 15 < anew < 45


@pytest.mark.parametrize("source", ["pen", "images"])
def test_where_no_attempt_can_be_read_the_best_is_kept_and_counted(
    source: str, numeral_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datagen.building.render.ATTEMPTS", 3)
    part = WIDE if source == "pen" else Ingredient(source="images", path=numeral_folder)
    tiny = HandOptions(fill=(0.1, 0.11))
    recipe = Recipe(mix=(part,), images=60, compose=tiny, pipeline="scanned", legibility=1)
    built = build(recipe, tmp_path / "ds")
    (said,) = [note for note in built.info.notes if "below legibility 1:" in note]
    assert int(said.split()[0]) > 30


def test_given_images_are_not_judged(numeral_folder: Path, tmp_path: Path) -> None:
    part = Ingredient(source="images", path=numeral_folder)
    assert build(Recipe(mix=(part,), legibility=1), tmp_path / "ds").info.notes == ()
