r"""What is printed steers no terminal: control characters are written out, `\x1b` as four signs.

Names of files, and texts of recipes and records, are other people's.
"""

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook
from rich.segment import Segment

from pipelines.text import printable


def harmless(console: Console) -> Console:
    """Return the console, which from now on prints printable characters and ends of lines alone."""
    console.push_render_hook(_Harmless())
    return console


class _Harmless(RenderHook):
    """Wraps all that is printed."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Printable(each) for each in renderables]


class _Printable:
    """A renderable whose text is printable; what rich itself sends to the terminal stays."""

    def __init__(self, inner: ConsoleRenderable) -> None:
        self.inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for text, style, control in console.render(self.inner, options):
            plain = control is not None or text.isprintable()
            shown = text if plain else "\n".join(map(printable, text.split("\n")))
            yield Segment(shown, style, control)
