"""What a search may cost, and images that do not go with its budget."""

from pathlib import Path

import pytest

from datagen.core.errors import BudgetError, UsageError
from datagen.searches import plan
from datagen.searches.plan import SearchPlan, check_hours_suffice, largest
from datagen.searches.space import shipped_starts
from tests.datagen.searches.conftest import spec_of


def test_images_beyond_the_budget_are_said_in_terms_of_a_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BudgetError("train 900 + val 200 = 1,100 images; lower per_class")

    monkeypatch.setattr(plan, "plan_recipe", refuse)
    spec = spec_of(tmp_path / "mine")
    with pytest.raises(BudgetError, match="1,000: train 900 .* another --budget") as got:
        largest(spec, shipped_starts(spec, tmp_path), None)
    assert "per_class" not in str(got.value)


def test_hours_that_are_too_few_are_refused_with_what_is_needed(tmp_path: Path) -> None:
    spec = spec_of(tmp_path / "mine")
    starts = shipped_starts(spec, tmp_path)
    planned = SearchPlan(spec, tmp_path, 0.5, starts, 1000, 2, 10.0, begun=False)
    with pytest.raises(UsageError, match="--hours 0.5 is too little: .* take about 59 min 40 s"):
        check_hours_suffice(planned)
    check_hours_suffice(SearchPlan(spec, tmp_path, 50, starts, 1000, 2, 10.0, begun=False))
    check_hours_suffice(SearchPlan(spec, tmp_path, 0.5, starts, 1000, 2, 10.0, begun=True))
