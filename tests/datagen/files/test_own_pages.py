from pathlib import Path
from typing import get_args

import pytest

from datagen.core.errors import UsageError
from datagen.files.own_pages import PageKind, generator, require_own_page
from datagen.reports.html.document import document
from datagen.reports.html.markup import Markup


@pytest.mark.parametrize("kind", ["evaluate", "compare-models", "sweep", "search"])
def test_a_report_may_be_replaced_also_one_without_a_mark(tmp_path: Path, kind: PageKind) -> None:
    place = tmp_path / "report.html"
    require_own_page(place, kind, "another --out")
    text = document(kind, "a", Markup())
    for own in (text, text.replace(generator(kind), ""), ""):
        place.write_text(own, "utf-8")
        require_own_page(place, kind, "another --out")


@pytest.mark.parametrize("kind", get_args(PageKind))
@pytest.mark.parametrize("text", ["{mark}", "<!doctype html>\n<title>Review {mark}</title>", "a"])
def test_what_only_speaks_of_a_mark_stays(tmp_path: Path, kind: PageKind, text: str) -> None:
    place = tmp_path / "mine.html"
    place.write_text(text.format(mark=generator(kind)), "utf-8")
    with pytest.raises(UsageError, match=f"a page of datagen {kind}; choose another --out, or re"):
        require_own_page(place, kind, "another --out")


def test_what_cannot_be_read_stays(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write .*; choose another --html"):
        require_own_page(tmp_path, "view", "another --html")
