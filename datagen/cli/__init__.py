"""The command line: each command parses, calls one library function, prints.

Exit codes: 0 done · 1 unexpected · 2 usage · 3 budget or dataset rule broken · 4 missing or
corrupt input · 130 interrupted. Nothing heavy is imported before a command runs.
"""

import gc
import sys
from collections.abc import Sequence
from typing import Final

from datagen.files.signals import disarm, end_tidily

_UNCOLLECTED: Final = 100_000
"""Objects that are made until Python looks for cycles of garbage, instead of 700. A command makes
few cycles and many objects that it keeps, which would be looked through again and again."""

INTERRUPTED: Final = "datagen: interrupted; no partial result was kept"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    end_tidily()
    gc.set_threshold(_UNCOLLECTED)
    try:
        from datagen.cli.app import run  # slow: by now a Ctrl-C ends in a message

        code = run(arguments)
    except KeyboardInterrupt:  # while it is imported, or just as the command ends
        print(INTERRUPTED, file=sys.stderr)
        code = 130
    finally:
        disarm()
    gc.freeze()  # Python, as it ends, would look through everything for garbage: 0.1 s
    sys.exit(code)
