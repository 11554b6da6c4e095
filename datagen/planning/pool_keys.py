"""The names of a recipe's sources: the one rule, for manifests and for the pages of sweeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class PoolRequest:
    """What decides which pool an ingredient draws from; what else it asks for does not.

    Attributes:
        source: name of the source.
        path: where it reads; None: its default.
        options: of the source.
    """

    source: str
    path: Path | None
    options: Mapping[str, Any]


def pool_keys(requests: Sequence[PoolRequest]) -> list[str]:
    """Return the key of every ingredient's pool: `pen`, `images`, `images-2`, ….

    Equal requests share a key. Ingredients of ratio 0 count too, so that a source has the same key
    in every candidate of a sweep.

    Example:
        >>> one, two = (PoolRequest("images", Path(name), {}) for name in ("a", "b"))
        >>> pool_keys([one, two, one, PoolRequest("pen", None, {})])
        ['images', 'images-2', 'images', 'pen']
    """
    known: dict[str, PoolRequest] = {}
    keys = []
    for request in requests:
        key = next((key for key, other in known.items() if other == request), None)
        if key is None:
            number = 1 + sum(other.source == request.source for other in known.values())
            key = request.source if number == 1 else f"{request.source}-{number}"
            known[key] = request
        keys.append(key)
    return keys
