"""How the answer of a sweep is printed: a table, and the best recipe."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from datagen.sweeps.results.ranking import Answer, CandidateResult, SweepAccuracy

_WIDE = 110  # columns of a terminal from which there is room for more


def print_answer(answer: "Answer", out: "Console") -> None:
    """Print the points, best first, then what the table says in sentences."""
    from rich.text import Text

    from datagen.sweeps.results import words

    out.print(Text(words.ranked_by(answer), style="bold"))
    out.print(_table(answer, wide=out.width >= _WIDE))
    for point in answer.points:
        for error in point.errors:
            out.print(Text(f"failed  {point.name}: {error}", style="red"))
    best = words.best(answer)
    out.print(Text(f"best    {best}" if answer.best else best, style="bold"))
    said = [words.verdict(answer), words.rivals(answer)] if answer.best else []
    for text in (*said, *words.cost(answer)):
        if text:
            out.print(Text(text))
    notes = words.notes(answer)
    if out.width >= _WIDE and any(p.to_best and not p.to_best.real for p in answer.points):
        notes.append("≈ where the difference to the best is within noise")
    for note in notes:
        out.print(Text(f"note    {note}", style="yellow"))


def print_best(answer: "Answer") -> None:
    """Print the best recipe on stdout, as YAML that `datagen build --recipe` takes.

    Raises:
        EvaluationError: no point has run to the end.
        MissingInputError: its recipe is not in the sweep's folder.
    """
    from datagen.sweeps.results.recipe import best_recipe

    print(best_recipe(answer), end="", flush=True)


def plain(answer: "Answer") -> dict[str, Any]:
    """Return the answer as plain data, for `--json`: one object that says what the table says."""
    from datagen.sweeps.results import words

    lead = answer.lead
    found = None if lead is None else lead.difference
    return {
        "command": "sweep",
        "folder": str(answer.folder),
        "ranked_by": answer.ranked_by,
        "official": answer.official,
        "best": None if answer.best is None else answer.best.point,
        "beats_next": None if lead is None else lead.real,
        "p_next": None if found is None else found.p,
        "comparisons": None if found is None else found.compared,
        "verdict": words.verdict(answer),
        "to_come": answer.to_come,
        "seconds": round(answer.cost.seconds, 3),
        "points": [_plain_point(answer, point) for point in answer.points],
    }


def _plain_point(answer: "Answer", point: "CandidateResult") -> dict[str, Any]:
    return {
        "point": point.point,
        "name": point.name,
        "ratios": dict(point.ratios),
        "settings": dict(point.settings),
        "state": point.state,
        "official": point.official,
        "epochs": point.epochs,
        "seeds": list(point.seeds),
        "val": _plain_accuracy(point.val),
        "selection": _plain_accuracy(point.selection),
        "tests": {each.path: _plain_accuracy(answer.on(point, each)) for each in answer.tests},
        "seconds": round(point.seconds, 3),
        "cached": point.cached,
        "errors": list(point.errors),
    }


def _plain_accuracy(found: "SweepAccuracy | None") -> dict[str, Any] | None:
    if found is None:
        return None
    interval = None if found.interval is None else list(found.interval)
    return {"mean": found.mean, "std": found.std, "interval": interval}


def _table(answer: "Answer", *, wide: bool) -> "Table":
    """Return the table; a narrow one leaves out what the page has."""
    from rich.table import Table
    from rich.text import Text

    tests = answer.tests if wide else answer.tests[:1]
    with_val = answer.ranked_by != "val"
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    grid.add_column("", justify="right", no_wrap=True)
    grid.add_column("point", overflow="fold")
    grid.add_column(answer.ranked_by, justify="right", no_wrap=True)
    intervals = any(found and found.interval for found in map(answer.score, answer.points))
    if intervals:
        grid.add_column("95 %", justify="right", no_wrap=True)
    for place, _ in enumerate(tests):
        grid.add_column("test" if len(tests) == 1 else f"test {place + 1}", justify="right")
    if with_val:
        grid.add_column("val", justify="right")
    grid.add_column("trained", max_width=None if wide else 13)
    if wide:
        grid.add_column("to the best", justify="right", no_wrap=True)
        grid.add_column("seconds", justify="right", no_wrap=True)
    for rank, point in enumerate(answer.points, 1):
        cells = [Text(str(rank)), Text(point.name), _mean(answer.score(point))]
        cells += [_interval(answer.score(point))] if intervals else []
        cells += [_mean(answer.on(point, images)) for images in tests]
        cells += [_mean(point.val)] if with_val else []
        cells.append(_state(answer, point))
        if wide:
            cells += [Text(_to_best(point)), Text(f"{point.seconds:,.0f}{_cached(point)}")]
        grid.add_row(*cells, style=_style(answer, point))
    return grid


def _style(answer: "Answer", point: "CandidateResult") -> str:
    if answer.best is not None and point.point == answer.best.point:
        return "bold green"
    return {"stopped": "dim", "failed": "red"}.get(point.state, "")


def _interval(found: "SweepAccuracy | None") -> "Text":
    from rich.text import Text

    if found is None or found.interval is None:
        return Text("")
    return Text(f"{found.interval[0]:.3f}–{found.interval[1]:.3f}")


def _mean(found: "SweepAccuracy | None") -> "Text":
    from rich.text import Text

    if found is None:
        return Text("–")
    return Text(f"{found.mean:.4f}" + ("" if found.std is None else f"\n± {found.std:.4f}"))


def _state(answer: "Answer", point: "CandidateResult") -> "Text":
    from rich.text import Text

    from datagen.sweeps.results import words

    text = words.state(point, answer).replace(", ", "\n")
    if answer.best is not None and point.point == answer.best.point:
        text += "\nBEST"
    marked = words.mark(point)
    return Text(text).append(f"\n{marked}" if marked else "", style="bold red")


def _to_best(point: "CandidateResult") -> str:
    if point.to_best is None:
        return ""
    return ("" if point.to_best.real else "≈ ") + f"{point.to_best.accuracy.mean:+.4f}"


def _cached(point: "CandidateResult") -> str:
    return f"\n{point.cached} cached" if point.cached else ""
