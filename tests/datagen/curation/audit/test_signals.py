"""What is odd about a sheet, an outline or a style is told by small pure functions."""

import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from datagen.core.arrays import GrayImage
from datagen.core.numerals import CLASSES
from datagen.curation.audit import networks, outline_reader, rank
from datagen.curation.audit.look_alikes import describe_outline, nearest
from datagen.curation.audit.outliers import style_outliers, unlike_all
from datagen.curation.audit.sheet_signals import sheet_signals
from datagen.curation.audit.slips import prior, slip
from datagen.images.outlines import sketch
from datagen.images.style_features import describe


def paper(*strokes: tuple[int, int, int, int], pen: int = 8, side: int = 200) -> GrayImage:
    sheet = np.full((side, side), 255, np.uint8)
    for x1, y1, x2, y2 in strokes:
        cv2.line(sheet, (x1, y1), (x2, y2), 0, pen)
    return sheet


V = ((60, 50, 90, 150), (120, 50, 90, 150))
III = tuple((x, 50, x, 150) for x in (60, 100, 140))


def test_a_plain_numeral_has_no_signal() -> None:
    for strokes in (V, III):
        found = sheet_signals(paper(*strokes))
        assert (found.blank, found.scribble, found.cut, found.several) == (0, 0, 0, 0)


def test_blank_paper_and_a_tiny_dot_are_blank() -> None:
    assert sheet_signals(paper()).blank == 1
    assert sheet_signals(np.full((50, 40), 230, np.uint8)).blank == 1
    assert sheet_signals(paper((100, 100, 104, 104), pen=4)).blank == 1


def test_many_strokes_are_a_scribble() -> None:
    rng = np.random.default_rng(1)
    strokes = [tuple(map(int, rng.integers(40, 160, 4))) for _ in range(30)]
    assert sheet_signals(paper(*strokes, pen=3)).scribble > 0.5  # type: ignore[arg-type]


def test_writing_over_the_edge_is_cut() -> None:
    assert sheet_signals(paper((100, 50, 100, 199), (60, 50, 60, 199))).cut > 0.4


def test_writing_in_two_places_is_several() -> None:
    upper = tuple((x, 20, x, 80) for x in (60, 90))
    lower = tuple((x, 120, x, 180) for x in (60, 90))
    assert sheet_signals(paper(*upper, *lower)).several == 1


@pytest.mark.parametrize("shape", [(1, 1), (4, 300), (300, 4)])
def test_any_size_of_sheet_is_looked_at(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    found = sheet_signals(image)
    assert all(0 <= value <= 1 for value in (found.blank, found.scribble, found.cut, found.several))


def test_look_alikes_are_found_outside_the_group() -> None:
    images = [paper(*V), paper(*V, pen=10), paper(*III), paper(*III, pen=10)]
    described = np.stack([describe_outline(sketch(image)) for image in images])
    assert nearest(described, None, 1)[0][:, 0].tolist() == [1, 0, 3, 2]
    places, likeness = nearest(described, ["a", "a", "b", "b"], 3)
    assert set(places[0, :2]) == {2, 3}
    assert likeness[0, 2] == -1


def test_the_outline_reader_does_not_learn_from_what_it_judges() -> None:
    rng = np.random.default_rng(0)
    images = [
        paper(*strokes, pen=int(rng.integers(5, 12))) for strokes in (V, III) for _ in "12345"
    ]
    described = np.stack([describe_outline(sketch(image)) for image in images])
    true = np.repeat([CLASSES.index("v"), CLASSES.index("iii")], 5)
    labels = true.copy()
    labels[0] = CLASSES.index("iii")
    none = np.zeros(0, np.intp)
    said = outline_reader.read_outlines(described, labels, np.arange(10) % 5, described[:0], none)
    assert said.sum(axis=1) == pytest.approx(np.ones(10))
    assert said[0].argmax() == CLASSES.index("v")


def test_networks_of_one_opinion_do_not_disagree() -> None:
    same = np.full((3, 2, 10), 0.1)
    assert networks.disagreement(same) == pytest.approx([0, 0])
    assert networks.disagreement(same[:1]).tolist() == [0, 0]
    split = np.stack([np.eye(10)[[0, 1]], np.eye(10)[[1, 1]]])
    assert networks.disagreement(split) == pytest.approx([1, 0], abs=1e-6)


def test_a_far_smaller_numeral_is_an_outlier_in_size() -> None:
    rng = np.random.default_rng(0)
    images = [paper(*V, side=int(side)) for side in rng.integers(190, 210, 20)]
    images.append(paper((1000, 1000, 1010, 1040), side=2000))
    features = np.stack([describe(image) for image in images])
    found = style_outliers(features, np.zeros(21, np.intp))["size"]
    assert found[-1] == 1
    assert found[:-1].max() < 0.5


def test_few_images_are_not_unlike_one_another() -> None:
    assert unlike_all(np.zeros((3, 2), np.float32)).tolist() == [0, 0, 0]
    assert unlike_all(np.zeros((3, 0), np.float32)).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("given", "shown", "words"),
    [
        ("iv", "vi", "mirrored"),
        ("vi", "iv", "mirrored"),
        ("iii", "ii", "with a stroke less"),
        ("ix", "x", "with a stroke less"),
        ("v", "iv", "with a stroke more"),
        ("iv", "iii", "written IIII"),
        ("v", "x", "with a v that looks like an x"),
        ("i", "x", None),
        ("i", "i", None),
    ],
)
def test_slips_are_named(given: str, shown: str, words: str | None) -> None:
    assert slip(given, shown) == words


def test_the_prior_prefers_slips_and_adds_up() -> None:
    weights = prior()
    assert weights.sum(axis=1) == pytest.approx(np.ones(10))
    assert (weights.diagonal() == 0).all()
    iv = weights[CLASSES.index("iv")]
    assert iv[CLASSES.index("vi")] > iv[CLASSES.index("x")]


def evidence(labels: list[int], said: list[int], **signals: list[float]) -> rank.Evidence:
    count = len(labels)
    sure = np.full((count, 10), 0.01)
    sure[np.arange(count), said] = 0.91
    zero = np.zeros(count)
    found = {name: zero for name in rank.WEIGHTS if name not in ("label", "outline")}
    found |= {name: np.array(values) for name, values in signals.items()}
    nobody = [None] * count
    return rank.Evidence(np.array(labels), sure, sure, found, nobody, nobody)


def test_what_both_readers_take_for_another_class_is_to_be_relabelled() -> None:
    wrong, right = rank.judge(evidence([3, 3, 3, 5, 5], [5, 3, 3, 5, 5]))[:2]
    assert (wrong.suggestion, wrong.likelier) == ("relabel", "vi")
    assert wrong.reason.startswith("reads vi, not iv (mirrored)")
    assert (right.suggestion, right.likelier) == ("keep", None)
    assert right.suspicion < 0.1
    assert wrong.suspicion > 0.8
    assert right.reason == "nothing speaks against iv"


def test_nobody_is_named_for_a_class_that_is_not_their_best() -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 10, 400)
    by_net, by_outline = (rng.dirichlet(np.full(10, 0.3), 400) for _ in range(2))
    plain = evidence(list(labels), list(labels))
    judged = rank.judge(replace(plain, networks=by_net, outlines=by_outline))
    forms = set()
    for k, one in enumerate(judged):
        if one.likelier is None:
            continue
        best, outline = (CLASSES[int(each[k].argmax())] for each in (by_net, by_outline))
        said = re.match(
            r"(its outline )?reads (\w+), not \w+(?: \([^)]*\))?(, all in all)?[:;] networks give "
            r"(\w+) (\d+)%(?:, its outline (\w+) \d+%)?",
            one.reason,
        )
        assert said is not None, one.reason
        alone, shown, both, theirs, percent, its = said.groups()
        assert (shown, theirs) == (one.likelier, best)
        assert int(percent) == round(100 * by_net[k].max())
        assert (alone is None) == (best == shown or both is not None)
        assert alone is None or outline == shown
        assert (both is None) == (shown in (best, outline))
        assert its in (None, outline)
        forms.add((bool(alone), bool(both)))
    assert len(forms) == 3


def test_a_blank_sheet_is_to_be_dropped() -> None:
    first = rank.judge(evidence([0, 0, 0], [0, 0, 0], blank=[1.0, 0.0, 0.0]))[0]
    assert first.suggestion == "drop"
    assert "is blank" in first.reason


def test_more_of_a_signal_is_never_less_suspicious() -> None:
    labels = [0, 1, 2]
    plain = rank.judge(evidence(labels, labels))
    for name in rank.WEIGHTS:
        if name not in ("label", "outline"):
            more = rank.judge(evidence(labels, labels, **{name: [1.0, 0.5, 0.0]}))
            assert [m.suspicion >= p.suspicion for m, p in zip(more, plain, strict=True)] == [
                True
            ] * 3
