"""Numerals drawn with straight strokes, so that every test knows what is on the sheet."""

import json
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from pipelines.labels import Style
from pipelines.ops import GrayImage
from pipelines.pipeline import Applied, Pipeline, Result, replay

Draw = Callable[..., GrayImage]


def draw_numeral(
    numeral: str, side: int = 128, dots: bool = False, pen: int = 5, pitch: int = 18
) -> GrayImage:
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


def through_json(result: Result) -> tuple[Applied, ...]:
    text = json.dumps([step.to_json() for step in result.applied])
    return tuple(Applied.from_json(plain) for plain in json.loads(text))


def check_replay(
    pipeline: Pipeline, image: GrayImage, numeral: str, style: Style, seed: int
) -> Result:
    """Run a pipeline: the input stays, the output keeps the contract, its record makes it again."""
    before = image.copy()
    result = pipeline.run(image, numeral, style, np.random.default_rng(seed))
    assert np.array_equal(image, before)
    assert not np.shares_memory(result.image, image)
    assert result.image.dtype == np.uint8
    assert result.image.ndim == 2
    assert result.image.flags.c_contiguous
    assert through_json(result) == result.applied
    for applied in (result.applied, through_json(result)):
        assert np.array_equal(replay(image, applied), result.image)
    assert np.array_equal(image, before)
    again = pipeline.run(image, numeral, style, np.random.default_rng(seed))
    assert again.applied == result.applied
    return result


@pytest.fixture
def numeral() -> Draw:
    """Draw a numeral: `numeral("viii", dots=True)`."""
    return draw_numeral
