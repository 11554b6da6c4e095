"""`datagen inspect`: does a dataset keep its rules?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.views.findings import SHOWN, plain_finding, print_findings
from datagen.cli.views.output import Json, console, counts_table, emit
from datagen.core.errors import RuleError

if TYPE_CHECKING:
    from datagen.datasets.inspect import Inspection


def inspect(
    dataset: Annotated[Path, typer.Argument(help="A folder with train/ and val/.")],
    every: Annotated[
        bool, typer.Option("--all", help="Print every path, not the first five of each kind.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check a dataset: counts, budget, balance, duplicates, leakage, integrity.

    Exit code 3 when a rule is broken. Works on any folder that the evaluator can read.

    Example: `datagen inspect ds --json`
    """
    from datagen.api.datasets import inspect as inspect_dataset

    found = inspect_dataset(dataset)
    _summarise(found, console(as_json=as_json), every)
    if as_json:
        emit(_plain(found))
    if not found.clean:
        raise RuleError(f"{dataset}: {'; '.join(found.problems)}")


def _summarise(found: "Inspection", out: Any, every: bool) -> None:
    out.print(counts_table(f"{found.count.exact:,} images in {found.path}", found.counts))
    for name, counted in (("sources", found.sources), ("case styles", found.styles)):
        if counted:
            out.print(f"{name:<13}" + ", ".join(f"{key} {n:,}" for key, n in counted.items()))
    out.print(
        f"budget       {found.count.exact:,} images, {found.count.in_batches:,} in batches, "
        f"of {found.budget:,}"
    )
    out.print(
        f"duplicates   {found.duplicates:,} within a split, {found.leaked:,} across the split"
    )
    shared = f"{len(found.shared):,} glyphs, writers or parents on both sides"
    out.print(f"identity     {shared if found.has_manifest else 'unknown: no manifest'}")
    out.print(f"fingerprint  {found.fingerprint[:16]}")
    print_findings(found.findings, out, limit=0 if every else SHOWN)
    if found.findings:
        out.print()
    out.print("every rule is kept" if found.clean else f"{len(found.problems)} rules are broken")


def _plain(found: "Inspection") -> dict[str, Any]:
    return {
        "command": "inspect",
        "path": str(found.path),
        "clean": found.clean,
        "problems": list(found.problems),
        "fingerprint": found.fingerprint,
        "counts": {split: dict(counts) for split, counts in found.counts.items()},
        "styles": dict(found.styles),
        "sources": dict(found.sources),
        "budget": {
            "limit": found.budget,
            "exact": found.count.exact,
            "in_batches": found.count.in_batches,
        },
        "duplicates": found.duplicates,
        "leaked": found.leaked,
        "shared_identities": list(found.shared),
        "has_manifest": found.has_manifest,
        "findings": [plain_finding(finding) for finding in found.findings],
    }
