"""What every pipeline in the package promises: a new one is tested by being there."""

import numpy as np
import pytest

from pipelines.errors import WrongLabelError
from pipelines.labels import CLASSES, STYLES
from pipelines.pipeline import load, parse, presets
from pipelines.safety import label_checks
from tests.pipelines.conftest import check_replay, draw_numeral

EVERY = pytest.mark.parametrize("name", presets())


@EVERY
def test_it_says_what_it_is(name: str) -> None:
    first = presets()[name].partition("\n")[0]
    assert first.startswith("# ")
    assert len(first) > 20
    pipeline = load(name)
    assert pipeline.name == name
    assert pipeline.description


@EVERY
def test_it_is_the_same_after_a_round_trip(name: str) -> None:
    pipeline = load(name)
    again = parse(pipeline.to_yaml())
    assert again == pipeline
    assert again.to_yaml() == pipeline.to_yaml()


@EVERY
def test_its_labels_are_checked_for_every_class_and_case(name: str) -> None:
    checks = label_checks(load(name))
    assert {(check.numeral, check.style) for check in checks} == {
        (numeral, style) for numeral in CLASSES for style in STYLES
    }
    assert any(not check.refused for check in checks)


@EVERY
@pytest.mark.parametrize("numeral", CLASSES)
def test_it_runs_where_it_is_safe_and_is_refused_elsewhere(name: str, numeral: str) -> None:
    pipeline = load(name)
    checks = {check.style: check for check in label_checks(pipeline) if check.numeral == numeral}
    for seed, style in enumerate(STYLES):
        if checks[style].refused:
            with pytest.raises(WrongLabelError, match=f"gives {numeral}"):
                pipeline.run(draw_numeral(numeral), numeral, style, np.random.default_rng(seed))
        else:
            result = check_replay(pipeline, draw_numeral(numeral), numeral, style, seed)
            assert result.numeral in checks[style].classes
            assert (result.image < 128).any()
