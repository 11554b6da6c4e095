"""Letters of machine fonts: every font of every file below a folder, each a writer of its own.

Enters: a folder. Leaves: i, v, x and I, V, X of each font that has all six, from the cache.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from datagen.core.arrays import Coverage
from datagen.core.errors import MissingInputError
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool
from datagen.core.ink_boxes import body_top, crop_ink
from datagen.core.numerals import LETTERS, Case, Letter
from datagen.core.text import how_many
from datagen.files.litter import is_litter
from datagen.sources.font_letters import fonts_in, refuse_by_names, refuse_by_shapes
from datagen.sources.glyph_cache import Note, cached_pool
from datagen.sources.registry import Options, Source, register

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

VERSION: Final = 3
SIZE: Final = 200  # pixels per em: capitals about 145 high, above what a sheet of 260 needs
_ENDINGS: Final = (".ttf", ".otf", ".ttc", ".otc")
_NAMED: Final = 5  # fonts that a message lists
UNASSIGNED: Final = "\U0010fffe"  # a noncharacter: drawn as whatever a font draws for what it lacks

_CHARACTERS: Final[tuple[tuple[str, Letter, Case], ...]] = tuple(
    item
    for letter in LETTERS
    for item in ((letter, letter, "lower"), (letter.upper(), letter, "upper"))
)


@register
class FontsSource(Source):
    """Machine fonts, drawn through Pillow (FreeType)."""

    name = "fonts"
    summary = "letters of your own TTF and OTF fonts, each font a writer"
    licence = "that of the fonts given"
    citation = "the fonts given"
    path_hint = "a folder of TTF/OTF files, at any depth"

    def open(self, path: Path | None, options: Options) -> GlyphPool:
        """Return six letters per font.

        A font is passed over if it cannot be read, lacks one of the six letters, has symbols in
        their places, draws one picture for two of them, or draws them pixel by pixel as an earlier
        font does. One warning says which fonts, and why.

        Raises:
            MissingInputError: no folder, no fonts in it, or none that is usable.
        """
        if path is None:
            raise MissingInputError(
                f"source 'fonts' needs {self.path_hint}; say `--source fonts:PATH`"
            )
        if not path.exists():
            raise MissingInputError(f"no file or folder {path}; expected {self.path_hint}")
        files = _list(path)
        if not files:
            endings = f"{', '.join(_ENDINGS[:-1])} or {_ENDINGS[-1]}"
            raise MissingInputError(f"no {endings} file below {path}; expected {self.path_hint}")

        def extract(note: Note) -> Iterator[Glyph]:
            return _extract(path, files, note)

        return cached_pool(self.name, VERSION, options, files, extract)


def _list(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    files = (
        file
        for file in path.rglob("*")
        if file.suffix.lower() in _ENDINGS and not is_litter(file.name, folder=False)
    )
    return sorted(file for file in files if file.is_file())


@dataclass(frozen=True, slots=True)
class _Font:
    """One font: a file, or one of a collection.

    Attributes:
        number: of the font in its file, from 0.
        mark: what its name has behind that of its file: "#2" for the second of several.
    """

    file: Path
    number: int
    mark: str


def _fonts(file: Path) -> list[_Font]:
    several = fonts_in(file)
    if several == 1:
        return [_Font(file, 0, "")]
    return [_Font(file, number, f"#{number + 1}") for number in range(several)]


def _extract(root: Path, files: list[Path], note: Note) -> Iterator[Glyph]:
    fonts = [font for file in files for font in _fonts(file)]
    seen: dict[bytes, _Font] = {}
    passed_over = []
    for font, writer in zip(fonts, _writers(root, fonts), strict=True):
        drawn, reason = _draw_all(font)
        key = b"".join(repr(ink.shape).encode() + ink.tobytes() for ink in drawn)
        if not reason and key in seen:
            reason = f"draws i, v, x just as {seen[key].file.name}{seen[key].mark} does"
        if reason:
            name = font.file.relative_to(root) if font.file != root else font.file
            passed_over.append(f"{name}{font.mark} {reason}")
            continue
        seen[key] = font
        for (char, letter, case), ink in zip(_CHARACTERS, drawn, strict=True):
            info = GlyphInfo(f"{writer}:{char}", letter, case, writer)
            yield Glyph(info, FontsSource.name, ink=ink, body_top=body_top(ink, letter, case))
    if not seen:
        raise MissingInputError(
            f"none of the {how_many(len(fonts), 'font')} below {root} is usable: "
            f"{_named(passed_over)}; give fonts that have i, v, x and I, V, X"
        )
    if passed_over:
        note(f"{len(passed_over)} of {len(fonts)} fonts passed over: {_named(passed_over)}")


def _named(reasons: list[str]) -> str:
    more = len(reasons) - _NAMED
    return "; ".join(reasons[:_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _writers(root: Path, fonts: list[_Font]) -> list[str]:
    """Return a name per font: its file's stem, or the whole path where stems repeat."""
    short = [f"{font.file.stem}{font.mark}" for font in fonts]
    often = Counter(short)
    return [
        name if often[name] == 1 else f"{font.file.relative_to(root).as_posix()}{font.mark}"
        for name, font in zip(short, fonts, strict=True)
    ]


def _draw_all(font: _Font) -> tuple[list[Coverage], str]:
    """Return the six letters, or as much as there is and the reason to pass the font over."""
    from PIL import ImageFont  # noqa: PLC0415 - 40 ms that a source's import need not pay

    drawn: list[Coverage] = []
    letters = "".join(char for char, _, _ in _CHARACTERS)
    try:
        if reason := refuse_by_names(font.file, letters, font.number):
            return drawn, reason
        # Basic layout: no ligatures, and the same drawing whether or not raqm is installed.
        opened = ImageFont.truetype(
            font.file, SIZE, index=font.number, layout_engine=ImageFont.Layout.BASIC
        )
        lacking = draw(opened, UNASSIGNED)
        for char, _, _ in _CHARACTERS:
            ink = draw(opened, char)
            if ink is None or (lacking is not None and np.array_equal(ink, lacking)):
                return drawn, f"lacks the letter {char!r}"
            drawn.append(ink)
    except (OSError, ValueError, SyntaxError) as error:
        return drawn, f"cannot be read ({error})"
    for case in (drawn[::2], drawn[1::2]):
        if any(np.array_equal(one, other) for one, other in combinations(case, 2)):
            return drawn, "draws the same picture for different letters"
    return drawn, refuse_by_shapes(dict(zip(letters, drawn, strict=True)))


def draw(font: "FreeTypeFont", char: str) -> Coverage | None:
    """Return the ink of one character, None where it is blank."""
    from PIL import Image, ImageDraw  # noqa: PLC0415

    left, top, right, bottom = (int(edge) for edge in font.getbbox(char))
    margin = 4  # hinting and antialiasing may reach beyond the box
    canvas = Image.new("L", (right - left + 2 * margin, bottom - top + 2 * margin))
    ImageDraw.Draw(canvas).text((margin - left, margin - top), char, fill=255, font=font)
    return crop_ink(np.asarray(canvas, np.uint8))
