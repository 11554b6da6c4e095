"""What the page and the server say to each other, as plain JSON.

Enters: the body of a request. Leaves: decisions; and decisions as the page reads them.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError

from datagen.core.errors import UsageError
from datagen.core.limits import Sha256
from datagen.core.models import StrictModel
from datagen.core.pydantic_errors import explain
from datagen.reviews.page.session import Change
from datagen.sources.images.review import LabelCorrection

MOST_AT_ONCE: Final = 200_000
"""Images that one step decides."""


class Decided(StrictModel):
    """One step of a tab.

    Attributes:
        decisions: SHA-256 of a file's bytes → what was decided; None takes it back.
        seen: what the tab took for decided until then.
    """

    decisions: Annotated[
        dict[Sha256, LabelCorrection | None], Field(min_length=1, max_length=MOST_AT_ONCE)
    ]
    seen: Annotated[
        dict[Sha256, LabelCorrection | None],
        Field(max_length=MOST_AT_ONCE, default_factory=dict),
    ]


_decided: Final = TypeAdapter(Decided)


def read_decided(body: bytes) -> Decided:
    """Read one step.

    Raises:
        UsageError: it is none.
    """
    try:
        return _decided.validate_json(body)
    except ValidationError as error:
        raise UsageError(f"this is no decision: {explain(error, Decided)}") from error


def plain_change(change: Change) -> dict[str, Any]:
    """Return decisions as the page reads them."""
    return {sha256: None if one is None else plain(one) for sha256, one in change.items()}


def plain(one: LabelCorrection) -> Mapping[str, Any]:
    """Return one decision with the keys that it has in a review file."""
    found: dict[str, Any] = one.model_dump(mode="json", by_alias=True, exclude_none=True)
    return found
