"""Two images of a pair are written alike: same writer, letters, places, pipeline; other classes."""

from pathlib import Path

import numpy as np
import pytest

from datagen.building.build import build, plan_recipe
from datagen.building.render import ImageRenderer
from datagen.composition.handwritten.parameters import Hand
from datagen.datasets.format import ManifestEntry, read_manifest
from datagen.planning.twins import EDITS
from datagen.recipes.schema import Ingredient, Recipe


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    pen = Ingredient(source="pen", options={"writers": 12}, twins=0.9)
    return Recipe(mix=(pen,), images=80, seed=3, pipeline="scanned", size="native")


@pytest.fixture(scope="module")
def pairs(
    recipe: Recipe, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[ManifestEntry, ManifestEntry]]:
    """The leaders and followers of a dataset."""
    root = tmp_path_factory.mktemp("twins") / "ds"
    build(recipe, root)
    entries = {entry.index: entry for entry in read_manifest(root)}
    assert len(entries) == 80
    twins = [entry for entry in entries.values() if entry.twin is not None]
    assert len(twins) >= 56
    assert all(entries[entry.twin or 0].twin == entry.index for entry in twins)
    return [
        (entry, entries[entry.twin])
        for entry in twins
        if entry.twin is not None and (entry.numeral, entries[entry.twin].numeral) in EDITS
    ]


def test_a_pair_shares_writer_letters_and_draws(
    pairs: list[tuple[ManifestEntry, ManifestEntry]],
) -> None:
    for leader, follower in pairs:
        assert leader.seed == follower.seed
        assert leader.seed[1] == leader.index
        assert leader.split == follower.split
        assert leader.writers == follower.writers
        assert leader.style == follower.style
        places = EDITS[leader.numeral, follower.numeral]
        for glyph, place in zip(follower.glyphs, places, strict=True):
            if leader.numeral[place] == follower.numeral[places.index(place)]:
                assert glyph == leader.glyphs[place]
        one, other = leader.composition, follower.composition
        assert isinstance(one, Hand)
        assert isinstance(other, Hand)
        assert (one.sheet, one.pen, one.rotation, one.at) == (
            other.sheet,
            other.pen,
            other.rotation,
            other.at,
        )
        steps = [[step.op for step in entry.ops] for entry in (leader, follower)]
        assert steps[0] == steps[1]


def test_an_image_of_a_pair_is_its_index_s_alone_and_made_again_from_its_line(
    recipe: Recipe, pairs: list[tuple[ManifestEntry, ManifestEntry]]
) -> None:
    planned = plan_recipe(recipe)
    renderer = ImageRenderer(planned.sources)
    for leader, follower in pairs[:6]:
        for entry in (follower, leader):  # the follower first, and without its leader
            made = renderer.make(planned.items[entry.index])
            assert made.entry.sha256 == entry.sha256
            assert np.array_equal(renderer.again(entry), made.pixels)


def test_the_letters_of_both_are_as_large(
    pairs: list[tuple[ManifestEntry, ManifestEntry]], recipe: Recipe
) -> None:
    """`fill` is a share of what the whole numeral spans, so the smaller one's is corrected."""
    clean = recipe.model_copy(update={"pipeline": None, "compose": recipe.compose})
    planned = plan_recipe(clean)
    renderer = ImageRenderer(planned.sources)
    for leader, follower in pairs:
        if (leader.numeral, follower.numeral) not in {("viii", "vii"), ("iii", "ii")}:
            continue
        tall, other = (
            np.flatnonzero((renderer.make(planned.items[e.index]).pixels < 128).any(axis=1))
            for e in (leader, follower)
        )
        assert np.ptp(other) == pytest.approx(np.ptp(tall), rel=0.2)


def test_a_pair_without_ink_is_drawn_anew_as_a_pair(tmp_path: Path) -> None:
    pipeline = tmp_path / "fades.yaml"
    pipeline.write_text(
        "pipeline: 1\nsteps:\n  - op: contrast\n    p: 0.5\n    parameters: {factor: 0.05}\n"
    )
    pen = Ingredient(source="pen", options={"writers": 12}, twins=1.0, pipeline=str(pipeline))
    planned = plan_recipe(Recipe(mix=(pen,), images=50))
    renderer = ImageRenderer(planned.sources)
    anew = 0
    for item in planned.items[:16]:
        if item.twin is not None and item.twin.leads:
            one, other = (renderer.make(planned.items[k]) for k in (item.index, item.twin.index))
            assert one.entry.seed == other.entry.seed
            anew += one.attempt > 0
    assert anew
