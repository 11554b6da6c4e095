"""The page `report.html`: one file with everything in it, readable from top to bottom.

Enters: an evaluation and its summary. Leaves: HTML that asks nothing of a network; a content
security policy in it forbids the browser to try.
"""

from pathlib import Path

from datagen.evaluation.evaluate import Evaluation
from datagen.evaluation.records import Metrics
from datagen.evaluation.summary import NO_TEST, Spread, Summary, TestSummary, short_path
from datagen.reports.evaluation.about import about
from datagen.reports.evaluation.course import majority
from datagen.reports.evaluation.curves import curves
from datagen.reports.evaluation.pictures import dataset_sheet
from datagen.reports.evaluation.reading import findings
from datagen.reports.evaluation.scored import scored
from datagen.reports.html.document import document
from datagen.reports.html.markup import Markup, breakable, join, section, table, tag
from datagen.reports.html.view_link import view_link, view_page


def page(evaluation: Evaluation, summary: Summary, folder: Path) -> str:
    """Return the whole page. Details are of the first seed, where there are several.

    Args:
        evaluation: with paths in its scores as the page names them.
        summary: the same.
        folder: that the page stands in.
    """
    title = f"{short_path(summary.path)} · {summary.protocol}"
    score = evaluation.scores[0]
    body = join(
        (
            _banner(summary),
            tag(
                "main",
                _headline(evaluation, summary),
                section(
                    "Learning",
                    curves(evaluation.scores),
                    lead="Each epoch, on the images it learns from and on those it does not.",
                ),
                *_scored(evaluation, summary),
                _seeds(summary) if len(summary.runs) > 1 else "",
                section(
                    "The dataset",
                    tag("figure", dataset_sheet(evaluation.request.dataset)),
                    view_link(
                        evaluation.request.dataset,
                        folder,
                        view_page(evaluation.request.dataset),
                        show="mistakes",
                        scores=(folder,),
                    ),
                    lead="The first images of each class and source.",
                ),
                about(evaluation, summary, folder),
                tag("footer", f"Written by datagen; scored by {score.protocol.name}, frozen."),
            ),
        )
    )
    return document("evaluate", title, body)


def _banner(summary: Summary) -> Markup:
    """Return what has to be said before any number."""
    said = [] if summary.tests else [f"{NO_TEST[0].upper()}{NO_TEST[1:]}."]
    if not summary.official:
        said.append(summary.label)
    if not said:
        return Markup("")
    return tag("div", *(tag("p", text) for text in said), style="banner")


def _headline(evaluation: Evaluation, summary: Summary) -> Markup:
    badge = tag(
        "span",
        "official" if summary.official else "PREVIEW" if summary.preview else "NOT OFFICIAL",
        style="badge" if summary.official else "badge alarm",
    )
    seeds = f", {len(summary.runs)} seeds" if len(summary.runs) > 1 else ""
    said = findings(evaluation.scores[0], summary)
    return join(
        (
            tag("h1", f"Score of {short_path(summary.path)} ", badge),
            tag(
                "p",
                f"{summary.images:,} images, {summary.protocol}{seeds}",
                style="tagline",
            ),
            tag(
                "div",
                *(_test_score(test) for test in summary.tests),
                _score("val accuracy", summary.val, "it chose the epoch", small=True),
                style="headline",
            ),
            tag("ul", *(tag("li", sentence) for sentence in said), style="findings"),
        )
    )


def _test_score(test: TestSummary) -> Markup:
    low, high = test.interval
    right = test.accuracy.mean * test.images
    hits = f"{right:,.0f}" if test.accuracy.std is None else f"on average {right:,.1f}"
    below = f"95 % {low:.3f}–{high:.3f}, {hits} of {test.images:,} right"
    if test.leaked:
        clean = f"{test.leak_free.mean:.4f}" if test.leak_free else "no image left"
        below += f"; without {test.leaked:,} leaked: {clean}"
    return _score(f"test accuracy on {short_path(test.path)}", test.accuracy, below)


def _score(name: str, accuracy: Spread, below: str, *, small: bool = False) -> Markup:
    std = tag("i", f" ± {accuracy.std:.4f}") if accuracy.std is not None else ""
    return tag(
        "div",
        tag("span", name),
        tag("b", f"{accuracy.mean:.4f}", std),
        tag("span", below),
        style="score small" if small else "score",
    )


def _scored(evaluation: Evaluation, summary: Summary) -> list[Markup]:
    """Return a section per test set; without any, one on val."""
    score = evaluation.scores[0]
    seed = f" These are the results of seed {score.seed}." if len(evaluation.scores) > 1 else ""
    parts = [
        scored(
            f"On {short_path(test.path)}",
            f"{test.images:,} images that the network never saw"
            + (f", but for {result.leakage.images:,} that leaked." if test.leaked else ".")
            + seed
            + _baseline(result.metrics),
            result.metrics,
            result,
            evaluation.images,
        )
        for result, test in zip(score.tests, summary.tests, strict=True)
    ]
    if parts:
        return parts
    lead = "The dataset's own images, which chose the epoch: accuracy on them is too high." + seed
    lead += _baseline(score.val)
    return [scored("On val", lead, score.val, None, {})]


def _baseline(metrics: Metrics) -> str:
    """Say what a network that knows nothing but the classes' numbers would score."""
    found = majority(metrics)
    if found is None:
        return ""
    return f" Always answering {found[0]} gives {found[1]:.4f}."


def _seeds(summary: Summary) -> Markup:
    """Return the table of seeds."""
    names = [breakable(short_path(test.path)) for test in summary.tests]
    rows = [
        (
            run.seed,
            *(f"{test.accuracy:.4f}" for test in run.tests),
            f"{run.val_accuracy:.4f}",
            run.chosen_epoch,
            f"{run.seconds:,.0f}",
        )
        for run in summary.runs
    ]
    mean = ("mean", *(str(test.accuracy) for test in summary.tests), str(summary.val), "", "")
    return section(
        "The seeds",
        tag(
            "figure",
            table(("seed", *names, "val", "epoch", "seconds"), [*rows, mean], "numbers seeds"),
            style="scroll",
        ),
        lead="The same data, other first weights and another order: how far a score moves by "
        "itself.",
    )
