"""`sweep.html`: what it draws for which sweep, and how it stands in a browser."""

import itertools
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from datagen.core.errors import EvaluationError
from datagen.sweeps.page import page, write_page
from datagen.sweeps.page.axes import axes, layout
from datagen.sweeps.page.classes import trend
from datagen.sweeps.page.colours import Scale
from datagen.sweeps.page.scatter import ranks
from datagen.sweeps.page.ternary import place
from datagen.sweeps.records import Trial
from datagen.sweeps.results import words
from datagen.sweeps.results.ranking import read

Make = Callable[..., Trial]
Write = Callable[..., Path]
Browse = Callable[[str, int], dict[str, Any]]

VOID = {"meta", "wbr", "br"}


class Outline(HTMLParser):
    """Checks that tags are balanced; keeps the text, the labels of pictures, and references."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.labels: list[str] = []
        self.references: list[str] = []
        self.pictures = 0
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.references += [given[name] or "" for name in ("src", "href") if name in given]
        if tag == "svg" and "aria-hidden" not in given:
            self.pictures += 1
            self.labels += [given["aria-label"] or ""] if given.get("role") == "img" else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A shape of a drawing."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style" and data.strip():
            self.text.append(data)


def simplex(names: str, steps: int) -> list[dict[str, float]]:
    """Return every mix of the sources `names` in steps of `1 / steps`."""
    counts = itertools.product(range(steps + 1), repeat=len(names.split()))
    return [
        dict(zip(names.split(), (k / steps for k in each), strict=True))
        for each in counts
        if sum(each) == steps
    ]


@pytest.fixture(params=["two", "three", "four", "budget"])
def sweep(request: pytest.FixtureRequest, trial: Make, failed: Make, write: Write) -> Path:
    """A sweep of each layout, with candidates that were stopped and candidates that failed."""
    match request.param:
        case "two":
            trials = [trial(r, r["pen"], seed=s) for r in simplex("pen emnist", 4) for s in (1, 2)]
        case "three":
            trials = [trial(r, 0.3 + r["pen"] / 2) for r in simplex("images emnist pen", 4)]
        case "four":
            trials = [
                trial(r, 0.3 + r["b"] / 2, settings={"pipeline": p, "val.fraction": f})
                for r in simplex("a-source-with-a-very-long-name b c d", 2)
                for p, f in (("none", 0.1), ("scanned/with/a/long/path/to/it", 0.2))
            ]
        case _:
            trials = [trial({}, b / 2e4, settings={"budget": b}) for b in (1000, 5000, 10000)]
    early = {"state": "stopped", "epochs": 10, "official": False}
    first, last = trials[0].point, trials[-1].point
    lost = failed({}, "a sentence that tells why it failed").model_dump()
    lost = {key: lost[key] for key in ("state", "error", "val_accuracy", "selection", "tests")}
    changes = {first: early, last: lost}
    return write(
        *(Trial.model_validate(each.model_dump() | changes.get(each.point, {})) for each in trials)
    )


def test_the_first_line_says_what_decided(sweep: Path) -> None:
    outline = Outline(page(read(sweep)))
    assert outline.text[1] == words.ranked_by(read(sweep))  # the title comes first
    assert "the test images decided nothing" in outline.text[1]


def test_the_page_tells_all_of_it(sweep: Path) -> None:
    answer = read(sweep)
    outline = Outline(write_page(answer).read_text("utf-8"))
    text = " ".join(outline.text)
    assert answer.best is not None
    for expected in (
        words.verdict(answer),
        *(candidate.name for candidate in answer.candidates),
        f"{answer.score(answer.best).mean:.4f}",  # type: ignore[union-attr]
        "stopped at 10",
        "a sentence that tells why it failed",
        "selection data/selection",
        "test data/test",
        "Recall of every candidate",
        "Val against test",
        "Selection data/selection against test",
        "recipe: 1",
        "# Best of",
    ):
        assert expected in text, expected
    # it asks for nothing, but links to the page of the best dataset
    page = f"{quote(answer.best.id)}-view.html#view=overview"
    assert outline.references == ([page] if (sweep / "datasets" / answer.best.id).is_dir() else [])
    assert len(outline.labels) == outline.pictures > 2
    assert all(len(label) > 15 for label in outline.labels)


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_overflows_and_nothing_is_asked_for_in_a_browser(
    sweep: Path, width: int, browse: Browse
) -> None:
    shown = write_page(read(sweep)).read_text("utf-8")
    found = browse(shown, width)
    assert found["height"] > 2000
    assert (found["scroll"], found["wide"], found["asked"]) == (width, [], [])
    assert found["smallest"] >= 12
    assert "default-src 'none'" in shown
    assert not re.search(r"url\(|@import|https?:", shown)


def test_how_it_is_drawn_depends_on_what_varies(trial: Make, write: Write) -> None:
    def drawn(*trials: Trial) -> str:
        return layout(read(write(*trials)).candidates)

    mixes = {n: simplex(n, 2) for n in ("a b", "a b c", "a b c d")}
    assert [drawn(*(trial(r, 0.5) for r in found)) for found in mixes.values()] == [
        "line",
        "ternary",
        "parallel",
    ]
    by_budget = [trial({}, 0.5, settings={"budget": b}) for b in (1000, 2000)]
    assert drawn(*by_budget) == "line"
    assert drawn(*(trial({}, 0.5, settings={"pipeline": p}) for p in ("x", None))) == "parallel"
    both = [trial(r, 0.5, settings={"seed": s}) for r in mixes["a b"] for s in (1, 2)]
    assert drawn(*both) == "parallel"
    assert [axis.name for axis in axes(read(write(*both)).candidates)] == ["a", "b", "seed"]
    assert drawn(trial({}, 0.5)) == "nothing"
    fixed = [trial(r, 0.5, settings={"seed": 1}) for r in mixes["a b"]]
    assert drawn(*fixed) == "line"


@pytest.mark.parametrize("sets", [{}, {"selection": False}, {"tests": ()}, {"tests": ("a", "b")}])
@pytest.mark.parametrize("layout_of", ["a", "a b", "a b c", "a b c d"])
def test_any_sets_of_images_will_do(
    trial: Make, write: Write, layout_of: str, sets: dict[str, Any]
) -> None:
    answer = read(write(*(trial(r, 0.5, **sets) for r in simplex(layout_of, 1))))
    text = " ".join(Outline(page(answer)).text)
    assert ("No test set" in text) is (sets.get("tests") == ())
    for images in answer.tests:
        assert words.set_name(answer, images) in text


def test_sweeps_with_little_to_show(trial: Make, failed: Make, write: Write) -> None:
    bare = {"selection": False, "tests": ()}
    early = {"state": "stopped", "epochs": 10, "official": False}
    for names in ("a b", "a b c", "a b c d"):
        mixes = simplex(names, 1)
        for trials in (
            [trial(mixes[0], 0.5)],
            [trial(r, 0.5, **bare) for r in mixes],
            [trial(r, 0.5, official=False, epochs=2, **bare) for r in mixes],
            [failed(r, "no memory") for r in mixes],
            [trial(r, 0.5, **early) for r in mixes],
            [],
        ):
            answer = read(write(*trials))
            outline = Outline(page(answer))
            assert len(outline.labels) == outline.pictures
            text = " ".join(outline.text)
            assert ("No candidate has run to the end" in text) is (answer.best is None)
            assert ("Not official scores" in text) is any(t.epochs == 2 for t in trials)


def test_names_are_escaped(trial: Make, write: Write) -> None:
    odd = [{"a<b>&\"'": k / 2, "c": 1 - k / 2} for k in range(3)]
    shown = page(read(write(*(trial(r, 0.5, point=f"p{k}") for k, r in enumerate(odd)))))
    Outline(shown)
    assert "<b>&" not in shown
    assert "a&lt;b&gt;&amp;" in shown


def test_classes_without_images_are_a_dash(trial: Make, write: Write) -> None:
    trials = []
    for ratios in simplex("a b", 2):
        one = trial(ratios, 0.5)
        tests = tuple(
            each.model_copy(update={"classes": each.classes | {"iv": None}}) for each in one.tests
        )
        trials.append(one.model_copy(update={"tests": tests}))
    shown = page(read(write(*trials)))
    assert shown.count("<td>–</td>") == 4  # three candidates, and the trend


def test_a_trend_is_the_slope_over_the_share(trial: Make, write: Write) -> None:
    trials = []
    for ratios in simplex("a b", 4):
        one = trial(ratios, 0.5)
        recall = 0.3 + 0.4 * ratios["a"]
        tests = tuple(each.model_copy(update={"classes": {"i": recall}}) for each in one.tests)
        trials.append(one.model_copy(update={"tests": tests}))
    answer = read(write(*trials))
    candidates = [(p, p.tests[answer.tests[0].fingerprint]) for p in answer.candidates]
    axis = axes(answer.candidates)[0]
    assert trend(candidates, axis, "i") == pytest.approx(0.4)
    assert trend(candidates, axis, "ii") is None
    assert trend(candidates[:2], axis, "i") is None


def luminance(rgb: list[float]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_better_score_is_always_lighter() -> None:
    fills = [Scale(0.0, 1.0).fill(k / 200) for k in range(201)]
    lights = [luminance([int(code[k : k + 2], 16) / 255 for k in (1, 3, 5)]) for code in fills]
    assert lights == sorted(lights)
    assert len(set(fills)) == 201
    assert (fills[0], fills[-1]) == ("#440154", "#fde725")  # the ends of viridis


@given(st.floats(0, 1), st.floats(0, 1))
def test_text_on_a_colour_is_readable(value: float, low: float) -> None:
    colours = Scale(min(low, 0.9), 1.0)
    fill, text = (
        [int(code[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        for code in (colours.fill(value), colours.text(value))
    )

    lighter, darker = sorted((luminance(fill), luminance(text)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@given(st.lists(st.integers(0, 9), min_size=1))
def test_ranks_are_those_of_spearman(values: list[int]) -> None:
    assert ranks(values) == stats.rankdata(values).tolist()


def test_the_triangle_is_equilateral() -> None:
    top, left, right = (place(one) for one in ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    assert abs(complex(*top) - complex(*left)) == pytest.approx(right[0] - left[0])
    centre = place((1 / 3, 1 / 3, 1 / 3))
    assert centre == pytest.approx(((top[0]), (top[1] + 2 * left[1]) / 3))


def test_a_folder_that_cannot_be_written(trial: Make, write: Write) -> None:
    folder = write(trial({"a": 0.5, "b": 0.5}, 0.5))
    (folder / "sweep.html").mkdir()
    with pytest.raises(EvaluationError, match=r"cannot write .*sweep\.html"):
        write_page(read(folder))
    assert {path.name for path in folder.iterdir()} == {"sweep.html", "sweep.jsonl", "datasets"}
