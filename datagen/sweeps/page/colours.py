"""Scores as colours: perceptually even, for colour-blind eyes too, and readable with a number on.

The colours are the same in light and dark schemes; the text on them is black or white, whichever
has the better contrast, which is never below 4.5 to 1.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from datagen.reports.html.markup import Markup
from datagen.sweeps.results.ranking import Answer

# Every fifth of the 256 colours of viridis, by Nathaniel J. Smith and Stéfan van der Walt, who gave
# it to the public domain (CC0); what lies between is within one level of 255 of the original.
_VIRIDIS: Final = (
    np.frombuffer(
        bytes.fromhex("""
        440154 46085c 471063 481769 481d6f 482475 472a7a 46307e 453781 433d84 414287 3f4889 3d4e8a
        3a538b 38598c 355e8d 33638d 31688e 2e6d8e 2c718e 2a768e 297b8e 27808e 25848e 23898e 218e8d
        20928c 1f978b 1e9c89 1fa188 21a585 24aa83 28ae80 2eb37c 35b779 3dbc74 46c06f 50c46a 5ac864
        65cb5e 70cf57 7cd250 89d548 95d840 a2da37 b0dd2f bddf26 cae11f d8e219 e5e419 f1e51d fde725
        """),
        np.uint8,
    ).reshape(-1, 3)
    / 255
)
_PLACES: Final = np.linspace(0.0, 1.0, len(_VIRIDIS))


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
        """Return the colours, with the scores at both ends."""
        stops = ", ".join(self.fill(self.low + k / 8 * (self.high - self.low)) for k in range(9))
        bar = f'<i style="background:linear-gradient(90deg, {stops})"></i>'
        return Markup(
            f'<div class="scale"><span>{name} {self.low:.3f}</span>{bar}'
            f"<span>{self.high:.3f}</span></div>"
        )

    def _rgb(self, value: float) -> tuple[float, float, float]:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 1.0
        red, green, blue = (float(np.interp(share, _PLACES, part)) for part in _VIRIDIS.T)
        return red, green, blue


def scale_of(answer: Answer) -> Scale | None:
    """Return the one scale of an answer's scores, on the page and in the terminal.

    It goes from the least to the greatest accuracy on what decided and on every test set.
    """
    found = [answer.score(candidate) for candidate in answer.finished]
    found += [answer.on(each, images) for each in answer.finished for images in answer.tests]
    values = [score.mean for score in found if score is not None]
    return scale(values) if values else None


def scale(values: list[float]) -> Scale:
    """Return a scale from the least to the greatest of at least one value."""
    return Scale(min(values), max(values))
