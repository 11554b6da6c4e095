"""Recorded strokes: both formats, what is dot and what is body, and every bad file's one line."""

import json
import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.core.errors import CorruptInputError, MissingInputError, UnknownNameError
from datagen.core.glyphs import Glyph, GlyphPool
from datagen.sources import get_source
from datagen.sources.settle import smooth, survey
from datagen.sources.trajectories.source import TrajectoryOptions, TrajectorySource

SHARED = Path(os.environ.get("DATAGEN_SHARED_DATA", "../shared/data"))

DOT = [[505, 100], [508, 104]]
STEM = [[500, 400], [498, 700], [500, 1000]]
V = [[0, 0], [300, 1000], [700, 20]]


def _entry(
    label: str, *strokes: list[Any], src: str = "unipen", writer: str = "a/b"
) -> dict[str, Any]:
    return {"src": src, "label": label, "writer": writer, "strokes": list(strokes)}


def _open(tmp_path: Path, content: Any, **options: Any) -> GlyphPool:
    path = tmp_path / "strokes.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return TrajectorySource().open(path, TrajectoryOptions(**options))


def _strokes(glyph: Glyph) -> tuple[np.ndarray, ...]:
    assert glyph.strokes is not None
    return glyph.strokes


def test_an_i_is_scaled_to_its_stem_and_its_dot_floats(tmp_path: Path) -> None:
    pool = _open(tmp_path, [_entry("i", DOT, STEM)])
    stem, dot = _strokes(pool[0])
    assert (stem[:, 1].min(), stem[:, 1].max()) == pytest.approx((0, 1))
    assert dot[:, 1].mean() == pytest.approx((102 - 400) / 600, abs=0.02)
    assert min(stem[:, 0].min(), dot[:, 0].min()) == pytest.approx(0)
    info = pool.infos[0]
    assert (info.id, info.letter, info.case, info.writer) == (
        "unipen/a/b/i0", "i", "lower", "unipen/a/b",
    )  # fmt: skip
    assert pool[0].pen is None
    assert get_source("trajectories").name == "trajectories"


def test_the_bar_of_a_capital_is_no_dot(tmp_path: Path) -> None:
    bar = [[300, 0], [700, 0]]
    pool = _open(tmp_path, [_entry("I", bar, [[500, 60], [500, 1000]])])
    assert pool.infos[0].case == "upper"
    ink = np.concatenate(_strokes(pool[0]))
    assert (ink[:, 1].min(), ink[:, 1].max()) == pytest.approx((0, 1))


def test_a_point_dots_an_i_and_is_a_stray_touch_elsewhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        pool = _open(tmp_path, [_entry("i", [[500, 100]], STEM), _entry("v", V, [[900, 900]])])
    assert [len(_strokes(glyph)) for glyph in pool] == [2, 1]
    assert all(len(stroke) >= 2 for glyph in pool for stroke in _strokes(glyph))
    assert "passed over 1 stray strokes" in caplog.text


def test_unusable_letters_are_passed_over_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flat, far = [[0, 500], [1000, 500]], [[0, 0], [5, 5]]
    letters = [
        _entry("v", flat),
        _entry("i", far, [[0, 900], [0, 1000]]),
        _entry("v", V),
        _entry("Q", V),
    ]
    pool = _open(tmp_path, letters)
    assert [info.id for info in pool.infos] == ["unipen/a/b/v1"]
    assert caplog.messages == [
        "trajectories: 2 of 3 letters passed over: 1 flat like a line or a dot (1 of 2 'v'; the "
        "first by unipen/a/b); 1 with a dot far above (1 of 1 'i'; the first by unipen/a/b)"
    ]


@pytest.mark.parametrize(
    ("letter", "why"),
    [
        ([[3, 3]], "1 flat like a line or a dot"),
        ([[x + 1e17, y + 1e17] for x, y in V], "1 with coordinates too large to hold a shape"),
        ([[x * 1e-300, y * 1e-300] for x, y in V], "1 flat like a line or a dot"),
    ],
)
def test_a_file_without_a_usable_letter_says_why(
    tmp_path: Path, letter: list[list[float]], why: str
) -> None:
    with pytest.raises(CorruptInputError) as error:
        _open(tmp_path, [_entry("v", letter)])
    assert f"strokes.json is usable: {why} (1 of 1 'v'; the first by unipen/a/b)" in str(
        error.value
    )


def test_names_do_not_depend_on_the_filters(tmp_path: Path) -> None:
    entries = [
        _entry("v", V), _entry("v", V), _entry("v", V, src="digilets", writer="digilets/002"),
        _entry("x", V, writer="c"),
    ]  # fmt: skip
    everything = _open(tmp_path, entries)
    assert [i.id for i in everything.infos] == [
        "unipen/a/b/v0", "unipen/a/b/v1", "digilets/002/v0", "unipen/c/x0",
    ]  # fmt: skip
    assert [i.id for i in _open(tmp_path, entries, src=("digilets",)).infos] == ["digilets/002/v0"]
    assert [i.id for i in _open(tmp_path, entries, writers=("unipen/c",)).infos] == ["unipen/c/x0"]


def test_a_filter_must_name_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(
        UnknownNameError, match=r"unknown collection 'unipn' \(did you mean 'unipen'\?\)"
    ):
        _open(tmp_path, [_entry("v", V)], src=("unipn",))
    with pytest.raises(UnknownNameError, match="unknown writer"):
        _open(tmp_path, [_entry("v", V)], writers=("nobody",))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{not json", "is not JSON"),
        ("\x00\x01", "is not JSON"),
        ('{"a": 1}', "holds a JSON dict; expected a list"),
        ("[]", "holds no letter i, v or x"),
        ([1], "entry 0: expected an object"),
        ([_entry("v", V), {"label": "v"}], "entry 1: 'src' is missing"),
        ([_entry("Q", V)], "holds no letter i, v or x"),
        ([_entry("v")], "entry 0: 'strokes' must be a list of strokes with points, none empty"),
        ([_entry("v", V, [])], "entry 0: 'strokes' must be"),
        ([_entry("v", V), _entry("v", [[1, 2, 3]])], "entry 1: a point is not a pair"),
        ([_entry("v", V), _entry("v", [[1, "2"]])], "entry 1: a point is not a pair"),
        ([_entry("v", V), _entry("v", [1, 2])], "entry 1: a point is not a pair"),
        ([_entry("v", V), _entry("v", [[0, float("nan")]])], "entry 1: a point is not a pair"),
        ([_entry("v", V), _entry("v", [[0, -1e300]])], "entry 1: a point is not a pair"),
    ],
)  # fmt: skip
def test_a_bad_file_gets_one_clear_line(tmp_path: Path, content: Any, says: str) -> None:
    with pytest.raises(CorruptInputError) as error:
        _open(tmp_path, content)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
    assert "strokes.json" in str(error.value)


def test_missing_input_says_what_to_give(tmp_path: Path) -> None:
    for path in (None, tmp_path / "absent.json", tmp_path):
        with pytest.raises(MissingInputError, match="JSON"):
            TrajectorySource().open(path, TrajectoryOptions())


# --- Chars74K ------------------------------------------------------------------------------------


def _matlab(name: str, strokes: list[list[list[float]]], axis: int) -> str:
    cells = ";\n".join("[" + "\n".join(f"{p[axis]:.6e}" for p in s) + "]" for s in strokes)
    return f"{name} = {{{cells};\n}};\n"


def _trj(folder: Path, name: str, strokes: list[list[list[float]]]) -> Path:
    path = folder / f"Sample{name[3:6]}" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(_matlab("rows", strokes, 1) + _matlab("cols", strokes, 0))
    return path


def test_chars74k_trajectories_are_read_by_class_and_writer(tmp_path: Path) -> None:
    _trj(tmp_path, "img045_007.m", [STEM, DOT])
    _trj(tmp_path, "img032_055.m", [V])
    _trj(tmp_path, "img011_001.m", [V])  # an A
    pool = TrajectorySource().open(tmp_path, TrajectoryOptions())
    assert [(i.id, i.letter, i.case, i.writer) for i in pool.infos] == [
        ("chars74k/055/V0", "v", "upper", "chars74k/055"),
        ("chars74k/007/i0", "i", "lower", "chars74k/007"),
    ]
    stem, dot = _strokes(pool[1])
    assert dot[:, 1].max() < 0 < stem[:, 1].max()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("plot(1)", "expected MATLAB cells"),
        ("rows = {[1 2]};\ncols = {[1 2 3]};", "equally many numbers"),
        ("rows = {};\ncols = {};", "equally many numbers"),
        ("rows = {[1 b]};\ncols = {[1 2]};", "not a number"),
        ("rows = {[]};\ncols = {[]};", "empty"),
        ("rows = {[1 nan]};\ncols = {[1 2]};", "not finite"),
        ("rows = {[1 1e300]};\ncols = {[1 2]};", "not finite, or beyond 1e\\+100"),
    ],
)
def test_a_bad_matlab_file_gets_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    _trj(tmp_path, "img045_007.m", [STEM]).write_text(text)
    with pytest.raises(CorruptInputError, match=says):
        TrajectorySource().open(tmp_path, TrajectoryOptions())


# --- geometry ------------------------------------------------------------------------------------


def test_a_staircase_becomes_a_slope() -> None:
    steps = np.repeat(np.arange(0, 1001, 50), 2).astype(float)
    stairs = np.column_stack([0.5 * steps[1:], steps[:-1]])
    (path,) = smooth([stairs], survey([stairs], dotted=False))
    off = path[:, 0] - 0.5 * path[:, 1]
    assert np.abs(off - off.mean()).max() < 0.6 * 0.025  # half a step of the original is 0.025


@settings(max_examples=150, deadline=None)
@given(
    strokes=st.lists(
        st.lists(st.tuples(*[st.integers(0, 1000)] * 2), min_size=1, max_size=12),
        min_size=1,
        max_size=4,
    ),
    dotted=st.booleans(),
    scale=st.sampled_from([1, 1e-310, 1e-99, 1e-9, 1e9, 1e96]),
    offset=st.sampled_from([0, 1e-9, 1e6, -1e13, 1e15, 1e17, 1e99]),
)
def test_any_strokes_are_refused_or_brought_to_measure(
    strokes: list[list[tuple[int, int]]], dotted: bool, scale: float, offset: float
) -> None:
    raw = [np.array(stroke, dtype=np.float64) * scale + offset for stroke in strokes]
    found = survey(raw, dotted=dotted)
    assert len(found.body) + len(found.dots) + found.stray == len(raw)
    if found.reason is not None:
        return
    paths = smooth(raw, found)
    body = np.concatenate(paths[: len(found.body)])
    assert body[:, 1].min() == pytest.approx(0, abs=1e-5)
    assert body[:, 1].max() == pytest.approx(1, abs=1e-5)
    assert np.concatenate(paths)[:, 0].min() == pytest.approx(0, abs=1e-5)
    assert all(p.dtype == np.float32 and len(p) >= 2 and np.isfinite(p).all() for p in paths)


@pytest.mark.slow
@pytest.mark.skipif(
    not (SHARED / "strokes/handwriting_ivx.json").exists(),
    reason=f"no recorded strokes at {SHARED}/strokes (set DATAGEN_SHARED_DATA)",
)
def test_the_real_file_is_nearly_all_usable() -> None:
    pool = TrajectorySource().open(SHARED / "strokes/handwriting_ivx.json", TrajectoryOptions())
    assert len(pool) > 0.98 * 11_763
    assert len({i.id for i in pool.infos}) == len(pool)
    assert {i.writer.split("/")[0] for i in pool.infos if i.writer} == {
        "unipen", "digilets", "digilets_corrupted", "omniglot",
    }  # fmt: skip
    dotted = [
        len(pool[k].strokes or ()) > 1 for k, i in enumerate(pool.infos[:400]) if i.letter == "i"
    ]
    assert np.mean(dotted) > 0.5
