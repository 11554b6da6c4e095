"""One HTML document from modules of JavaScript, style sheets and data: it loads nothing else.

Enters: files of ours, data. Leaves: the document, and the policy that lets the browser run those
scripts only, and ask nobody but this machine. The same document is served, or is a file by itself.

The modules are written one after the other into one script: their `import` lines are left out, and
so is the word `export`. So the names at the top of all modules of a page must differ.
"""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final

from datagen.files.own_pages import PageKind, generator

_FRONT: Final = "datagen.serving"
_IMPORT: Final = re.compile(r'^import\s+\{[^}]*\}\s+from\s+"[^"]*";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:function|class|const) )", re.MULTILINE)

SHARED_SCRIPTS: Final = ("dom.js", "keys.js", "grid.js", "filters.js")
"""Modules of `front/` that pages share, each after those it uses."""

SHARED_STYLES: Final = ("base.css",)


@dataclass(frozen=True, slots=True)
class Document:
    """A page.

    Attributes:
        html: the whole of it.
        policy: its content security policy, for the header of that name; it stands in the page too.
    """

    html: str
    policy: str


def shared(name: str) -> Traversable:
    """Return a file that pages share."""
    return resources.files(_FRONT).joinpath("front", name)


def document(
    kind: PageKind,
    title: str,
    body: str,
    *,
    scripts: Sequence[Traversable],
    styles: Sequence[Traversable],
    data: Any = None,
    alone: bool = False,
) -> Document:
    """Return a page whose data, if any, its scripts find as JSON in the element `data`.

    Args:
        kind: which page it is.
        title: plain text.
        body: HTML of ours.
        scripts: modules, each after those that it imports from.
        styles: style sheets.
        data: what is plain JSON.
        alone: it is a file, which may ask nobody for anything.
    """
    script = "\n".join(_plain(file.read_text("utf-8")) for file in scripts)
    style = "\n".join(file.read_text("utf-8") for file in styles)
    pictures, asked = ("data: blob:", "'none'") if alone else ("data: blob: 'self'", "'self'")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            f"img-src {pictures}",
            f"connect-src {asked}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    given = "" if data is None else _data(data)
    html = (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">{generator(kind)}\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(title)}</title>\n<link rel="icon" href="data:,">\n'
        f"<style>{style}</style></head>\n<body>{body}\n{given}"
        f'<script type="module">{script}</script></body>\n</html>\n'
    )
    return Document(html, f"{policy}; frame-ancestors 'none'")


def _plain(module: str) -> str:
    return _EXPORT.sub("", _IMPORT.sub("", module))


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _data(data: Any) -> str:
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # no "</script>" nor "<!--" may stand in it, whatever a file is called
    safe = text.replace("<", "\\u003c")
    return f'<script type="application/json" id="data">{safe}</script>\n'
