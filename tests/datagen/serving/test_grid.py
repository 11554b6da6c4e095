from pathlib import Path

import pytest

from datagen.serving.document import SHARED_SCRIPTS, SHARED_STYLES, document, shared
from tests.chromium import chromium

MANY = 10_000
_PAGE = """
const dot = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==";
const items = Array.from({ length: %d }, (_, k) => ({ path: `i/${k}.png`, number: k }));
const chosen = [];
const grid = new ThumbnailGrid(byId("grid"), {
  label: "All images", side: 72, picture: () => dot, name: (item) => `image ${item.number}`,
  dress: (cell, item) => write(cell.querySelector(".caption"), `${item.number}`),
  choose: (index) => chosen.push(index),
});
grid.show(items);
const took = [];
addEventListener("keydown", () => {
  const start = performance.now();
  requestAnimationFrame(() => setTimeout(() => took.push(performance.now() - start)));
}, true);
Object.assign(globalThis, { grid, items, chosen, took });
"""


@pytest.mark.browser
@pytest.mark.slow
def test_ten_thousand_images_by_the_keyboard(tmp_path: Path) -> None:
    script = tmp_path / "page.js"
    script.write_text(_PAGE % MANY, "utf-8")
    page = document(
        "view",
        "grid",
        '<div id="grid"></div>',
        scripts=[*map(shared, SHARED_SCRIPTS), script],
        styles=list(map(shared, SHARED_STYLES)),
        alone=True,
    )
    file = tmp_path / "page.html"
    file.write_text(page.html, "utf-8")
    with chromium(tmp_path) as browser:
        tab = browser.open(file.as_uri(), width=900, height=600)
        tab('document.getElementById("grid").style.height = "560px"')
        tab("grid.focus()")
        tab.press("End")
        assert tab("grid.current") == MANY - 1
        tab.press("ArrowLeft", "ArrowUp", "PageUp", *["ArrowDown"] * 12, "Home", "ArrowRight", " ")
        assert tab("chosen") == [1]
        assert tab("document.querySelectorAll('.cell').length") < 200
        named = "document.getElementById(grid.host.getAttribute('aria-activedescendant'))"
        assert tab(f"{named}.getAttribute('aria-label')") == "image 1"
        assert tab(f"{named}.getAttribute('aria-posinset')") == "2"
        tab.wait("took.length === 19")
        tab("took.length = 0")
        for pressed in range(1, 41):  # keys sent faster than the screen shows them share its frames
            tab.press("PageDown" if pressed % 2 else "ArrowRight")
            tab.wait(f"took.length === {pressed}")
        times = sorted(tab("took"))
        print(f"{len(times)} keys: median {times[len(times) // 2]:.0f} ms, most {times[-1]:.0f} ms")
        assert tab.nameless() == []
        assert tab.complaints() == []
        assert tab.asked() == [file.as_uri()]
