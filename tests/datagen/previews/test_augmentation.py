import numpy as np
import pytest
from PIL import ImageFont

from datagen.core.arrays import GrayImage
from datagen.previews.augmentation import AugmentationRows, outcome_sheet, outcomes
from datagen.previews.samples import Sample
from datagen.previews.tile_sheet import Group, Tile, TileRow, tile_sheet, wrap
from pipelines.errors import MissingPapersError
from pipelines.pipeline import load, parse, replay


@pytest.fixture
def sheet() -> GrayImage:
    image = np.full((90, 120), 255, np.uint8)
    for left in (40, 60, 80):
        image[20:70, left : left + 5] = 0
    return image


def found(yaml: str, *samples: Sample, seed: int = 0) -> AugmentationRows:
    return outcomes(parse(yaml), samples, seed=seed, tries=3)


def test_every_step_is_done_alone_and_all_of_them_together(sheet: GrayImage) -> None:
    pipeline = load("paper-and-pen")
    (row,) = outcomes(pipeline, [Sample("a", sheet, "iii", "upper")], seed=4, tries=6).rows
    titles = [outcome.applied[0].op for outcome in row.alone]
    assert titles[:3] == ["affine", "elastic", "pen_width"]
    assert all(len(outcome.applied) == 1 for outcome in row.alone)
    assert len({outcome.image.tobytes() for outcome in row.whole if outcome.image is not None}) == 6
    for outcome in (*row.alone, *row.whole):
        assert outcome.image is not None
        assert np.array_equal(replay(sheet, outcome.applied), outcome.image)


def test_refused_idle_and_relabelled_steps_are_told_apart(sheet: GrayImage) -> None:
    yaml = """
    name: mine
    steps:
      - {op: horizontal_flip, p: 0.5, on_wrong_label: skip}
      - {op: horizontal_flip, relabel: true}
      - {op: bars}
      - {op: fade, p: 0}
      - {op: remove_stroke, relabel: true, on_wrong_label: skip}
    """
    blank = np.full_like(sheet, 255)
    all_ = found(yaml, Sample("a", sheet, "vi", "upper"), Sample("b", blank, "vii", "lower"))
    assert all_.steps == ("horizontal_flip", "horizontal_flip 2", "bars", "remove_stroke")
    vi, vii = all_.rows
    assert (vi.alone[0].applied, vi.alone[0].reason) == ((), "left out for vi")
    assert vi.alone[1].numeral == "iv"
    assert np.array_equal(vi.alone[1].image, sheet[:, ::-1])
    assert {outcome.numeral for outcome in vi.whole} == {"iv"}
    assert (vii.alone[1].image, vii.alone[1].refused_by) == (None, "horizontal_flip")
    assert "iiv" in (vii.alone[1].reason or "")
    assert vii.alone[2].reason == "not possible here"
    assert vii.alone[3].reason == "not possible here"  # allowed, but there is no stroke to remove
    assert all(outcome.image is None for outcome in vii.whole)
    assert outcome_sheet(all_, tile=48).height > 2 * 48


def test_a_tile_does_not_depend_on_the_steps_after_it(sheet: GrayImage) -> None:
    sample = Sample("a", sheet, "iii", "upper")
    short = found("steps: [{op: elastic}]", sample, seed=2).rows[0]
    longer = found("steps: [{op: elastic}, {op: fade}]", sample, seed=2).rows[0]
    other = found("steps: [{op: elastic}]", sample, seed=3).rows[0]
    assert short.alone[0].applied == longer.alone[0].applied != other.alone[0].applied


def test_a_pipeline_without_steps_changes_nothing(sheet: GrayImage) -> None:
    (row,) = found("name: nothing", Sample("a", sheet, "iii", "upper")).rows
    assert row.alone == ()
    assert np.array_equal(row.whole[0].image, sheet)
    outcome_sheet(found("name: nothing", Sample("a", sheet, "iii", "upper")))


def test_what_a_step_lacks_is_no_tile(sheet: GrayImage) -> None:
    with pytest.raises(MissingPapersError):
        found(
            "steps: [{op: background, parameters: {folder: /nowhere}}]",
            Sample("a", sheet, "iii", "upper"),
        )


def test_the_sheet_has_a_place_for_every_tile(sheet: GrayImage) -> None:
    tiles = (Tile(sheet), Tile(None, "refused", "a long reason " * 9))
    plain = tile_sheet([TileRow("iv", "", tiles)] * 3, tile=120)
    groups = (Group("first", ("a",)), Group("second", ("b_with_a_long_name",)))
    headed = tile_sheet([TileRow("iv", "", tiles)] * 3, tile=120, groups=groups)
    captioned = tile_sheet([TileRow("iv", "", (Tile(sheet, "vi"),))] * 3, tile=120)
    assert plain.height == 10 + 3 * 126 - 6 + 10
    assert headed.height > plain.height
    assert headed.width == plain.width + 14
    assert captioned.height == plain.height + 3 * 26


def test_words_are_broken_and_what_is_too_long_is_cut() -> None:
    font = ImageFont.load_default(14)
    assert wrap("horizontal_flip", font, 1000) == ["horizontal_flip"]
    assert wrap("horizontal_flip", font, font.getlength("horizontal_")) == ["horizontal_", "flip"]
    (cut,) = wrap("unbreakable", font, 40)
    assert cut.endswith("…")
    assert font.getlength(cut) <= 40
