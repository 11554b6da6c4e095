"""What differs between two datasets: every image once, by bytes, picture, lineage or path."""

import json
import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import datagen
from datagen.core.errors import CorruptInputError, MissingInputError, UsageError
from datagen.core.numerals import CLASSES
from datagen.viewing.diff import DatasetDiff, diff_datasets
from datagen.viewing.diff_scores import score_changes
from datagen.viewing.diff_sheet import diff_sheet
from tests.datagen.evaluation.test_compare import summary


@pytest.fixture
def two(numeral_folder: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two equal folders of class folders, six images each."""
    return numeral_folder, Path(shutil.copytree(numeral_folder, tmp_path / "after"))


def kinds(diff: DatasetDiff) -> dict[str, int]:
    return {kind: count for kind, count in diff.counts.items() if count}


def rewritten(file: Path, change: int = 0) -> None:
    """Write an image anew in other bytes, perhaps as another picture."""
    pixels = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    if change:
        pixels[10:20, 10:20] = 255 - pixels[10:20, 10:20]
    cv2.imwrite(str(file), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def test_equal_folders_are_equal_whatever_their_files_are_called(two: tuple[Path, Path]) -> None:
    (two[1] / "iv" / "0.png").rename(two[1] / "iv" / "other.png")
    found = diff_datasets(*two)
    assert found.equal
    assert kinds(found) == {"same": 60}
    assert found.first.fingerprint == found.second.fingerprint
    assert found.recipe is None


def test_the_fingerprint_is_the_evaluators_where_it_passes_over_files(dataset: Path) -> None:
    before = datagen.inspect(dataset).fingerprint
    image = cv2.imread(str(min((dataset / "train" / "iv").iterdir())), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    cv2.imwrite(str(dataset / "train" / "iv" / "extra.tif"), 255 - image[::-1])
    found = diff_datasets(dataset, dataset)
    assert found.second.images == 101
    assert found.second.fingerprint == datagen.inspect(dataset).fingerprint == before


def test_each_kind_of_change(two: tuple[Path, Path]) -> None:
    after = two[1]
    (after / "i" / "0.png").unlink()
    (after / "ii" / "0.png").rename(after / "v" / "relabelled.png")
    rewritten(after / "iii" / "0.png")
    rewritten(after / "iv" / "0.png", change=1)
    noise = np.random.default_rng(9).integers(0, 255, (40, 50), dtype=np.uint8)
    cv2.imwrite(str(after / "x" / "new.png"), noise)
    found = diff_datasets(*two)
    assert kinds(found) == {
        "same": 56,
        "stored": 1,
        "moved": 1,
        "changed": 1,
        "went": 1,
        "came": 1,
    }
    told = [(c.kind, c.by, c.image.name) for c in found.changes if c.kind != "same"]
    assert told == [
        ("went", None, "i/0.png"),
        ("stored", "picture", "iii/0.png"),
        ("changed", "path", "iv/0.png"),
        ("moved", "bytes", "v/relabelled.png"),
        ("came", None, "x/new.png"),
    ]
    tallies = found.by_class()
    assert (tallies["ii"].moved_out, tallies["v"].moved_in, tallies["v"].second) == (1, 1, 7)
    assert list(tallies) == list(CLASSES)


def test_copies_are_counted_one_by_one(two: tuple[Path, Path]) -> None:
    shutil.copy(two[1] / "i" / "0.png", two[1] / "i" / "copy.png")
    shutil.copy(two[1] / "i" / "0.png", two[1] / "v" / "copy.png")
    found = diff_datasets(*two)
    assert kinds(found) == {"same": 60, "came": 2}
    assert diff_datasets(*reversed(two)).counts["went"] == 2


def test_a_damaged_file_is_compared_by_its_bytes(two: tuple[Path, Path]) -> None:
    for folder in two:
        (folder / "i" / "bad.png").write_bytes(b"no image")
    assert diff_datasets(*two).equal
    (two[1] / "i" / "bad.png").write_bytes(b"no image either")
    assert kinds(diff_datasets(*two)) == {"same": 60, "changed": 1}
    assert diff_sheet(diff_datasets(*two)).size[0] >= 200


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from("dmcr")), max_size=12))
def test_the_tables_add_up(
    numeral_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, str]],
) -> None:
    after = Path(shutil.copytree(numeral_folder, tmp_path_factory.mktemp("t") / "after"))
    for k, (numeral, step) in enumerate(steps):
        files = sorted((after / numeral).iterdir())
        if step == "d" and len(files) > 1:
            files[0].unlink()
        elif step == "m" and len(files) > 1:
            files[0].rename(after / CLASSES[k % 10] / f"moved-{k}.png")
        elif step == "c":
            shutil.copy(files[0], after / numeral / f"copy-{k}.png")
        elif step == "r":
            rewritten(files[0], change=k % 2)
    found = diff_datasets(numeral_folder, after)
    there = Counter(path.parent.name for path in after.glob("*/*.png"))
    for numeral, tally in found.by_class().items():
        stayed = tally.kept + tally.changed
        assert tally.first == stayed + tally.moved_out + tally.went == 6
        assert tally.second == stayed + tally.moved_in + tally.came == there[numeral]
    assert sum(found.counts.values()) == len(found.changes)


@pytest.fixture
def built(dataset: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A dataset, and one of the same pictures through another pipeline."""
    recipe = {"images": 100, "mix": [{"source": "images", "path": str(dataset)}]}
    one = datagen.build(recipe, tmp_path / "one")
    two = datagen.build(recipe | {"pipeline": "scanned"}, tmp_path / "two")
    return one.path, two.path


def test_what_was_made_of_the_same_is_changed(built: tuple[Path, Path]) -> None:
    found = datagen.diff(*built)
    assert found.counts["came"] == found.counts["went"] == 0
    assert found.counts["changed"] > 50
    assert {c.by for c in found.changes if c.kind == "changed"} == {"lineage"}
    assert found.recipe is not None
    (change,) = found.recipe
    assert (change.key, change.before, change.after) == ("pipeline", None, "scanned")


def test_the_number_of_a_file_says_nothing_in_datasets_of_ours(
    dataset: Path, tmp_path: Path
) -> None:
    other = datagen.build({"images": 100, "seed": 8}, tmp_path / "other")
    found = datagen.diff(dataset, other)
    assert found.counts["changed"] == 0
    assert found.counts["came"] == 100
    (other.path / "manifest.jsonl").unlink()
    assert datagen.diff(dataset, other).counts["changed"] > 50  # nobody knows better


def test_the_picture_shows_what_differs(two: tuple[Path, Path], tmp_path: Path) -> None:
    datagen.diff(*two, sheet=tmp_path / "equal.png")
    (two[1] / "i" / "0.png").unlink()
    rewritten(two[1] / "iv" / "0.png", change=1)
    datagen.diff(*two, sheet=tmp_path / "diff.png")
    equal, diff = (cv2.imread(str(tmp_path / name)) for name in ("equal.png", "diff.png"))
    assert equal is not None
    assert diff is not None
    assert diff.shape[0] > 2 * equal.shape[0]  # three rows


def test_what_cannot_be_compared(two: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="no dataset at"):
        datagen.diff(two[0], tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"cannot write .*a\.foo.*choose another --out"):
        datagen.diff(*two, sheet=tmp_path / "a.foo")
    (tmp_path / "s.jsonl").write_text(summary("ds", "1100").model_dump_json() + "\n")
    with pytest.raises(CorruptInputError, match="is the score of neither"):
        datagen.diff(*two, scores=[tmp_path / "s.jsonl"])


def test_scores_are_compared_in_pairs() -> None:
    before, after = (
        summary("a", "110000" * 9, "111000" * 9),
        summary("b", "111111" * 9, "110111" * 9),
    )
    (change,) = score_changes([before], [after])
    assert change.seeds == (123, 124)
    assert (change.before.mean, change.after.mean) == pytest.approx((5 / 12, 11 / 12))
    assert change.difference is not None
    assert change.difference.accuracy.mean == pytest.approx(0.5)
    assert change.difference.p_images < 0.01
    (change,) = score_changes([summary("a", "1100")], [summary("b", "1110", leaked=2)])
    assert change.difference is not None
    assert (change.difference.best_only, change.difference.row_only) == (0, 1)
    assert change.leaked == (0, 2)
    assert [note.split(" ")[0] for note in change.notes] == ["some", "one"]


def test_scores_of_other_tests_or_lengths_are_not_compared() -> None:
    one = summary("a", "1100")
    assert not score_changes([one], [summary("b", "1100", test="u")])
    assert not score_changes([one], [summary("b", "1100", preview=5)])
    assert not score_changes([], [one])
    other = one.model_copy(update={"runs": (one.runs[0].model_copy(update={"seed": 7}),)})
    (change,) = score_changes([one], [other])
    assert change.difference is None
    assert change.notes == ("no seed is common to both, so nothing can be paired",)


def test_known_scores_are_found_by_what_they_are_of(two: tuple[Path, Path], tmp_path: Path) -> None:
    (two[1] / "i" / "0.png").unlink()
    sides = datagen.diff(*two)
    lines = [
        summary("x", hits).model_copy(update={"fingerprint": side.fingerprint}).model_dump_json()
        for hits, side in (("1100", sides.first), ("1110", sides.second))
    ]
    (tmp_path / "s.jsonl").write_text("\n".join(lines))
    found = datagen.diff(*two, scores=[tmp_path / "s.jsonl"])
    assert [json.loads(line)["val"] for line in lines]
    assert [(s.before.mean, s.after.mean) for s in found.scores] == [(0.5, 0.75)]
