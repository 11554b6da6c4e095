"""Recall per class against what varies: which class gains and which loses by which source."""

from collections.abc import Sequence
from html import escape
from statistics import linear_regression
from typing import Final

from datagen.core.numerals import CLASSES
from datagen.reports.html.charts import ticks
from datagen.reports.html.markup import Markup, figure, join, section, tag
from datagen.sweeps.page.axes import Axis, axes, layout, shortened
from datagen.sweeps.page.colours import scale
from datagen.sweeps.page.line import x_range
from datagen.sweeps.results import words
from datagen.sweeps.results.ranking import Answer, CandidateResult, ImageSet, SweepAccuracy

_MINI: Final = (160, 112)  # width and height of a small chart, SVG units
_STRONG: Final = 40  # per cent of its colour that a cell gets at most, so that text stays readable
_FEWEST: Final = 3  # candidates from which a trend is worth telling


def classes(answer: Answer) -> Markup:
    """Return the section; it says so where no common set of images shows classes."""
    images = shown_set(answer)
    title = "Which class gains or loses by which source"
    if images is None:
        return section(
            title,
            tag("p", "Only val was scored, and it is recorded without its classes."),
        )
    candidates = [
        (p, found) for p in answer.finished if (found := answer.on(p, images)) is not None
    ]
    if not candidates:
        return section(title, tag("p", "No candidate has run to the end."))
    varied = axes(answer.candidates)
    line = varied[0] if layout(answer.candidates) == "line" else None
    trends = _trends(candidates, [axis for axis in varied if axis.ratio])
    return section(
        title,
        _small_charts(candidates, line) if line is not None and len(candidates) > 1 else "",
        trends,
        _heat(candidates, answer),
        lead=f"Recall of each class on {words.set_name(answer, images)}, mean over the seeds.",
    )


def shown_set(answer: Answer) -> ImageSet | None:
    """Return the set whose classes are shown: the first test set, else the selection set."""
    return answer.tests[0] if answer.tests else answer.selection


def _small_charts(
    candidates: Sequence[tuple[CandidateResult, SweepAccuracy]], axis: Axis
) -> Markup:
    found = [r for _, each in candidates for r in each.classes.values() if r is not None]
    ends = (max(0.0, min(found) - 0.03), min(1.0, max(found) + 0.03))
    charts = [_small_chart(name, candidates, axis, ends) for name in CLASSES]
    what = f"the share of {axis.name}" if axis.ratio else axis.name
    return figure(
        f"Recall against {what}",
        tag("div", *charts, style="minis"),
        caption="All ten charts have the same axes.",
    )


def _small_chart(
    name: str,
    candidates: Sequence[tuple[CandidateResult, SweepAccuracy]],
    axis: Axis,
    ends: tuple[float, float],
) -> Markup:
    width, height = _MINI
    left, right, top, bottom = 30, width - 8, 8, height - 20
    low, high = x_range(axis)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - low) / (high - low) if high > low else 0.5
        return left + across * (right - left), bottom - (y - ends[0]) / (ends[1] - ends[0]) * (
            bottom - top
        )

    at = sorted(
        (float(value), recall)
        for candidate, found in candidates
        if (recall := found.classes[name]) is not None
        and isinstance(value := axis.value(candidate), int | float)
    )
    parts = []
    for tick in ticks(*ends, 3):
        _, y = place(low, tick)
        parts.append(f'<line class="grid" x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{left - 5}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for value, anchor in ((low, "start"), (high, "end")):
        x, _ = place(value, ends[0])
        parts.append(f'<text x="{x:.1f}" y="{height - 4}" text-anchor="{anchor}">{value:g}</text>')
    placed = [place(*each) for each in at]
    route = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    parts.append(f'<polyline class="line s0" points="{route}"/>')
    dots = "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in placed)
    parts.append(f'<g class="mark s0">{dots}</g>')
    alt = f"Recall of {name}. " + ", ".join(f"{x:g}: {y:.2f}" for x, y in at)
    svg = (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(alt)}">'
        f"{''.join(parts)}</svg>"
    )
    return tag("div", tag("h4", name), Markup(svg))


def _trends(
    candidates: Sequence[tuple[CandidateResult, SweepAccuracy]], sources: Sequence[Axis]
) -> Markup:
    """Return how recall moves with the share of each source, as a table sources × classes."""
    shown = sources if len(sources) > 2 else sources[:1]  # of two, one is the other's rest
    found = [(axis, [trend(candidates, axis, name) for name in CLASSES]) for axis in shown]
    found = [(axis, values) for axis, values in found if any(v is not None for v in values)]
    if not found:
        return Markup("")
    largest = max(abs(v) for _, values in found for v in values if v is not None) or 1.0
    rows = [
        tag(
            "tr",
            tag("th", shortened(axis.name), scope="row"),
            *(_trend_cell(value, largest) for value in values),
        )
        for axis, values in found
    ]
    return figure(
        "More of a source, and each class",
        _class_table(rows, "trends"),
        caption="Change of recall, in percentage points, for 25 % more of the source at the cost "
        "of the others: the slope of the least-squares line through the candidates. Blue: the "
        "recall grows; orange: it falls.",
    )


def trend(
    candidates: Sequence[tuple[CandidateResult, SweepAccuracy]], axis: Axis, name: str
) -> float | None:
    """Return the slope of a class's recall over a source's share; None where points are too few."""
    at = [
        (candidate.ratios.get(axis.name, 0.0), recall)
        for candidate, found in candidates
        if (recall := found.classes[name]) is not None
    ]
    if len(at) < _FEWEST or len({x for x, _ in at}) < 2:
        return None
    return linear_regression(*zip(*at, strict=True)).slope


def _trend_cell(slope: float | None, largest: float) -> Markup:
    if slope is None:
        return tag("td", "–")
    share = round(_STRONG * abs(slope) / largest)
    style = "gain" if slope >= 0 else "loss"
    change = round(25 * slope)  # 100 points × a quarter
    shown = f"{change:+d}".replace("-", "−") if change else "0"
    return Markup(f'<td class="{style}" style="--v:{share}">{shown}</td>')


def _heat(candidates: Sequence[tuple[CandidateResult, SweepAccuracy]], answer: Answer) -> Markup:
    """Return the recalls as a table candidates × classes, best candidate first."""
    recalls = [r for _, found in candidates for r in found.classes.values() if r is not None]
    if not recalls:
        return Markup("")
    colours = scale(recalls)

    def cell(recall: float | None) -> Markup:
        if recall is None:
            return tag("td", "–")
        paint = f"background:{colours.fill(recall)};color:{colours.text(recall)}"
        return Markup(f'<td style="{paint}">{100 * recall:.0f}</td>')

    ranks = {candidate.id: rank for rank, candidate in enumerate(answer.candidates, 1)}
    rows = [
        tag(
            "tr",
            tag("th", tag("b", f"{ranks[candidate.id]} "), candidate.name, scope="row"),
            *(cell(found.classes[name]) for name in CLASSES),
        )
        for candidate, found in candidates
    ]
    return figure(
        "Recall of every candidate",
        _class_table(rows, "heat"),
        colours.legend("recall"),
        caption="In %. Candidates stand in the order of the ranking, each after its rank.",
    )


def _class_table(rows: Sequence[Markup], style: str) -> Markup:
    head = tag("tr", tag("th", ""), *(tag("th", name, scope="col") for name in CLASSES))
    return tag("table", tag("thead", head), tag("tbody", join(rows)), style=f"classes {style}")
