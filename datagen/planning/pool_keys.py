"""The names of a recipe's sources: the one rule, for manifests and for the pages of sweeps.

Beside them the fingerprint of a source, as it was opened.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datagen.core.glyphs import GlyphInfo, GlyphPool, NumeralInfo, NumeralPool


@dataclass(frozen=True, slots=True)
class PoolRequest:
    """What decides which pool an ingredient draws from; what else it asks for does not.

    Attributes:
        source: name of the source.
        path: where it reads; None: its default.
        options: of the source.
        left_out: ids of letters that are not used.
    """

    source: str
    path: Path | None
    options: Mapping[str, Any]
    left_out: tuple[str, ...] = ()


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


def pool_fingerprint(pool: GlyphPool | NumeralPool) -> str:
    """Return the SHA-256 of a pool's index, which tells whether a source offers the same.

    Of letters that are ids, classes and writers, of finished images their pixels too.

    Example:
        >>> glyphs = [GlyphInfo(f"pen-0-{k}/i0", "i", "lower", f"pen-0-{k}") for k in (0, 1)]
        >>> one, two = (GlyphPool("pen", glyphs[:count], lambda key: None) for count in (1, 2))
        >>> pool_fingerprint(one) == pool_fingerprint(two)
        False
    """
    lines = sorted("\t".join(_fields(info)) + "\n" for info in pool.infos)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _fields(info: GlyphInfo | NumeralInfo) -> tuple[str, ...]:
    if isinstance(info, GlyphInfo):
        return info.id, info.letter, info.case, info.writer or ""
    return info.id, info.numeral, info.loaded or info.identity
