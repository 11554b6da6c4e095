"""The link from a page of ours to the page of a dataset that `datagen view` writes."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from datagen.files.paths import recorded_place
from datagen.reports.html.markup import Markup, tag

SUFFIX: Final = "-view.html"


def view_page(dataset: Path) -> Path:
    """Return where the page of `dataset` goes by default: a file where the shell stands."""
    return Path(f"{dataset.absolute().name or 'dataset'}{SUFFIX}")


def view_link(
    dataset: Path,
    folder: Path,
    page: Path,
    *,
    show: str = "overview",
    scores: Sequence[Path] = (),
) -> Markup:
    """Return a sentence with the link to a dataset's page, and the command that writes it.

    Args:
        dataset: what the page shows.
        folder: in which the page with this sentence stands.
        page: the page of the dataset; it need not be there yet.
        show: which of its views the link opens.
        scores: of the dataset, where `datagen view` would not find them by itself.
    """
    place = recorded_place(page, folder)
    words = ["datagen", "view", recorded_place(dataset, folder), "--html", place]
    words += [word for score in scores for word in ("--score", recorded_place(score, folder))]
    return tag(
        "p",
        "A page with every image, how it was made, and its predictions: ",
        tag("a", page.name, href=f"{quote(place)}#view={show}"),
        ". To write that page, run this command in the folder of this report: ",
        tag("code", shlex.join(words)),
        style="soft",
    )
