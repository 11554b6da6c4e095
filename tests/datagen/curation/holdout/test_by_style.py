"""Holdouts by style: whole styles and writers set aside, in folds that hold every picture once."""

import hashlib
import json
import random
import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.core.errors import CorruptInputError, MissingInputError, SplitError
from datagen.core.numerals import CLASSES
from datagen.curation.holdout.divide import hold_out
from datagen.curation.holdout.record import RECORD, REVIEWED, By, Holdout
from datagen.curation.holdout.sheet import holdout_sheet

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
        assert own.source == "../../photos"  # from the record's folder
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
    kept = Holdout.model_validate_json((out / RECORD).read_text())
    assert kept == record.model_copy(update={"source": "../photos"})
    assert all((out / file.file).is_file() for file in record.files)


def test_a_pen_is_held_out_as_a_whole_where_chance_would_spread_it(
    photos: Path, tmp_path: Path
) -> None:
    purity = {}
    for by in ("style", "random"):
        record = hold_out(photos, tmp_path / by, by=by, folds=5)
        pens = Counter((file.fold, file.source.split("/")[1][:4]) for file in record.files)
        best = [max(pens[fold, f"pen{pen}"] for pen in range(PENS)) for fold in range(1, 6)]
        purity[by] = sum(best) / len(record.files)
    assert purity["style"] > purity["random"] + 0.15


def record_of(files: Holdout) -> dict[str, tuple[int | None, int | None, str]]:
    return {file.sha256: (file.fold, file.style, file.group) for file in files.files}


def test_names_and_listing_order_decide_nothing_and_the_seed_does(
    photos: Path, tmp_path: Path
) -> None:
    first = hold_out(photos, tmp_path / "one", folds=4)
    sources = sorted(photos.rglob("*.png"))
    random.Random(3).shuffle(sources)
    for number, source in enumerate(sources):
        target = tmp_path / "renamed" / source.parent.name / f"{number:03}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    assert record_of(hold_out(tmp_path / "renamed", tmp_path / "two", folds=4)) == record_of(first)
    other = hold_out(photos, tmp_path / "three", folds=4, seed=1)
    assert {file.sha256: file.fold for file in other.files} != {
        file.sha256: file.fold for file in first.files
    }


def test_one_holdout_is_a_fifth_of_the_styles_and_of_the_images(
    photos: Path, tmp_path: Path
) -> None:
    record = hold_out(photos, tmp_path / "out")
    held = [file for file in record.files if file.side == "holdout"]
    assert 0.15 <= len(held) / len(record.files) <= 0.25
    assert all(record.counts(side)[numeral] for side in ("holdout", "rest") for numeral in CLASSES)
    styles = {file.style for file in held}
    assert len(styles) <= 0.4 * record.styles
    assert {file.fold for file in record.files} == {None}


def test_writers_are_held_out_as_a_whole(photos: Path, tmp_path: Path) -> None:
    paths = sorted(str(file.relative_to(photos)) for file in photos.rglob("*.png"))
    writer = {path: f"w{number % 25}" for number, path in enumerate(paths)}
    table = tmp_path / "writers.csv"
    table.write_text("writer,path\n" + "".join(f"{writer[path]},{path}\n" for path in paths))
    record = hold_out(photos, tmp_path / "out", folds=5, writers=table)
    folds: dict[str, set[int | None]] = {}
    for file in record.files:
        assert file.writer == writer[file.source]
        folds.setdefault(file.writer, set()).add(file.fold)
    assert len(folds) == 25
    assert all(len(found) == 1 for found in folds.values())
    assert record.writers == str(table)


def test_a_dataset_of_ours_tells_its_writers_or_says_why_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import datagen

    ds = datagen.build({"images": 100}, tmp_path / "ds")
    made = hold_out(ds.path, tmp_path / "one")
    assert made.writers == "manifest.jsonl"
    assert all((file.writer or "").startswith("pen ") for file in made.files)
    lines = [json.loads(line) for line in (ds.path / "manifest.jsonl").read_text().splitlines()]
    for k, line in enumerate(lines):
        line["writers"] = [f"w{k % 7}"]
    (ds.path / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    known = hold_out(ds.path, tmp_path / "two")
    assert known.writers == "manifest.jsonl"
    held = {file.writer for file in known.files if file.side == "holdout"}
    assert not held & {file.writer for file in known.files if file.side == "rest"}
    for line in lines:
        line["writers"] = ["w1", "w2"]
    (ds.path / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert hold_out(ds.path, tmp_path / "three").writers is None
    assert "styles are set aside, not writers" in caplog.text


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        (None, MissingInputError, "no file"),
        ("a,b\n", CorruptInputError, "expected a first line with path,writer"),
        ("path,writer\nnowhere.png,w\n", MissingInputError, "line 2: no file 'nowhere.png' below"),
        ("path,writer\ni/pen0-0.png\n", CorruptInputError, "line 2: expected a path"),
        ("path,writer\ni/pen0-0.png,a\ni/pen0-0.png,b\n", CorruptInputError, "line 3: expected"),
    ],
)
def test_bad_tables_of_writers_are_refused(
    photos: Path, tmp_path: Path, text: str | None, error: type[Exception], says: str
) -> None:
    table = tmp_path / "writers.csv"
    if text is not None:
        table.write_text(text)
    with pytest.raises(error, match=says):
        hold_out(photos, tmp_path / "out", writers=table)
    assert not (tmp_path / "out").exists()


def test_one_writer_of_nearly_all_is_refused(photos: Path, tmp_path: Path) -> None:
    table = tmp_path / "writers.csv"
    paths = sorted(str(file.relative_to(photos)) for file in photos.rglob("*.png"))
    table.write_text("path,writer\n" + "".join(f"{path},me\n" for path in paths[:150]))
    with pytest.raises(SplitError, match="join 150 of 200 pictures in one group"):
        hold_out(photos, tmp_path / "out", writers=table)


@pytest.mark.parametrize(("folds", "more"), [(1, ""), (3, ", ask for fewer --folds")])
def test_of_one_picture_only_more_pictures_help(
    photos: Path, tmp_path: Path, folds: int, more: str
) -> None:
    for file in sorted((photos / "iv").iterdir())[1:]:
        file.unlink()
    said = rf"class iv has 1 picture in 1 group that must stay whole, .* sides; add pictures{more}$"
    with pytest.raises(SplitError, match=said):
        hold_out(photos, tmp_path / "out", folds=folds)


@pytest.mark.parametrize("by", ["style", "random"])
def test_a_review_cleans_what_is_trained_on_and_leaves_the_holdout_as_given(
    photos: Path, tmp_path: Path, by: By
) -> None:
    images = {}
    for numeral in CLASSES:  # of each class every fifth is bad: dropped, or of another class
        for number, file in enumerate(sorted((photos / numeral).iterdir())):
            if number % 5 == 0:
                verdict: dict[str, str] = {"verdict": "drop", "was": numeral, "reason": "scribble"}
                if number == 0:
                    to = "x" if numeral == "i" else "i"
                    verdict |= {"verdict": "relabel", "class": to, "reason": f"reads {to}"}
                images[hashlib.sha256(file.read_bytes()).hexdigest()] = verdict
    review = tmp_path / "r.yaml"
    plain = {"review": 1, "name": "mine", "about": "a test", "images": images}
    review.write_text(json.dumps(plain))
    record = hold_out(photos, tmp_path / "out", by=by, folds=2, review=str(review))
    everything = {f"{numeral}/{name}" for numeral in CLASSES for name in names(photos / numeral)}
    given = [file.file.split("/", 2)[2] for file in record.files]
    assert sorted(given) == sorted(everything)  # under the classes as given, the bad ones too
    bad = {file.source: file for file in record.files if file.sha256 in images}
    assert len(bad) == 40
    for placed in bad.values():
        moved = images[placed.sha256]["verdict"] == "relabel"
        assert placed.sound == moved
        assert (placed.reviewed is not None) == moved
        assert placed.note == images[placed.sha256]["reason"]
    for fold in (1, 2):
        folder = tmp_path / "out" / f"fold-{fold}"
        reviewed = [*(folder / REVIEWED).rglob("*.png")]
        rest = [*(folder / "rest").rglob("*.png")]
        assert len(reviewed) + len(rest) == 200 - 30
        for file in (*reviewed, *rest):
            verdict = images.get(hashlib.sha256(file.read_bytes()).hexdigest(), {})
            assert verdict.get("verdict") != "drop"
            assert verdict.get("class", file.parent.name) == file.parent.name
        own = Holdout.model_validate_json((folder / RECORD).read_text())
        assert sum(own.counts(REVIEWED).values()) == len(reviewed)
        assert sum(out.cause == "review" for out in own.left_out) == 30 - sum(
            not file.sound for file in own.files
        )


def test_copies_count_once_and_contradictions_are_in_a_holdout_as_given(
    photos: Path, tmp_path: Path
) -> None:
    shutil.copy(photos / "i" / "pen0-0.png", photos / "i" / "copy.png")
    shutil.copy(photos / "v" / "pen1-0.png", photos / "x" / "wrong.png")
    record = hold_out(photos, tmp_path / "out", folds=2)
    assert [(out.source, out.cause) for out in record.left_out] == [("i/pen0-0.png", "copy")]
    torn = [file for file in record.files if not file.sound]
    assert [file.source for file in torn] == ["v/pen1-0.png", "x/wrong.png"]
    assert len({file.fold for file in torn}) == 1
    assert all((tmp_path / "out" / file.file).is_file() for file in torn)
    trained = [*(tmp_path / "out").glob("*/rest/*/*")]
    sums = {hashlib.sha256(file.read_bytes()).hexdigest() for file in trained}
    assert not sums & {file.sha256 for file in torn}


def test_records_from_before_folds_are_read() -> None:
    old = {
        "holdout": 1, "source": "/p", "seed": 0, "fraction": 0.2, "review": "r", "threshold": 0.96,
        "files": [
            {"file": "holdout/x/was-v-a.png", "source": "v/a.png", "sha256": "0", "numeral": "x",
             "was": "v", "side": "holdout", "group": "g"}
        ],
        "left_out": [{"source": "b", "was": "v", "cause": "review", "reason": "scribble"}],
    }  # fmt: skip
    record = Holdout.model_validate(old)
    assert (record.by, record.folds, record.writers) == ("random", 1, None)
    assert record.counts("holdout") == {c: int(c == "x") for c in CLASSES}
    assert sum(record.counts(REVIEWED).values()) == 0


def test_every_style_that_is_held_out_has_a_row_on_the_sheet(photos: Path, tmp_path: Path) -> None:
    by_style = hold_out(photos, tmp_path / "one", folds=3)
    drawn = holdout_sheet(by_style, tile=20)
    rows = {(file.fold, file.style) for file in by_style.files}
    assert drawn.height >= 26 * len(rows)
    assert holdout_sheet(hold_out(photos, tmp_path / "two", by="random"), tile=20).height >= 260
    (photos / by_style.files[0].source).unlink()
    with pytest.raises(CorruptInputError, match="no file .*; run again"):
        holdout_sheet(by_style, tile=20)
