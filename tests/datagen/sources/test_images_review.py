"""Reviews: what they may say, and what they do to a listing and to the images source."""

import hashlib
import logging
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from datagen.core.errors import CorruptInputError, MissingInputError, RecipeError, UnknownNameError
from datagen.core.glyphs import NumeralPool
from datagen.core.numerals import CLASSES
from datagen.sources import open_source
from datagen.sources.images.review import LabelCorrection, apply, load, parse, shipped

HASH = "0" * 64


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def write_review(path: Path, images: dict[str, dict[str, str]]) -> Path:
    plain = {"review": 1, "name": "mine", "about": "a test", "images": images}
    path.write_text(yaml.safe_dump(plain))
    return path


def images(root: Path, review: Path | str) -> NumeralPool:
    pool = open_source("images", root, {"review": str(review)})
    assert isinstance(pool, NumeralPool)
    return pool


def test_every_shipped_review_is_named_after_its_file_and_reads() -> None:
    assert "competition-2021" in shipped()
    for name in shipped():
        review = load(name)
        assert review.name == name
        assert review.images
        for judgement in review.images.values():
            assert (judgement.numeral is None) == (judgement.verdict == "drop")


@pytest.mark.parametrize(
    ("judgement", "said"),
    [
        ("{verdict: forget, was: i, reason: x}", "verdict"),
        ("{verdict: drop, was: xi, reason: x}", "expected one of i ii iii.*given 'xi'"),
        ("{verdict: relabel, was: i, reason: x}", "relabel needs the true class"),
        ("{verdict: relabel, class: i, was: i, reason: x}", "relabel needs the true class"),
        ("{verdict: drop, class: i, was: ii, reason: x}", "drop takes no class"),
        ("{verdict: drop, was: i, reason: ''}", "reason"),
        ("{verdict: drop, was: i}", "reason"),
        ("{verdict: keep, class: i, was: ii}", "keep takes no class"),
        ("{verdict: keep, was: i, when: '2026-11-27'}", "when: .*expected a time such as"),
        ("{verdict: keep, was: i, when: '2026-11-27T04:30:00'}", "when: .*expected a time such as"),
        ("{verdict: keep, was: i, when: '0001-01-01T00:00:00+23:00'}", "expected a time such as"),
        ("{verdict: keep, was: i, who: ''}", "who"),
        ("{verdict: drop, was: i, reason: x, reson: y}", "unknown key.*did you mean 'reason'"),
    ],
)
def test_a_judgement_that_makes_no_sense_is_refused(judgement: str, said: str) -> None:
    text = f"{{review: 1, name: n, about: a, images: {{'{HASH}': {judgement}}}}}"
    with pytest.raises(RecipeError, match=f"review r: .*{said}"):
        parse(text, origin="review r")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not YAML"),
        ("3", "is not a review"),
        ("{review: 2, name: n, about: a, images: {}}", "review: expected 1"),
        ("{review: 1, name: n, about: a, images: {abc: {}}}", "images.abc"),
    ],
)
def test_what_is_no_review_is_refused(text: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        parse(text, origin="review r")


def test_a_file_judged_twice_is_refused() -> None:
    line = f"  {HASH}: {{verdict: drop, was: i, reason: blank}}\n"
    with pytest.raises(RecipeError, match=f"key '{HASH}' occurs 2 times; keep one"):
        parse(f"review: 1\nname: n\nabout: a\nimages:\n{line}{line}", origin="review r")


def test_no_such_review(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'competition-2021'"):
        load("competition-2022")
    with pytest.raises(MissingInputError, match="no review file"):
        load(str(tmp_path / "none.yaml"))
    (tmp_path / "latin.yaml").write_bytes(b"\xff")
    with pytest.raises(RecipeError, match="is no text"):
        load(str(tmp_path / "latin.yaml"))


def test_drop_and_relabel(numeral_folder: Path, tmp_path: Path) -> None:
    dropped, moved = numeral_folder / "i" / "0.png", numeral_folder / "x" / "3.png"
    review = write_review(
        tmp_path / "r.yaml",
        {
            sha256(dropped): {"verdict": "drop", "was": "i", "reason": "blank"},
            sha256(moved): {"verdict": "relabel", "class": "v", "was": "x", "reason": "reads v"},
        },
    )
    found = {info.id: info.numeral for info in images(numeral_folder, review).infos}
    assert "i/0.png" not in found
    assert found["x/3.png"] == "v"
    assert len(found) == 59
    assert list(found.values()) == sorted(found.values(), key=CLASSES.index)


def test_a_judgement_holds_only_where_the_file_still_lies(
    numeral_folder: Path, tmp_path: Path
) -> None:
    file = numeral_folder / "i" / "0.png"
    review = load(
        str(
            write_review(
                tmp_path / "r.yaml",
                {sha256(file): {"verdict": "relabel", "class": "v", "was": "ii", "reason": "v"}},
            )
        )
    )
    reviewed = apply(review, numeral_folder, {"i/0.png": "i", "ii/1.png": "ii"})
    assert reviewed.names == {"i/0.png": "i", "ii/1.png": "ii"}
    assert reviewed.judged == {}


def test_a_file_that_cannot_be_read_stays_for_others_to_complain_of(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()  # opening it fails, whoever runs the tests
    reviewed = apply(load("competition-2021"), tmp_path, {"folder.png": "i"})
    assert reviewed.names == {"folder.png": "i"}


def test_dropped_files_are_never_decoded(numeral_folder: Path, tmp_path: Path) -> None:
    broken = numeral_folder / "iv" / "broken.png"
    broken.write_bytes(b"no image")
    Image.fromarray(np.full((30, 30), 255, np.uint8)).save(numeral_folder / "vi" / "white.png")
    with pytest.raises(CorruptInputError, match="2 more|1 more"):
        open_source("images", numeral_folder, {})
    drop = {"verdict": "drop", "reason": "blank"}
    review = write_review(
        tmp_path / "r.yaml",
        {
            sha256(broken): drop | {"was": "iv"},
            sha256(numeral_folder / "vi" / "white.png"): drop | {"was": "vi"},
        },
    )
    assert len(images(numeral_folder, review)) == 60


@pytest.mark.parametrize("verdict", ["drop", "relabel"])
def test_a_review_settles_which_of_two_contradicting_copies_is_right(
    numeral_folder: Path, tmp_path: Path, verdict: str, caplog: pytest.LogCaptureFixture
) -> None:
    original, copy = numeral_folder / "i" / "0.png", numeral_folder / "v" / "copy.png"
    copy.write_bytes(original.read_bytes())
    judgement = {"verdict": verdict, "was": "v", "reason": "reads i"}
    if verdict == "relabel":
        judgement["class"] = "i"
    review = write_review(tmp_path / "r.yaml", {sha256(copy): judgement})
    pool = images(numeral_folder, review)
    assert len(pool) == 60
    assert "i/0.png" in {info.id for info in pool.infos}
    assert "all left out" not in caplog.text


def test_what_a_review_did_is_said(
    numeral_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        images(numeral_folder, "competition-2021")
    assert "competition-2021 names none of the 60 files" in caplog.text
    caplog.clear()
    judgement = {"verdict": "drop", "was": "i", "reason": "blank"}
    file = write_review(tmp_path / "r.yaml", {sha256(numeral_folder / "i" / "0.png"): judgement})
    images(numeral_folder, file)
    assert "review mine drops 1 and relabels 0 of 60 files" in caplog.text


def test_nothing_is_said_of_images_that_stand_where_their_review_moves_them(
    numeral_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    judgement = {"verdict": "relabel", "was": "v", "class": "i", "reason": "reads i"}
    file = write_review(tmp_path / "r.yaml", {sha256(numeral_folder / "i" / "0.png"): judgement})
    with caplog.at_level(logging.WARNING):
        assert len(images(numeral_folder, file)) == 60
    assert "review" not in caplog.text


@pytest.mark.slow
def test_the_competition_review_fits_the_competition_data(
    shared_data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pool = images(shared_data / "roman-mnist", "competition-2021")  # needs no skip_bad
    judged = load("competition-2021").images
    drops = sum(judgement.verdict == "drop" for judgement in judged.values())
    assert f"drops {drops} and relabels {len(judged) - drops} of 2880 files" in caplog.text
    assert len(pool) == 2880 - drops - 49  # so many files of train are in val too


def test_a_judgement_reads_as_the_yaml_says() -> None:
    plain = {"verdict": "relabel", "class": "x", "was": "v", "reason": "reads x"}
    assert LabelCorrection.model_validate(plain).numeral == "x"


def test_what_is_kept_stays_as_it_is(
    numeral_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = numeral_folder / "i" / "0.png"
    plain = {"verdict": "keep", "was": "i", "who": "kim", "when": "2026-11-27T04:30:00Z"}
    review = write_review(tmp_path / "r.yaml", {sha256(kept): plain})
    with caplog.at_level(logging.WARNING):
        found = images(numeral_folder, review)
    assert len(found) == 60
    assert "review" not in caplog.text
    reviewed = apply(load(str(review)), numeral_folder, {"i/0.png": "i"})
    assert (reviewed.names, reviewed.judged, reviewed.sound) == ({"i/0.png": "i"}, {}, 1)
    assert load(str(review)).images[sha256(kept)].reason == "looked at"
