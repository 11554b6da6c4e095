import numpy as np

from datagen.core.numerals import CLASSES
from datagen.previews.contact_sheet import SheetImages, contact_sheet, terminal_rows


def contacts(*columns: str) -> SheetImages:
    rng = np.random.default_rng(0)
    shapes = [(32, 32), (120, 40), (40, 300)]
    return SheetImages(
        columns,
        {
            (numeral, column): [rng.integers(0, 256, s, dtype=np.uint8) for s in shapes]
            for numeral in CLASSES
            for column in columns
        },
    )


def test_the_sheet_grows_with_columns_and_images() -> None:
    one = contact_sheet(contacts("a"), per_cell=3)
    two = contact_sheet(contacts("a", "b"), per_cell=3)
    assert two.height == one.height
    assert two.width - one.width == 3 * 70 + 6
    assert contact_sheet(SheetImages(("a",), {}), per_cell=3).size == one.size


def test_the_terminal_shows_every_class_in_80_columns() -> None:
    lines = terminal_rows(contacts("a"))
    assert max(map(len, lines)) <= 80
    assert [word for line in lines for word in line.split() if word in CLASSES] == list(CLASSES)


def test_braille_dots_stand_where_the_ink_is() -> None:
    image = np.full((28, 28), 255, np.uint8)
    image[0, 0] = 0
    lines = terminal_rows(SheetImages(("a",), {("i", "a"): [image]}))
    assert lines[1][0] == "\u2801"  # dot 1: top left
    assert set(lines[2]) <= {"\u2800", " "}
