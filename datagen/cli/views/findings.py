"""Findings on a terminal: by severity and kind, the first paths of each, with what to do."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datagen.datasets.doctor.finding import Finding

SHOWN: Final = 5
"""Paths of a kind that are printed unless all are asked for."""

_TITLES: Final = {"broken": "BREAKS A RULE", "warning": "WARNINGS", "note": "NOTES"}
_STYLES: Final = {"broken": "red", "warning": "yellow", "note": "cyan"}


def print_findings(findings: "Sequence[Finding]", terminal: Any, *, limit: int = SHOWN) -> None:
    """Print findings, which come ordered by severity and kind.

    Args:
        findings: as `in_order` gives them.
        terminal: a `rich.console.Console`.
        limit: paths of each kind; 0 is all.
    """
    from rich.text import Text

    from datagen.datasets.doctor.finding import KINDS

    for severity, some in groupby(findings, key=lambda finding: finding.severity):
        terminal.print()
        terminal.print(Text(_TITLES[severity], style=f"bold {_STYLES[severity]}"))
        for kind, group in groupby(some, key=lambda finding: finding.kind):
            listed = list(group)
            title = (f"{kind} {len(listed):,}", f"bold {_STYLES[severity]}")
            terminal.print(Text.assemble(title, f"  {KINDS[kind]}"))
            shown = listed[:limit] if limit else listed
            terminal.print(_table(shown))
            if len(listed) > len(shown):
                terminal.print(f"  … and {len(listed) - len(shown):,} more; --all lists them")
            for advice in dict.fromkeys(finding.advice for finding in shown):
                terminal.print(f"  → {advice}")


def plain_finding(finding: "Finding") -> dict[str, Any]:
    """Return a finding as the JSON keys of a line."""
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "path": finding.path,
        "message": finding.message,
        "advice": finding.advice,
        "others": list(finding.others),
    }


def _table(findings: "Sequence[Finding]") -> Any:
    from rich.padding import Padding

    from datagen.cli.views.tables import Column, FittedTable

    table = FittedTable(Column("", "name"), Column("", "text"))
    for finding in findings:
        table.add_row(_shown(finding.path), finding.message)
    return Padding(table, (0, 0, 0, 2))


def _shown(path: str) -> str:
    """Return a path as it is printed: in quotes where spaces at its end would not be seen."""
    parts = path.split("/")
    plain = path.isprintable() and all(part == part.strip() for part in parts)
    return path if plain else repr(path)
