"""Small pieces of HTML. Text enters plain and is escaped here, once; markup leaves."""

from collections.abc import Iterable, Sequence
from html import escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def html(value: object) -> Markup:
    """Return `value` as HTML: markup as it is, anything else escaped."""
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def tag(name: str, *children: object, style: str = "", **attributes: str) -> Markup:
    """Return an element; `style` is its class."""
    given = ({"class": style} if style else {}) | attributes
    written = "".join(f' {key}="{escape(value)}"' for key, value in given.items())
    return Markup(f"<{name}{written}>{''.join(map(html, children))}</{name}>")


def join(parts: Iterable[object]) -> Markup:
    """Return the parts one after the other."""
    return Markup("".join(map(html, parts)))


def section(title: str, *children: object, lead: str = "") -> Markup:
    """Return a section: a heading, a sentence that says what to see, and the rest."""
    opening = tag("p", lead, style="lead") if lead else ""
    return tag("section", tag("h2", title), opening, *children)


def figure(title: str, *children: object, caption: object = "") -> Markup:
    """Return a titled figure."""
    below = tag("figcaption", caption) if caption else ""
    return tag("figure", tag("h3", title), *children, below)


def table(head: Sequence[object], rows: Iterable[Sequence[object]], style: str = "") -> Markup:
    """Return a table whose first column names the rows."""
    top = tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in head)))
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rows
    ]
    return tag("table", top, tag("tbody", *body), style=style)


def facts(pairs: Iterable[tuple[object, object]]) -> Markup:
    """Return names and values as a definition list."""
    return tag(
        "dl",
        *(tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs),
        style="facts",
    )


def breakable(path: str) -> Markup:
    """Return a path that may be broken into lines after its separators."""
    return Markup(escape(path).replace("/", "/<wbr>").replace("_", "_<wbr>"))


def number(value: float | None, digits: int = 3) -> str:
    """Return a share as text; a dash where it is undefined."""
    return "–" if value is None else f"{value:.{digits}f}"
