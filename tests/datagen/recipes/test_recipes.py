from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.core.errors import MissingInputError, RecipeError, UnknownNameError, UsageError
from datagen.recipes import load as recipes
from datagen.recipes import overrides
from datagen.recipes.overrides import Overrides
from datagen.recipes.schema import Ingredient, Recipe, Validation

NOWHERE = Path("/nowhere")


def parse(text: str) -> Recipe:
    return recipes.parse(text, origin="r.yaml", folder=NOWHERE)


ingredients = st.builds(
    Ingredient,
    source=st.sampled_from(["pen", "emnist", "images"]),
    path=st.none() | st.sampled_from([Path("/a"), Path("/b/c.zip")]),
    ratio=st.floats(0.01, 100),
    options=st.dictionaries(st.sampled_from(["split", "seed"]), st.integers(0, 9)),
)


@given(
    st.builds(
        Recipe,
        name=st.text(st.characters(codec="utf-8")),
        seed=st.integers(0, 2**31),
        images=st.none() | st.integers(1, 10_000),
        budget=st.integers(1, 20_000),
        fit=st.booleans(),
        size=st.sampled_from([32, "native"]),
        mix=st.lists(ingredients, min_size=1, max_size=3).map(tuple),
        val=st.builds(Validation, fraction=st.floats(0.01, 0.99)),
    )
)
def test_yaml_round_trip(recipe: Recipe) -> None:
    assert parse(recipe.to_yaml()) == recipe


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mixx: 3", "unknown key 'mixx'; did you mean 'mix'"),
        ("mix: [{source: pen, ration: 2}]", "unknown key 'mix.0.ration'; did you mean 'ratio'"),
        ("compose: {method: hand, barz: 1}", "'compose.barz'; did you mean 'bars'"),
        ("val: {fractoin: 0.1}", "'val.fractoin'; did you mean 'fraction'"),
        ("val: {fraction: 2}", "val.fraction: .* less than 1 .given 2"),
        ("mix: [{source: pen, ratio: -1}]", "mix.0.ratio: expected 0 or more"),
        ("mix: [{source: pen, ratio: .nan}]", "mix.0.ratio: .* finite"),
        ("mix: [{source: pen, ratio: 0}]", "no ratio is above 0"),
        ("mix: []", "no ratio is above 0"),
        ("val: {mix: [{source: pen, ratio: 0}]}", "val.mix: no ratio is above 0"),
        ("mix: [{source: pen, per_class: {xi: 3}}]", "0.per_class: 'xi' is no class; expected i,"),
        ("mix: [{source: pen, per_class: -3}]", "0.per_class: expected a whole .*given -3"),
        ("mix: [{source: pen, per_class: true}]", "0.per_class: expected a whole .*given True"),
        ("mix: [{source: pen, per_class: {i: 2.5}}]", "0.per_class: expected a whole number"),
        ("mix: [{source: pen, per_class: ALL}]", "such a number by class, or all .given 'ALL'"),
        ("case_styles: {mixed: 1}", "upper and lower both have weight 0"),
        ("val: {folder: a, mix: [{source: pen}]}", "a mix or a folder, not both"),
        ("[", "is not YAML"),
        ("- pen", "is not a recipe"),
    ],
)
def test_a_bad_recipe_is_one_clear_line(text: str, says: str) -> None:
    with pytest.raises(RecipeError, match=says) as caught:
        parse(text)
    assert str(caught.value).startswith("r.yaml")
    assert "\n" not in str(caught.value)


def test_relative_paths_belong_to_the_recipes_folder(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text("mix: [{source: images, path: mine}]\nval: {folder: ../val}\n")
    loaded = recipes.load(str(file))
    assert loaded.mix[0].path == tmp_path / "mine"
    assert loaded.val.folder == tmp_path.parent / "val"


def test_a_pipeline_in_a_folder_is_a_file_whatever_its_ending(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("pipeline: top5\nmix: [{source: pen, pipeline: pipes/light}]\n")
    loaded = recipes.load(str(file))
    assert loaded.pipeline == "top5"
    assert loaded.mix[0].pipeline == str(tmp_path / "pipes" / "light")


def test_flags_override_the_file() -> None:
    base = parse("{images: 50, seed: 3, val: {fraction: 0.3}}")
    flags = Overrides(mix=(Ingredient(source="emnist"),), seed=9, size="native")
    changed = overrides.override(base, flags)
    assert (changed.mix[0].source, changed.seed, changed.size) == ("emnist", 9, "native")
    assert (changed.images, changed.val.fraction) == (50, 0.3)


def test_val_flags_replace_each_other() -> None:
    base = parse("val: {mix: [{source: emnist}]}")
    changed = overrides.override(base, Overrides(val_dir=Path("/v")))
    assert changed.val.folder == Path("/v")
    assert changed.val.mix == ()


def test_options_reach_every_ingredient_of_their_source() -> None:
    changed = overrides.override(
        parse("mix: [{source: pen}, {source: emnist}]"),
        Overrides(options=(("emnist", "split", "letters"), ("pen", "writers", "5"))),
    )
    assert [part.options for part in changed.mix] == [{"writers": 5}, {"split": "letters"}]
    with pytest.raises(UnknownNameError, match="'emnst'.*did you mean 'emnist'"):
        overrides.override(changed, Overrides(options=(("emnst", "split", "letters"),)))


def test_skip_bad_is_an_option_of_every_images_source() -> None:
    mix = (Ingredient(source="images", options={"scan": True}), Ingredient(source="pen"))
    changed = overrides.override(Recipe(mix=mix), Overrides(skip_bad=True))
    assert [part.options for part in changed.mix] == [{"scan": True, "skip_bad": True}, {}]
    with pytest.raises(UsageError, match="--skip-bad passes over image files, and no source is"):
        overrides.override(Recipe(), Overrides(skip_bad=True))


def test_ingredients_parse() -> None:
    assert overrides.ingredient("pen") == Ingredient(source="pen")
    assert overrides.ingredient("emnist:a:b.zip").path == Path("a:b.zip")
    mixed = overrides.mixed_ingredient("images:a=b=2.5")
    assert (mixed.path, mixed.ratio) == (Path("a=b"), 2.5)


@pytest.mark.parametrize("text", ["", ":path", "pen:"])
def test_an_ingredient_needs_its_parts(text: str) -> None:
    with pytest.raises(UsageError, match="NAME"):
        overrides.ingredient(text)


@pytest.mark.parametrize("text", ["pen", "pen=", "pen=-1", "pen=x", "pen=inf", "pen=nan"])
def test_a_mix_needs_a_ratio(text: str) -> None:
    with pytest.raises(UsageError, match="RATIO"):
        overrides.mixed_ingredient(text)


def test_missing_and_unknown_recipes() -> None:
    with pytest.raises(MissingInputError, match=r"no recipe file nope\.yaml"):
        recipes.load("nope.yaml")
    with pytest.raises(UnknownNameError, match="unknown recipe 'defalt'.*did you mean 'default'"):
        recipes.load("defalt")


def test_a_file_called_like_a_recipe_is_reached_by_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("default").write_text("{recipe: 1, name: mine, mix: [{source: fonts}]}")
    assert recipes.load("default").mix[0].source == "pen"
    assert recipes.load("./default").name == "mine"


MULTIPLIED = "a: &a [1, 2], " + ", ".join(
    f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]"
    for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGED = "a: &a {k: 1}\n" + "\n".join(
    f"{one}: &{one} {{<<: [{', '.join([f'*{before}'] * 9)}]}}"
    for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("seed: 1\nseed: 2\n", "key 'seed' occurs 2 times"),
        ("mix:\n- {source: pen, ratio: 1, ratio: 2}\n", "key 'ratio' occurs 2 times"),
        ("name: 2021-13-45\n", "read as a date"),
        (f"images: {'9' * 5000}\n", "more than 40 characters for a number"),
        ("mix: " + "[" * 3000 + "]" * 3000, "levels deep"),
        ("mix: [{source: images, path: '~no-such-user/x'}]\n", "no home folder is known"),
        ('mix: [{source: images, path: "a\\0b"}]\n', "holds a NUL"),
        ('name: "\\ud800"\n', "unable to parse raw data as a unicode string"),
        ("mix: [{source: pen, options: &a {writers: *a}}]\n", "cannot be used"),
        (f"mix: [{{source: pen, options: {{{MULTIPLIED}}}}}]\n", "aliases multiply"),
        (MERGED, "merges multiply|unknown key"),  # newer PyYAMLs do not multiply merges
        ("mix: [{source: pen, ratio: 1.0e+200}]\n", "expected 1,000,000,000,000 or less"),
        ("case_styles: {upper: 1.0e+308, lower: 1.0e+308}\n", "expected 1,000,000,000,000 or less"),
    ],
)
def test_hostile_yaml_is_one_clear_line(text: str, says: str) -> None:
    with pytest.raises(RecipeError, match=says) as caught:
        parse(text)
    assert "\n" not in str(caught.value)


def test_merge_keys_still_work() -> None:
    found = parse("mix: [&pen {source: pen, ratio: 2}, {<<: *pen, ratio: 3}]\n")
    assert [part.ratio for part in found.mix] == [2, 3]


def test_an_option_that_is_not_yaml_is_named() -> None:
    with pytest.raises(RecipeError, match=r"--option pen\.writers is not YAML"):
        overrides.override(Recipe(), Overrides(options=(("pen", "writers", "["),)))


def test_paths_and_pipelines_come_by_flags() -> None:
    base = parse("mix: [{source: images, ratio: 2}, {source: pen}]\nval: {mix: [{source: images}]}")
    changed = overrides.override(
        base, Overrides(paths=(("images", Path("/photos")),), pipeline="scanned")
    )
    assert [part.path for part in (*changed.mix, *changed.val.mix)] == [
        Path("/photos"),
        None,
        Path("/photos"),
    ]
    assert changed.pipeline == "scanned"
    with pytest.raises(UnknownNameError, match="emnist"):
        overrides.override(base, Overrides(paths=(("emnist", Path("/e")),)))


def test_a_source_or_a_mix_by_flags() -> None:
    assert overrides.mix_of(None, None) is None
    assert overrides.mix_of("pen", None) == (Ingredient(source="pen"),)
    assert overrides.mix_of(None, ["pen=0.5", "emnist:/e=2"]) == (
        Ingredient(source="pen", ratio=0.5),
        Ingredient(source="emnist", path=Path("/e"), ratio=2),
    )
    with pytest.raises(UsageError, match="--source and --mix exclude each other"):
        overrides.mix_of("pen", ["pen=1"])


def test_val_comes_from_one_place() -> None:
    with pytest.raises(UsageError, match="--val-from and --val-dir exclude each other"):
        Overrides(val_from=Ingredient(source="pen"), val_dir=Path("/v"))


def test_sizes_and_source_paths_parse() -> None:
    assert [overrides.image_size(text) for text in (None, "32", "native")] == [None, 32, "native"]
    with pytest.raises(UsageError, match="--size '33' is neither 32 nor native"):
        overrides.image_size("33")
    assert overrides.source_path("images=a=b") == ("images", Path("a=b"))
    with pytest.raises(UsageError, match="is not SOURCE=PATH"):
        overrides.source_path("images")


@pytest.mark.parametrize("key", ["twins", "legibility", "ranges"])
def test_options_added_later_leave_older_recipes_and_their_fingerprints_as_they_were(
    key: str,
) -> None:
    assert f"{key}:" not in Recipe().to_yaml()
