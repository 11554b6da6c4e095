"""Letters that are not what their label says, and recipes that leave them out."""

from pathlib import Path

import numpy as np
import pytest

import datagen
from datagen.building.open_sources import open_pool
from datagen.core.errors import RecipeError, UsageError
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool
from datagen.letters import vet
from datagen.letters.characters import label_of
from datagen.recipes.schema import Ingredient, Recipe


def probabilities(*read: str, sure: float = 0.999) -> np.ndarray:
    rows = np.full((len(read), 36), (1 - sure) / 35, np.float32)
    for row, char in zip(rows, read, strict=True):
        row[label_of(char)] = sure
    return rows


def test_look_alikes_are_right_and_others_are_not() -> None:
    read = ("I", "1", "L", "J", "7", "U", "Y", "K", "V")
    letters = ("i", "i", "i", "i", "i", "v", "v", "x", "x")
    names = [f"n{k}" for k in range(len(read))]
    found = vet.verdicts(names, letters, probabilities(*read))
    assert {(bad.id, bad.read_as) for bad in found} == {("n4", "7"), ("n8", "V")}
    assert vet.verdicts(names, letters, probabilities(*read, sure=0.5)) == ()


def test_no_writer_is_divided_between_folds() -> None:
    groups = [f"w{k % 13}" for k in range(200)]
    folds = vet._folds(groups)
    assert set(folds.tolist()) == set(range(vet.FOLDS))
    assert len({(group, fold) for group, fold in zip(groups, folds, strict=True)}) == 13


def shapes(per_letter: int = 60, swapped: int = 1) -> GlyphPool:
    """Return i as bars, v as wedges and x as crosses, some of them under the label of another."""
    rng = np.random.default_rng(0)
    infos, inks = [], []
    for k in range(per_letter):
        for letter, shown in zip("ivx", "vxi" if k < swapped else "ivx", strict=True):
            ink = np.zeros((40, 30), np.uint8)
            lean = int(rng.integers(-3, 4))
            for row in range(40):
                left = {"i": 15 + lean, "v": row * 13 // 40, "x": row * 26 // 40}[shown]
                right = {"i": 15 + lean, "v": 26 - row * 13 // 40, "x": 26 - row * 26 // 40}[shown]
                ink[row, left : left + 4] = ink[row, right : right + 4] = 255
            ink[rng.integers(0, 40, 5), rng.integers(0, 30, 5)] = 120
            infos.append(GlyphInfo(f"{k}{letter}", letter, "lower", f"w{k}"))  # type: ignore[arg-type]
            inks.append(ink)
    return GlyphPool("shapes", infos, lambda k: Glyph(infos[k], "shapes", ink=inks[k]))


@pytest.mark.slow
@pytest.mark.tensorflow
def test_swapped_labels_are_found_and_kept_in_the_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path))
    monkeypatch.setattr(vet, "STEPS", 40)
    monkeypatch.setattr(vet, "FOLDS", 2)
    found = {bad.id for bad in vet.judge(shapes(), vet.NO_OTHERS)}
    assert found <= {"0i", "0v", "0x"}
    assert len(found) >= 2

    monkeypatch.setattr(vet, "ask_with_arrays", lambda *_: pytest.fail("judged twice"))
    assert {bad.id for bad in vet.judge(shapes(), vet.NO_OTHERS)} == found


def test_one_writer_cannot_be_judged(caplog: pytest.LogCaptureFixture) -> None:
    pool = shapes(1, 0)
    assert vet.judge(pool, vet.NO_OTHERS) == ()
    assert "one writer" in caplog.text


def test_a_recipe_leaves_letters_out(tmp_path: Path) -> None:
    names = [info.id for info in datagen.open_source("pen", writers=10).infos]
    part = {"source": "pen", "options": {"writers": 10}, "left_out": names[:5]}
    pool = open_pool(Ingredient.model_validate(part))
    assert [info.id for info in pool.infos] == names[5:]
    assert pool[0].info.id == names[5]

    built = datagen.build({"images": 100, "mix": [part]}, tmp_path / "ds")
    assert built.info is not None
    assert any("pen: 5 letters left out" in note for note in built.info.notes)
    again = datagen.build(built.path / "recipe.yaml", tmp_path / "again")
    assert again.info is not None
    assert again.info.fingerprint == built.info.fingerprint

    with pytest.raises(RecipeError, match="does not have, the first 'nobody'"):
        open_pool(Ingredient.model_validate({**part, "left_out": ["nobody"]}))


def test_vetting_notes_what_is_left_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = vet.Verdict(id="a", letter="i", read_as="Q", probability=0.0)
    asked = []

    def source(name: str, *_: object, **__: object) -> vet.Vetted:
        asked.append(name)
        return vet.Vetted(name, 9, (bad,), lambda _: np.full((28, 28), 255, np.uint8))

    monkeypatch.setattr(vet, "vet_source", source)
    mix = (Ingredient(source="emnist"), Ingredient(source="emnist", ratio=0.5))
    recipe, found = vet.vet_recipe(Recipe(mix=mix))
    assert asked == ["emnist"]
    assert [part.left_out for part in recipe.mix] == [("a",), ("a",)]
    assert vet.vet_recipe(recipe) == (recipe, [])
    assert vet.vet_sheet(found).size[0] > 100


def test_what_is_not_judged_is_not_built_elsewhere() -> None:
    with pytest.raises(UsageError, match="vet: true"):
        datagen.plan({"images": 100, "vet": True})
    vetted, _ = datagen.vet_letters({"images": 100, "vet": True})
    assert datagen.plan(vetted).count.train == 80
