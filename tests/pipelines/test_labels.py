"""The label algebra, proved on pictures where pictures can prove it."""

import re

import cv2
import numpy as np
import pytest

from pipelines.check import check_steps
from pipelines.errors import WrongLabelError
from pipelines.labels import CLASSES, LIMITS, MOVES, STYLES, Move, Style, becomes
from pipelines.ops import GrayImage, horizontal_flip, rotate90, vertical_flip
from pipelines.pipeline import Pipeline, check, parse
from tests.pipelines.conftest import draw_numeral

MAPS: dict[tuple[Move, Style], str] = {
    # in the order i ii iii iv v vi vii viii ix x, as the issue words it
    ("mirror", "upper"): "i ii iii vi v iv - - - x",
    ("mirror", "lower"): "i ii iii vi v iv - - - x",
    ("mirror", "mixed"): "i ii iii vi v iv - - - x",
    ("mirror", "unknown"): "i ii iii vi v iv - - - x",
    ("flip", "upper"): "i ii iii - - - - - ix x",
    ("flip", "lower"): "- - - - - - - - - x",
    ("flip", "unknown"): "- - - - - - - - - x",
    ("half turn", "upper"): "i ii iii - - - - - - x",
    ("half turn", "lower"): "- - - - - - - - - x",
    ("half turn", "mixed"): "- - - - - - - - - x",
    ("quarter turn", "upper"): "- - - - - - - - - -",
    ("quarter turn", "lower"): "- - - - - - - - - x",
    ("quarter turn", "unknown"): "- - - - - - - - - -",
    ("remove stroke", "unknown"): "- i ii - - v vi vii - -",
    ("add stroke", "unknown"): "ii iii - - - vii viii - - -",
}


@pytest.mark.parametrize(("move", "style"), MAPS)
def test_every_class_becomes_what_is_written_here(move: Move, style: Style) -> None:
    shown = [becomes(move, numeral, style) or "-" for numeral in CLASSES]
    assert shown == MAPS[move, style].split()


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("numeral", CLASSES)
def test_unknown_case_is_never_laxer_than_a_known_one(move: Move, numeral: str) -> None:
    for style in STYLES:
        if (unknown := becomes(move, numeral, "unknown")) is not None:
            assert becomes(move, numeral, style) == unknown


PICTURES: dict[Move, object] = {
    "mirror": horizontal_flip,
    "flip": vertical_flip,
    "half turn": lambda image: rotate90(image, 2),
    "quarter turn": lambda image: rotate90(image, 1),
}


def reads_as(image: GrayImage, dots: bool) -> str | None:
    """Return the class whose drawing differs from `image` in hardly any pixel."""
    box = cropped(image)
    for numeral in CLASSES:
        other = cropped(draw_numeral(numeral, dots=dots))
        if abs(box.shape[0] - other.shape[0]) <= 2 and abs(box.shape[1] - other.shape[1]) <= 2:
            same = cv2.resize(box, other.shape[::-1])
            if np.mean((same < 128) != (other < 128)) < 0.06:
                return numeral
    return None


def cropped(image: GrayImage) -> GrayImage:
    rows, columns = np.nonzero(image < 128)
    return image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


@pytest.mark.parametrize("move", PICTURES)
@pytest.mark.parametrize("numeral", CLASSES)
@pytest.mark.parametrize("style", ["upper", "lower"])
def test_the_table_agrees_with_pictures(move: Move, numeral: str, style: Style) -> None:
    dots = style == "lower"
    turned = PICTURES[move](draw_numeral(numeral, dots=dots))  # type: ignore[operator]
    seen = reads_as(turned, dots)
    if (move, numeral, style) == ("quarter turn", "x", "upper"):
        assert seen is None or becomes(move, numeral, style) is None  # bars are not in the picture
    elif move == "quarter turn" and numeral == "x":
        assert becomes(move, numeral, style) == "x"  # its drawing is higher than wide
    else:
        assert seen == becomes(move, numeral, style)


def test_names_that_are_none_of_ours_are_refused() -> None:
    with pytest.raises(ValueError, match="no rule for 'mirror' of 'xi'"):
        becomes("mirror", "xi", "upper")
    with pytest.raises(ValueError, match="expected one of i, ii"):
        check(parse("steps: []"), "xi", "upper")


def flips(**step: object) -> Pipeline:
    return parse(f"steps: [{{op: horizontal_flip, p: 0.5, {inline(step)}}}]")


def inline(step: dict[str, object]) -> str:
    return ", ".join(f"{key}: {str(value).lower()}" for key, value in step.items())


def test_a_refusal_names_op_class_and_reason() -> None:
    with pytest.raises(
        WrongLabelError, match=r"horizontal_flip gives vii \(upper case\).*reads iiv"
    ):
        flips().check("vii", "upper")
    with pytest.raises(
        WrongLabelError, match=r"iv .*it then shows vi; allow it with relabel: true"
    ):
        flips().check("iv", "unknown")


def test_relabelling_is_allowed_only_when_asked_for() -> None:
    assert flips(relabel=True).check("iv", "unknown") == {"iv", "vi"}
    assert flips(relabel=True).check("x", "unknown") == {"x"}
    with pytest.raises(WrongLabelError):
        flips(relabel=True).check("ix", "unknown")


def test_a_step_may_be_skipped_instead() -> None:
    for numeral in CLASSES:
        assert flips(on_wrong_label="skip").check(numeral, "unknown") == {numeral}


def test_the_classes_after_a_relabelling_are_checked_too() -> None:
    text = """
    steps:
      - {op: add_stroke, relabel: true}
      - {op: horizontal_flip, relabel: true}
    """
    with pytest.raises(WrongLabelError, match="horizontal_flip gives vii"):
        parse(text).check("vi", "upper")  # vi itself may be mirrored, the vii it becomes may not


def test_groups_are_searched() -> None:
    for group in ("one_of", "some_of"):
        pipeline = parse(f"steps: [{{{group}: [{{op: scan}}, {{op: vertical_flip}}]}}]")
        assert pipeline.check("ii", "upper") == {"ii"}
        with pytest.raises(WrongLabelError, match="vertical_flip gives ii"):
            pipeline.check("ii", "lower")


def test_a_step_that_never_happens_refuses_nothing() -> None:
    assert parse("steps: [{op: vertical_flip, p: 0}]").check("v", "lower") == {"v"}


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ("rotate: [-45, 10]", "turn 45°; below 45°"),
        ("shear: [-40, 40]", "lean 40°; the limit is 30°"),
        ("translate: [0, 0.3]", "move or cut 30%"),
        ("scale: [0.3, 1]", "scale by 0.3 … 1"),
    ],
)
def test_what_goes_too_far_is_refused_for_every_class(parameters: str, words: str) -> None:
    pipeline = parse(f"steps: [{{op: affine, parameters: {{{parameters}}}}}]")
    for numeral in CLASSES:
        with pytest.raises(WrongLabelError, match=re.escape(words)):
            pipeline.check(numeral, "upper")


def test_angles_add_up_over_steps_and_a_choice_counts_once() -> None:
    turn = "{op: affine, parameters: {rotate: [-30, 30]}}"
    assert LIMITS.turn < 60
    parse(f"steps: [{turn}]").check("i", "upper")
    parse(f"steps: [{{one_of: [{turn}, {turn}]}}]").check("i", "upper")
    parse(f"steps: [{{some_of: [{turn}, {turn}], n: 1}}]").check("i", "upper")
    for steps in (f"{turn}, {turn}", f"{{some_of: [{turn}, {turn}], n: [0, 2]}}"):
        with pytest.raises(WrongLabelError, match="turn 60°"):
            parse(f"steps: [{steps}]").check("i", "upper")


def test_check_steps_returns_what_pipeline_check_returns() -> None:
    pipeline = flips(relabel=True)
    assert check_steps(pipeline.spec.steps, "iv", "upper") == check(pipeline, "iv", "upper")
