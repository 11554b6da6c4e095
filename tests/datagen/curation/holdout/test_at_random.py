"""Holdouts drawn at random: what is set aside, what stays together, and what is refused."""

import hashlib
import json
import os
import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.core.errors import (
    BuildError,
    CorruptInputError,
    MissingInputError,
    SplitError,
    UsageError,
)
from datagen.core.numerals import CLASSES
from datagen.curation.holdout.at_random import GroupedImage, assign
from datagen.curation.holdout.divide import hold_out as divide
from datagen.curation.holdout.record import RECORD, REVIEWED, SIDES, Holdout

EACH = 10
hold_out = partial(divide, by="random")
Run = Callable[..., subprocess.CompletedProcess[str]]


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def write_review(path: Path, images: dict[str, dict[str, str]]) -> Path:
    plain = {"review": 1, "name": "mine", "about": "a test", "images": images}
    path.write_text(json.dumps(plain))  # JSON is YAML
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Class folders below train and val with ten different scrawls each, all ink in one place."""
    root = tmp_path / "photos"
    rng = np.random.default_rng(7)
    for numeral in CLASSES:
        for k in range(EACH):
            folder = root / ("val" if k % 3 == 0 else "train") / numeral
            folder.mkdir(parents=True, exist_ok=True)
            sheet = np.full((90, 80), 255, np.uint8)
            line = rng.integers(12, 68, (7, 1, 2), dtype=np.int32)
            cv2.polylines(sheet, [line], isClosed=False, color=0, thickness=3)
            cv2.imwrite(str(folder / f"{k}.png"), sheet)
    return root


def smaller(source: Path, target: Path) -> None:
    """Write the picture at 0.8 of its size, with more paper: a near-duplicate."""
    image = cv2.imread(str(source), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    image = cv2.resize(image, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(target), np.pad(image, 11, constant_values=255))


def files(side: Path) -> dict[str, str]:
    """Return path below a side → SHA-256."""
    return {str(file.relative_to(side)): sha256(file) for file in side.rglob("*.png")}


def test_a_fifth_of_each_class_is_set_aside_byte_for_byte(photos: Path, tmp_path: Path) -> None:
    record = hold_out(photos, tmp_path / "out")
    assert record.counts("holdout") == dict.fromkeys(CLASSES, 2)
    assert record.counts("rest") == dict.fromkeys(CLASSES, 8)
    assert record.left_out == ()
    written = {
        f"{side}/{name}": digest
        for side in SIDES
        for name, digest in files(tmp_path / "out" / side).items()
    }
    assert written == {file.file: file.sha256 for file in record.files}
    for file in record.files:
        assert sha256(photos / file.source) == file.sha256
        split, numeral, name = file.source.split("/")
        assert file.file == f"{file.side}/{numeral}/{split}-{name}"
    read = Holdout.model_validate_json((tmp_path / "out" / RECORD).read_text())
    assert read.source == os.path.relpath(photos, tmp_path / "out")
    assert read.model_copy(update={"source": record.source}) == record
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["holdout", RECORD, "rest"]


def test_names_and_listing_order_decide_nothing(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = hold_out(photos, tmp_path / "one")
    again = tmp_path / "renamed"
    sources = sorted(photos.rglob("*.png"))
    random.Random(3).shuffle(sources)
    for number, source in enumerate(sources):
        target = again / source.parent.name / f"{number:03}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    plain = Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda self, pattern: reversed([*plain(self, pattern)]))
    second = hold_out(again, tmp_path / "two")
    sides = {file.sha256: (file.side, file.group) for file in first.files}
    assert {file.sha256: (file.side, file.group) for file in second.files} == sides
    other = hold_out(photos, tmp_path / "three", seed=1)
    assert {file.sha256: (file.side, file.group) for file in other.files} != sides


def test_near_duplicates_stay_on_one_side(photos: Path, tmp_path: Path) -> None:
    twins = {}
    for numeral in CLASSES:
        for name in ("1", "2", "4", "5"):
            source, copy = photos / "train" / numeral / f"{name}.png", f"{name}-again.png"
            smaller(source, source.with_name(copy))
            twins[f"train/{numeral}/{name}.png"] = f"train/{numeral}/{copy}"
    record = hold_out(photos, tmp_path / "out", fraction=0.3)
    placed = {file.source: file for file in record.files}
    for one, other in twins.items():
        assert placed[one].group == placed[other].group
        assert placed[one].side == placed[other].side
    assert record.counts("holdout") == dict.fromkeys(CLASSES, 4)  # 0.3 of 14
    assert record.group_sizes()[:41] == [2] * 40 + [1]


def test_copies_contradictions_and_bad_images_are_recorded(photos: Path, tmp_path: Path) -> None:
    train = photos / "train"
    shutil.copy(train / "i" / "1.png", photos / "val" / "i" / "copy.png")
    shutil.copy(train / "v" / "1.png", train / "x" / "wrong.png")
    (train / "ii" / "broken.png").write_bytes(b"no image")
    review = write_review(
        tmp_path / "r.yaml",
        {
            sha256(train / "vi" / "1.png"): {"verdict": "drop", "was": "vi", "reason": "scribble"},
            sha256(train / "vi" / "2.png"): {
                "verdict": "relabel",
                "class": "iv",
                "was": "vi",
                "reason": "reads iv",
            },
        },
    )
    with pytest.raises(CorruptInputError, match=r"broken.png is not an image.*skip_bad"):
        hold_out(photos, tmp_path / "out", review=str(review))
    record = hold_out(photos, tmp_path / "out", review=str(review), skip_bad=True)
    causes = {out.source: (out.cause, out.reason) for out in record.left_out}
    assert causes == {
        "train/ii/broken.png": ("unusable", "not a usable image"),
        "train/v/1.png": ("contradiction", "same pixels lie under another class too"),
        "train/vi/1.png": ("review", "scribble"),
        "train/x/wrong.png": ("contradiction", "same pixels lie under another class too"),
        "val/i/copy.png": ("copy", "same pixels as train/i/1.png"),
    }
    moved = [file for file in record.files if file.numeral != file.was]
    assert [(file.source, file.numeral) for file in moved] == [("train/vi/2.png", "iv")]
    assert moved[0].file == f"{moved[0].side}/iv/was-vi-train-2.png"
    assert (tmp_path / "out" / moved[0].file).is_file()


def test_names_that_would_clash_or_are_too_long(photos: Path, tmp_path: Path) -> None:
    folder = photos / "train" / "i"
    (folder / "a").mkdir()
    shutil.move(folder / "1.png", folder / "a" / "b.png")
    shutil.move(folder / "2.png", folder / "A-B.png")
    deep = folder / ("n" * 120) / ("m" * 120)
    deep.mkdir(parents=True)
    shutil.move(folder / "4.png", deep / "long.png")
    record = hold_out(photos, tmp_path / "out")
    names = [file.file.casefold() for file in record.files]
    assert len(set(names)) == len(names) == 100
    assert all((tmp_path / "out" / file.file).is_file() for file in record.files)
    assert max(len(Path(name).name) for name in names) <= 200


def test_the_rest_builds_and_nothing_leaks(photos: Path, tmp_path: Path) -> None:
    from datagen.building.build import build
    from datagen.recipes.schema import Ingredient, Recipe

    hold_out(photos, tmp_path / "out")
    source = Ingredient(source="images", path=tmp_path / "out" / "rest")
    built = build(Recipe(mix=(source,), size="native"), tmp_path / "ds").path
    images = {cv2.imread(str(p), 0).tobytes() for p in built.rglob("*.png")}
    held = {cv2.imread(str(p), 0).tobytes() for p in (tmp_path / "out/holdout").rglob("*.png")}
    assert len(images) == 80
    assert not images & held


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_a_fraction_out_of_range_is_refused(photos: Path, tmp_path: Path, fraction: float) -> None:
    with pytest.raises(UsageError, match="expected 0 < fraction < 1"):
        hold_out(photos, tmp_path / "out", fraction=fraction)


def test_source_and_result_may_not_lie_in_one_another(photos: Path, tmp_path: Path) -> None:
    for out in (photos, photos / "out", tmp_path, photos / "train" / ".." / "x"):
        with pytest.raises(UsageError, match="lie in one another"):
            hold_out(photos, out, overwrite=True)
    assert len(list(photos.rglob("*.png"))) == 100


def test_only_its_own_result_is_replaced(photos: Path, tmp_path: Path) -> None:
    hold_out(photos, tmp_path / "out")
    with pytest.raises(UsageError, match="exists; --overwrite replaces it"):
        hold_out(photos, tmp_path / "out")
    assert hold_out(photos, tmp_path / "out", seed=4, overwrite=True).seed == 4
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match=f"holds no {RECORD}"):
        hold_out(photos, tmp_path / "mine", overwrite=True)


def test_a_class_too_small_is_named_and_nothing_is_written(photos: Path, tmp_path: Path) -> None:
    for part in ("train", "val"):
        for file in list((photos / part / "vii").iterdir()):
            if file.name not in {"0.png", "1.png"}:
                file.unlink()
    with pytest.raises(SplitError, match=r"class vii has 2 pictures in 2 groups .* 0\.2 cannot"):
        hold_out(photos, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert hold_out(photos, tmp_path / "out", fraction=0.5).counts("holdout")["vii"] == 1
    shutil.rmtree(photos / "train" / "x")
    shutil.rmtree(photos / "val" / "x")
    with pytest.raises(MissingInputError, match="no images of class x"):
        hold_out(photos, tmp_path / "out2")


def test_a_class_of_which_nothing_is_left_is_named(photos: Path, tmp_path: Path) -> None:
    for file in (photos / "train" / "ii").iterdir():
        shutil.copy(file, photos / "train" / "iii" / f"ii-{file.name}")
    shutil.rmtree(photos / "val" / "ii")
    with pytest.raises(SplitError, match="of class ii no usable picture is left"):
        hold_out(photos, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_unicode_is_refused(photos: Path, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        photos.rename(odd)
    except OSError as error:
        pytest.skip(f"this file system takes no such name: {error}")
    with pytest.raises(CorruptInputError, match="no Unicode"):
        hold_out(odd, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_that_changes_meanwhile_leaves_nothing(photos: Path, tmp_path: Path) -> None:
    victim = photos / "train" / "i" / "1.png"

    def meddle(_step: str, _done: int, _total: int) -> None:
        victim.write_bytes((photos / "train" / "i" / "2.png").read_bytes())

    with pytest.raises(BuildError, match=r"1\.png changed meanwhile"):
        hold_out(photos, tmp_path / "out", tell=meddle)
    assert not (tmp_path / "out").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".out")]


pictures = st.lists(
    st.tuples(st.sampled_from(CLASSES), st.integers(0, 60)), min_size=1, max_size=150
).map(
    lambda drawn: [
        GroupedImage(hashlib.sha256(str(k).encode()).hexdigest(), numeral, f"g{group}")
        for k, (numeral, group) in enumerate(drawn)
    ]
)


@settings(max_examples=200, deadline=None)
@given(pictures, st.floats(0.05, 0.95), st.integers(0, 5), st.randoms(use_true_random=False))
def test_sides_keep_groups_and_shares_in_any_order(
    drawn: list[GroupedImage], fraction: float, seed: int, chance: random.Random
) -> None:
    shuffled = [*drawn]
    chance.shuffle(shuffled)
    try:
        sides = assign(drawn, fraction, seed)
    except SplitError:
        with pytest.raises(SplitError):
            assign(shuffled, fraction, seed)
        return
    assert assign(shuffled, fraction, seed) == sides
    assert set(sides) == {picture.group for picture in drawn}
    total = Counter(picture.numeral for picture in drawn)
    held = Counter(p.numeral for p in drawn if sides[p.group] == "holdout")
    for numeral, count in total.items():
        assert 1 <= held[numeral] <= round(fraction * count)
        assert held[numeral] < count


@settings(max_examples=50, deadline=None)
@given(st.integers(3, 40), st.floats(0.05, 0.95), st.integers(0, 99))
def test_single_pictures_are_divided_exactly(each: int, fraction: float, seed: int) -> None:
    drawn = [GroupedImage(f"{c}{k}", c, f"{c}{k}") for c in CLASSES for k in range(each)]
    expected = round(fraction * each)
    if expected in {0, each}:
        with pytest.raises(SplitError, match=f"class i has {each} pictures"):
            assign(drawn, fraction, seed)
        return
    sides = assign(drawn, fraction, seed)
    held = Counter(p.numeral for p in drawn if sides[p.group] == "holdout")
    assert held == dict.fromkeys(CLASSES, expected)


def test_a_picture_more_moves_few_others() -> None:
    drawn = [
        GroupedImage(f"{k}", CLASSES[k % 10], hashlib.md5(bytes([k // 256, k % 256])).hexdigest())
        for k in range(1000)
    ]
    before, after = assign(drawn, 0.2, 0), assign([*drawn, GroupedImage("new", "i", "new")], 0.2, 0)
    assert sum(before[name] != after[name] for name in before) <= 2


@pytest.mark.slow
def test_the_competition_data_divides(shared_data: Path, tmp_path: Path) -> None:
    given = shared_data / "roman-mnist" / "val"  # all of it would take half a minute
    record = hold_out(given, tmp_path / "o", review="competition-2021")
    kept = len(record.files)
    assert kept + len(record.left_out) == 813
    sound = [file for file in record.files if file.sound]
    assert abs(sum(record.counts(REVIEWED).values()) - len(sound) / 5) <= 10
    assert max(record.group_sizes()) < 20  # bare upright strokes are alike, whoever wrote them


def test_how_to_divide_is_checked_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--by 'writer': expected style or random"):
        divide(tmp_path / "nowhere", tmp_path / "out", by="writer")  # type: ignore[arg-type]


def run_holdout(
    datagen: Run, *arguments: object, code: int = 0
) -> subprocess.CompletedProcess[str]:
    done = datagen("holdout", *arguments, "--by", "random")
    assert done.returncode == code, done.stderr
    return done


@pytest.mark.slow
def test_the_command(datagen: Run, photos: Path, tmp_path: Path) -> None:
    smaller(photos / "train" / "i" / "1.png", photos / "train" / "i" / "1b.png")
    done = run_holdout(datagen, photos, "--out", "out", "--json")
    said = json.loads(done.stdout)
    assert said["command"] == "holdout"
    assert said["counts"]["holdout"] == dict.fromkeys(CLASSES, 2)
    assert (said["groups"], said["groups_of_several"], said["largest_group"]) == (100, 1, 2)
    assert "hold near-duplicates (the largest 2 images)" in done.stderr
    assert (tmp_path / "out" / RECORD).is_file()
    shown = run_holdout(datagen, photos, "--out", "out", "--overwrite", "--seed", 1).stdout
    assert "101 images in out" in shown
    assert "holdout" in shown


def test_the_command_says_what_is_wrong(datagen_here: Run, photos: Path, tmp_path: Path) -> None:
    for arguments, code, said in (
        ((photos,), 2, "Missing option '--out'"),
        ((photos, "--out", photos / "x"), 2, "lie in one another"),
        ((photos, "--out", "o", "--fraction", 2), 2, "expected 0 < fraction < 1"),
        ((photos, "--out", "o", "--review", "competiton-2021"), 2, "mean 'competition-2021'"),
        ((photos, "--out", "o", "--fraction", 0.01), 3, "class i has 10 pictures"),
        (("nowhere", "--out", "o"), 4, "no folder at nowhere"),
    ):
        done = run_holdout(datagen_here, *arguments, code=code)
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "o").exists()
