"""Pipeline files: what is wrong is named, and nothing is lost on the way to YAML and back."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import InvalidPipelineError, PipelineError, UnknownPipelineError
from pipelines.pipeline import load, parse
from pipelines.registry import OPS, Op, _table

BROKEN = [
    ("steps: [{op: rotat90}]", "steps.0: unknown op 'rotat90'; did you mean 'rotate90'"),
    (
        "steps: [{op: affine, parameters: {rotat: 3}}]",
        "affine: unknown parameter 'rotat'; did you mean 'rotate'",
    ),
    ("steps: [{op: scan, prob: 1}]", "unknown key 'steps.0.prob'"),
    ("steps: [{op: scan, p: 1.5}]", "p is 1.5; a probability is 0 … 1"),
    ("steps: [{op: scan, p: -1}]", "steps.0.p: expected 0 or more"),
    ("steps: [{op: affine, parameters: {rotate: [5, -5]}}]", "runs backwards"),
    ("steps: [{op: fade, parameters: {amount: 0.9}}]", "expected 0.7 or less"),
    ("steps: [{op: affine, parameters: {rotate: .nan}}]", "rotate"),
    ("steps: [{one_of: []}]", "steps.0.one_of: expected 1 or more entries"),
    ("steps: [{one_of: [{op: scan, p: 0}]}]", "every weight p is 0"),
    ("steps: [{some_of: [{op: scan}, {op: scan}], n: [2, 1]}]", "n runs backwards, 2 … 1"),
    ("steps: [{some_of: [{op: scan}], n: 2}]", "n is 2 … 2; expected at most the 1"),
    ("steps: [{one_of: [{op: scam}]}]", "steps.0.one_of.0: unknown op 'scam'; did you mean 'scan'"),
    ("stepps: []", "unknown key 'stepps'; did you mean 'steps'"),
    ("steps: [{parameters: {}}]", "steps.0.op: missing; add it"),
    ("steps: [scan]", "steps.0"),
    ("pipeline: 2", "pipeline: expected 1"),
    ("- scan", "is no pipeline"),
    ("steps: [", "is not YAML"),
    ("steps: []\nsteps: [{op: scan}]", "key 'steps' occurs 2 times"),
    ("name: 2021-13-45", "read as a date"),
    ("steps: " + "[" * 3000 + "]" * 3000, "levels deep"),
    ("steps: [{op: background}]", "folder: missing; add it"),
]


@pytest.mark.parametrize(("text", "words"), BROKEN)
def test_what_is_wrong_is_named_in_one_line(text: str, words: str) -> None:
    with pytest.raises(InvalidPipelineError) as caught:
        parse(text, origin="bad.yaml")
    message = str(caught.value)
    assert message.startswith("bad.yaml")
    assert words in message
    assert "\n" not in message
    assert caught.value.exit_code == 2


def ranges(low: float, high: float) -> st.SearchStrategy[list[float]]:
    return st.lists(st.floats(low, high), min_size=2, max_size=2).map(sorted)


STEPS = st.one_of(
    st.fixed_dictionaries(
        {"op": st.just("affine")},
        optional={
            "p": st.floats(0, 1),
            "parameters": st.fixed_dictionaries(
                {},
                optional={"rotate": ranges(-90, 90), "fill": st.sampled_from(["white", "nearest"])},
            ),
        },
    ),
    st.fixed_dictionaries(
        {"op": st.sampled_from(sorted(set(OPS) - {"background"}))},
        optional={
            "p": st.floats(0, 1),
            "relabel": st.booleans(),
            "on_wrong_label": st.sampled_from(["refuse", "skip"]),
        },
    ),
    st.just({"op": "background", "parameters": {"folder": "scans"}}),
)
NODES = st.recursive(
    STEPS,
    lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda nodes: st.one_of(
            st.fixed_dictionaries({"some_of": st.just(nodes), "n": st.integers(0, len(nodes))}),
            st.just({"one_of": [{**node, "p": 2.5} for node in nodes], "p": 0.5}),
        )
    ),
    max_leaves=6,
)


@pytest.mark.slow
@given(steps=st.lists(NODES, max_size=4), name=st.text(max_size=12))
@settings(max_examples=100, deadline=None)
def test_round_trip(steps: list[dict[str, object]], name: str) -> None:
    first = parse(yaml.safe_dump({"name": name, "steps": steps}))
    again = parse(first.to_yaml())
    assert again == first
    assert again.to_yaml() == first.to_yaml()


def test_paths_are_taken_from_the_files_own_folder(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("steps: [{op: background, parameters: {folder: scans}}]")
    assert str(tmp_path / "scans") in load(str(file)).to_yaml()


def test_a_name_that_is_no_preset() -> None:
    with pytest.raises(UnknownPipelineError, match="did you mean 'scanned'"):
        load("scaned")
    with pytest.raises(UnknownPipelineError, match=r"no pipeline file .*none\.yaml"):
        load("none.yaml")


def test_a_file_called_like_a_preset_is_reached_by_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scanned").write_text("pipeline: 1\nname: mine\nsteps: [{op: scan}]\n")
    assert load("scanned").name == "scanned"
    assert load("./scanned").name == "mine"


def test_no_two_ops_share_a_name() -> None:
    with pytest.raises(ValueError, match="two ops are named 'scan'"):
        _table(OPS["scan"], Op("scan", OPS["scan"].parameters, OPS["scan"].apply))


def test_the_errors_carry_exit_codes() -> None:
    assert PipelineError.exit_code == 2
