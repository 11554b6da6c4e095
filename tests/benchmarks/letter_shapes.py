"""The shapes that `datagen.sources.font_letters` knows, and how well they tell letters.

    python -m tests.benchmarks.letter_shapes                         # writes them anew
    python -m tests.benchmarks.letter_shapes --check FOLDER [...]    # fonts to measure them on

The shapes are averages over matplotlib's own Latin fonts.
"""

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import ImageFont

import datagen.sources
from datagen.core.arrays import Coverage
from datagen.sources.font_letters import SHAPED, likeness, refuse_by_names, shape_of
from datagen.sources.fonts import SIZE, draw

FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
UPRIGHT = ("DejaVu", "STIXGeneral", "cmb", "cmr", "cmss", "cmtt")
ITALIC = ("DejaVuSerif-Italic", "DejaVuSerif-BoldItalic", "STIXGeneralItalic", "cmmi", "cmti")
SYMBOLS = (*range(0x2190, 0x2200), *range(0x2600, 0x26B8), *range(0x2701, 0x27BF))
HEAD = """\
# v, x, V, X of matplotlib's Latin fonts, averaged: upright, then italic; 12x12 pixels, 0 no ink,
# f full ink. Made by `python -m tests.benchmarks.letter_shapes`.
"""


def letters(file: Path, text: str) -> list[Coverage | None]:
    font = ImageFont.truetype(file, SIZE, layout_engine=ImageFont.Layout.BASIC)
    return [draw(font, char) for char in text]


def latin(file: Path) -> dict[str, Coverage] | None:
    """Return the letters of a font whose names say that it has them."""
    if refuse_by_names(file, "ivxIVX"):
        return None
    drawn = letters(file, SHAPED)
    return {c: ink for c, ink in zip(SHAPED, drawn, strict=True) if ink is not None}


def write() -> None:
    blocks = []
    for wanted, other in ((UPRIGHT, ITALIC), (ITALIC, ())):
        chosen = [
            file
            for file in sorted(FONTS.glob("*.ttf"))
            if file.name.startswith(wanted) and not file.name.startswith(other or ("-",))
        ]
        fonts = [found for file in chosen if (found := latin(file)) and len(found) == len(SHAPED)]
        for letter in SHAPED:
            mean = np.mean([shape_of(found[letter]) for found in fonts], axis=0)
            rows = np.rint(mean / 255 * 15).astype(int)
            digits = ["".join(f"{level:x}" for level in row) for row in rows]
            blocks.append("\n".join([letter, *digits]))
    place = Path(datagen.sources.__path__[0]) / "letter_shapes.txt"
    place.write_text(HEAD + "\n\n".join(blocks) + "\n", "ascii")
    print(f"{len(blocks)} shapes in {place}")


def check(folders: list[Path]) -> None:
    found = []
    for folder in [FONTS, *folders]:
        for file in sorted(folder.rglob("*.[ot]tf")):
            drawn = latin(file)
            if drawn and len(drawn) == len(SHAPED):
                found.append((likeness(drawn), file.name))
    found.sort()
    print(f"{len(found)} Latin fonts, the least alike: {found[:4]}")
    symbols = [
        i for i in letters(FONTS / "DejaVuSans.ttf", "".join(map(chr, SYMBOLS))) if i is not None
    ]
    rng = np.random.default_rng(0)
    likely = [
        likeness(
            dict(zip(SHAPED, [symbols[k] for k in rng.integers(0, len(symbols), 4)], strict=True))
        )
        for _ in range(3000)
    ]
    print(f"random symbols: 99 % below {np.quantile(likely, 0.99):.2f}, at most {max(likely):.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", nargs="*", type=Path)
    given = parser.parse_args()
    if given.check is None:
        write()
    else:
        check(given.check)
