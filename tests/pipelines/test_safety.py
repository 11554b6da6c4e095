import pytest

from datagen.core.numerals import CLASSES
from pipelines.labels import STYLES
from pipelines.pipeline import Pipeline, load, parse, presets
from pipelines.safety import CASES, LabelCheck, algebra, in_short, label_checks, steps


def judged(pipeline: Pipeline) -> dict[tuple[str, str], LabelCheck]:
    return {(check.numeral, check.style): check for check in label_checks(pipeline)}


def test_a_mirror_is_refused_where_it_mislabels_and_says_why() -> None:
    found = judged(load("keras-flips"))
    assert len(found) == len(CLASSES) * len(STYLES)
    for style in STYLES:
        refused = {numeral for numeral in CLASSES if found[numeral, style].refused}
        assert refused == {"iv", "vi", "vii", "viii", "ix"}
    assert found["ix", "upper"].op == "horizontal_flip"
    assert "xi" in (found["ix", "upper"].reason or "")
    assert found["x", "lower"].classes == ("x",)
    assert in_short(label_checks(load("keras-flips"))) == (
        "all but iv, vi, vii, viii, ix (refused: horizontal_flip)"
    )


def test_relabelling_and_skipping_are_told() -> None:
    pipeline = parse(
        "steps: [{op: horizontal_flip, p: 0.5, relabel: true, on_wrong_label: skip},"
        " {op: bars, p: 0}]"
    )
    found = judged(pipeline)
    assert found["vi", "unknown"].classes == ("iv", "vi")
    assert found["vi", "unknown"].skipped == ()
    assert found["vii", "unknown"].classes == ("vii",)
    assert found["vii", "unknown"].skipped == ("horizontal_flip",)
    assert [step.op for step in steps(pipeline)] == ["horizontal_flip"]
    assert in_short(label_checks(pipeline)) == "every class (relabels iv, vi)"
    assert in_short(label_checks(load("scanned"))) == "every class"


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (
            "{op: vertical_flip}",
            "all but iv, v, vi, vii, viii in upper case; only x in lower, mixed, unknown case "
            "(refused: vertical_flip)",
        ),
        (
            "{op: affine, parameters: {rotate: 50}}",
            "no class: affine: it may turn 50°; below 45° is read; reduce it",
        ),
    ],
)
def test_safety_in_short(step: str, says: str) -> None:
    assert in_short(label_checks(parse(f"steps: [{step}]"))) == says


def test_steps_inside_groups_are_found() -> None:
    ops = [step.op for step in steps(load("paper-and-pen"))]
    assert ops[5:8] == ["grid_paper", "ruled_paper", "shadow_corner"]
    assert set(presets()) >= {"edge-cases", "keras-flips", "paper-and-pen", "scanned"}


def test_cases_cover_the_styles_and_agree_where_shown_together() -> None:
    assert sorted(style for styles in CASES.values() for style in styles) == sorted(STYLES)
    rules = algebra()
    for styles in CASES.values():
        assert all(rules[style] == rules[styles[0]] for style in styles)
    assert rules["upper"]["mirror"]["iv"] == "vi"
    assert rules["upper"]["mirror"]["ix"] is None
