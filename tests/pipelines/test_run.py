"""Running and replaying: everything is in the record, and one generator decides everything."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import ops
from pipelines.errors import (
    InvalidRecordError,
    MissingPapersError,
    UnsuitableImageError,
    WrongLabelError,
)
from pipelines.labels import CLASSES, STYLES, Style
from pipelines.ops import GrayImage
from pipelines.ops.gray import ink_box
from pipelines.pipeline import Applied, Streams, load, parse, replay
from pipelines.registry import OPS
from tests.pipelines.conftest import Draw, check_replay, draw_numeral

SAFE = sorted(set(OPS) - {"background", "add_stroke", "remove_stroke"})


@given(
    ops_=st.lists(st.sampled_from(SAFE), min_size=2, max_size=5),
    numeral=st.sampled_from(CLASSES),
    style=st.sampled_from(STYLES),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None)
def test_whole_pipelines_replay(ops_: list[str], numeral: str, style: Style, seed: int) -> None:
    steps = [f"{{op: {op}, p: 0.7, on_wrong_label: skip, relabel: true}}" for op in set(ops_)]
    check_replay(parse(f"steps: [{', '.join(steps)}]"), draw_numeral(numeral), numeral, style, seed)


@pytest.mark.parametrize(
    "name", ["paper-and-pen", "scanned", "edge-cases", "hard-sheets", "mirrored"]
)
def test_our_presets_end_in_the_scan(name: str) -> None:
    for seed in range(10):
        out = load(name).run(draw_numeral("iv"), "iv", "upper", np.random.default_rng(seed)).image
        assert set(np.unique(out)) <= {0, 64, 255}


def seeded_anew(index: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(0, spawn_key=(index,)))


@pytest.mark.parametrize("stream", [seeded_anew, Streams(0).of])
def test_three_steps_fire_independently(
    numeral: Draw, stream: Callable[[int], np.random.Generator]
) -> None:
    # albumentations seeds the children of a Compose alike: there, all three fire or none
    factors = (0.9, 0.8, 0.7)
    marked = ", ".join(f"{{op: multiply, p: 0.5, parameters: {{factor: {f}}}}}" for f in factors)
    pipeline, image = parse(f"steps: [{marked}]"), numeral("i", side=48)
    counts = np.zeros(8)
    runs = 4000
    for index in range(runs):
        applied = pipeline.run(image, "i", "upper", stream(index)).applied
        fired = {step.parameters["factor"] for step in applied}
        counts[
            sum(bit for bit, f in zip((1, 2, 4), (0.9, 0.8, 0.7), strict=True) if f in fired)
        ] += 1
    chi_square = float(((counts - runs / 8) ** 2 / (runs / 8)).sum())
    assert chi_square < 24.3  # 7 degrees of freedom, 0.1 %


def test_one_of_follows_its_weights_and_some_of_its_number(numeral: Draw) -> None:
    image = numeral("i", side=48)
    choice = parse("steps: [{one_of: [{op: scan, p: 3}, {op: contrast, p: 1}, {op: fade, p: 0}]}]")
    rng = np.random.default_rng(1)
    chosen = [choice.run(image, "i", "upper", rng).applied[0].op for _ in range(2000)]
    assert chosen.count("scan") == pytest.approx(1500, abs=80)
    assert chosen.count("fade") == 0
    some = parse("steps: [{some_of: [{op: scan}, {op: contrast}, {op: multiply}], n: [1, 2]}]")
    seen = [tuple(s.op for s in some.run(image, "i", "upper", rng).applied) for _ in range(600)]
    assert {len(names) for names in seen} == {1, 2}
    order = ("scan", "contrast", "multiply")
    assert all(names == tuple(sorted(names, key=order.index)) for names in seen)
    assert len(set(seen)) == 6


def digest(index: int) -> str:
    rng = np.random.default_rng(np.random.SeedSequence(7, spawn_key=(index,)))
    image = draw_numeral(CLASSES[index % 10])
    made = load("paper-and-pen").run(image, CLASSES[index % 10], "unknown", rng)
    return sha256(made.image.tobytes()).hexdigest()


@pytest.mark.slow
def test_order_and_workers_change_nothing() -> None:
    alone = [digest(index) for index in range(24)]
    assert [digest(index) for index in reversed(range(24))] == alone[::-1]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(digest, range(24))) == alone
    assert len(set(alone)) == 24


def test_relabelling_is_recorded(numeral: Draw) -> None:
    pipeline = parse("steps: [{op: horizontal_flip, relabel: true}]")
    result = check_replay(pipeline, numeral("iv"), "iv", "upper", 0)
    assert (result.numeral, result.applied[0].numeral) == ("vi", "vi")
    assert result.applied[0].to_json() == {
        "op": "horizontal_flip",
        "parameters": {},
        "numeral": "vi",
    }
    kept = check_replay(pipeline, numeral("x"), "x", "upper", 0)
    assert (kept.numeral, kept.applied[0].numeral) == ("x", None)


def test_stroke_edits_relabel_where_they_can_be_done(numeral: Draw) -> None:
    pipeline = parse("steps: [{op: add_stroke, relabel: true}, {op: remove_stroke, relabel: true}]")
    result = check_replay(pipeline, numeral("vi"), "vi", "upper", 3)
    assert [step.numeral for step in result.applied] == ["vii", "vi"]
    joined = numeral("vi")
    cv2.line(joined, (20, 40), (110, 40), 0, 4)
    untouched = check_replay(pipeline, joined, "vi", "upper", 3)
    assert (untouched.numeral, untouched.applied) == ("vi", ())


def test_a_run_refuses_what_check_refuses(numeral: Draw) -> None:
    pipeline = parse("steps: [{op: vertical_flip, p: 0.001}]")
    with pytest.raises(WrongLabelError, match="vertical_flip gives v"):
        pipeline.run(numeral("v"), "v", "upper", np.random.default_rng(0))
    skipping = parse("steps: [{op: vertical_flip, on_wrong_label: skip}]")
    assert skipping.run(numeral("v"), "v", "upper", np.random.default_rng(0)).applied == ()


def test_keep_ink_keeps_it(numeral: Draw) -> None:
    text = "{rotate: [-20, 20], scale: [0.7, 1.0], translate: [-0.4, 0.4], keep_ink: true}"
    pipeline = parse(f"steps: [{{op: affine, parameters: {text}}}]")
    rng = np.random.default_rng(0)
    for _ in range(50):
        left, top, width, height = ink_box(pipeline.run(numeral("x"), "x", "upper", rng).image) or (
            (0,) * 4
        )
        # strokes' ends, a pixel soft, may touch the edge and not more
        assert left + width <= 128
        assert top + height <= 128
        assert width > 24 * 0.6
        assert height > 48 * 0.6


def test_crop_to_ink_keeps_every_class_and_a_blank_sheet(numeral: Draw) -> None:
    pipeline = load("cropped")
    for shown in CLASSES:
        assert {pipeline.check(shown, style) for style in STYLES} == {frozenset({shown})}
        result = check_replay(pipeline, numeral(shown, side=200), shown, "lower", 5)
        assert [step.op for step in result.applied] == ["crop_to_ink"]
        assert (result.image < 128).sum() == (numeral(shown, side=200) < 128).sum()
        assert result.image.size < 0.7 * 200**2
    blank = np.full((40, 40), 255, np.uint8)
    assert check_replay(pipeline, blank, "i", "lower", 5).applied == ()


def test_background_takes_paper_and_records_it(tmp_path: Path, numeral: Draw) -> None:
    scan = ops.speckle(numeral("iii"), 40, 2, np.random.default_rng(0))
    cv2.imwrite(str(tmp_path / "scan.png"), scan)
    pipeline = parse(f"steps: [{{op: background, parameters: {{folder: '{tmp_path}'}}}}]")
    result = check_replay(pipeline, numeral("v", side=90), "v", "upper", 1)
    (tmp_path / "scan.png").unlink()
    assert np.array_equal(replay(numeral("v", side=90), result.applied), result.image)
    assert (result.image < 128).sum() > (numeral("v", side=90) < 128).sum()


def test_background_without_papers(tmp_path: Path, numeral: Draw) -> None:
    pipeline = parse(f"steps: [{{op: background, parameters: {{folder: '{tmp_path}'}}}}]")
    with pytest.raises(MissingPapersError, match="holds no PNG") as caught:
        pipeline.run(numeral("v"), "v", "upper", np.random.default_rng(0))
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("kind", ["large", "jpeg", "empty", "text"])
def test_background_refuses_what_is_no_png_of_a_sensible_size(
    tmp_path: Path, numeral: Draw, kind: str
) -> None:
    small = cv2.imencode(".png", numeral("v"))[1].tobytes()
    data = {
        "large": small[:16] + (10_000).to_bytes(4, "big") * 2 + small[24:],
        "jpeg": cv2.imencode(".jpg", numeral("v"))[1].tobytes(),
        "empty": b"",
        "text": b"%!PS-Adobe-3.0 EPSF-3.0",
    }
    (tmp_path / "scan.png").write_bytes(data[kind])
    pipeline = parse(f"steps: [{{op: background, parameters: {{folder: '{tmp_path}'}}}}]")
    with pytest.raises(MissingPapersError, match="cannot be read as a PNG of up to 25,000,000"):
        pipeline.run(numeral("v"), "v", "upper", np.random.default_rng(0))


def test_bars_are_for_capitals_without(numeral: Draw) -> None:
    pipeline = parse("steps: [{op: bars}]")
    rng = np.random.default_rng(0)
    assert pipeline.run(numeral("ii"), "ii", "upper", rng).applied
    assert not pipeline.run(numeral("ii"), "ii", "lower", rng).applied
    assert not pipeline.run(numeral("ii", dots=True), "ii", "unknown", rng).applied
    barred = pipeline.run(numeral("ii"), "ii", "upper", rng).image
    assert not pipeline.run(barred, "ii", "upper", rng).applied


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ([Applied("scam", {})], "op 'scam'; did you mean 'scan'"),
        ([Applied("scan", {"stepp": 3})], "the record of scan does not fit it"),
        ([Applied("scan", {"step": 0})], "cannot be replayed: step is 0"),
        ([Applied("background", {"png": "!"})], "not base64"),
        ([Applied("background", {"png": "AAAA"})], "no PNG"),
        ([Applied("remove_stroke", {"numeral": "x"})], "would become no class"),
    ],
)
def test_records_that_cannot_be_replayed(numeral: Draw, record: list[Applied], words: str) -> None:
    with pytest.raises(InvalidRecordError, match=words):
        replay(numeral("x"), record)
    with pytest.raises(InvalidRecordError, match="no record of a step"):
        Applied.from_json({"parameters": {}})


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4)), np.zeros((4, 4, 3), np.uint8), np.zeros((1, 9), np.uint8)]
)
def test_images_of_another_kind_are_refused(image: GrayImage) -> None:
    with pytest.raises(UnsuitableImageError, match="expected"):
        load("scanned").run(image, "x", "upper", np.random.default_rng(0))
