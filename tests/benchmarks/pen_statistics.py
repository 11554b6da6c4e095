"""Measure the pen model against real pens, side by side.

    PYTHONPATH=. python tests/benchmarks/pen_statistics.py [--writers 400]

Reads `strokes/handwriting_ivx.json` and `roman-mnist/train` below `../shared/data` (or
`$DATAGEN_SHARED_DATA`); prints deciles of each statistic, real and model, and their KS distance.
"""

import argparse
import math
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from scipy.stats import ks_2samp

from datagen.core.glyphs import Glyph
from datagen.sources.pen.source import PenOptions, PenSource
from datagen.sources.trajectories.source import TrajectoryOptions, TrajectorySource

SHARED = Path(os.environ.get("DATAGEN_SHARED_DATA", "../shared/data"))
STAIRCASES = ("unipen/apa", "unipen/app")

Sample = tuple[str, float]  # writer, value
Table = dict[str, list[Sample]]


def real_glyphs() -> Iterable[Glyph]:
    """Every recorded letter of the donors whose tablets were fine enough."""
    pool = TrajectorySource().open(SHARED / "strokes/handwriting_ivx.json", TrajectoryOptions())
    fine = (k for k, info in enumerate(pool.infos) if not str(info.writer).startswith(STAIRCASES))
    return (pool[k] for k in fine)


def model_glyphs(writers: int = 400, seed: int = 1) -> Iterable[Glyph]:
    """The letters of the model's writers."""
    return PenSource().open(None, PenOptions(writers=writers, seed=seed))


def measure(glyphs: Iterable[Glyph]) -> Table:
    """Gather every statistic that a glyph has, by name."""
    table: Table = defaultdict(list)
    for glyph in glyphs:
        info = glyph.info
        name = info.letter if info.case == "lower" else info.letter.upper()
        for what, value in _statistics(glyph, name).items():
            if math.isfinite(value):
                table[f"{name} {what}"].append((str(info.writer), value))
    return table


def _statistics(glyph: Glyph, name: str) -> dict[str, float]:
    strokes = [np.asarray(s, dtype=np.float64) for s in glyph.strokes or ()]
    dots = (
        [s for s in strokes if s[:, 1].max() < 0.16 and s[:, 1].mean() < 0] if name == "i" else []
    )
    body = [s for s in strokes if not any(s is dot for dot in dots)]
    every = np.concatenate(body)
    common = {"aspect": float(np.ptp(every[:, 0])), "strokes": float(len(strokes))}
    by_letter = {"i": _small_i, "I": _capital_i, "v": _v, "V": _v, "x": _x, "X": _x}
    extra = _small_i(body, dots) if name == "i" else by_letter[name](body)  # type: ignore[operator]
    return common | extra


def _stem(stroke: np.ndarray) -> dict[str, float]:
    """Slope, bow and shake of an upright stroke."""
    x, y = stroke.T
    if np.ptp(y) < 0.5:
        return {}
    line = np.polynomial.polynomial.polyfit(y, x, 1)
    curve = np.polynomial.polynomial.polyfit(y, x, 3)
    return {
        "slant": -float(line[1]),
        "bow": float(np.std(x - np.polynomial.polynomial.polyval(y, line))),
        "shake": float(np.std(x - np.polynomial.polynomial.polyval(y, curve))),
    }


def _small_i(body: list[np.ndarray], dots: list[np.ndarray]) -> dict[str, float]:
    found = {"dotted": float(bool(dots))}
    stem = max(body, key=lambda s: np.ptp(s[:, 1]))
    if np.ptp(stem[:, 0]) < 0.35:
        found |= _stem(stem)
    if dots:
        dot = np.concatenate(dots)
        top = stem[np.argmin(stem[:, 1])]
        found["dot gap"] = float(-dot[:, 1].mean())
        found["dot size"] = float(np.ptp(dot, axis=0).max())
        found["dot aside"] = float(dot[:, 0].mean() - top[0])
        found["dot slenderness"] = float(np.ptp(dot[:, 0]) / max(np.ptp(dot[:, 1]), 0.02))
    return found


def _capital_i(body: list[np.ndarray]) -> dict[str, float]:
    stem = max(body, key=lambda s: np.ptp(s[:, 1]))
    width = float(np.ptp(np.concatenate(body)[:, 0]))
    bars = [s for s in body if s is not stem]
    found: dict[str, float] = {"bare": float(len(body) == 1 and width < 0.35)}
    found["joined"] = float(len(body) == 1 and width >= 0.35)
    found["two bars"] = float(len(bars) >= 2)
    if np.ptp(stem[:, 0]) < 0.35:
        found |= _stem(stem)
    if len(bars) == 2:
        tops = sorted(bars, key=lambda s: s[:, 1].mean())
        for where, bar in zip(("top", "bottom"), tops, strict=True):
            found[f"{where} bar"] = float(np.ptp(bar[:, 0]))
            ends = bar[np.argmin(bar[:, 0])], bar[np.argmax(bar[:, 0])]
            found[f"{where} bar tilt"] = float(
                (ends[1] - ends[0])[1] / max(np.ptp(bar[:, 0]), 0.05)
            )
    return found


def _v(body: list[np.ndarray]) -> dict[str, float]:
    if len(body) != 1:
        return {}
    stroke = body[0]
    low = int(np.argmax(stroke[:, 1]))
    vertex, left, right = stroke[low], stroke[: low + 1], stroke[low:]
    if len(left) < 3 or len(right) < 3 or min(left[:, 1].min(), right[:, 1].min()) > 0.45:
        return {}
    at = {h: (_x_at(left, h), _x_at(right, h)) for h in (0.5, 0.9)}
    (l5, r5), (l9, r9) = at[0.5], at[0.9]
    width = max(r5 - l5, 0.05)
    return {
        "opening": math.degrees(math.atan2(vertex[0] - l5, 0.5) + math.atan2(r5 - vertex[0], 0.5)),
        "axis": float(0.5 * (l5 + r5) - vertex[0]) / 0.5,
        "roundness": float((r9 - l9) / width),
        "start": float(left[0, 1]),
        "end": float(right[-1, 1]),
        "rise": float(left[:, 1].min() - right[:, 1].min()),
        "retrace": float(_length(left) / np.linalg.norm(left[-1] - left[0]) - 1),
        "curl": float(_length(right) / np.linalg.norm(right[-1] - right[0]) - 1),
    }


def _x_at(path: np.ndarray, height: float) -> float:
    return float(path[np.argmin(np.abs(path[:, 1] - height)), 0])


def _length(path: np.ndarray) -> float:
    return float(np.hypot(*np.diff(path, axis=0).T).sum())


def _x(body: list[np.ndarray]) -> dict[str, float]:
    found = {"lifted": float(len(body) >= 2)}
    if len(body) != 2:
        return found
    falling = max(body, key=_slope)
    rising = body[0] if falling is body[1] else body[1]
    found["falling bend"] = (
        _length(falling) / max(float(np.linalg.norm(falling[-1] - falling[0])), 0.1) - 1
    )
    found["rising bend"] = (
        _length(rising) / max(float(np.linalg.norm(rising[-1] - rising[0])), 0.1) - 1
    )
    found["falling angle"] = math.degrees(math.atan2(np.ptp(falling[:, 1]), np.ptp(falling[:, 0])))
    found["rising angle"] = math.degrees(math.atan2(np.ptp(rising[:, 1]), np.ptp(rising[:, 0])))
    found["height ratio"] = math.log(
        max(float(np.ptp(falling[:, 1])), 0.05) / max(float(np.ptp(rising[:, 1])), 0.05)
    )
    apart = np.linalg.norm(falling[:, None] - rising[None], axis=2)
    k = np.unravel_index(np.argmin(apart), apart.shape)[0]
    found["crossing y"] = float(falling[k, 1])
    left, right = np.concatenate(body)[:, 0].min(), np.concatenate(body)[:, 0].max()
    found["crossing x"] = float((falling[k, 0] - left) / max(right - left, 0.05))
    return found


def _slope(stroke: np.ndarray) -> float:
    first, last = sorted((stroke[0], stroke[-1]), key=lambda p: p[0])
    return float(last[1] - first[1])


def pen_widths() -> list[float]:
    """Line width over ink height of each real numeral: the ridge of the distance transform."""
    widths = []
    for path in sorted((SHARED / "roman-mnist/train").glob("*/*.png")):
        ink = (cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) < 160).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(ink)
        if count < 2:
            continue
        kept = [n for n in range(1, count) if stats[n, 4] > 0.1 * stats[1:, 4].max()]
        ink = np.isin(labels, kept).astype(np.uint8)
        rows = np.flatnonzero(ink.any(axis=1))
        distance = cv2.distanceTransform(np.pad(ink, 1), cv2.DIST_L2, 5)
        ridge = (distance > 0) & (distance >= cv2.dilate(distance, np.ones((3, 3))))
        widths.append(float(2 * np.median(distance[ridge]) - 1) / float(np.ptp(rows) + 1))
    return widths


def spread(samples: list[Sample]) -> tuple[float, float]:
    """Standard deviation within writers (pooled) and between writers' medians, both robust."""
    by_writer = defaultdict(list)
    for writer, value in samples:
        by_writer[writer].append(value)
    several = [np.array(v) for v in by_writer.values() if len(v) >= 3]
    if not several:
        return math.nan, math.nan
    residuals = np.concatenate(
        [(v - np.median(v)) * math.sqrt(len(v) / (len(v) - 1)) for v in several]
    )
    medians = np.array([np.median(v) for v in several])
    return _robust(residuals), _robust(medians)


def _robust(values: np.ndarray) -> float:
    low, high = np.percentile(values, [16, 84])
    return float(high - low) / 2


def balanced(samples: list[Sample], most: int = 5) -> np.ndarray:
    """At most a few values of each writer, so that the diligent do not outvote the rest."""
    by_writer = defaultdict(list)
    for writer, value in samples:
        by_writer[writer].append(value)
    rng = np.random.default_rng(0)
    return np.concatenate([rng.permutation(v)[:most] for v in by_writer.values()])


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--writers", type=int, default=400)
    real, model = measure(real_glyphs()), measure(model_glyphs(parser.parse_args().writers))
    print(f"{'':22}{'real: p10  p50  p90  mean':>31}{'model: p10  p50  p90  mean':>31}"
          f"{'KS':>6}{'within r/m':>14}{'between r/m':>14}")  # fmt: skip
    distances, within, between = [], [], []
    for name in sorted(real.keys() & model.keys()):
        pair = [balanced(table[name]) for table in (real, model)]
        cells = [
            "".join(f"{q:7.2f}" for q in [*np.percentile(v, [10, 50, 90]), v.mean()]) for v in pair
        ]
        (wr, br), (wm, bm) = spread(real[name]), spread(model[name])
        distance = ks_2samp(*pair).statistic
        distances.append(distance)
        within += [wm / wr] if min(wr, wm) > 0 else []
        between += [bm / br] if min(br, bm) > 0 else []
        print(f"{name:22}{cells[0]:>31}{cells[1]:>31}{distance:6.2f}"
              f"{wr:7.3f}{wm:7.3f}{br:7.3f}{bm:7.3f}")  # fmt: skip
    print(f"KS ≤ 0.2: {sum(d <= 0.2 for d in distances)} of {len(distances)};"
          f" median spread, model / real: within writers {np.median(within):.2f},"
          f" between {np.median(between):.2f}")  # fmt: skip
    pens = [g.pen for g in model_glyphs(2000) if g.info.id.endswith("/i0") and g.pen]
    widths = pen_widths()
    for name, values in (("pen, roman-mnist", widths), ("pen, model", pens)):
        print(
            f"{name:22}", *(f"{q:6.3f}" for q in np.percentile(values, [5, 10, 25, 50, 75, 90, 95]))
        )


if __name__ == "__main__":
    main()
