"""How the answer of a sweep is printed: a table, and the best recipe."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from datagen.cli.views.tables import FittedTable
    from datagen.sweeps.page.colours import Scale
    from datagen.sweeps.results.ranking import Answer, CandidateResult, SweepAccuracy

_WIDE = 110  # columns of a terminal from which there is room for more


def print_answer(answer: "Answer", out: "Console") -> None:
    """Print the candidates, best first, then what the table says in sentences."""
    from rich.text import Text

    from datagen.sweeps.results import words
    from datagen.sweeps.results.advice import advice

    out.print(Text(words.ranked_by(answer), style="bold"))
    out.print(_table(answer, wide=out.width >= _WIDE))
    for candidate in answer.candidates:
        for error in candidate.errors:
            out.print(Text(f"failed  {candidate.name}: {error}", style="red"))
    best = words.best(answer)
    out.print(Text(f"best    {best}" if answer.best else best, style="bold"))
    said = [words.verdict(answer), words.rivals(answer)] if answer.best else []
    for text in filter(None, said):
        out.print(Text(text))
    believed = advice(answer)
    if believed is not None:
        out.print(Text(f"advice  {believed.text}", style="bold"))
    for text in filter(None, words.cost(answer)):
        out.print(Text(text))
    notes = words.notes(answer)
    if out.width >= _WIDE and any(p.to_best and not p.to_best.real for p in answer.candidates):
        notes.append("≈ where the difference to the best is within noise")
    for note in notes:
        out.print(Text(f"note    {note}", style="yellow"))


def print_next_trial(answer: "Answer", out: "Console") -> None:
    """Print the command that decides what is open or, where nothing is, that prints the best."""
    from pathlib import Path

    from datagen.cli.views.next_step import command, flags, free_name, from_here, print_next
    from datagen.evaluation.places import located_path
    from datagen.sweeps.results.advice import advice, dataset_of

    believed = advice(answer)
    # the record's path starts at the sweep's folder
    tested = believed and believed.on and located_path(believed.on.path, answer.folder.absolute())
    if believed is not None and believed.pair and tested and Path(tested).is_dir():
        places = [from_here(dataset_of(answer, each)) for each in believed.pair]
        given = [located_path(each.path, answer.folder.absolute()) for each in answer.tests]
        tests = dict.fromkeys([tested, *(test for test in given if Path(test).is_dir())])
        words = flags(test=[from_here(Path(test)) for test in tests], seeds=believed.seeds)
        runs = [command("datagen", "evaluate", place, *words) for place in places]
        line = " && ".join([*runs, command("datagen", "compare", *places)])
        out.print(f"next         {line}", soft_wrap=True)
    elif answer.best is not None:
        folder = from_here(answer.folder)
        print_next(out, "sweep", "--best", folder, to=free_name("best.yaml"))


def print_best(answer: "Answer") -> None:
    """Print the best recipe on stdout, as YAML that `datagen build --recipe` takes.

    Raises:
        EvaluationError: no candidate has run to the end.
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
        "best": None if answer.best is None else answer.best.id,
        "beats_next": None if lead is None else lead.real,
        "p_next": None if found is None else found.p,
        "comparisons": None if found is None else found.compared,
        "verdict": words.verdict(answer),
        "to_come": answer.to_come,
        "seconds": round(answer.cost.seconds, 3),
        "points": [_plain_candidate(answer, candidate) for candidate in answer.candidates],
    }


def _plain_candidate(answer: "Answer", candidate: "CandidateResult") -> dict[str, Any]:
    return {
        "point": candidate.id,
        "name": candidate.name,
        "ratios": dict(candidate.ratios),
        "settings": dict(candidate.settings),
        "state": candidate.state,
        "official": candidate.official,
        "epochs": candidate.epochs,
        "seeds": list(candidate.seeds),
        "val": _plain_accuracy(candidate.val),
        "selection": _plain_accuracy(candidate.selection),
        "tests": {each.path: _plain_accuracy(answer.on(candidate, each)) for each in answer.tests},
        "seconds": round(candidate.seconds, 3),
        "cached": candidate.cached,
        "errors": list(candidate.errors),
    }


def _plain_accuracy(found: "SweepAccuracy | None") -> dict[str, Any] | None:
    if found is None:
        return None
    interval = None if found.interval is None else list(found.interval)
    return {
        "mean": found.mean,
        "std": found.std,
        "interval": interval,
        "leaked": found.leaked,
        "leak_free": found.leak_free,
    }


def _table(answer: "Answer", *, wide: bool) -> "FittedTable":
    """Return the table; a narrow one leaves out what the page has."""
    from rich.text import Text

    from datagen.cli.views.tables import Column, FittedTable
    from datagen.sweeps.page.colours import scale_of

    tests = answer.tests if wide else answer.tests[:1]
    with_val = answer.ranked_by != "val"
    intervals = any(found and found.interval for found in map(answer.score, answer.candidates))
    titles = [answer.ranked_by, *(["95 %"] if intervals else [])]
    titles += ["test"] if len(tests) == 1 else [f"test {k}" for k in range(1, len(tests) + 1)]
    titles += ["val"] if with_val else []
    columns = [Column("", "word"), Column("candidate", "name"), *map(Column, titles)]
    columns.append(Column("trained", "text"))
    columns += [Column("to the best"), Column("seconds")] if wide else []
    grid = FittedTable(*columns)
    colours = scale_of(answer)
    for rank, candidate in enumerate(answer.candidates, 1):
        shown = colours if candidate in answer.finished else None
        cells = [Text(str(rank)), Text(candidate.name), _mean(answer.score(candidate), shown)]
        cells += [_interval(answer.score(candidate))] if intervals else []
        cells += [_mean(answer.on(candidate, images), shown) for images in tests]
        cells += [_mean(candidate.val)] if with_val else []
        cells.append(_state(answer, candidate))
        if wide:
            cells += [
                Text(_to_best(candidate)),
                Text(f"{candidate.seconds:,.0f}{_cached(candidate)}"),
            ]
        grid.add_row(*cells, style=_style(answer, candidate))
    return grid


def _style(answer: "Answer", candidate: "CandidateResult") -> str:
    if answer.best is not None and candidate.id == answer.best.id:
        return "bold green"
    return {"stopped": "dim", "failed": "red"}.get(candidate.state, "")


def _interval(found: "SweepAccuracy | None") -> "Text":
    from rich.text import Text

    if found is None or found.interval is None:
        return Text("")
    return Text(f"{found.interval[0]:.3f}–{found.interval[1]:.3f}")


def _mean(found: "SweepAccuracy | None", colours: "Scale | None" = None) -> "Text":
    """Return a score; its mean in the colours of the page, where the terminal has colours."""
    from rich.text import Text

    if found is None:
        return Text("–")
    style = ""
    if colours is not None:
        style = f"{colours.text(found.mean)} on {colours.fill(found.mean)}"
    shown = Text(f"{found.mean:.4f}", style)
    return Text().append_text(shown).append("" if found.std is None else f"\n± {found.std:.4f}")


def _state(answer: "Answer", candidate: "CandidateResult") -> "Text":
    from rich.text import Text

    from datagen.sweeps.results import words

    text = words.state(candidate, answer).replace(", ", "\n")
    if answer.best is not None and candidate.id == answer.best.id:
        text += "\nBEST"
    marked = words.mark(candidate)
    return Text(text).append(f"\n{marked}" if marked else "", style="bold red")


def _to_best(candidate: "CandidateResult") -> str:
    if candidate.to_best is None:
        return ""
    return ("" if candidate.to_best.real else "≈ ") + f"{candidate.to_best.accuracy.mean:+.4f}"


def _cached(candidate: "CandidateResult") -> str:
    return f"\n{candidate.cached} cached" if candidate.cached else ""
