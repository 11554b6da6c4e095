"""Tables in terminals of any width."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from datagen.cli.views.output import counts_table
from datagen.cli.views.tables import Column, FittedTable
from datagen.core.numerals import CLASSES


def printed(table: object, width: int) -> str:
    console = Console(width=width, highlight=False, markup=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_counts_of_any_dataset_are_whole(width: int) -> None:
    counts = {
        "train": {numeral: 1_040 + k for k, numeral in enumerate(CLASSES)},
        "val": {numeral: 123_456 + k for k, numeral in enumerate(CLASSES)},
    }
    text = printed(counts_table("many images in ds", counts), width)
    assert all(len(line) <= width for line in text.splitlines())
    assert "…" not in text
    for row in counts.values():
        for number in (*row.values(), sum(row.values())):
            assert re.search(rf"(?<![\d,]){number:,}(?![\d,])", text)


def test_the_name_of_a_row_stands_in_every_block() -> None:
    table = FittedTable(Column("", "word"), *(Column(str(k)) for k in range(8)))
    table.add_row("train", *["12,345,678"] * 8)
    assert printed(table, 40).count("train") == printed(table, 40).count("\n") // 2 > 1


def test_there_is_a_box_only_where_it_has_room() -> None:
    table = FittedTable(Column("", "word"), Column("images"), boxed=True)
    table.add_row("train", "10,000")
    assert "│" in printed(table, 40)
    assert "│" not in printed(table, 15)


def test_cells_are_no_markup() -> None:
    table = FittedTable(Column("name", "name"), Column("n"))
    table.add_row("a[b]c[/b]", Text("1"))
    assert "a[b]c[/b]" in printed(table, 40)


_NAME = st.text("ab/ -", min_size=1, max_size=90)
_NUMBER = st.integers(0, 10**7).map(lambda n: f"{n:,}")


@settings(max_examples=60)
@given(
    rows=st.lists(st.tuples(_NAME, st.tuples(*[_NUMBER] * 4), _NAME), min_size=1, max_size=4),
    width=st.integers(40, 120),
    boxed=st.booleans(),
)
def test_no_number_is_cut_and_no_line_too_long(
    rows: list[tuple[str, tuple[str, ...], str]], width: int, boxed: bool
) -> None:
    table = FittedTable(
        Column("name", "name"),
        *(Column(str(k)) for k in range(4)),
        Column("said", "text"),
        boxed=boxed,
    )
    for name, numbers, said in rows:
        table.add_row(name, *numbers, said)
    text = printed(table, width)
    assert all(len(line) <= width for line in text.splitlines())
    found = re.findall(r"[\d,]+", text)
    assert all(number in found for _, numbers, _ in rows for number in numbers)
