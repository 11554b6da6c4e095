"""Line charts as inline SVG, coloured by the page's style sheet. Numbers enter, markup leaves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

WIDTH: Final = 420
_RIGHT, _TOP, _BOTTOM = 12, 14, 38  # margins for the labels, SVG units
_NAME, _GAP = 13, 6  # the baseline of the vertical axis's name; between its numbers and the axis
_DIGIT, _POINT = 9.8, 4.9  # the widths of characters at the largest font of the style sheets

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart; `style` is a class of the style sheet."""

    name: str
    style: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart's frame: what stands on its axes and how far they reach.

    Attributes:
        x_ticks: what stands below the horizontal axis; empty: round numbers.
        x_names: texts of these ticks; empty: the numbers.
    """

    title: str
    x_label: str
    y_label: str
    x: tuple[float, float]
    y: tuple[float, float]
    height: int = 270
    x_ticks: tuple[float, ...] = ()
    x_names: tuple[str, ...] = ()
    left: float = field(init=False, repr=False)
    """Margin for the name and the numbers of the vertical axis, SVG units."""

    def __post_init__(self) -> None:
        widest = max(_width(f"{value:g}") for value in ticks(*self.y))
        object.__setattr__(self, "left", round(_NAME + 4 + widest + _GAP, 1))

    def place(self, point: Point) -> Point:
        """Return a data point in SVG units, kept inside the frame."""
        across = (point[0] - self.x[0]) / (self.x[1] - self.x[0] or 1)
        up = (point[1] - self.y[0]) / (self.y[1] - self.y[0] or 1)
        width, height = WIDTH - self.left - _RIGHT, self.height - _TOP - _BOTTOM
        return (
            self.left + width * min(1.0, max(0.0, across)),
            _TOP + height * (1 - min(1.0, max(0.0, up))),
        )


def draw(chart: Chart, lines: Sequence[Line], marks: Sequence[str] = ()) -> str:
    """Return the chart as an `<svg>`; `marks` are further elements, drawn above the lines."""
    body = "".join([_grid(chart), *(_line(chart, line) for line in lines), *marks])
    return (
        f'<svg viewBox="0 0 {WIDTH} {chart.height}" role="img" '
        f'aria-label="{escape(chart.title)}">{body}</svg>'
    )


def mark(chart: Chart, point: Point, text: str, *, low: bool) -> str:
    """Return a dot at `point`, a dashed line through it, and a text at its lower or upper end."""
    x, y = chart.place(point)
    bottom = chart.height - _BOTTOM
    end, text_y = (bottom, bottom - 8) if low else (_TOP, _TOP + 10)
    right = x > WIDTH * 0.6
    anchor, shift = ("end", -8) if right else ("start", 8)
    return (
        f'<line class="chosen" x1="{x:.1f}" y1="{y:.1f}" x2="{x:.1f}" y2="{end}"/>'
        f'<circle class="chosen" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'
        f'<text class="strong halo" x="{x + shift:.1f}" y="{text_y}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def band(chart: Chart, low: Point, high: Point) -> str:
    """Return a pale rectangle between two corners, for what a value ranged over."""
    left, bottom = chart.place(low)
    right, top = chart.place(high)
    height = max(bottom - top, 1.0)  # a range of nothing is still seen
    return (
        f'<rect class="band" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{height:.1f}"/>'
    )


def turn(chart: Chart, x: float, text: str, *, low: bool) -> str:
    """Return a vertical line where something changes, with an upright text along it.

    Args:
        chart: the frame.
        x: place on the horizontal axis.
        text: what changes.
        low: whether the text stands at the lower end, else at the upper one.
    """
    across, _ = chart.place((x, chart.y[0]))
    bottom = chart.height - _BOTTOM
    place, anchor = (bottom - 26, "start") if low else (_TOP + 26, "end")  # clear of a mark's text
    return (
        f'<line class="turn" x1="{across:.1f}" y1="{_TOP}" x2="{across:.1f}" y2="{bottom}"/>'
        f'<text class="halo" x="{across - 5:.1f}" y="{place}" text-anchor="{anchor}" '
        f'transform="rotate(-90 {across - 5:.1f} {place})">{escape(text)}</text>'
    )


def level(chart: Chart, y: float) -> str:
    """Return a dotted horizontal line, for a value to compare with."""
    _, up = chart.place((chart.x[0], y))
    return (
        f'<line class="line level" x1="{chart.left}" y1="{up:.1f}" x2="{WIDTH - _RIGHT}" '
        f'y2="{up:.1f}"/>'
    )


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers within low..high, near `about` of them."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(k * power for k in (1, 2, 5, 10) if k * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _width(number: str) -> float:
    return sum(_DIGIT if each.isdigit() else _POINT for each in number)


def _grid(chart: Chart) -> str:
    """Return grid lines, tick labels and the axes' names."""
    bottom, left, right = chart.height - _BOTTOM, chart.left, WIDTH - _RIGHT
    parts = []
    for value in ticks(*chart.y):
        _, y = chart.place((chart.x[0], value))
        parts.append(f'<line class="grid" x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
        parts.append(
            f'<text x="{left - _GAP:.1f}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
        )
    values = chart.x_ticks or ticks(*chart.x)
    for value, label in zip(values, chart.x_names or [f"{v:g}" for v in values], strict=True):
        x, _ = chart.place((value, chart.y[0]))
        # a long number at the right end would be cut off, were it centred
        anchor = "end" if len(label) > 4 and x > right - 1 else "middle"
        parts.append(f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="{anchor}">{label}</text>')
    middle = (_TOP + bottom) / 2
    parts += [
        f'<line class="axis" x1="{left}" y1="{bottom}" x2="{right}" y2="{bottom}"/>',
        f'<text class="name" x="{(left + right) / 2}" y="{chart.height - 5}" '
        f'text-anchor="middle">{escape(chart.x_label)}</text>',
        f'<text class="name" x="{_NAME}" y="{middle}" text-anchor="middle" '
        f'transform="rotate(-90 {_NAME} {middle})">{escape(chart.y_label)}</text>',
    ]
    return "".join(parts)


def _line(chart: Chart, line: Line) -> str:
    placed = [chart.place(point) for point in line.points if all(map(math.isfinite, point))]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    return (
        f'<polyline class="line {line.style}" points="{points}">'
        f"<title>{escape(line.name)}</title></polyline>"
    )
