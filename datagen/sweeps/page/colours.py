"""Scores as colours: perceptually even, for colour-blind eyes too, and readable with a number on.

The colours are the same in light and dark schemes; the text on them is black or white, whichever
has the better contrast, which is never below 4.5 to 1.
"""

from dataclasses import dataclass
from typing import Final

from matplotlib import colormaps

from datagen.reports.html.markup import Markup

_MAP: Final = colormaps["viridis"]


@dataclass(frozen=True, slots=True)
class Scale:
    """Colours for scores between two ends."""

    low: float
    high: float

    def fill(self, value: float) -> str:
        """Return the colour of a score as `#rrggbb`."""
        red, green, blue = self._rgb(value)
        return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"

    def text(self, value: float) -> str:
        """Return black or white: the one with more contrast to the colour of `value`."""
        # relative luminance and contrast as in WCAG 2.2
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in self._rgb(value)
        ]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        return "#000000" if (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) else "#ffffff"

    def legend(self, name: str) -> Markup:
        """Return the colours with their ends."""
        stops = ", ".join(self.fill(self.low + k / 8 * (self.high - self.low)) for k in range(9))
        bar = f'<i style="background:linear-gradient(90deg, {stops})"></i>'
        return Markup(
            f'<div class="scale"><span>{name} {self.low:.3f}</span>{bar}'
            f"<span>{self.high:.3f}</span></div>"
        )

    def _rgb(self, value: float) -> tuple[float, float, float]:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 1.0
        red, green, blue, _ = _MAP(min(1.0, max(0.0, share)))
        return float(red), float(green), float(blue)


def scale(values: list[float]) -> Scale:
    """Return a scale from the least to the greatest of at least one value."""
    return Scale(min(values), max(values))
