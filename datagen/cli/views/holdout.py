"""What `datagen holdout` says: images per class on each side, groups, styles, and what is next."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datagen.cli.views.tables import Column, FittedTable
from datagen.core.numerals import CLASSES
from datagen.curation.holdout.record import REVIEWED, SIDES

if TYPE_CHECKING:
    from datagen.curation.holdout.record import Holdout

_CAUSES = {
    "review": "bad",
    "copy": "copies",
    "contradiction": "contradicting",
    "unusable": "unusable",
}


def folders(record: "Holdout") -> tuple[str, ...]:
    """Return the folders of one fold: the holdout as given, then as reviewed, then the rest."""
    return ("holdout", REVIEWED, "rest") if record.review is not None else SIDES


def folds(record: "Holdout") -> list[int | None]:
    """Return the numbers of the folds; None for the one holdout there is without folds."""
    return [*range(1, record.folds + 1)] if record.folds > 1 else [None]


def summarise(record: "Holdout", out: Path, sheet: Path | None, terminal: Any) -> None:
    """Print the table and what a person should know of it."""
    terminal.print(_table(record, out))
    sizes = record.group_sizes()
    several = [size for size in sizes if size > 1]
    terminal.print(
        f"groups     {len(sizes):,}, of which {len(several):,} hold near-duplicates"
        f"{' or one writer' if record.writers else ''}"
        + (f" (the largest {several[0]:,} images)" if several else "")
    )
    if record.by == "style":
        terminal.print(f"styles     {record.styles:,} found; {_unseen(record)}")
    if record.writers:
        terminal.print(f"writers    from {record.writers}; {_writers(record)}")
    terminal.print(f"balance    {_balance(record)}")
    if record.review:
        dropped = sum(file.cause == "review" for file in record.left_out)
        given = sum(not file.sound for file in record.files)
        moved = sum(file.numeral != file.was for file in record.files)
        terminal.print(
            f"review     {record.review}: {moved:,} relabelled; of the dropped, {given:,} stay in "
            f"the holdout as given, {dropped:,} are left out"
        )
    if sheet is not None:
        terminal.print(f"picture    {sheet}: what is held out, a row for each", soft_wrap=True)
    place = out / "fold-1" if record.folds > 1 else out
    tests = [f"--test {place / name}" for name in folders(record)[:-1]]
    terminal.print(f"judge by   {' '.join(tests)}", soft_wrap=True)


def _unseen(record: "Holdout") -> str:
    counts = [f"{len(_styles(record, fold)):,}" for fold in folds(record)]
    if record.folds == 1:
        return f"{counts[0]} of them held out"
    return f"held out, fold by fold: {', '.join(counts)}"


def _styles(record: "Holdout", fold: int | None) -> set[int | None]:
    return {f.style for f in record.files if f.side == "holdout" and f.fold == fold}


def _writers(record: "Holdout") -> str:
    held = {file.writer for file in record.files if file.side == "holdout"} - {None}
    every = {file.writer for file in record.files} - {None}
    if record.folds > 1:
        return f"{len(every):,}, each in one fold"
    return f"{len(held):,} of {len(every):,} held out"


def _balance(record: "Holdout") -> str:
    """Return how far the classes of the holdouts are from even shares."""
    total = Counter(file.was for file in record.files)
    shares = {
        (fold, numeral): record.counts("holdout", fold)[numeral] / (record.fraction * count)
        for fold in folds(record)
        for numeral, count in total.items()
    }
    least, most = min(shares, key=lambda key: shares[key]), max(shares, key=lambda key: shares[key])
    return (
        f"each class held out {shares[least]:.2f} ({_at(least)}) … {shares[most]:.2f} "
        f"({_at(most)}) of an even share"
    )


def _at(key: tuple[int | None, str]) -> str:
    fold, numeral = key
    return f"{numeral} in fold {fold}" if fold else numeral


def _table(record: "Holdout", out: Path) -> FittedTable:
    """Return images per class: as given, what was taken away, and what stands on each side."""
    table = FittedTable(
        Column("", "word"),
        *map(Column, (*CLASSES, "all")),
        title=f"{len({file.source for file in record.files}):,} images in {out}",
        boxed=True,
    )

    def add(name: str, counts: Any, sign: str = "") -> None:
        shown = [f"{counts[numeral]:{sign},}" for numeral in CLASSES]
        total = sum(counts[numeral] for numeral in CLASSES)
        table.add_row(name, *shown, f"{total:{sign},}" if total or not sign else "")

    given = Counter(file.was for file in record.files)
    given.update(file.was for file in record.left_out)
    add("given", given)
    for cause, name in _CAUSES.items():
        taken = Counter(file.was for file in record.left_out if file.cause == cause)
        if taken:
            add(name, {numeral: -taken[numeral] for numeral in CLASSES})
    for fold in folds(record):
        table.add_section()
        for name in folders(record):
            add(name if fold is None else f"{fold} {name}", record.counts(name, fold))
    return table


def plain(record: "Holdout", out: Path, sheet: Path | None) -> dict[str, Any]:
    """Return what `--json` says."""
    sizes = record.group_sizes()
    result: dict[str, Any] = {
        "command": "holdout",
        "path": str(out),
        "by": record.by,
        "seed": record.seed,
        "fraction": record.fraction,
        "review": record.review,
        "writers": record.writers,
        "styles": record.styles,
        "sheet": None if sheet is None else str(sheet),
        "groups": len(sizes),
        "groups_of_several": sum(size > 1 for size in sizes),
        "largest_group": max(sizes),
        "relabelled": sum(file.numeral != file.was for file in record.files),
        "left_out": dict(Counter(file.cause for file in record.left_out)),
        "folds": [
            {
                "path": str(out / f"fold-{fold}" if fold else out),
                "counts": {name: record.counts(name, fold) for name in folders(record)},
                "styles": len(_styles(record, fold)) if record.by == "style" else 0,
            }
            for fold in folds(record)
        ],
    }
    if record.folds == 1:
        result["counts"] = result["folds"][0]["counts"]
    return result
