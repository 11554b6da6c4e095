"""The page in Chromium, by real key presses."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from datagen.api.reviewing import serve_review, write_review_page
from datagen.curation.audit.record import write_audit
from datagen.reviews.record import ReviewFile
from datagen.sources.images.review import Review, load, parse
from tests.chromium import Browser, Tab, chromium
from tests.datagen.reviews.page.audits import audit_of, drop, keep, make_folder

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_READY = "globalThis.reviewPage"
_SAVED = "reviewPage.store.waiting.length === 0"
_CURRENT = "reviewPage.current.path"
_KEPT = '{verdict: "keep", was: "i", reason: "looked at"}'
_LINES_OF_STRENGTHS = """
[...document.querySelectorAll(".signals b")].map((strength) => {
  const text = document.createRange();
  text.selectNodeContents(strength);
  return text.getClientRects().length;
})
"""
_TIMED = """
globalThis.took = [];
addEventListener("keydown", () => {
  const start = performance.now();
  requestAnimationFrame(() => setTimeout(() => took.push(performance.now() - start)));
}, true);
"""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with chromium(tmp_path) as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = make_folder(tmp_path / "photos")
    write_audit(tmp_path / "audit.jsonl", audit_of(root))
    return root


def _ready(tab: Tab) -> Tab:
    tab.wait(_READY)
    return tab


def test_a_review_by_the_keyboard(folder: Path, tmp_path: Path, browser: Browser) -> None:
    file = tmp_path / "review.yaml"
    audit = tmp_path / "audit.jsonl"
    with serve_review(folder, audit=audit, out=file, who="kim") as page:
        tab = _ready(browser.open(page.address))
        tab(_TIMED)
        assert tab(_CURRENT) == "i/0.png"
        keys = ["k", "d", "5", "1", "Enter"] * 10  # 1 keeps what is given as i
        for pressed, key in enumerate(keys, start=1):
            tab.press(key)
            tab.wait(f"took.length === {pressed}")  # else several keys share a picture
        tab.wait(_SAVED)
        times = sorted(tab("took"))
        print(f"50 decisions: median {times[25]:.0f} ms a key, most {times[-1]:.0f} ms")
        written = load(str(file)).images
        assert len(written) == 50
        assert {one.who for one in written.values()} == {"kim"}
        assert tab("document.getElementById('offer').hidden") is False  # it offers to train again

        tab.reload()
        _ready(tab)
        assert tab("reviewPage.decidedCount()") == 50
        assert tab(_CURRENT) == "ix/2.png"
        tab.press("u", "u")
        tab.wait("reviewPage.decidedCount() === 48")
        assert len(load(str(file)).images) == 48
        assert tab(_CURRENT) == "ix/0.png"

        other = _ready(browser.open(page.address, width=390, height=800))
        other.front()
        other.press("d")
        other.wait(_SAVED)
        tab.front()
        tab("reviewPage.store.look()")
        tab.wait("reviewPage.decidedCount() === 49")
        assert "Decided elsewhere: ix/0.png is dropped" in tab("said.textContent")

        other.front()  # both look at ix/1.png now, and neither knows of the other's decision
        tab("reviewPage.onward(reviewPage.current)")
        assert tab(_CURRENT) == other(_CURRENT) == "ix/1.png"
        other.press("k")
        other.wait(_SAVED)
        tab("reviewPage.store.look = async () => {}")
        tab.front()
        tab.press("d")
        tab.wait(_SAVED)
        tab.wait("said.textContent.includes('elsewhere; yours counts: dropped')")
        assert load(str(file)).images[tab("reviewPage.byPath.get('ix/1.png').id")].verdict == "drop"

        _look_at_the_looks(tab, other)
        host = page.address.partition("?")[0]
        for each in (tab, other):
            assert all(asked.startswith(host) for asked in each.asked())
            assert each.complaints() == []


def _look_at_the_looks(tab: Tab, other: Tab) -> None:
    """Grid, help, zoom; names for screen readers; the width of a phone; dark."""
    tab.front()
    tab.press("g")
    tab.wait("document.querySelectorAll('.cell').length > 10")
    tab.press("End", " ")
    assert tab("reviewPage.decision(reviewPage.byPath.get('x/5.png')).verdict") == "drop"
    tab.press(" ")
    assert tab("reviewPage.decision(reviewPage.byPath.get('x/5.png'))") is None
    assert tab.nameless() == []
    tab.press("Escape", "?")
    assert tab("document.querySelector('dialog').open")
    assert tab.nameless() == []
    tab.press("Escape", "z")
    assert tab("document.body.classList.contains('zoomed')")
    tab.press("Escape")
    assert tab("announced.textContent").startswith("60 of 60. Given as x. networks")

    other.front()
    other("sieve.open = true")
    other.resize(360, 800, phone=True)
    lines = other(_LINES_OF_STRENGTHS)
    assert lines == [1] * len(lines)
    assert lines
    assert other("document.documentElement.scrollWidth") <= 360
    paper = "getComputedStyle(document.body).backgroundColor"
    light = other(paper)
    other.prefer(color_scheme="dark", reduced_motion="reduce")
    assert other(paper) != light
    assert other("getComputedStyle(stage).transitionDuration") == "0s"


def test_a_step_that_is_refused_for_good_holds_up_nothing(
    folder: Path, tmp_path: Path, browser: Browser
) -> None:
    file = tmp_path / "review.yaml"
    with serve_review(folder, audit=tmp_path / "audit.jsonl", out=file, who="kim") as page:
        tab = _ready(browser.open(page.address))
        tab("reviewPage.decide((item) => ({verdict: 'burn', was: item.class, reason: 'x'}))")
        tab.wait("said.textContent.startsWith('Not saved, and taken back: 1 decision; this ')")
        tab.press("k")
        tab.wait(_SAVED)
        assert tab("reviewPage.decidedCount()") == 1
        assert len(load(str(file)).images) == 1


def test_a_key_that_is_held_down_decides_one_image(
    folder: Path, tmp_path: Path, browser: Browser
) -> None:
    with serve_review(folder, audit=tmp_path / "audit.jsonl", out=tmp_path / "r.yaml") as page:
        tab = _ready(browser.open(page.address))
        for number, key in enumerate(("k", "d", "5", "Enter"), start=1):
            tab.hold(key, 8)
            tab.wait(_SAVED)
            assert tab("reviewPage.decidedCount()") == number
        tab.hold("ArrowRight", 8)
        assert tab(_CURRENT) == tab("reviewPage.items[13].path")
        tab("document.querySelector('.decide button').focus()")
        tab.hold("Enter", 8)
        assert tab("reviewPage.decidedCount()") == 5
        tab.press("g")
        tab.wait("document.querySelectorAll('.cell').length > 10")
        tab("reviewPage.grid.focus()")
        tab.hold(" ", 8)
        assert tab("reviewPage.decidedCount()") == 6
        assert tab.complaints() == []


def test_undo_leaves_what_somebody_else_decided_since(
    folder: Path, tmp_path: Path, browser: Browser
) -> None:
    file = tmp_path / "review.yaml"
    with serve_review(folder, audit=tmp_path / "audit.jsonl", out=file, who="kim") as page:
        tab = _ready(browser.open(page.address))
        tab.press("k", "d")
        tab.wait(_SAVED)
        first, second = (tab(f"reviewPage.items[{k}].id") for k in range(2))
        ReviewFile(file, about="photos").decide({second: keep().model_copy(update={"who": "lee"})})
        tab.press("u")
        tab.wait("said.textContent === 'Not undone: i/1.png is kept as i by lee, decided since'")
        tab.press("u")
        tab.wait("said.textContent === 'Undone: i/0.png is not decided'")
        assert load(str(file)).images.keys() == {second}
        assert first != second
        assert tab.complaints() == []


def test_the_page_as_one_file(folder: Path, tmp_path: Path, browser: Browser) -> None:
    audit = tmp_path / "audit.jsonl"
    file = tmp_path / "page.html"
    write_review_page(folder, file, audit=audit, out=tmp_path / "mine.yaml", who="kim")
    tab = _ready(browser.open(file.as_uri()))
    tab.press("d", "4", "k", "u", "k")
    tab.reload()
    _ready(tab)
    assert tab("reviewPage.decidedCount()") == 3
    other = _ready(browser.open(file.as_uri()))
    other.front()
    other.press("d")
    tab.front()
    tab.wait("reviewPage.decidedCount() === 4")
    text = json.loads(tab("JSON.stringify(reviewPage.text())"))
    review = parse(text, origin="the page")
    verdicts = [review.images[tab(f"reviewPage.items[{k}].id")].verdict for k in range(4)]
    assert verdicts == ["drop", "relabel", "keep", "drop"]
    assert _written_alike(review, text, tmp_path)
    assert tab.nameless() == []
    assert tab.asked() == [file.as_uri()] * 2
    assert tab.complaints() == []


def test_a_page_as_one_file_keeps_to_its_review(
    folder: Path, tmp_path: Path, browser: Browser
) -> None:
    def written(name: str, who: str) -> str:
        file, review = tmp_path / f"{name}.html", tmp_path / f"{name}.yaml"
        audit = tmp_path / "audit.jsonl"
        write_review_page(folder, file, audit=audit, out=review, who=who, overwrite=True)
        return file.as_uri()

    ids = [image.sha256 for image in audit_of(folder)]
    kims = ReviewFile(tmp_path / "kim.yaml", about="photos")
    early, late = "2000-01-01T00:00:00Z", "2999-01-01T00:00:00Z"
    kims.decide({ids[4]: drop(when=early), ids[5]: drop(when=early)})
    tab = _ready(browser.open(written("kim", "kim")))
    assert tab("reviewPage.decidedCount()") == 2
    tab.press("d", "k")
    tab("reviewPage.store.decide({[reviewPage.items[4].id]: null})")  # the file's own, taken back
    tab(f"reviewPage.store.decide({{[reviewPage.items[5].id]: {_KEPT}}})")

    tab.go(written("lee", "lee"))  # neither another review nor another person sees them
    _ready(tab)
    assert tab("reviewPage.decidedCount()") == 0
    tab.go(written("kim", "ann"))
    _ready(tab)
    assert tab("reviewPage.decidedCount()") == 2

    kims.decide({ids[0]: keep(), ids[1]: drop(when=late), ids[2]: keep()})
    tab.go(written("kim", "kim"))
    _ready(tab)
    text = json.loads(tab("JSON.stringify(reviewPage.text())"))
    decided = {
        ids.index(sha256): (one.verdict, one.who)
        for sha256, one in parse(text, origin="").images.items()
    }
    assert decided == {
        0: ("drop", "kim"),  # the file's has no time
        1: ("drop", None),  # the file's is later
        2: ("keep", None),
        5: ("keep", "kim"),  # the browser's is later
    }
    tab.press("u")
    tab.reload()
    _ready(tab)
    undone = "reviewPage.decision(reviewPage.items[5])"
    assert (tab(f"{undone}.verdict"), tab(f"{undone}.when")) == ("drop", early)
    assert tab.complaints() == []


def _written_alike(review: Review, text: str, folder: Path) -> bool:
    from datagen.reviews.record import write_review

    write_review(folder / "again.yaml", review)
    return (folder / "again.yaml").read_text("utf-8") == text
