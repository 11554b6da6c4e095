"""A holdout's record, and what may be asked for together."""

from pathlib import Path

import pytest

from datagen.api.images import hold_out
from datagen.core.errors import UnknownNameError, UsageError


def test_a_share_of_several_folds_is_refused(numeral_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--folds and --fraction exclude each other"):
        hold_out(numeral_folder, tmp_path / "out", by="random", folds=2, fraction=0.4)
    assert not (tmp_path / "out").exists()
    assert hold_out(numeral_folder, tmp_path / "out", by="random", folds=2).fraction == 0.5


def test_counts_of_what_is_not_there_are_refused(numeral_folder: Path, tmp_path: Path) -> None:
    folds = hold_out(numeral_folder, tmp_path / "folds", by="random", folds=2)
    with pytest.raises(UnknownNameError, match="unknown side 'hold'.*valid: holdout, holdout-rev"):
        folds.counts("hold")
    for fold in (0, 3):
        with pytest.raises(UsageError, match=f"fold is {fold}; expected 1 … 2"):
            folds.counts("holdout", fold)
    one = hold_out(numeral_folder, tmp_path / "one", by="random")
    with pytest.raises(UsageError, match="fold is '?1'?, and this holdout has no folds"):
        one.counts("rest", 1)
