"""Whatever stands in a record that is read back, reading it ends in an error of ours, or well."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datagen.core.errors import CorruptInputError, DatagenError
from datagen.datasets.format import INFO, MANIFEST, read_info, read_manifest
from datagen.evaluation.compare import compare
from datagen.evaluation.load import read_summaries
from datagen.files.hashing import hash_files
from datagen.recipes import load as recipes
from datagen.sources.images import review
from datagen.sources.images.weights import read_weights
from datagen.sweeps import spec as specs
from datagen.sweeps.records import TRIALS, Scored, Trial, read_trials
from datagen.sweeps.results.ranking import read
from datagen.sweeps.timing import Timing
from pipelines.errors import PipelineError
from pipelines.pipeline import parse as parse_pipeline
from pipelines.plain import write_yaml
from tests.datagen.evaluation.test_compare import summary

HOSTILE: list[Any] = [
    None,
    True,
    -1,
    0,
    1e300,
    float("nan"),
    float("inf"),
    10**30,
    10**400,
    "",
    "x" * 5000,
    "\x1b[2J\0",
    "../../x",
    "1",
    "222",
    [],
    {},
    [[]],
    [[[[[[[[[[[[1]]]]]]]]]]]],
    {"a": {"a": {}}},
]

few = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def places(plain: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value inside plain data."""
    yield path
    if isinstance(plain, dict | list):
        items = plain.items() if isinstance(plain, dict) else enumerate(plain)
        for key, value in items:
            yield from places(value, (*path, key))


def damaged(plain: Any, data: st.DataObject) -> Any:
    """Return plain data with one or two of its values replaced, removed or doubled."""
    changed = copy.deepcopy(plain)
    for _ in range(data.draw(st.integers(1, 2))):
        way = data.draw(st.sampled_from(list(places(changed))))
        if not way:
            return data.draw(st.sampled_from(HOSTILE))
        inner = changed
        for key in way[:-1]:
            inner = inner[key]
        how = data.draw(st.sampled_from(["replace", "replace", "replace", "remove"]))
        if how == "remove":
            del inner[way[-1]]
        else:
            inner[way[-1]] = copy.deepcopy(data.draw(st.sampled_from(HOSTILE)))
    return changed


def only_ours(act: Callable[[], object]) -> None:
    """Call; an error that is none of ours fails the test, and so does a long message."""
    try:
        act()
    except (DatagenError, PipelineError) as error:
        said = str(error)
        if not said.isprintable() or len(said) > 1200:
            pytest.fail(f"{said!r} is no line that fits a screen")


SUMMARY = json.loads(summary("a", "1101", "1001").model_dump_json())
TRIAL = json.loads(
    Trial(
        point="a" * 16,
        seed=123,
        epochs=100,
        val_accuracy=0.5,
        images=20,
        fingerprint="f",
        selection=Scored(
            path="t", fingerprint="g", images=4, correct=2, hits="1010", classes={"i": 0.5}
        ),
        name="pen=1",
        ratios={"pen": 1.0},
        settings={"seed": 1},
        state="done",
    ).model_dump_json()
)
WEIGHTS = {"images": [{"sha256": "a" * 64, "weight": 2.0}]}
REVIEW = {
    "review": 1,
    "name": "r",
    "about": "b",
    "images": {"a" * 64: {"verdict": "relabel", "class": "x", "was": "v", "reason": "reads x"}},
}
RECIPE = {
    "recipe": 1,
    "name": "n",
    "seed": 1,
    "images": 100,
    "mix": [{"source": "pen", "ratio": 0.5, "options": {"writers": 12}, "per_class": {"i": 3}}],
    "compose": {"method": "hand", "spacing": [0.0, 0.5], "fill": [0.3, 0.9]},
    "val": {"fraction": 0.2},
    "case_styles": {"upper": 0.5, "lower": 0.5},
}
SPEC = {
    "sweep": 1,
    "name": "s",
    "recipe": {"images": 100},
    "mix": [{"source": "pen", "ratio": "0:1:0.5"}, {"source": "images", "path": "a", "ratio": 1}],
    "vary": {"seed": [1, 2]},
    "tests": ["t"],
    "seeds": 2,
    "rungs": [10, 30],
}
PIPELINE = {
    "pipeline": 1,
    "name": "p",
    "steps": [
        {"op": "affine", "p": 0.5, "parameters": {"rotate": [-5, 5], "scale": 1.1}},
        {"one_of": [{"op": "fade", "p": 2}, {"op": "speckle"}], "p": 0.5},
        {"some_of": [{"op": "fade"}], "n": [0, 1]},
    ],
}


@few
@given(st.data())
def test_a_damaged_summary_is_refused_or_compared(tmp_path: Path, data: st.DataObject) -> None:
    file = tmp_path / "s.jsonl"
    other = SUMMARY | {"fingerprint": "b"}
    file.write_text("\n".join(json.dumps(each) for each in (damaged(SUMMARY, data), other)))
    only_ours(lambda: compare(read_summaries(file)))


@few
@given(st.data())
def test_a_damaged_trial_is_refused_or_ranked(tmp_path: Path, data: st.DataObject) -> None:
    lines = [damaged(TRIAL, data), TRIAL | {"point": "b" * 16}]
    (tmp_path / TRIALS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    only_ours(lambda: read(tmp_path))
    only_ours(lambda: read_trials(tmp_path))


@few
@given(st.data())
def test_a_damaged_dataset_is_refused_or_read(
    tmp_path: Path, tiny_record: tuple[Any, Any], data: st.DataObject
) -> None:
    info, entry = tiny_record
    (tmp_path / INFO).write_text(json.dumps(damaged(info, data)))
    (tmp_path / MANIFEST).write_text(json.dumps(damaged(entry, data)) + "\n")
    only_ours(lambda: read_info(tmp_path).count)
    only_ours(lambda: read_manifest(tmp_path))


@pytest.fixture(scope="module")
def tiny_record(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """`dataset.json` and the first line of the manifest of a dataset."""
    from datagen.building.build import build

    root = build(
        recipes.load("default").model_copy(update={"images": 100}),
        tmp_path_factory.mktemp("b") / "ds",
    ).path
    entry = (root / MANIFEST).read_text().splitlines()[0]
    return json.loads((root / INFO).read_text()), json.loads(entry)


@few
@given(st.data())
def test_damaged_weights_are_refused_or_read(tmp_path: Path, data: st.DataObject) -> None:
    file = tmp_path / "hard.json"
    file.write_text(json.dumps(damaged(WEIGHTS, data)))
    only_ours(lambda: read_weights(file))


@few
@given(st.data())
def test_a_damaged_file_of_yaml_is_refused_or_read(tmp_path: Path, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["recipe", "review", "spec", "pipeline"]))
    plain = {"recipe": RECIPE, "review": REVIEW, "spec": SPEC, "pipeline": PIPELINE}[kind]
    text = "null"
    with suppress(ValueError):  # an endless number of digits cannot be written
        text = write_yaml(damaged(plain, data))
    read_text: dict[str, Callable[[str], object]] = {
        "recipe": lambda text: recipes.parse(text, origin="r", folder=tmp_path),
        "review": lambda text: review.parse(text, origin="r"),
        "spec": lambda text: specs.validate(
            specs.located(specs.parse_yaml(text, "s"), tmp_path), origin="s"
        ),
        "pipeline": lambda text: parse_pipeline(text, origin="p", folder=tmp_path).to_yaml(),
    }
    only_ours(lambda: read_text[kind](text))


TEXTS = ["[" * 100_000, "9" * 6000, "{", "", "\xff", "nul", "[1e999]", '{"a": NaN}', "\ufeff{}"]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:9]))
def test_what_is_no_record_at_all_is_one_line(tmp_path: Path, text: str) -> None:
    for name in ("x.json", TRIALS, INFO, MANIFEST):
        (tmp_path / name).write_text(text + "\n", "utf-8")
    readers: list[Callable[[Path], object]] = [read_trials, read_info, read_manifest]
    for reader in readers:
        only_ours(lambda reader=reader: reader(tmp_path))
    for reader in (read_summaries, read_weights):
        with pytest.raises(CorruptInputError) as caught:
            reader(tmp_path / "x.json")
        assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    "damage",
    [
        '[["a", [1, 2, 3, 4], "no hash"]]',
        "[[1]]",
        "{}",
        "[" * 100_000,
        "[[" + "9" * 6000 + "]]",
        "\0",
    ],
    ids=lambda text: repr(text[:9]),
)
def test_a_damaged_cache_of_hashes_is_set_aside_and_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "a").write_text("a")
    asked: list[Path] = []

    def digest(path: Path) -> str:
        asked.append(path)
        return "0" * 32

    for _ in range(2):
        assert hash_files(tmp_path, ["a"], "v", digest) == {"a": "0" * 32}
    assert len(asked) == 1
    (kept,) = (tmp_path / "cache" / "pixels").glob("*.json")
    kept.write_text(damage)
    assert hash_files(tmp_path, ["a"], "v", digest) == {"a": "0" * 32}
    assert len(asked) == 2
    assert caplog.text.count("cannot be read") == 1
    assert kept.with_name(kept.name + ".corrupt").read_text() == damage


def test_a_timing_of_no_numbers_is_none(tmp_path: Path) -> None:
    from datagen.files.cache_dir import read_cached
    from datagen.files.json_records import read_json
    from datagen.sweeps.timing import _timings

    file = tmp_path / "t.json"
    for text in ('{"start": -1, "step": 1, "val_batch": 1}', '{"start": NaN}', "[]", "[" * 9999):
        file.write_text(text)
        assert read_cached(file, lambda path: _timings.validate_python(read_json(path))) is None
    file.write_text('{"start": 1, "step": 1, "val_batch": 1}')
    assert _timings.validate_python(read_json(file)) == Timing(1, 1, 1)


@few
@given(st.data())
def test_a_damaged_bundle_of_letters_is_a_cache_to_make_anew(
    tmp_path: Path, data: st.DataObject
) -> None:
    from datagen.sources.glyph_cache import _UNREADABLE, _read

    arrays: dict[str, Any] = {
        "ids": np.array(["a", "b"]),
        "letters": np.array(["i", "v"]),
        "cases": np.array(["lower", "upper"]),
        "writers": np.array(["", "w"]),
        "body_tops": np.array([0, 1], np.int32),
        "shapes": np.array([[2, 3], [1, 1]], np.int32),
        "offsets": np.array([0, 6, 7]),
        "ink": np.zeros(7, np.uint8),
        "notes": np.array([], np.str_),
    }
    name = data.draw(st.sampled_from(list(arrays)))
    wrong = [[], [-1, -1], [[-2, -3], [-1, -1]], ["z", "z"], [0.5, 0.5], 7, [9**9, 1], [0, 7, 6]]
    arrays[name] = np.array(data.draw(st.sampled_from(wrong)))
    np.savez(tmp_path / "x.npz", **arrays)
    with suppress(*_UNREADABLE):
        pool = _read(tmp_path / "x.npz").pool("toy")
        assert [glyph.info.letter for glyph in pool] == ["i", "v"]
