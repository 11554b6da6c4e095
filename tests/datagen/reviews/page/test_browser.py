"""The page in Chromium, by real key presses."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from datagen.api.reviewing import serve_review, write_review_page
from datagen.curation.audit.record import write_audit
from datagen.sources.images.review import Review, load, parse
from tests.chromium import Browser, Tab, chromium
from tests.datagen.reviews.page.audits import audit_of, make_folder

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_READY = "globalThis.reviewPage"
_SAVED = "reviewPage.store.waiting.length === 0"
_CURRENT = "reviewPage.current.path"
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
    assert other("document.documentElement.scrollWidth") <= 390
    paper = "getComputedStyle(document.body).backgroundColor"
    light = other(paper)
    other.prefer(color_scheme="dark", reduced_motion="reduce")
    assert other(paper) != light
    assert other("getComputedStyle(stage).transitionDuration") == "0s"


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


def _written_alike(review: Review, text: str, folder: Path) -> bool:
    from datagen.reviews.record import write_review

    write_review(folder / "again.yaml", review)
    return (folder / "again.yaml").read_text("utf-8") == text
