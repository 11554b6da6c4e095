"""Validation against test: how far in-split accuracy misleads."""

from collections.abc import Callable, Sequence
from html import escape
from statistics import correlation

from datagen.reports.html.charts import Chart, Line, draw
from datagen.reports.html.markup import Markup, figure, join, section, tag
from datagen.sweeps.results import words
from datagen.sweeps.results.ranking import Answer, CandidateResult, ImageSet, SweepAccuracy

Score = Callable[[CandidateResult], SweepAccuracy | None]


def misleading(answer: Answer) -> Markup:
    """Return the section."""
    title = "How far val misleads"
    against = answer.tests or ((answer.selection,) if answer.selection else ())
    if not against:
        return section(
            title,
            tag("p", "Only val was scored: nothing here shows how far it misleads."),
        )
    panels = [_panel(answer, "val", lambda candidate: candidate.val, images) for images in against]
    if answer.selection is not None and answer.tests:
        name = words.set_name(answer, answer.selection)
        panels.append(_panel(answer, name, lambda candidate: candidate.selection, answer.tests[0]))
    return section(
        title,
        tag("div", *panels, style="grid2" if len(panels) > 1 else ""),
        lead="On the dashed line both agree. The farther below it a candidate lies, the more the "
        "accuracy on the dataset's own images is too high.",
    )


def _panel(answer: Answer, name: str, score: Score, images: ImageSet) -> Markup:
    other = words.set_name(answer, images)
    pairs = [
        (candidate, ours, theirs)
        for candidate in answer.finished
        if (ours := score(candidate)) is not None
        and (theirs := answer.on(candidate, images)) is not None
    ]
    title = f"{name[0].upper()}{name[1:]} against {other}"
    if not pairs:
        return figure(title, tag("p", "No candidate that ran to the end was scored on both."))
    xs = [ours.mean for _, ours, _ in pairs]
    ys = [theirs.mean for _, _, theirs in pairs]
    alt = f"{title}. " + ", ".join(
        f"{candidate.name}: {ours.mean:.3f}, {theirs.mean:.3f}" for candidate, ours, theirs in pairs
    )
    chart = Chart(
        title=alt,
        x_label=f"accuracy on {name.split(maxsplit=1)[0]}",
        y_label=f"accuracy on {other.split(maxsplit=1)[0]}",
        x=_range(xs),
        y=_range([*ys, min(xs), max(xs)]),
        height=320,
    )
    marks = [
        _dot(answer, chart, candidate, (ours.mean, theirs.mean))
        for candidate, ours, theirs in pairs
    ]
    agreed = Line("both agree", "chance", _diagonal(chart))
    sentences = join(f"{text} " for text in told(pairs, name, other))
    return figure(title, Markup(draw(chart, [agreed], marks)), caption=sentences)


def _range(values: list[float]) -> tuple[float, float]:
    air = max(0.015, 0.08 * (max(values) - min(values)))
    return max(0.0, min(values) - air), min(1.0, max(values) + air)


def _diagonal(chart: Chart) -> list[tuple[float, float]]:
    """Return the part of the line of equal accuracies that lies in the frame."""
    low, high = max(chart.x[0], chart.y[0]), min(chart.x[1], chart.y[1])
    return [(low, low), (high, high)] if low < high else []


def _dot(answer: Answer, chart: Chart, candidate: CandidateResult, at: tuple[float, float]) -> str:
    x, y = chart.place(at)
    title = f"<title>{escape(f'{candidate.name}: {at[0]:.4f}, {at[1]:.4f}')}</title>"
    ring = ""
    if answer.best is not None and candidate.id == answer.best.id:
        ring = f'<circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="8"/>'
    return (
        f'<g class="mark s0">{title}<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4.2"/>'
        f"{ring}</g>"
    )


def told(
    pairs: list[tuple[CandidateResult, SweepAccuracy, SweepAccuracy]], name: str, other: str
) -> list[str]:
    """Say how well one accuracy predicts the other."""
    gaps = [ours.mean - theirs.mean for _, ours, theirs in pairs]
    said = [f"{name[0].upper()}{name[1:]} minus {other}: {min(gaps):+.3f} to {max(gaps):+.3f}."]
    if len(pairs) > 2:
        said = [*said, *_order(pairs, name, other)]
    return said


def _order(
    pairs: list[tuple[CandidateResult, SweepAccuracy, SweepAccuracy]], name: str, other: str
) -> list[str]:
    """Say whether both put the candidates into the same order, and what choosing by one costs."""
    said = []
    xs, ys = [ours.mean for _, ours, _ in pairs], [theirs.mean for _, _, theirs in pairs]
    if len(set(xs)) > 1 and len(set(ys)) > 1:  # else there is no order to compare
        rank = correlation(ranks(xs), ranks(ys))
        said.append(f"Rank correlation {rank:.2f}; at 1 both put the candidates into one order.")
    chosen, top = max(pairs, key=lambda pair: pair[1].mean), max(pairs, key=lambda p: p[2].mean)
    cost = top[2].mean - chosen[2].mean
    said.append(
        f"The candidate that is best on {name} is {cost:.3f} worse on {other} than "
        f"{top[0].name}, the best there."
        if cost > 0
        else f"The candidate that is best on {name} is also the best on {other}."
    )
    return said


def ranks(values: Sequence[float]) -> list[float]:
    """Return each value's rank from 1; equal ones share the mean of theirs, as Spearman asks."""
    return [
        (1 + sum(other < value for other in values) + sum(other <= value for other in values)) / 2
        for value in values
    ]
