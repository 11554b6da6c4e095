"""The document of the page: its scripts, its styles, and in a file by itself its data too."""

from importlib import resources
from typing import Any, Final

from datagen.serving.document import SHARED_SCRIPTS, SHARED_STYLES, Document, document, shared

SCRIPTS: Final = ("decisions.js", "yaml.js", "store.js", "suspect.js", "offer.js", "review.js")
"""Modules of `front/`, each after those that it imports from."""


def page(title: str, data: Any = None) -> Document:
    """Return the page.

    Args:
        title: what is reviewed.
        data: all that it shows, for a file by itself; None: it asks the server.
    """
    own = resources.files("datagen.reviews.page").joinpath("front")
    return document(
        "review",
        f"Review {title}",
        own.joinpath("body.html").read_text("utf-8"),
        scripts=[*map(shared, SHARED_SCRIPTS), *(own.joinpath(name) for name in SCRIPTS)],
        styles=[*map(shared, SHARED_STYLES), own.joinpath("review.css")],
        data=data,
        alone=data is not None,
    )
