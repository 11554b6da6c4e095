"""`datagen doctor`: everything that is wrong in a folder of images, before work begins."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.unused_flags import refuse_unused
from datagen.cli.views.findings import SHOWN, plain_finding, print_findings
from datagen.cli.views.next_step import as_argument, free_name, print_next
from datagen.cli.views.output import Json, Quiet, console, emit, progress_bars
from datagen.core.errors import RuleError
from datagen.core.text import how_many
from datagen.files.paths import real_path

if TYPE_CHECKING:
    from datagen.datasets.doctor.diagnose import Diagnosis, Fixed


def doctor(
    context: typer.Context,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Class folders, a test set, or train/ and val/ with class folders."
        ),
    ],
    against: Annotated[
        list[Path] | None,
        typer.Option(metavar="TEST", help="A test set; finds its images in DIR; repeatable."),
    ] = None,
    fix: Annotated[
        Path | None,
        typer.Option(metavar="COPY", help="Write a corrected copy to this new folder."),
    ] = None,
    skip_near_duplicates: Annotated[
        bool,
        typer.Option(
            "--skip-near-duplicates",
            help="Skip the slow search for near-duplicates; exact copies are still reported.",
        ),
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Print all paths; without it the first five of each kind.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing copy.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List all problems in a folder of images, and what to do about each.

    It finds unreadable, blank and tiny images, light ink on dark paper, file properties that the
    evaluator ignores, copies, one image under two labels, near-duplicates in both train and val,
    images of a test set, misspelt class folders, system files, and images unlike the rest. Nothing
    in the folder is changed. Exit code 3 when a rule is broken (with `--fix`: when the copy still
    breaks one). `--json` prints one line per finding.

    Example: `datagen doctor photos --against test --fix photos-fixed`
    """
    from datagen.api.doctor import doctor as diagnose

    if fix is None:
        refuse_unused(context, ("overwrite",), "without --fix", "add --fix COPY")
    with progress_bars(quiet=quiet) as progress:
        found = diagnose(
            folder,
            against=against or (),
            fix=fix,
            near_duplicates=not skip_near_duplicates,
            overwrite=overwrite,
            progress=progress,
        )
    _print(found, console(as_json=as_json, quiet=quiet), every)
    if as_json:
        for finding in found.findings:
            emit({"command": "doctor", **plain_finding(finding)})
    if not (found.clean if found.fixed is None else found.fixed.clean):
        raise RuleError(f"{folder}: {_broken(found)}, the first: {_first(found)}")


def _broken(found: "Diagnosis") -> str:
    broken = found.counts["broken"]
    return f"{how_many(broken, 'finding')} {'breaks' if broken == 1 else 'break'} a rule"


def _first(found: "Diagnosis") -> str:
    first = found.findings[0]
    return f"{first.path} {first.message}"


def _print(found: "Diagnosis", terminal: Any, every: bool) -> None:
    counts = found.counts
    role = "a dataset" if found.layout.role == "dataset" else "class folders"
    terminal.print(
        f"{found.path}: {how_many(len(found.pictures), 'image')}, {role}\n{_broken(found)}, "
        f"{how_many(counts['warning'], 'warning')}, {how_many(counts['note'], 'note')}"
    )
    print_findings(found.findings, terminal, limit=0 if every else SHOWN)
    if found.fixed is not None:
        _print_fixed(found.fixed, terminal)
    terminal.print()
    _print_next(found, terminal)


def _print_fixed(fixed: "Fixed", terminal: Any) -> None:
    from datagen.datasets.doctor.finding import KINDS

    terminal.print()
    terminal.print(f"corrected copy  {fixed.path}, {fixed.images:,} images", soft_wrap=True)
    for what, number in fixed.done.items():
        terminal.print(f"  {number:>6,}  {what}")
    if fixed.left:
        terminal.print("found in the copy, where a person has to decide")
        for kind, number in fixed.left.items():
            terminal.print(f"  {number:>6,}  {kind}: {KINDS[kind]}")


def _print_next(found: "Diagnosis", terminal: Any) -> None:
    """Print the one command that helps most now."""
    from datagen.datasets.doctor.fix import MECHANICAL

    folder = as_argument(found.path)
    if found.fixed is not None:
        print_next(terminal, "doctor", as_argument(found.fixed.path))
    elif any(f.kind in MECHANICAL and f.severity != "note" for f in found.findings):
        copy = free_name(f"{real_path(found.path).name}-fixed")
        print_next(terminal, "doctor", folder, "--fix", as_argument(Path(copy)))
    elif not found.clean:
        print_next(terminal, "doctor", folder, why="after you have corrected what is listed")
    elif found.layout.role == "dataset":
        print_next(terminal, "inspect", folder)
    else:
        why = "sets test images aside, before a build uses the rest"
        print_next(terminal, "holdout", folder, "--out", free_name("real"), why=why)
