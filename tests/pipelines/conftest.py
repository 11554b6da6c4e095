"""Numerals drawn with straight strokes, so that every test knows what is on the sheet."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from pipelines.ops import Gray

Draw = Callable[..., Gray]


def draw_numeral(
    numeral: str, side: int = 128, dots: bool = False, pen: int = 5, pitch: int = 18
) -> Gray:
    """Return `uint8 side × at least side`: separate letters of 48 pixels' height."""
    widths = {"i": 0, "v": 24, "x": 24}
    total = sum(widths[char] for char in numeral) + pitch * (len(numeral) - 1)
    image = np.full((side, max(side, total + 40)), 255, np.uint8)
    left, top, bottom = (image.shape[1] - total) // 2, side // 2 - 24, side // 2 + 24
    for char in numeral:
        right = left + widths[char]
        middle = (left + right) // 2
        lines = {
            "i": [((left, top), (left, bottom))],
            "v": [((left, top), (middle, bottom)), ((middle, bottom), (right, top))],
            "x": [((left, top), (right, bottom)), ((right, top), (left, bottom))],
        }[char]
        for start, end in lines:
            cv2.line(image, start, end, 0, pen)
        if dots and char == "i":
            cv2.circle(image, (left, top - 14), pen // 2 + 1, 0, -1)
        left = right + pitch
    return image


@pytest.fixture
def numeral() -> Draw:
    """Draw a numeral: `numeral("viii", dots=True)`."""
    return draw_numeral
