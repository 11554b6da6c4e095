"""Holdouts by style: whole styles and writers set aside, in folds that hold every picture once."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.core.numerals import CLASSES
from datagen.curation.holdout.divide import hold_out
from datagen.curation.holdout.record import RECORD, Holdout

pytestmark = pytest.mark.slow  # scikit-learn takes a second to load

PENS = 5
EACH = 4


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Class folders: five pens, each wider and on a larger sheet, with four pictures a class."""
    rng = np.random.default_rng(5)
    for numeral in CLASSES:
        folder = tmp_path / "photos" / numeral
        folder.mkdir(parents=True)
        for pen in range(PENS):
            side = 40 + 30 * pen
            for k in range(EACH):
                sheet = np.full((side, side), 255, np.uint8)
                line = rng.integers(side // 5, side - side // 5, (6, 1, 2), dtype=np.int32)
                cv2.polylines(sheet, [line], isClosed=False, color=0, thickness=1 + 2 * pen)
                cv2.imwrite(str(folder / f"pen{pen}-{k}.png"), sheet)
    return tmp_path / "photos"


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.rglob("*.png"))


def test_every_picture_is_held_out_once_and_trained_on_in_all_other_folds(
    photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    record = hold_out(photos, out, folds=5)
    everything = Counter(
        f"{numeral}/{name}" for numeral in CLASSES for name in names(photos / numeral)
    )
    held: Counter[str] = Counter()
    for fold in range(1, 6):
        folder = out / f"fold-{fold}"
        own = Holdout.model_validate_json((folder / RECORD).read_text())
        sides = {
            side: Counter(str(f.relative_to(folder / side)) for f in (folder / side).rglob("*.png"))
            for side in ("holdout", "rest")
        }
        assert sides["holdout"] + sides["rest"] == everything
        assert all(own.counts(side)[numeral] for side in sides for numeral in CLASSES)
        assert own.counts("holdout") == record.counts("holdout", fold)
        assert own.counts("rest") == record.counts("rest", fold)
        assert {f.source for f in own.files if f.side == "holdout"} == set(sides["holdout"])
        held += sides["holdout"]
    assert held == everything
    assert Holdout.model_validate_json((out / RECORD).read_text()) == record
    assert all((out / file.file).is_file() for file in record.files)


def test_a_pen_is_held_out_as_a_whole_where_chance_would_spread_it(
    photos: Path, tmp_path: Path
) -> None:
    purity = {}
    for by in ("style", "random"):
        record = hold_out(photos, tmp_path / by, by=by, folds=5)  # type: ignore[arg-type]
        pens = Counter((file.fold, file.source.split("/")[1][:4]) for file in record.files)
        best = [max(pens[fold, f"pen{pen}"] for pen in range(PENS)) for fold in range(1, 6)]
        purity[by] = sum(best) / len(record.files)
    assert purity["style"] > 0.5
    assert purity["style"] > purity["random"] + 0.2
