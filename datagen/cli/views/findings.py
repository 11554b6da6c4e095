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
            _print_listed(shown, terminal)
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


def _print_listed(findings: "Sequence[Finding]", terminal: Any) -> None:
    """Print paths beside messages, or above them where one would break: a path is to be copied."""
    from rich.text import Text

    rows = [(Text(f"  {_shown(finding.path)}"), Text(finding.message)) for finding in findings]
    left = max(path.cell_len for path, _ in rows)
    beside = left + 2 + max(message.cell_len for _, message in rows) <= terminal.width
    for path, message in rows:
        if beside:
            path.pad_right(left + 2 - path.cell_len)
            terminal.print(path + message, soft_wrap=True)
        else:
            terminal.print(path, soft_wrap=True)
            terminal.print(Text("    ") + message, soft_wrap=True)


def _shown(path: str) -> str:
    """Return a path as it is printed: in quotes where spaces at its end would not be seen."""
    parts = path.split("/")
    plain = path.isprintable() and all(part == part.strip() for part in parts)
    return path if plain else repr(path)
