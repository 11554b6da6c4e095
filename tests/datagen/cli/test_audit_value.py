"""What `datagen audit --value` prints: styles at both ends, trials, and what they say."""

import io

import pytest
from rich.console import Console

from datagen.cli.views.audit_value import plain_values, summarise_values
from datagen.curation.audit.value.check import Removal
from datagen.curation.audit.value.datamodel import Estimate
from datagen.curation.audit.value.value_audit import SourceValue, StyleValue, Valuation


def valuation(change: float, low: float, high: float) -> Valuation:
    return Valuation(
        images=(),
        styles=tuple(
            StyleValue("iv", number, 40 - number, Estimate(0.02 - number / 500, -0.01, 0.04))
            for number in range(12)
        ),
        sources=(SourceValue("pen", 300, Estimate(0.05, 0.01, 0.09)),),
        removals=(
            Removal("bottom", 83, 0.71, change, low, high),
            Removal("top", 83, 0.66, -0.03, -0.05, -0.01),
            Removal("random", 83, 0.69, -0.002, -0.01, 0.01),
        ),
        runs=200,
        epochs=8,
        held_back=410,
    )


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ((0.02, 0.01, 0.03), "helps by more than noise"),
        ((-0.02, -0.03, -0.01), "costs points: keep them"),
        ((0.005, -0.01, 0.02), "changes the score by no more than noise"),
    ],
)
def test_both_ends_are_shown_and_the_trial_says_what_to_believe(
    found: tuple[float, float, float], says: str
) -> None:
    out = io.StringIO()
    summarise_values(valuation(*found), Console(file=out, width=80))
    text = out.getvalue()
    assert "iv, style 0" in text
    assert "iv, style 11" in text
    assert "iv, style 5" not in text
    assert "+5.00" in text  # the source, in points
    assert "worth least" in text
    assert says in " ".join(text.split())
    assert max(map(len, text.splitlines()[:-2])) <= 80


def test_json_has_values_as_accuracies() -> None:
    found = plain_values(valuation(0.02, 0.01, 0.03))
    assert found["sources"][0] == {
        "source": "pen",
        "images": 300,
        "value": 0.05,
        "value_low": 0.01,
        "value_high": 0.09,
    }
    assert found["trials"][0]["change"] == 0.02
    assert len(found["styles"]) == 12
