"""The review file: what is written is read back, in one order, whole, and by several at once."""

import threading
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.core.errors import RecipeError, UsageError
from datagen.core.numerals import CLASSES
from datagen.reviews.record import ReviewFile, review_text, write_review
from datagen.sources.images.review import LabelCorrection, Review, parse, read, shipped

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
_TIMES = st.datetimes().map(lambda time: time.isoformat(timespec="seconds") + "Z")


@st.composite
def decisions(draw: st.DrawFn) -> LabelCorrection:
    was, other = draw(st.permutations(CLASSES))[:2]
    verdict = draw(st.sampled_from(["keep", "drop", "relabel"]))
    return LabelCorrection.model_validate(
        {
            "verdict": verdict,
            "class": other if verdict == "relabel" else None,
            "was": was,
            "reason": draw(_TEXTS),
            "who": draw(st.none() | _TEXTS),
            "when": draw(st.none() | _TIMES),
        }
    )


def decided(verdict: str = "drop", was: str = "i", **more: str) -> LabelCorrection:
    return LabelCorrection.model_validate(
        {"verdict": verdict, "was": was, "reason": "scribble", **more}
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(decisions(), max_size=3), _TEXTS)
def test_what_is_written_is_read_back(found: list[LabelCorrection], text: str) -> None:
    hashes = ("0" * 64, "1e" + "0" * 62, "ab" * 32)
    images = dict(zip(hashes, found, strict=False))
    review = Review(review=1, name=text, about=text, images=images)
    assert parse(review_text(review), origin="it") == review


def test_shipped_reviews_keep_their_meaning_and_order() -> None:
    for name, text in shipped().items():
        review = parse(text, origin=name)
        written = review_text(review)
        assert parse(written, origin=name) == review
        assert list(yaml.safe_load(written)["images"]) == list(review.images)


def test_one_decision_is_one_line(tmp_path: Path) -> None:
    file = ReviewFile(tmp_path / "mine.yaml", about="my photos")
    assert file.review().name == "mine"
    assert not file.path.exists()
    file.decide({64 * "b": decided(was="v"), 64 * "a": decided("keep", "v", who="kim")})
    before = file.path.read_text().splitlines()
    assert file.decide({64 * "c": decided(was="ii", when="2026-11-27T05:00:00+01:00")}) == {
        64 * "c": None
    }
    after = file.path.read_text().splitlines()
    assert [line for line in after if line not in before] == [
        "  # given as ii",
        f'  {64 * "c"}: {{verdict: drop, was: ii, reason: "scribble", '
        'when: "2026-11-27T04:00:00Z"}',
    ]
    assert [line for line in after if line in before] == before
    assert list(tmp_path.iterdir()) == [file.path]


def test_what_decide_returns_undoes_it(tmp_path: Path) -> None:
    file = ReviewFile(tmp_path / "mine.yaml", about="my photos")
    file.decide({64 * "a": decided()})
    before = file.path.read_bytes()
    earlier = file.decide({64 * "a": decided("keep"), 64 * "b": decided("keep")})
    assert len(file.review().images) == 2
    file.decide(earlier)
    assert file.path.read_bytes() == before


def test_what_others_write_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    mine, other = ReviewFile(path, about="a"), ReviewFile(path, about="b")
    mine.decide({64 * "a": decided()})
    other.decide({64 * "b": decided()})
    mine.decide({64 * "c": decided()})
    assert sorted(read(path).images) == sorted(other.review().images)
    assert len(mine.review().images) == 3


def test_threads_lose_no_decision(tmp_path: Path) -> None:
    file = ReviewFile(tmp_path / "mine.yaml", about="a")
    threads = [
        threading.Thread(target=file.decide, args=({f"{k:064x}": decided()},)) for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read(file.path).images) == 8


def test_a_file_that_is_no_review_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.yaml"
    path.write_text("milk: 2\n")
    with pytest.raises(RecipeError, match="notes.yaml"):
        ReviewFile(path, about="a")
    file = ReviewFile(tmp_path / "mine.yaml", about="a")
    file.path.write_text("milk: 2\n")
    with pytest.raises(RecipeError, match="mine.yaml"):
        file.decide({64 * "a": decided()})
    assert file.path.read_text() == "milk: 2\n"


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    review = Review(review=1, name="n", about="a", images={})
    with pytest.raises(UsageError, match="cannot write the review .*folder: it is a folder"):
        write_review(tmp_path / "folder", review)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write the review"):
        ReviewFile(tmp_path / "file" / "mine.yaml", about="a").decide({64 * "a": decided()})


def test_ten_thousand_decisions_can_be_read(tmp_path: Path) -> None:
    line = decided("keep", "viii", who="kim", reason="x" * 3000)
    review = Review(review=1, name="n", about="a", images={f"{k:064x}": line for k in range(400)})
    write_review(tmp_path / "big.yaml", review)
    assert (tmp_path / "big.yaml").stat().st_size > 1 << 20  # more than a recipe may have
    assert read(tmp_path / "big.yaml") == review
