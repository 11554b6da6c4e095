"""The page of a dataset as one HTML document, a file by itself or served; nothing is written."""

from importlib import resources
from pathlib import Path
from typing import Final

from datagen.serving.document import SHARED_SCRIPTS, SHARED_STYLES, Document, document, shared
from datagen.viewing.collect import View
from datagen.viewing.page_data import page_data

_FRONT: Final = resources.files("datagen.viewing").joinpath("front")
SCRIPTS: Final = ("items.js", "panel.js", "overview.js", "view.js")
"""Modules of this page, each after those that it uses; the shared ones come before them."""

_BODY: Final = """
<a class="skip" href="#grid">Skip to the images</a>
<header>
  <div class="title"><h1 id="title"></h1><p id="tagline" class="soft"></p></div>
  <nav id="modes" aria-label="Views"></nav>
  <button id="help" type="button" aria-label="Keys">?</button>
</header>
<main>
  <details id="more"><summary id="more-title"></summary><div id="notes"></div></details>
  <section id="overview" aria-label="Overview" hidden></section>
  <section id="browse" aria-label="Images">
    <details id="filter-box">
      <summary>Filters</summary><div id="filters" class="filters"></div>
    </details>
    <p id="count" role="status"></p>
    <div id="grid"></div>
  </section>
  <aside id="panel" aria-label="The chosen image" tabindex="-1"></aside>
</main>
<div id="said" class="said" role="status"></div>
<noscript><p>This page needs JavaScript; all of it is in this file.</p></noscript>
"""


def page(view: View, folder: Path | None) -> Document:
    """Return the page.

    Args:
        view: what it shows.
        folder: in which its file will stand; None where it is served.
    """
    data = page_data(view, folder)
    return document(
        "view",
        f"{data['name']} · images",
        _BODY,
        scripts=[*map(shared, SHARED_SCRIPTS), *map(_FRONT.joinpath, SCRIPTS)],
        styles=[*map(shared, SHARED_STYLES), _FRONT.joinpath("view.css")],
        data=data,
        alone=folder is not None,
    )
