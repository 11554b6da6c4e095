"""The pen model: the same glyph always, a sane letter always, a person recognisable."""

import importlib.util
import itertools
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import ks_2samp

from datagen.core.glyphs import Glyph
from datagen.core.numerals import LETTERS, Case, Letter
from datagen.sources import get_source
from datagen.sources.pen import source as source_module
from datagen.sources.pen.hand import letter_model, write_all
from datagen.sources.pen.letters import intended
from datagen.sources.pen.paths import sampling
from datagen.sources.pen.source import PenOptions, PenSource
from datagen.sources.pen.wide import draw_wide_writer
from datagen.sources.pen.writer import BARS, CLOSINGS, CROSSINGS, DOTS, STEMS, Writer, draw_writer

SHARED = Path(os.environ.get("DATAGEN_SHARED_DATA", "../shared/data"))


def _bytes(glyph: Glyph) -> bytes:
    assert glyph.strokes is not None
    assert glyph.pressure is not None
    return b"".join(
        a.tobytes() for pair in zip(glyph.strokes, glyph.pressure, strict=True) for a in pair
    )


def test_it_is_registered_and_needs_no_path() -> None:
    source = get_source("pen")
    assert isinstance(source, PenSource)
    assert source.path_hint is None
    assert source.default_path() is None


def test_infos_cover_every_letter_case_and_instance_once() -> None:
    pool = PenSource().open(None, PenOptions(writers=3, instances=2))
    assert len(pool) == 3 * 6 * 2
    assert len({info.id for info in pool.infos}) == len(pool)
    assert Counter((i.writer, i.letter, i.case) for i in pool.infos) == {
        (f"pen-0-{w}", letter, case): 2
        for w in range(3)
        for letter in LETTERS
        for case in ("lower", "upper")
    }
    assert all(pool[k].info is pool.infos[k] for k in range(len(pool)))


def test_a_glyph_depends_on_nothing_but_itself() -> None:
    pool = PenSource().open(None, PenOptions(writers=4, instances=3, seed=7))
    expected = [_bytes(glyph) for glyph in pool]
    source_module._model.cache_clear()
    larger = PenSource().open(None, PenOptions(writers=9, instances=3, seed=7))
    assert [_bytes(larger[k]) for k in reversed(range(len(pool)))] == expected[::-1]
    assert len(set(expected)) == len(expected)


def test_another_seed_is_other_people() -> None:
    a, b = (PenSource().open(None, PenOptions(writers=1, seed=s)) for s in (0, 1))
    assert a[0].pen != b[0].pen
    assert {i.id for i in a.infos}.isdisjoint(i.id for i in b.infos)


@pytest.mark.parametrize("bad", [{"writers": 0}, {"instances": 0}, {"seed": -1}, {"people": 3}])
def test_bad_options_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        PenOptions.model_validate(bad)


@settings(max_examples=300, deadline=None)
@given(
    writer=st.integers(0, 2**32), instance=st.integers(0, 2**32),
    letter=st.sampled_from(LETTERS), case=st.sampled_from(["lower", "upper", "unknown"]),
    draw=st.sampled_from([draw_writer, draw_wide_writer]),
)  # fmt: skip
def test_every_letter_keeps_the_contract(
    writer: int,
    instance: int,
    letter: Letter,
    case: Case,
    draw: Callable[[np.random.Generator], Writer],
) -> None:
    person = draw(np.random.default_rng(writer))
    strokes = intended(person, letter, case)
    model = letter_model(person, letter, case)
    [written] = write_all([(model, np.random.default_rng(instance))])
    assert len(written.strokes) == len(written.pressure) == len(strokes)
    for path, pressure in zip(written.strokes, written.pressure, strict=True):
        assert path.dtype == pressure.dtype == np.float32
        assert path.shape == (len(pressure), 2)
        assert len(path) >= 4
        assert np.isfinite(path).all()
        assert ((pressure >= 0.5) & (pressure <= 1.8)).all()
    body = np.concatenate([p for p, s in zip(written.strokes, strokes, strict=True) if not s.dot])
    assert body[:, 1].min() == pytest.approx(0, abs=1e-5)
    assert body[:, 1].max() == pytest.approx(1, abs=1e-5)
    for path, stroke in zip(written.strokes, strokes, strict=True):
        if stroke.dot:
            assert path[:, 1].max() < 0
            assert path[:, 1].min() > -3
    every = np.concatenate(written.strokes)
    assert every[:, 0].min() == pytest.approx(0, abs=1e-6)
    assert np.ptp(every[:, 0]) < (3.5 if draw is draw_writer else 6)


def test_sampled_paths_keep_their_ends_and_stay_inside_their_polygon() -> None:
    corners = np.array([(0.0, 0.0), (1.0, 2.0), (2.0, 0.0), (3.0, 2.0)])
    path = sampling((0.3, 0.5)) @ corners
    assert path[0] == pytest.approx(corners[0])
    assert path[-1] == pytest.approx(corners[-1])
    assert path.min() >= 0
    assert path[:, 1].max() < 2 + 1e-9
    assert path[:, 1][: len(path) // 2].max() < 2  # the first corner is rounded off …
    sharp = sampling((0.0, 0.0)) @ corners
    assert (np.abs(sharp - corners[1]).sum(axis=1) < 1e-9).any()  # … and kept where it is sharp


def test_a_rounded_corner_looks_round_when_the_letter_is_150_pixels_high() -> None:
    path = 150 * sampling((0.5,)) @ np.array([(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
    t = np.linspace(0, 1, 200)[:, None]
    exact = 150 * ((1 - t) ** 2 * (0, 0.5) + 2 * t * (1 - t) * (0, 1) + t**2 * (0.5, 1))
    start, along = path[:-1], np.diff(path, axis=0)
    share = ((exact[:, None] - start) * along).sum(axis=-1) / (along**2).sum(axis=-1)
    nearest = start + np.clip(share, 0, 1)[..., None] * along
    assert np.linalg.norm(exact[:, None] - nearest, axis=-1).min(axis=1).max() < 0.5


def test_styles_occur_as_often_as_stated() -> None:
    people = [draw_writer(np.random.default_rng(n)) for n in range(4000)]
    drawn = [
        (DOTS, [p.dot for p in people]),
        (STEMS, [p.stem for p in people]),
        (BARS, [p.bars for p in people]),
        *((CLOSINGS, [p.closings[case] for p in people]) for case in (0, 1)),
        *((CROSSINGS, [p.crossings[case] for p in people]) for case in (0, 1)),
    ]
    for shares, styles in drawn:
        assert sum(shares.values()) == pytest.approx(1)
        seen = Counter(styles)
        assert set(seen) == set(shares)
        for style, share in shares.items():  # five standard errors
            assert seen[style] / 4000 == pytest.approx(share, abs=5 * (share / 4000) ** 0.5)


def test_wide_writers_have_extremes_and_rare_styles_as_often_as_all_others() -> None:
    people = [draw_wide_writer(np.random.default_rng(n)) for n in range(2000)]
    for styles, count in (
        ([p.dot for p in people], 4),
        ([p.stem for p in people], 4),
        ([p.bars for p in people], 4),
        *(([p.closings[case] for p in people], 4) for case in (0, 1)),
        *(([p.crossings[case] for p in people], 4) for case in (0, 1)),
    ):
        assert len(set(styles)) == count
        assert min(Counter(styles).values()) > 0.8 * 2000 / count
    fitted = [draw_writer(np.random.default_rng(n)) for n in range(2000)]
    for trait, scale in (
        ("slant", float),
        ("width", np.log),
        ("roundness", float),
        ("pen", np.log),
    ):
        own = np.array([scale(getattr(p, trait)) for p in people])
        often, _ = np.histogram(own, bins=5)
        assert often.min() > 0.8 * often.mean()
        others = np.array([scale(getattr(p, trait)) for p in fitted])
        assert own.std() > 1.2 * others.std() or trait == "roundness"


def test_wide_writers_are_other_people_than_the_fitted_of_their_seed() -> None:
    fitted = PenSource().open(None, PenOptions(writers=2))
    wide = PenSource().open(None, PenOptions(writers=2, ranges="wide"))
    assert {i.writer for i in fitted.infos}.isdisjoint(str(i.writer) for i in wide.infos)
    assert len({i.id for pool in (fitted, wide) for i in pool.infos}) == 2 * len(fitted)
    with pytest.raises(ValidationError):
        PenOptions.model_validate({"ranges": "narrow"})


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("case", ["lower", "upper"])
def test_a_writers_letters_resemble_each_other(letter: Letter, case: Case) -> None:
    pool = PenSource().open(None, PenOptions(writers=300, instances=2, seed=3))
    shapes: dict[str, list[np.ndarray]] = {}
    for k, info in enumerate(pool.infos):
        if (info.letter, info.case) == (letter, case):
            shapes.setdefault(str(info.writer), []).append(_raster(pool[k]))
    own = np.array(list(shapes.values()))  # writer, instance, pixel
    within = np.linalg.norm(own[:, 0] - own[:, 1], axis=1)
    between = np.linalg.norm(own[:, 0] - np.roll(own[:, 1], 1, axis=0), axis=1)
    assert (within < between).mean() > 0.65  # chance is 0.5; four seeds gave 0.73 … 0.89
    assert within.min() > 0  # but no two are the same


def _raster(glyph: Glyph) -> np.ndarray:
    """Soft ink on a coarse grid: how near is the letter to each of 12×9 places."""
    assert glyph.strokes is not None
    points = np.concatenate(glyph.strokes)
    grid = np.stack(np.meshgrid(np.linspace(-0.2, 1.6, 9), np.linspace(-0.9, 1.1, 12)), axis=-1)
    nearest = np.linalg.norm(grid[:, :, None] - points, axis=-1).min(axis=-1)
    return np.asarray(np.exp(-((nearest / 0.12) ** 2)).ravel())


@pytest.mark.slow
@pytest.mark.skipif(
    not (SHARED / "strokes/handwriting_ivx.json").exists(),
    reason=f"no recorded strokes at {SHARED}/strokes (set DATAGEN_SHARED_DATA)",
)
def test_distributions_match_recorded_pens() -> None:
    """Every statistic of the benchmark, on a part of the letters: none drifts away unnoticed."""
    statistics = _benchmark()
    real = statistics.measure(itertools.islice(statistics.real_glyphs(), 0, None, 3))
    model = statistics.measure(itertools.islice(statistics.model_glyphs(400, 11), 0, None, 3))
    compared = {
        name: ks_2samp(statistics.balanced(real[name]), statistics.balanced(model[name])).statistic
        for name in real.keys() & model.keys()
    }
    assert len(compared) > 50
    assert {name: ks for name, ks in compared.items() if ks > 0.33} == {}
    assert np.median(list(compared.values())) < 0.15


def _benchmark() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks/pen_statistics.py"
    spec = importlib.util.spec_from_file_location("pen_statistics", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
