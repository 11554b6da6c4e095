"""Score against one number that varies: a line per set of images, with 95 % intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from datagen.reports.html.charts import Chart, Line, draw
from datagen.reports.html.markup import Markup, figure, tag
from datagen.sweeps.page.axes import Axis, shortened
from datagen.sweeps.results import words
from datagen.sweeps.results.ranking import Answer, CandidateResult, SweepAccuracy

_SHIFT: Final = 5.0  # SVG units between the whiskers of two sets at one place


@dataclass(frozen=True, slots=True)
class Series:
    """Accuracies of candidates on one set; `style` is a class of the style sheet."""

    name: str
    style: str
    at: tuple[tuple[float, CandidateResult, SweepAccuracy], ...]


def line_chart(answer: Answer, axis: Axis) -> Markup:
    """Return the figure."""
    series = _series(answer, axis)
    everything = [found for each in series for _, _, found in each.at]
    if not everything:
        return figure(_title(axis), tag("p", "No candidate has a score."))
    chart = Chart(
        title=_alt(series[0], axis),
        x_label=x_label(answer, axis),
        y_label="accuracy",
        x=x_range(axis),
        y=_range(everything),
        height=340,
        x_ticks=(0, 0.25, 0.5, 0.75, 1) if axis.ratio else (),
    )
    lines = [
        Line(each.name, each.style, [(x, a.mean) for x, p, a in each.at if p.state != "stopped"])
        for each in series
    ]
    middle = (len(series) - 1) / 2
    marks = [
        _mark(chart, each.style, x, candidate, found, (place - middle) * _SHIFT, answer)
        for place, each in enumerate(series)
        for x, candidate, found in each.at
    ]
    keys = [key(each.style, each.name) for each in series]
    return figure(
        _title(axis),
        Markup(draw(chart, lines, marks)),
        tag("ul", *keys, style="keys"),
        caption="Dots: mean over the seeds. Whiskers: 95 % interval, what other images would have "
        "given. Small dots: single seeds. Ring: the best candidate. "
        "Hollow and off the line: stopped early, at fewer epochs.",
    )


def x_label(answer: Answer, axis: Axis) -> str:
    """Return what stands below the horizontal axis."""
    if not axis.ratio:
        return axis.name
    others = [
        name for candidate in answer.candidates for name in candidate.ratios if name != axis.name
    ]
    return f"share of {shortened(axis.name)}; the rest is {shortened(others[0])}"


def x_range(axis: Axis) -> tuple[float, float]:
    """Return how far the horizontal axis reaches."""
    if axis.ratio:
        return 0.0, 1.0
    numbers = [float(value) for value in axis.values if isinstance(value, int | float)]
    return min(numbers), max(numbers)


def _title(axis: Axis) -> str:
    return f"Accuracy against {'the share of ' if axis.ratio else ''}{axis.name}"


def _series(answer: Answer, axis: Axis) -> list[Series]:
    """Return what decided, then the test sets; val is higher and has its own chart."""

    def gathered(name: str, style: str, found: list[SweepAccuracy | None]) -> Series:
        at = [
            (float(value), candidate, accuracy)
            for candidate, accuracy in zip(answer.candidates, found, strict=True)
            if accuracy is not None and isinstance(value := axis.value(candidate), int | float)
        ]
        return Series(name, style, tuple(sorted(at, key=lambda each: each[0])))

    candidates = answer.candidates
    decided = gathered(
        f"{words.decider(answer)} (ranked by)",
        "s0",
        [answer.score(candidate) for candidate in candidates],
    )
    tests = [
        gathered(
            words.set_name(answer, each),
            f"s{1 + place % 3}",
            [answer.on(p, each) for p in candidates],
        )
        for place, each in enumerate(answer.tests)
    ]
    return [decided, *tests]


def _range(found: Sequence[SweepAccuracy]) -> tuple[float, float]:
    """Return the range of the vertical axis: all that is drawn, with a margin."""
    values = [value for each in found for value in (*each.seeds.values(), *(each.interval or ()))]
    low, high = min(values), max(values)
    air = max(0.01, 0.06 * (high - low))
    return max(0.0, low - air), min(1.0, high + air)


def _mark(
    chart: Chart,
    style: str,
    at: float,
    candidate: CandidateResult,
    found: SweepAccuracy,
    shift: float,
    answer: Answer,
) -> str:
    """Return one candidate on one set: its whisker, its seeds and its mean."""
    x, y = chart.place((at, found.mean))
    x += shift
    parts = [f"<title>{escape(described(candidate, found, answer))}</title>"]
    if found.interval is not None:
        low, high = (chart.place((at, value))[1] for value in found.interval)
        parts.append(
            f'<path d="M{x:.1f} {low:.1f}V{high:.1f}'
            f'M{x - 3:.1f} {low:.1f}h6M{x - 3:.1f} {high:.1f}h6"/>'
        )
    if len(found.seeds) > 1:
        parts += [
            f'<circle class="seed" cx="{x:.1f}" cy="{chart.place((at, value))[1]:.1f}" r="1.8"/>'
            for value in found.seeds.values()
        ]
    parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4.2"/>')
    if answer.best is not None and candidate.id == answer.best.id:
        parts.append(f'<circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="8"/>')
    hollow = " hollow" if candidate.state == "stopped" else ""
    return f'<g class="mark {style}{hollow}">{"".join(parts)}</g>'


def described(candidate: CandidateResult, found: SweepAccuracy, answer: Answer) -> str:
    """Return a candidate with its score: the text shown under the mouse pointer."""
    interval = (
        "" if found.interval is None else f", 95 % {found.interval[0]:.3f}–{found.interval[1]:.3f}"
    )
    return f"{candidate.name}: {found.spread}{interval}, {words.state(candidate, answer)}"


def key(style: str, name: str) -> Markup:
    """Return one entry of a chart's key."""
    swatch = Markup(
        f'<svg viewBox="0 0 26 10" aria-hidden="true"><line class="line {style}" x1="0" y1="5" '
        f'x2="26" y2="5"/><g class="mark {style}"><circle class="dot" cx="13" cy="5" r="3.5"/></g>'
        "</svg>"
    )
    return tag("li", swatch, name)


def _alt(series: Series, axis: Axis) -> str:
    """Say in words what the line shows."""
    scores = ", ".join(f"{x:g}: {found.mean:.3f}" for x, _, found in series.at)
    return f"Accuracy on {series.name} against {axis.name}. {scores}"
