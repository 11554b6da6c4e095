"""Which licences let images be passed on that are made of a source.

A licence enters as a text, of a source or of a person who states it. A known one leaves, or none:
what is not known to allow it is taken to forbid it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from datagen.core.errors import UsageError
from pipelines.text import quoted

UNSTATED: Final = "that of "
"""How the licence of a source begins that takes what a person gives it: whoever gives it knows."""

OTHER: Final = "other"
"""What Hugging Face calls a licence that it has no name for."""


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence that lets changed copies be passed on.

    Attributes:
        name: for people, the SPDX identifier where there is one.
        tag: what Hugging Face calls it.
    """

    name: str
    tag: str


def _known() -> Iterator[Licence]:
    for version in ("1.0", "2.0", "2.5", "3.0", "4.0"):
        for terms in ("BY", "BY-SA", "BY-NC", "BY-NC-SA"):
            yield Licence(f"CC-{terms}-{version}", f"cc-{terms}-{version}".lower())
    for name in (
        *("CC0-1.0", "MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "OFL-1.1", "Unlicense"),
        *("PDDL-1.0", "ODC-By-1.0", "ODbL-1.0", "CDLA-Permissive-2.0", "GPL-3.0", "LGPL-3.0"),
    ):
        yield Licence(name, _TAGS.get(name, name.lower()))
    yield Licence("MIT-0", OTHER)  # asks for no notice, unlike MIT; Hugging Face has no tag for it


_TAGS: Final = {"PDDL-1.0": "pddl", "ODC-By-1.0": "odc-by", "ODbL-1.0": "odbl"}
_KNOWN: Final = {licence.name.lower(): licence for licence in _known()}
_SHORT: Final = {
    "cc0": "cc0-1.0",
    "cc-zero": "cc0-1.0",
    "apache": "apache-2.0",
    "ofl": "ofl-1.1",
    "sil-ofl-1.1": "ofl-1.1",
    "odbl": "odbl-1.0",
    "odc-by": "odc-by-1.0",
    "pddl": "pddl-1.0",
}
_PUBLIC: Final = re.compile(r"\bpublic[ -]domain\b", re.IGNORECASE)
_NOT: Final = re.compile(r"\b(no|not|non|never)\b", re.IGNORECASE)


def find_licence(text: str) -> Licence | None:
    """Return the licence that a text names, if it is known to let changed copies be passed on.

    Example:
        >>> find_licence("CC BY 4.0").tag, find_licence("Apache License 2.0").name
        ('cc-by-4.0', 'Apache-2.0')
        >>> find_licence("research use") is find_licence("CC BY-ND 4.0") is None
        True
    """
    if _PUBLIC.search(text) and not _NOT.search(text):
        return Licence("public domain", OTHER)
    words = re.sub(r"\b(the|licen[cs]e|version|creative commons)\b", " ", text.lower())
    words = re.sub(r"\bv(?=\d)", "", words)
    name = re.sub(r"[\s_,-]+", "-", words).strip("-.")
    name = re.sub(r"^(by|zero)\b", r"cc-\1", name)  # of "Creative Commons BY 4.0"
    return _KNOWN.get(_SHORT.get(name, name))


def stated_licence(text: object) -> Licence:
    """Return the licence that a person states of what they gave.

    Raises:
        UsageError: it is not known to let changed copies be passed on.
    """
    found = find_licence(text) if isinstance(text, str) else None
    if found is None:
        raise UsageError(
            f"{quoted(text)} is no licence that is known to let changed copies be published; "
            "expected one such as CC0-1.0, CC-BY-4.0, CC-BY-SA-4.0, CC-BY-NC-4.0, MIT, OFL-1.1, "
            "'public domain'"
        )
    return found
