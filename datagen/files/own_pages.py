"""HTML pages of ours: a mark says which kind a page is, so that no other file is replaced.

Enters: the kind of a page, a file. Leaves: the mark; a refusal where the file has another or none.
"""

import re
from pathlib import Path
from typing import Final, Literal, TypeAlias

from datagen.core.errors import UsageError
from datagen.files.atomic import file_target

PageKind: TypeAlias = Literal["evaluate", "compare-models", "sweep", "search", "view", "review"]
"""The command that writes a page."""

_HEAD: Final = b'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
_MOST: Final = 2000  # bytes at the beginning, in which the title stands
_POLICY: Final = rb"""\n?<meta http-equiv="Content-Security-Policy" content="default-src 'none'; """
_REPORT: Final = _POLICY + rb"img-src data:; style-src 'unsafe-inline'\">"
_UNMARKED: Final[dict[PageKind, bytes]] = {
    **dict.fromkeys(("evaluate", "compare-models", "sweep", "search"), _REPORT),
    "view": _POLICY + rb"script-src 'sha256-.*<title>[^<]* \xc2\xb7 images</title>",
    "review": _POLICY + rb"script-src 'sha256-.*<title>Review [^<]*</title>",
}
"""How pages went on after `_HEAD` before they had a mark."""


def generator(kind: PageKind) -> str:
    """Return the mark, which stands where `_HEAD` ends.

    Example:
        >>> generator("view")
        '<meta name="generator" content="datagen view">'
    """
    return f'<meta name="generator" content="datagen {kind}">'


def require_own_page(place: Path, kind: PageKind, another: str) -> None:
    """Refuse a place where a file stands that is no page of this kind; an empty one may go.

    Args:
        place: of the page.
        kind: which page is about to be written there.
        another: what to choose instead.

    Raises:
        UsageError: another file stands there, or it is no regular file or cannot be read.
    """
    try:
        with file_target(place).open("rb") as file:
            there = file.read(_MOST)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"cannot write {place}: {error.strerror}; choose {another}") from error
    if there and not _is_own(there, kind):
        raise UsageError(
            f"{place} exists, and nothing in it says that it is a page of datagen {kind}; "
            f"choose {another}, or remove it first"
        )


def _is_own(there: bytes, kind: PageKind) -> bool:
    if not there.startswith(_HEAD):
        return False
    rest = there[len(_HEAD) :].lstrip(b"\n")
    marked = rest.startswith(generator(kind).encode())
    return marked or re.match(_UNMARKED[kind], rest, re.DOTALL) is not None
