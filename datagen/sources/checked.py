"""What a source of a user's own returns, looked at before anything relies on it.

The sources of the package are not looked at here: their tests do that.
"""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, get_args

import numpy as np

from datagen.core.arrays import GrayImage
from datagen.core.errors import UsageError
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool, NumeralInfo, NumeralPool
from datagen.core.numerals import CLASSES, LETTERS, Case

_CASES: Final = get_args(Case)
_NONE: Final = object()


def checked_pool(name: str, pool: object) -> GlyphPool | NumeralPool:
    """Return what the source called `name` opened, as a pool that looks at what it loads.

    Raises:
        UsageError: it is no pool, or what it lists is not what a pool lists.
    """
    if isinstance(pool, GlyphPool):
        glyphs = pool  # a name that stays what it is, for the loader
        _check_infos(name, glyphs.infos, GlyphInfo, _wrong_with_letter)
        return GlyphPool(glyphs.source, glyphs.infos, lambda k: _glyph(name, glyphs, k))
    if isinstance(pool, NumeralPool):
        numerals = pool
        _check_infos(name, numerals.infos, NumeralInfo, _wrong_with_numeral)
        return NumeralPool(numerals.source, numerals.infos, lambda k: _image(name, numerals, k))
    raise UsageError(
        f"source {name!r}: `open` must return a GlyphPool or a NumeralPool, and returned "
        f"{_kind(pool)}"
    )


def _check_infos(
    name: str, infos: tuple[Any, ...], kind: type, wrong: Callable[[Any], str | None]
) -> None:
    stranger = next((info for info in infos if not isinstance(info, kind)), _NONE)
    if stranger is not _NONE:
        raise UsageError(
            f"source {name!r}: its pool must list {kind.__name__} objects, and lists "
            f"{_kind(stranger)}"
        )
    for info in infos:
        found = None if isinstance(info.id, str) else "its id must be a text"
        if found := found or wrong(info):
            raise UsageError(f"source {name!r}, {info.id!r}: {found}")
    twice = [known for known, times in Counter(info.id for info in infos).items() if times > 1]
    if twice:
        raise UsageError(f"source {name!r}: the id {twice[0]!r} is not unique in its pool")


def _wrong_with_letter(info: Any) -> str | None:
    if info.letter not in LETTERS:
        return f"its letter must be one of {', '.join(LETTERS)}, and is {info.letter!r}"
    if info.case not in _CASES:
        return f"its case must be one of {', '.join(_CASES)}, and is {info.case!r}"
    if not isinstance(info.writer, str | None):
        return f"its writer must be a text or None, and is {_kind(info.writer)}"
    return None


def _wrong_with_numeral(info: Any) -> str | None:
    if info.numeral not in CLASSES:
        return f"its numeral must be one of {', '.join(CLASSES)}, and is {info.numeral!r}"
    if not isinstance(info.identity, str):
        return f"its identity must be a text, and is {_kind(info.identity)}"
    return None


def _glyph(name: str, pool: GlyphPool, k: int) -> Glyph:
    glyph = pool[k]
    _refuse(name, pool.infos[k].id, _wrong_with_glyph(glyph))
    return glyph


def _image(name: str, pool: NumeralPool, k: int) -> GrayImage:
    image = pool[k]
    _refuse(name, pool.infos[k].id, _wrong_with_pixels("the image", image))
    return image


def _refuse(name: str, one: str, wrong: str | None) -> None:
    if wrong:
        raise UsageError(f"source {name!r}, {one!r}: {wrong}")


def _wrong_with_glyph(glyph: object) -> str | None:
    if not isinstance(glyph, Glyph):
        return f"its pool must load a Glyph, and loads {_kind(glyph)}"
    if glyph.ink is not None:
        return _wrong_with_pixels("its ink", glyph.ink) or _wrong_with_body(glyph)
    return _wrong_with_strokes(glyph)


def _wrong_with_pixels(what: str, pixels: object) -> str | None:
    if isinstance(pixels, np.ndarray):
        if pixels.dtype == np.uint8 and pixels.ndim == 2 and pixels.size:
            return None
        given = f"{pixels.dtype} of the shape {pixels.shape}"
    else:
        given = _kind(pixels)
    return f"{what} must be an array of uint8, height×width, and is {given}"


def _wrong_with_body(glyph: Glyph) -> str | None:
    height = 0 if glyph.ink is None else len(glyph.ink)
    if 0 <= glyph.body_top < height:
        return None
    return f"its body_top must be a row of its ink, 0 … {height - 1}, and is {glyph.body_top}"


def _wrong_with_strokes(glyph: Glyph) -> str | None:
    strokes = [_points(stroke) for stroke in glyph.strokes or ()]
    if not strokes or not all(map(_is_path, strokes)):
        return "its strokes must be one or more arrays N×2 of finite numbers, N at least 1"
    if glyph.pressure is not None and [np.shape(factors) for factors in glyph.pressure] != [
        (len(stroke),) for stroke in strokes
    ]:
        return "its pressure must be one array per stroke, with a number for each point"
    if glyph.pen is not None and not (math.isfinite(glyph.pen) and glyph.pen > 0):
        return f"its pen must be a width above 0, or None, and is {glyph.pen}"
    return None


def _points(stroke: object) -> "np.ndarray[Any, Any]":
    try:
        return np.asarray(stroke)
    except ValueError:  # rows of different lengths
        return np.empty(0)


def _is_path(stroke: "np.ndarray[Any, Any]") -> bool:
    right = stroke.ndim == 2 and stroke.shape[1] == 2 and stroke.size > 0
    return right and stroke.dtype.kind in "fiu" and bool(np.isfinite(stroke).all())


def _kind(given: object) -> str:
    return "None" if given is None else f"an object of the type {type(given).__name__}"
