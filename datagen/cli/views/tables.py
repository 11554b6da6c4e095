"""Tables for a terminal: no number is ever cut, whatever the width.

Enters: columns and rows of text. Leaves: what rich prints. Where the columns of numbers do not fit
beside each other they are shown in several blocks, one below the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rich.box import HEAVY_HEAD, Box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

Cell = str | Text
Kind = Literal["number", "mark", "word", "name", "text"]
"""How a column may shrink: numbers, marks and words not at all, a name folds, a text wraps.

Numbers stand on the right of their column, marks and all else on the left.
"""

_NARROWEST: Final = {"name": 16, "text": 13}
"""Columns of the terminal below which a name or a text is not made, if it is longer."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, how it may shrink, its style."""

    title: Cell = ""
    kind: Kind = "number"
    style: str = ""


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the columns are set apart: by lines or by spaces."""

    box: Box | None
    between: int

    def width(self, widths: Sequence[int]) -> int:
        """Return what columns of these widths take together."""
        lines = len(widths) + 1 if self.box else 0
        return sum(widths) + self.between * len(widths) + lines


class FittedTable:
    """A table that fits its terminal.

    Args:
        columns: those before the first number or mark are repeated in every block.
        title: printed above.
        boxed: drawn with lines where there is room for them.
        below: empty lines below each row.
    """

    def __init__(
        self, *columns: Column, title: Cell = "", boxed: bool = False, below: int = 0
    ) -> None:
        self._columns = columns
        self._title = title
        self._boxed = boxed
        self._below = below
        self._rows: list[tuple[tuple[Text, ...], str]] = []
        self._sections: set[int] = set()

    def add_row(self, *cells: Cell, style: str = "") -> None:
        """Add a row; cells may have several lines, and are no markup."""
        self._rows.append((tuple(_text(cell) for cell in cells), style))

    def add_section(self) -> None:
        """Draw a line below the last row, where lines are drawn."""
        self._sections.add(len(self._rows) - 1)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the title and the blocks."""
        room = options.max_width
        layout = self._layout(room)
        if str(self._title):
            yield Text(str(self._title), style="bold", overflow="fold")
        for block in self._blocks(layout, room):
            yield self._table(block, layout, room)

    def _layout(self, room: int) -> _Layout:
        layouts = [_Layout(HEAVY_HEAD, 2)] if self._boxed else []
        layouts += [_Layout(None, 2), _Layout(None, 1)]
        every = range(len(self._columns))
        fitting = (one for one in layouts if one.width([self._least(k) for k in every]) <= room)
        return next(fitting, layouts[-1])

    def _blocks(self, layout: _Layout, room: int) -> Iterator[list[int]]:
        """Yield the columns of each block, by position."""
        kinds = [column.kind for column in self._columns]
        first = next((k for k, kind in enumerate(kinds) if kind in ("number", "mark")), len(kinds))
        lead = list(range(first))
        block = list(lead)
        for k in range(first, len(self._columns)):
            if len(block) > len(lead):
                widths = [self._least(each) for each in (*block, k)]
                if layout.width(widths) > room:
                    yield block
                    block = list(lead)
            block.append(k)
        yield block

    def _least(self, k: int) -> int:
        """Return how narrow a column may become."""
        column = self._columns[k]
        widest = max(
            (line.cell_len for text in self._texts(k) for line in text.split("\n")), default=0
        )
        return min(widest, _NARROWEST.get(column.kind, widest))

    def _texts(self, k: int) -> list[Text]:
        return [_text(self._columns[k].title), *(cells[k] for cells, _ in self._rows)]

    def _table(self, block: Sequence[int], layout: _Layout, room: int) -> Table:
        missing = layout.width([self._least(k) for k in block]) - room
        soft = [k for k in block if self._columns[k].kind in _NARROWEST]
        table = Table(
            box=layout.box,
            padding=(0, 1) if layout.box else (0, layout.between, self._below, 0),
            pad_edge=layout.box is not None,
            header_style="bold" if layout.box else "dim",
            show_header=any(str(self._columns[k].title) for k in block),
        )
        for k in block:
            column = self._columns[k]
            narrower = -(-missing // len(soft)) if k in soft and missing > 0 else 0
            table.add_column(
                _text(column.title),
                style=column.style,
                justify="right" if column.kind == "number" else "left",
                no_wrap=column.kind not in _NARROWEST,
                overflow="fold",
                min_width=max(self._least(k) - narrower, 1),
            )
        for place, (cells, style) in enumerate(self._rows):
            shown = [cells[k] for k in block]
            table.add_row(*shown, style=style, end_section=place in self._sections)
        return table

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Say that all the width there is may be used."""
        return Measurement(1, options.max_width)


def _text(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(cell)
