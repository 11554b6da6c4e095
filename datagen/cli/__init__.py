"""The command line: each command parses, calls one library function, prints.

Exit codes: 0 done · 1 unexpected · 2 usage · 3 budget or dataset rule broken · 4 missing or
corrupt input · 130 interrupted. Nothing heavy is imported before a command runs.
"""

from datagen.cli.app import app, main

__all__ = ["app", "main"]
