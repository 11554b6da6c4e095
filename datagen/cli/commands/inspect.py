"""`datagen inspect`: does a dataset keep its rules?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.views.findings import SHOWN, plain_finding, print_findings
from datagen.cli.views.next_step import as_argument, print_next
from datagen.cli.views.output import Json, console, counts_table, emit
from datagen.core.errors import InputError, RuleError, all_named
from datagen.core.numerals import SPLITS
from datagen.core.text import how_many

if TYPE_CHECKING:
    from datagen.datasets.inspect import Inspection
    from datagen.datasets.leakage import Leaks


def inspect(
    dataset: Annotated[Path, typer.Argument(help="A folder with train/ and val/.")],
    against: Annotated[
        list[Path] | None,
        typer.Option(
            "--against",
            metavar="DIR",
            help="Test images (class folders) that the dataset must not contain or be made from; "
            "repeatable.",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Print all paths; without it the first five of each kind.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check a dataset: counts, budget, balance, duplicates, leakage, integrity.

    Exit code 3 when a rule is broken. Works on any folder that the evaluator can read. With
    --against it also finds the test images that the dataset contains or was made from.

    Example: `datagen inspect ds --against label_book`
    """
    from datagen.api.datasets import find_leaks
    from datagen.api.datasets import inspect as inspect_dataset
    from datagen.files.paths import user_path

    out = console(as_json=as_json)
    leaks, errors = [], []
    for test in against or ():
        try:
            leaks.append(find_leaks(dataset, test))
        except InputError as error:
            errors.append(error)
    if errors:
        raise all_named(errors)
    for each in leaks:
        _print_leaks(each, out)
    # what is asked of a plain folder of class folders is only what it knows
    plain = leaks and not any((user_path(dataset) / split).is_dir() for split in SPLITS)
    found = None if plain else inspect_dataset(dataset)
    problems = [*filter(None, (each.known for each in leaks)), *(found.problems if found else ())]
    if found:
        _summarise(found, out, len(problems))
        print_findings(found.findings, out, limit=0 if every else SHOWN)
        if not problems:
            words = ("evaluate", as_argument(dataset), "--preview", 5)
            print_next(out, *words, why="5 epochs instead of 100")
    if as_json:
        checked = _plain(found) if found else {"command": "inspect", "path": str(dataset)}
        emit(checked | {"against": [_plain_leaks(each) for each in leaks]})
    if problems:
        raise RuleError(f"{dataset}: {'; '.join(problems)}")


def _summarise(found: "Inspection", out: Any, broken: int) -> None:
    out.print(counts_table(f"{found.count.exact:,} images in {found.path}", found.counts))
    for name, counted in (
        ("sources", found.sources),
        ("case styles", dict(sorted(found.styles.items()))),
    ):
        if counted:
            out.print(f"{name:<13}" + ", ".join(f"{key} {n:,}" for key, n in counted.items()))
    out.print(
        f"budget       {found.count.exact:,} images, {found.count.in_batches:,} in batches, "
        f"of {found.budget:,}"
    )
    out.print(
        f"duplicates   {found.duplicates:,} within a split, {found.leaked:,} across the split"
    )
    alike = len(found.near_duplicates)
    where = "val or test have a near-duplicate in another part"
    where = where if "test" in found.counts else "val have a near-duplicate in train"
    out.print(f"{'':13}{alike:,} images of {where}")
    where = "in more than one part" if "test" in found.counts else "on both sides"
    shared = f"{len(found.shared):,} glyphs, writers or parents {where}"
    out.print(f"identity     {shared if found.has_manifest else 'unknown: no manifest'}")
    out.print(f"fingerprint  {found.fingerprint[:16]}")
    broken_rules = f"{how_many(broken, 'rule')} {'is' if broken == 1 else 'are'} broken"
    out.print(broken_rules if broken else "every rule is kept")


def _print_leaks(found: "Leaks", out: Any) -> None:
    """Print what the dataset knows of one test set, and a few of the files."""
    alike = found.near_duplicates
    out.print(f"against      {found.path}", soft_wrap=True)
    out.print(
        f"             {found.images:,} images: {found.same_picture:,} in train or val, "
        f"{found.parents:,} that images there were made from"
        + ("" if alike is None else f", {alike:,} look alike"),
        soft_wrap=True,
    )
    for path, kind in found.files[:SHOWN]:
        out.print(f"             {path}: {kind}", soft_wrap=True)
    if len(found.files) > SHOWN:
        out.print(f"             … and {len(found.files) - SHOWN:,} more (--json lists all)")
    for note in filter(None, (found.near_note, *found.notes)):
        out.print(f"note         {note}", soft_wrap=True)


def _plain_leaks(found: "Leaks") -> dict[str, Any]:
    return {
        "path": str(found.path),
        "images": found.images,
        "leaked": found.leaked,
        "same_picture": found.same_picture,
        "parents": found.parents,
        "near_duplicates": found.near_duplicates,
        "near_note": found.near_note,
        "files": dict(found.files),
        "notes": list(found.notes),
    }


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
        "near_duplicates": [list(pair) for pair in found.near_duplicates],
        "has_manifest": found.has_manifest,
        "findings": [plain_finding(finding) for finding in found.findings],
    }
