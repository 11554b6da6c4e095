"""The documentation, shipped: one Markdown page per topic, for a reader of any kind.

Enters: a topic's name. Leaves: the text of its page. Nothing here prints.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePath
from typing import Final

from datagen.core.errors import UnknownNameError

ORDER: Final = (
    "tutorial",
    "teaching",
    "questions",
    "sources",
    "recipes",
    "pipelines",
    "view",
    "evaluation",
    "models",
    "letters",
    "sweeps",
    "search",
    "real-images",
    "audit",
    "review",
    "publish",
    "results",
    "performance",
    "python-api",
    "commands",
    "file-formats",
    "extending",
    "glossary",
)
"""The topics in the order in which to read them."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a page is about.

    Attributes:
        title: its first line.
        summary: the first sentence of its first paragraph.
    """

    title: str
    summary: str


def topics() -> dict[str, Topic]:
    """Return every page by its name, in the order in which to read them."""
    names = sorted(_pages(), key=lambda name: (ORDER.index(name) if name in ORDER else 99, name))
    return {name: _topic(text(name)) for name in names}


def text(topic: str) -> str:
    """Return a page as Markdown.

    Raises:
        UnknownNameError: there is no such topic; the message lists those there are.
    """
    if topic not in _pages():
        raise UnknownNameError("topic", topic, _pages())
    return resources.files(__name__).joinpath(f"{topic}.md").read_text("utf-8")


def _pages() -> frozenset[str]:
    return frozenset(_names())


def _names() -> Iterator[str]:
    for entry in resources.files(__name__).iterdir():
        if entry.name.endswith(".md"):
            yield PurePath(entry.name).stem


def _topic(page: str) -> Topic:
    """Return the title and the first sentence of a page: `# Title`, an empty line, a paragraph."""
    title, paragraph, *_ = page.split("\n\n", 2)
    sentence, stop, _ = " ".join(paragraph.split()).partition(". ")
    return Topic(title.removeprefix("# ").strip(), sentence + stop.rstrip())
