"""Score against the shares of three sources: a triangle whose corners are one source alone."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from typing import Final

from datagen.reports.html.markup import Markup, figure, html, tag
from datagen.sweeps.page.axes import Axis, shortened
from datagen.sweeps.page.colours import Scale, scale, scale_of
from datagen.sweeps.page.line import described
from datagen.sweeps.results import words
from datagen.sweeps.results.ranking import Answer, CandidateResult, ImageSet, SweepAccuracy

_WIDTH: Final = 420
_HEIGHT: Final = 372
_TOP: Final = 48.0
_SIDE: Final = 310.0
_RISE: Final = _SIDE * math.sqrt(3) / 2
_CORNERS: Final = (
    (_WIDTH / 2, _TOP),
    (_WIDTH / 2 - _SIDE / 2, _TOP + _RISE),
    (_WIDTH / 2 + _SIDE / 2, _TOP + _RISE),
)
_LARGEST, _LEAST = 21.0, 4.0  # radius of a candidate, SVG units
_DIGITS: Final = {21.0: 3, 13.0: 2}  # radius from which so many digits fit in a candidate


def ternary(answer: Answer, sources: Sequence[Axis]) -> Markup:
    """Return a triangle for what decided, and one for each test set."""
    name = words.decider(answer)
    panels = [_panel(answer, sources, f"{name} (ranked by)", answer.score)]
    panels += [
        _panel(
            answer,
            sources,
            f"{words.set_name(answer, images)} (decided nothing)",
            partial(_on, answer, images),
        )
        for images in answer.tests
    ]
    return tag("div", *panels, style="grid2" if len(panels) > 1 else "")


def place(shares: Sequence[float]) -> tuple[float, float]:
    """Return where a mix of three stands, in SVG units: its barycentre.

    Args:
        shares: of the sources at the top, left and right corner, adding up to 1.
    """
    x = sum(share * corner[0] for share, corner in zip(shares, _CORNERS, strict=True))
    y = sum(share * corner[1] for share, corner in zip(shares, _CORNERS, strict=True))
    return x, y


def _panel(
    answer: Answer,
    sources: Sequence[Axis],
    name: str,
    score: Callable[[CandidateResult], SweepAccuracy | None],
) -> Markup:
    finished = [found.mean for candidate in answer.finished if (found := score(candidate))]
    title = f"Accuracy on {name}"
    if not finished:
        return figure(title, tag("p", "No candidate that ran to the end has a score on it."))
    colours = scale_of(answer) or scale(finished)
    radius = _radius([place(_shares(candidate, sources)) for candidate in answer.candidates])
    marks = [
        _mark(
            answer, candidate, score(candidate), place(_shares(candidate, sources)), colours, radius
        )
        for candidate in reversed(answer.candidates)
    ]
    scores = ", ".join(
        f"{candidate.name}: {found.mean:.3f}"
        for candidate in answer.finished
        if (found := score(candidate))
    )
    svg = (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="'
        f'{escape(f"{title} at every mix of three sources. {scores}")}">'
        f"{_frame(sources)}{''.join(marks)}</svg>"
    )
    return figure(
        title,
        Markup(svg),
        colours.legend("accuracy"),
        caption="A corner is one source alone, an edge mixes the two at its ends, grid lines are "
        "25 % apart. Numbers: accuracy in %. Ring: the best candidate. Hollow: stopped early, at "
        "fewer epochs. Cross: failed.",
    )


def _on(answer: Answer, images: ImageSet, candidate: CandidateResult) -> SweepAccuracy | None:
    return answer.on(candidate, images)


def _shares(candidate: CandidateResult, sources: Sequence[Axis]) -> list[float]:
    return [candidate.ratios.get(axis.name, 0.0) for axis in sources]


def _radius(places: Sequence[tuple[float, float]]) -> float:
    """Return the largest radius at which candidates do not touch."""
    gaps = [math.dist(a, b) for k, a in enumerate(places) for b in places[:k]]
    return max(_LEAST, min(_LARGEST, 0.46 * min(gaps, default=2 * _LARGEST / 0.46)))


def _frame(sources: Sequence[Axis]) -> str:
    """Return the triangle, its grid and the names of its corners."""
    parts = []
    for k in (0.25, 0.5, 0.75):
        for corner in range(3):
            a, b = [0.0] * 3, [0.0] * 3
            a[corner] = b[corner] = k
            a[(corner + 1) % 3], b[(corner + 2) % 3] = 1 - k, 1 - k
            (x1, y1), (x2, y2) = place(a), place(b)
            parts.append(
                f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
            )
    outline = " ".join(f"{x:.1f},{y:.1f}" for x, y in _CORNERS)
    parts.append(f'<polygon class="axis" fill="none" points="{outline}"/>')
    below = _TOP + _RISE + 42
    for axis, x, y, anchor in zip(
        sources,
        (_WIDTH / 2, 12, _WIDTH - 12),
        (_TOP - 30, below, below),
        ("middle", "start", "end"),
        strict=True,
    ):
        parts.append(
            f'<text class="strong" x="{x}" y="{y:.1f}" text-anchor="{anchor}">'
            f"all {html(shortened(axis.name))}</text>"
        )
    return "".join(parts)


def _mark(
    answer: Answer,
    candidate: CandidateResult,
    found: SweepAccuracy | None,
    at: tuple[float, float],
    colours: Scale,
    radius: float,
) -> str:
    x, y = at
    if found is None:
        title = f"<title>{escape(f'{candidate.name}: {words.state(candidate, answer)}')}</title>"
        return (
            f'<path class="failed" d="M{x - 6:.1f} {y - 6:.1f}l12 12m0 -12l-12 12">{title}</path>'
        )
    hollow = candidate.state == "stopped"
    title = f"<title>{escape(described(candidate, found, answer))}</title>"
    fill = "" if hollow else f' style="fill:{colours.fill(found.mean)}"'
    parts = [
        f'<circle class="{"cell hollow" if hollow else "cell"}"{fill} cx="{x:.1f}" cy="{y:.1f}" '
        f'r="{radius:.1f}"/>'
    ]
    digits = next((n for least, n in _DIGITS.items() if radius >= least), 0)
    if digits:
        shown = f"{100 * found.mean:.{digits - 2}f}"
        colour = "" if hollow else f' style="fill:{colours.text(found.mean)}"'
        parts.append(
            f'<text{colour} x="{x:.1f}" y="{y + 4.5:.1f}" text-anchor="middle">{shown}</text>'
        )
    if answer.best is not None and candidate.id == answer.best.id:
        parts.append(f'<circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="{radius + 4:.1f}"/>')
    return f"<g>{title}{''.join(parts)}</g>"
