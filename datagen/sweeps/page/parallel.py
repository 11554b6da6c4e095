"""Score against many things that vary: parallel coordinates, read from top to bottom.

The axes lie, one below the other, so that their names can be read and any number of them fits a
phone; each candidate of the sweep is a line through all of them that ends at its score.
"""

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Final

from datagen.reports.html.charts import ticks
from datagen.reports.html.markup import Markup, figure, html, tag
from datagen.sweeps.page.axes import Axis, shortened, text
from datagen.sweeps.page.line import described
from datagen.sweeps.results import words
from datagen.sweeps.results.ranking import Answer, CandidateResult, SweepAccuracy

_WIDTH: Final = 420
_LEFT, _RIGHT = 138.0, 34.0  # SVG units; names stand on the left
_TOP, _STEP = 22.0, 74.0
_LONGEST: Final = 14  # characters of a name
_SPREAD: Final = 12.0  # SVG units over which lines through one value are spread


def parallel(answer: Answer, axes: Sequence[Axis]) -> Markup:
    """Return the figure."""
    drawn = [(p, found) for p in answer.candidates if (found := answer.score(p)) is not None]
    title = f"Accuracy on {words.decider(answer)}, and all that varies"
    if not drawn:
        return figure(title, tag("p", "No candidate has a score."))
    ends = _ends([a for p, a in drawn if p.state != "stopped"] or [a for _, a in drawn])
    bottom = _TOP + _STEP * len(axes)
    lines = [
        _line(
            answer,
            axes,
            candidate,
            found,
            rank / max(1, len(drawn) - 1),
            None if candidate.state == "stopped" else ends,
        )
        for rank, (candidate, found) in reversed(list(enumerate(drawn)))
    ]
    frame = [_axis(axis, _TOP + _STEP * k) for k, axis in enumerate(axes)]
    frame.append(_score_axis(bottom, ends))
    best = "none" if answer.best is None else answer.best.name
    alt = f"{len(drawn)} lines through {len(axes)} axes to their accuracy; best: {best}"
    svg = (
        f'<svg class="parallel" viewBox="0 0 {_WIDTH} {bottom + 44:.0f}" role="img" '
        f'aria-label="{escape(alt)}">{"".join(lines)}{"".join(frame)}</svg>'
    )
    return figure(
        title,
        Markup(svg),
        caption="Each line is a candidate, from what it is made of to its accuracy at the bottom: "
        "the stronger its colour, the higher its rank. The thick one is the best candidate. "
        "Dotted lines that end above the last axis were stopped early. Lines through one value lie "
        "side by side.",
    )


def _ends(found: Sequence[SweepAccuracy]) -> tuple[float, float]:
    low, high = min(each.mean for each in found), max(each.mean for each in found)
    air = max(0.005, 0.04 * (high - low))
    return max(0.0, low - air), min(1.0, high + air)


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _line(
    answer: Answer,
    axes: Sequence[Axis],
    candidate: CandidateResult,
    found: SweepAccuracy,
    rank: float,
    ends: tuple[float, float] | None,
) -> str:
    """Return one candidate's line; `rank` goes from 0, the best, to 1.

    Without `ends` of the axis of scores the line ends above it.
    """
    shift = (0.5 - rank) * _SPREAD
    places = [
        (_x(axis.place(axis.value(candidate))) + shift, _TOP + _STEP * k)
        for k, axis in enumerate(axes)
    ]
    if ends is not None:
        score = _x((found.mean - ends[0]) / (ends[1] - ends[0]))
        places.append((score, _TOP + _STEP * len(axes)))
    path = f"M{places[0][0]:.1f} {places[0][1]:.1f}"
    for (x1, y1), (x2, y2) in pairwise(places):
        middle = (y1 + y2) / 2
        path += f"C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
    is_best = answer.best is not None and candidate.id == answer.best.id
    style = "best" if is_best else "hollow" if candidate.state == "stopped" else ""
    return (
        f'<path class="way {style}" style="--v:{100 * (1 - rank) ** 1.5:.0f}" d="{path}">'
        f"<title>{escape(described(candidate, found, answer))}</title></path>"
    )


def _axis(axis: Axis, y: float) -> str:
    return _rule(axis.name, y, [(axis.place(value), text(value)) for value in _shown(axis)])


def _shown(axis: Axis) -> Sequence[float | int | str | None]:
    """Return the values that an axis shows: all or, of many, the two ends and the middle."""
    if axis.ratio:
        return (0, 0.25, 0.5, 0.75, 1)
    if len(axis.values) <= 4:
        return axis.values
    return (axis.values[0], axis.values[len(axis.values) // 2], axis.values[-1])


def _score_axis(y: float, ends: tuple[float, float]) -> str:
    low, high = ends
    marks = [((value - low) / (high - low), f"{value:g}") for value in ticks(low, high)]
    return _rule("accuracy", y, marks)


def _rule(name: str, y: float, marks: Sequence[tuple[float, str]]) -> str:
    parts = [
        f'<line class="axis" x1="{_x(0) - 10:.1f}" y1="{y}" x2="{_x(1) + 10:.1f}" y2="{y}"/>',
        f'<text class="strong" x="0" y="{y + 5}">{html(shortened(name, _LONGEST))}'
        f"<title>{html(name)}</title></text>",
    ]
    for share, label in marks:
        anchor = "middle"
        if len(label) > 6:
            anchor = "start" if share < 0.1 else "end" if share > 0.9 else "middle"
        parts.append(
            f'<text class="halo" x="{_x(share):.1f}" y="{y + 18}" text-anchor="{anchor}">'
            f"{html(label)}</text>"
        )
    return "".join(parts)
