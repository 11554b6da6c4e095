"""The part of the page about where a score comes from: budget, sources, leakage, time, commands."""

import shlex
from dataclasses import replace
from pathlib import Path

from datagen.core.errors import InputError
from datagen.datasets.format import RECIPE, read_info
from datagen.evaluation.evaluate import Evaluation
from datagen.evaluation.records import Score, TestResult
from datagen.evaluation.request import EvaluationRequest
from datagen.evaluation.summary import Summary, short_path
from datagen.files.paths import recorded_place
from datagen.reports.html.markup import (
    Markup,
    breakable,
    facts,
    figure,
    join,
    number,
    section,
    table,
    tag,
)

_PARTS = (
    ("import", "starting"),
    ("load", "reading images"),
    ("compile", "building the network"),
    ("train", "training"),
    ("score", "scoring"),
    ("check", "checking the files again"),
)


def about(evaluation: Evaluation, summary: Summary, folder: Path) -> Markup:
    """Return the section; its commands name paths from `folder`, where the page stands."""
    score = evaluation.scores[0]
    return section(
        "Where it comes from",
        tag("div", _budget(score), _leakage(score), style="grid2"),
        _sources(evaluation.request.dataset),
        tag("div", _timing(score), _versions(score, summary), style="grid2"),
        _again(evaluation.request, score, folder),
    )


def _budget(score: Score) -> Markup:
    """Return the counts, and the budget by both counts."""
    data = score.dataset
    exact = data.train + data.val
    batch = score.protocol.constants["batch_size"]
    share = min(100.0, 100 * max(exact, data.budget_used) / data.budget)
    names = list(data.classes["train"])
    rows = [(split, *(counts[name] for name in names)) for split, counts in data.classes.items()]
    return figure(
        "Budget",
        tag(
            "p",
            f"{data.train:,} train + {data.val:,} val = {exact:,} images; counted in whole "
            f"batches of {batch}: {data.budget_used:,}. The budget is {data.budget:,} by both "
            "counts.",
        ),
        tag("div", Markup(f'<i style="width:{share:.1f}%"></i>'), style="gauge"),
        table(("", *names), rows, "numbers counts"),
    )


def _leakage(score: Score) -> Markup:
    """Return how many test images the dataset holds too."""
    rows = [(breakable(short_path(test.path)), _leaked(test)) for test in score.tests]
    return figure(
        "Leakage",
        facts(rows) if rows else tag("p", "There is no test set to leak into."),
        caption="Test images that are in the dataset: the same picture as the network is given it "
        "(32×32, whole grey levels), or the parent of an augmented copy. Near-duplicates of images "
        "in train or val are only counted.",
    )


def _leaked(test: TestResult) -> str:
    """Say how much of one test set the dataset holds too."""
    found = test.leakage
    near = "not looked for" if found.near_duplicates is None else f"{found.near_duplicates:,}"
    return (
        f"{found.images:,} of {test.images:,} leaked: {found.images - found.parents:,} in train or "
        f"val, {found.parents:,} parents; near-duplicates: {near}; accuracy "
        f"{number(test.metrics.accuracy.accuracy, 4)}, leak-free "
        f"{number(test.leak_free.accuracy, 4)}"
    )


def _sources(dataset: Path) -> Markup:
    """Return what the images are made of, with licences."""
    try:
        info = read_info(dataset)
    except InputError:
        return figure(
            "Sources",
            tag("p", "Unknown: the dataset has no dataset.json, so datagen did not build it."),
        )
    rows = [
        (source.key, f"{source.images:,}", source.licence, source.citation)
        for source in info.sources
    ]
    notes = [tag("p", note, style="soft") for note in info.notes]
    return figure(
        "Sources",
        tag(
            "div",
            table(("source", "images", "licence", "please cite"), rows),
            style="scroll",
        ),
        join(notes),
    )


def _timing(score: Score) -> Markup:
    batch = int(score.protocol.constants["batch_size"])
    steps = -(-score.dataset.train // batch) * len(score.history)
    trained = sum(row.train_seconds for row in score.history)
    rows: list[tuple[object, object]] = [
        (name, f"{score.seconds[key]:.1f} s") for key, name in _PARTS if key in score.seconds
    ]
    rows.append(("all", f"{score.total_seconds:.1f} s"))
    if steps:
        rows.append(
            (f"per batch of {batch}", f"{1000 * trained / steps:.1f} ms over {steps:,} batches")
        )
    threads = f"{score.threads} thread{'s' if score.threads > 1 else ''}"
    return figure("Time", facts(rows), caption=f"On {score.device}, {threads}, seed {score.seed}.")


def _versions(score: Score, summary: Summary) -> Markup:
    protocol = score.protocol
    rows: list[tuple[object, object]] = [
        ("protocol", f"{protocol.name}, version {protocol.version}, {protocol.engine} engine"),
        ("epochs", f"{protocol.epochs} of {protocol.constants.get('epochs', '?')}"),
        ("evaluator", tag("code", protocol.fingerprint[:16])),
        ("dataset", tag("code", score.dataset.fingerprint[:16])),
    ]
    rows += [
        (breakable(f"test {short_path(test.path)}"), tag("code", test.fingerprint[:16]))
        for test in summary.tests
    ]
    rows += [(name, version) for name, version in score.versions.items()]
    return figure("Fingerprints and versions", facts(rows), *_warnings(summary))


def _warnings(summary: Summary) -> list[Markup]:
    return [tag("p", f"Warning: {text}", style="soft") for text in summary.warnings]


def _again(request: EvaluationRequest, score: Score, folder: Path) -> Markup:
    """Return the commands that make this score again, to be run in `folder`."""
    lines = []
    if (request.dataset / RECIPE).is_file():
        recipe = shlex.quote(recorded_place(request.dataset / RECIPE, folder))
        lines.append(f"datagen build --recipe {recipe} --out ds-again")
    here = replace(
        request,
        dataset=Path(recorded_place(request.dataset, folder)),
        tests=tuple(Path(recorded_place(test, folder)) for test in request.tests),
    )
    lines.append(command(here, score))
    if score.receipt is not None and score.origin is not None and score.origin.recipe is not None:
        name = "score.json" if request.seeds == 1 else f"score-{score.seed}.json"
        tests = [word for test in here.tests for word in ("--test", str(test))]
        lines.append(shlex.join(["datagen", "verify", name, *tests]))
    return figure(
        "How to reproduce it",
        tag("pre", "\n".join(lines)),
        caption="Run these in the folder of this page: relative paths start there.",
    )


def command(request: EvaluationRequest, score: Score) -> str:
    """Return the `datagen evaluate` that makes these scores again, whatever `auto` is elsewhere."""
    words = ["datagen", "evaluate", str(request.dataset)]
    for test in request.tests:
        words += ["--test", str(test)]
    defaults = EvaluationRequest(request.dataset)
    words += ["--engine", score.protocol.engine]
    for name in ("protocol", "seed", "seeds", "preview"):
        value = getattr(request, name)
        if value != getattr(defaults, name):
            words += [f"--{name}", str(value)]
    if score.protocol.engine != "native" and score.threads != 1:
        words += ["--threads", str(score.threads)]
    return shlex.join(words)
