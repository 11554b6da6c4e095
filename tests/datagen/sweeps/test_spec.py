"""What a spec says, what it refuses, and that it survives being written down."""

from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from datagen.cli.commands.sweep import _spec
from datagen.core.errors import MissingInputError, RecipeError, UnknownNameError, UsageError
from datagen.sweeps.candidates import candidates_of
from datagen.sweeps.flags import swept_ingredient, varied_key, with_options
from datagen.sweeps.run import load_spec
from datagen.sweeps.spec import (
    Spec,
    axis_values,
    located,
    parse_yaml,
    read_plain,
    validate,
    validate_located,
)
from datagen.sweeps.store import read_spec

TWO = "mix:\n- {source: pen, ratio: 0:1:0.25}\n- {source: fonts, path: ttf, ratio: 0:1:0.25}\n"


def test_an_axis_is_exact_and_reaches_its_stop() -> None:
    tenths = tuple(Fraction(k, 10) for k in range(11))
    assert axis_values("0:1:0.1") == tenths
    assert axis_values("0.7") == (Fraction(7, 10),)
    assert axis_values("0:1:0.3") == tuple(Fraction(3 * k, 10) for k in range(4))


@pytest.mark.parametrize("text", ["", "a", "0:1", "0:1:0", "1:0:0.1", "-1:1:1", "0:1:nan", "1/0"])
def test_what_is_no_axis_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"START:STOP:STEP"):
        axis_values(text)


def test_yaml_reads_an_axis_as_one_and_not_as_minutes() -> None:
    plain = parse_yaml(TWO, "here")
    assert [part["ratio"] for part in plain["mix"]] == ["0:1:0.25", "0:1:0.25"]
    assert parse_yaml("a: 0:100:25\nb: 2.5\nc: 7", "here") == {"a": "0:100:25", "b": 2.5, "c": 7}


def test_paths_in_a_file_start_at_its_folder(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(TWO + "tests: [book]\nselect: held\n")
    spec = validate(read_plain(tmp_path / "spec.yaml"), origin="spec.yaml")
    assert spec.mix[1].path == tmp_path / "ttf"
    assert spec.tests == (tmp_path / "book",)
    assert spec.selection == tmp_path / "held"


VARIED = """\
recipe: {val: {folder: a}, mix: [{source: images, path: a, options: {review: competition-2021}}]}
vary:
  pipeline: [mine.yaml, sub/other, scanned, null]
  mix.0.pipeline: [one.yaml, none]
  mix.0.path: [ttf]
  mix.0.options.review: [review.yaml, competition-2021]
  val.folder: [held]
  seed: [1]
"""


def test_varied_paths_start_where_the_others_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, shell = tmp_path / "beside", tmp_path / "shell"
    for folder in (beside, shell):
        folder.mkdir()
    monkeypatch.chdir(shell)
    (beside / "spec.yaml").write_text(VARIED)
    spec = validate(read_plain(beside / "spec.yaml"), origin="spec.yaml")
    assert spec.vary == {
        "pipeline": (str(beside / "mine.yaml"), str(beside / "sub" / "other"), "scanned", None),
        "mix.0.pipeline": (str(beside / "one.yaml"), "none"),
        "mix.0.path": (str(beside / "ttf"),),
        "mix.0.options.review": (str(beside / "review.yaml"), "competition-2021"),
        "val.folder": (str(beside / "held"),),
        "seed": (1,),
    }
    key, values = varied_key("pipeline=mine.yaml,scanned")
    flags = located({"vary": {key: values}}, Path.cwd())
    assert flags["vary"] == {"pipeline": [str(shell / "mine.yaml"), "scanned"]}
    options = _spec(None, {"mix": ["images:a=1"]}, ["images.review=mine.yaml"]).mix[0].plain(1)
    assert options["options"] == {"review": str(shell / "mine.yaml")}


@given(
    st.builds(
        Spec,
        name=st.text(min_size=1, max_size=9),
        seeds=st.integers(1, 9),
        strategy=st.just("halving"),
        images=st.none() | st.integers(1, 10_000),
        rungs=st.sets(st.integers(1, 99), min_size=1).map(sorted).map(tuple),
        vary=st.dictionaries(
            st.sampled_from(["seed", "val.fraction", "pipeline"]),
            st.lists(
                st.none() | st.integers() | st.text(max_size=5) | st.floats(0, 1),
                min_size=1,
                unique_by=lambda value: (value,),
            ).map(tuple),
        ),
    )
)
def test_a_spec_written_down_reads_back(spec: Spec) -> None:
    assert Spec.model_validate(parse_yaml(spec.to_yaml(), "round trip")) == spec


@pytest.mark.parametrize("strategy", ["grid", "halving", "tpe"])
def test_a_spec_that_is_kept_has_the_keys_of_its_strategy(tmp_path: Path, strategy: str) -> None:
    spec = validate({"strategy": strategy, "vary": {"seed": [1, 2]}}, origin="test")
    kept = parse_yaml(spec.to_yaml(tmp_path), "kept")
    assert ("rungs" in kept, "trials" in kept) == (strategy == "halving", strategy == "tpe")
    assert "points" not in kept
    assert validate(kept, origin="kept") == spec


def test_a_spec_that_an_earlier_version_kept_is_read(tmp_path: Path) -> None:
    spec = validate({"vary": {"seed": [1, 2]}}, origin="test")
    (tmp_path / "spec.yaml").write_text(spec.to_yaml() + "rungs: [5]\ntrials: 3\npoints: simplex\n")
    assert read_spec(tmp_path) == spec


def test_such_a_spec_may_be_given_as_a_file_too(tmp_path: Path) -> None:
    spec = validate({"name": "mine", "vary": {"seed": [1, 2]}}, origin="test")
    all_keys = spec.model_dump(mode="json")
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(all_keys))
    assert load_spec(tmp_path / "spec.yaml") == spec
    (tmp_path / "spec.yaml").write_text("vary: {seed: [1, 2]}\nrungs: [5]\n")
    with pytest.raises(RecipeError, match="rungs belongs to strategy halving"):
        load_spec(tmp_path / "spec.yaml")


def test_a_spec_in_a_sweep_moves_with_what_it_names(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    (before / "sweep").mkdir(parents=True)
    for name in ("a.yaml", "b.yaml"):
        (before / name).write_text("pipeline: 1\nsteps: []\n")
    plain = {
        "mix": [{"source": "images", "path": "photos", "options": {"boost": "w.json"}}],
        "recipe": {"recipe": 1, "pipeline": "a.yaml"},
        "vary": {"pipeline": ["a.yaml", "b.yaml"]},
        "tests": ["book"],
        "select": "held",
    }
    (before / "photos").mkdir()
    (before / "w.json").write_text("{}")
    spec = validate_located(plain, before, origin="test")
    text = spec.to_yaml(before / "sweep")
    assert str(tmp_path) not in text
    (before / "sweep" / "spec.yaml").write_text(text)
    assert read_spec(before / "sweep") == spec
    ids = [each.id for each in candidates_of(spec, before / "sweep")]
    assert {each.settings["pipeline"] for each in candidates_of(spec, before / "sweep")} == {
        "../a.yaml",
        "../b.yaml",
    }

    before.rename(after)
    moved = read_spec(after / "sweep")
    assert moved == validate_located(plain, after, origin="test")
    assert moved is not None
    assert [each.id for each in candidates_of(moved, after / "sweep")] == ids
    old = candidates_of(moved)  # earlier versions named datasets by absolute paths
    (after / "sweep" / "datasets" / old[0].id).mkdir(parents=True)
    assert candidates_of(moved, after / "sweep")[0] == old[0]


def test_a_written_spec_needs_no_other_file(tmp_path: Path) -> None:
    base = tmp_path / "base.yaml"
    base.write_text("recipe: 1\nimages: 70\nmix: [{source: fonts, path: ttf}]\n")
    (tmp_path / "spec.yaml").write_text("recipe: base.yaml\nvary: {seed: [1, 2]}\n")
    spec = validate(read_plain(tmp_path / "spec.yaml"), origin="spec.yaml")
    base.unlink()
    again = validate(parse_yaml(spec.to_yaml(), "kept"), origin="kept")
    assert again == spec
    assert again.base().images == 70
    assert again.base().mix[0].path == tmp_path / "ttf"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mixx: []", "unknown key 'mixx'; did you mean 'mix'"),
        ("strategy: halfing", "strategy"),
        ("rungs: [30, 10]", "do not rise"),
        ("mix: [{source: pen, ratio: 0:0:1}]", "never above 0"),
        ("mix: [{source: pen, ratio: 0}]", "no ratio of the mix is ever above 0"),
        ("mix: [{source: pen, ratio: 0:1:0.00001}]", "at most 1,001"),
        ("vary: {seed: []}", "seed has no values; give at least one"),
        ("vary: {seed: [1, 2, 1]}", "seed has a value twice; give each one once"),
        ("vary: {mix.0.ratio: [1, 2]}", "ratios vary in mix"),
        ("seeds: 0", "seeds"),
        ("rungs: [5, 10]", "rungs belongs to strategy halving; this sweep's is grid"),
        ("trials: 3\nstrategy: halving", "trials belongs to strategy tpe"),
        ("finalists: 2\nreduction: 3\nsampler_seed: 0", "belong to strategy halving and tpe"),
        ("points: product\nvary: {seed: [0, 1]}", "no ratio varies"),
        ("points: simplex\nmix: [{source: pen, ratio: 1}]", "no ratio varies"),
    ],
)
def test_bad_keys_are_named(text: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        validate(parse_yaml(text, "spec.yaml"), origin="spec.yaml")


def test_bad_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="no sweep file"):
        read_plain(tmp_path / "nowhere.yaml")
    for text in ("[1, 2]", "a: [", "mix: []\nmix: []"):
        (tmp_path / "spec.yaml").write_text(text)
        with pytest.raises(RecipeError, match="spec.yaml is not"):
            read_plain(tmp_path / "spec.yaml")
    with pytest.raises(UnknownNameError, match="unknown recipe"):
        validate({"recipe": "defualt"}, origin="flags")


def test_flags_become_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert swept_ingredient("images:real=0:1:0.5") == {
        "source": "images",
        "path": str(tmp_path / "real"),
        "ratio": "0:1:0.5",
    }
    assert varied_key("val.fraction=0.1,0.2") == ("val.fraction", [0.1, 0.2])
    assert varied_key("pipeline=null,scanned") == ("pipeline", [None, "scanned"])
    for text in ("pen", "pen=x", "pen=0:1", "=0:1:1"):
        with pytest.raises(UsageError):
            swept_ingredient(text)
    for text in ("seed", "seed=", "=1"):
        with pytest.raises(UsageError, match="--vary"):
            varied_key(text)
    with pytest.raises(RecipeError, match="--vary seed is not YAML"):
        varied_key("seed=[1")


def test_a_recipes_name_may_be_longer_than_a_file_names(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown recipe 'xxx"):
        located({"recipe": "x" * 5000}, tmp_path)


def test_options_reach_every_ingredient_of_their_source() -> None:
    mix = [{"source": "pen"}, {"source": "images", "options": {"scan": False}}]
    found = with_options(mix, ["images.skip_bad=true", "pen.writers=12"])
    assert found == [
        {"source": "pen", "options": {"writers": 12}},
        {"source": "images", "options": {"scan": False, "skip_bad": True}},
    ]
    assert "options" not in mix[0]
    with pytest.raises(UnknownNameError, match="unknown source in --option 'fonts'"):
        with_options(mix, ["fonts.a=1"])
    with pytest.raises(UsageError, match="SOURCE.KEY=VALUE"):
        with_options(mix, ["pen=1"])


def test_pauses_lie_before_the_end() -> None:
    halving = {"strategy": "halving"}
    assert Spec.model_validate(halving).pauses == (10, 30)
    assert Spec.model_validate(halving | {"preview": 20}).pauses == (10,)
    assert Spec().pauses == ()
    assert yaml.safe_load(Spec(seeds=2).to_yaml())["seeds"] == 2
