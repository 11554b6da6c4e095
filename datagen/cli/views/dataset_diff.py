"""What differs between two datasets, on a terminal and as JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from pipelines.text import printable, shortened

if TYPE_CHECKING:
    from datagen.viewing.diff import DatasetDiff, Tally
    from datagen.viewing.diff_scores import ScoreChange
    from datagen.viewing.rows import ViewImage

KEYS_SHOWN: Final = 12
"""Keys of the recipes that are printed; the rest is counted."""

_WORDS: Final = {
    "same": "the same bytes in the same class and part",
    "stored": "the same picture in other bytes",
    "moved": "the same picture in another class or part",
    "changed": "another picture of the same letters, parent or path",
    "went": "only in A",
    "came": "only in B",
}
_TITLES: Final = ("A", "B", "kept", "changed", "moved in", "out", "came", "went")


def print_diff(diff: "DatasetDiff", out: Any) -> None:
    """Print what differs.

    Args:
        diff: of two datasets.
        out: a `rich.console.Console`.
    """
    for letter, side in (("A", diff.first), ("B", diff.second)):
        line = f"{letter}            {side.path}: {side.images:,} images, {side.fingerprint[:16]}"
        out.print(line, soft_wrap=True)
    if diff.equal:
        out.print("equal        every image, byte by byte")
    else:
        _print_images(diff, out)
    _print_recipe(diff, out)
    for change in diff.scores:
        _print_score(change, out)
    if not diff.scores and not diff.equal:
        out.print("score        none on the same test images by one protocol; --score names more")


def plain_diff(diff: "DatasetDiff") -> dict[str, Any]:
    """Return what differs as the JSON keys of a line."""
    return {
        "equal": diff.equal,
        "first": {**asdict(diff.first), "path": str(diff.first.path)},
        "second": {**asdict(diff.second), "path": str(diff.second.path)},
        "counts": diff.counts,
        "classes": {name: asdict(tally) for name, tally in diff.by_class().items()},
        "parts": {name: asdict(tally) for name, tally in diff.by_part().items()},
        "images": [
            {
                "kind": change.kind,
                "by": change.by,
                "before": _plain_image(change.before),
                "after": _plain_image(change.after),
            }
            for change in diff.changes
            if change.kind != "same"
        ],
        "recipe": None if diff.recipe is None else [asdict(each) for each in diff.recipe],
        "scores": [plain_score(change) for change in diff.scores],
    }


def _plain_image(image: "ViewImage | None") -> dict[str, str] | None:
    if image is None:
        return None
    return {"path": image.name, "part": image.part, "class": image.numeral}


def plain_score(change: "ScoreChange") -> dict[str, Any]:
    """Return what a change did to a score as the JSON keys of an object."""
    found = change.difference
    return {
        "test": change.test,
        "images": change.images,
        "protocol": change.protocol,
        "mark": change.mark,
        "seeds": list(change.seeds),
        "before": change.before.model_dump(),
        "after": change.after.model_dump(),
        "leaked": list(change.leaked),
        "difference": None if found is None else found.accuracy.model_dump(),
        "first_only": None if found is None else found.best_only,
        "second_only": None if found is None else found.row_only,
        "p_images": None if found is None else found.p_images,
        "p_seeds": None if found is None else found.p_seeds,
        "more_than_noise": None if found is None else found.real,
        "notes": list(change.notes),
    }


def _print_images(diff: "DatasetDiff", out: Any) -> None:
    for kind, count in diff.counts.items():
        if count:
            out.print(f"{kind:<12} {count:,}: {_WORDS[kind]}", soft_wrap=True)
    out.print()
    out.print(_table("class", diff.by_class()))
    parts = diff.by_part()
    if len(parts) > 1:
        out.print()
        out.print(_table("part", parts))
    out.print()


def _table(title: str, tallies: "Mapping[str, Tally]") -> Any:
    from datagen.cli.views.tables import Column, FittedTable

    table = FittedTable(Column(title, "word"), *map(Column, _TITLES))
    for name, tally in tallies.items():
        table.add_row(printable(name) or "all", *_cells(list(asdict(tally).values())))
    if title == "class":
        columns = zip(*(asdict(tally).values() for tally in tallies.values()), strict=True)
        table.add_row("all", *_cells([sum(column) for column in columns]))
    return table


def _cells(numbers: list[int]) -> list[str]:
    return [f"{number:,}" if number else "·" for number in numbers]


def _print_recipe(diff: "DatasetDiff", out: Any) -> None:
    for k, change in enumerate((diff.recipe or ())[:KEYS_SHOWN]):
        head = "recipe" if not k else ""
        values = f"{_value(change.before)} → {_value(change.after)}"
        out.print(f"{head:<12} {printable(change.key)}: {values}", soft_wrap=True)
    if len(diff.recipe or ()) > KEYS_SHOWN:
        out.print(
            f"             … and {len(diff.recipe or ()) - KEYS_SHOWN:,} more keys; see --json"
        )


def _value(value: Any) -> str:
    return "none" if value is None else shortened(printable(str(value)), 60)


def _print_score(change: "ScoreChange", out: Any) -> None:
    from datagen.evaluation.summary import short_path

    mark = f" ({change.mark})" if change.mark else ""
    title = f"{change.images:,} images of {short_path(change.test)}, {change.protocol}{mark}"
    out.print(f"score        {title}", soft_wrap=True)
    out.print(f"             A {change.before}, B {change.after}", soft_wrap=True)
    found = change.difference
    if found is not None:
        seeds = f"{len(change.seeds)} common seed" + ("s" if len(change.seeds) > 1 else "")
        tests = [f"p {found.p_images:.3f} over images"]
        if found.p_seeds is not None:
            tests.append(f"p {found.p_seeds:.3f} over seeds")
        if found.best_only is not None:
            tests.append(f"right only by A {found.best_only:,}, only by B {found.row_only:,}")
        answer = "more than noise" if found.real else "no more than noise"
        accuracy = f"{found.accuracy.mean:+.4f}"
        if found.accuracy.std is not None:
            accuracy += f" ± {found.accuracy.std:.4f}"
        line = f"B − A {accuracy} over {seeds}: {answer} ({', '.join(tests)})"
        out.print(f"             {line}", soft_wrap=True)
    for note in change.notes:
        out.print(f"note         {note}", soft_wrap=True)
