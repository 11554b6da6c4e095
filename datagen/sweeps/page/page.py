"""The page `sweep.html`, put together: what was ranked by, the best, the charts, the table.

Enters: an answer. Leaves: HTML that asks nothing of a network; a content security policy in it
forbids the browser to try.
"""

from importlib import resources

from datagen.core.errors import DatagenError
from datagen.core.text import duration
from datagen.reports.html.document import document
from datagen.reports.html.markup import Markup, facts, figure, join, section, tag
from datagen.reports.html.view_link import SUFFIX, view_link
from datagen.sweeps.page.axes import axes, layout
from datagen.sweeps.page.classes import classes
from datagen.sweeps.page.line import line_chart
from datagen.sweeps.page.listing import listing
from datagen.sweeps.page.parallel import parallel
from datagen.sweeps.page.scatter import misleading
from datagen.sweeps.page.ternary import ternary
from datagen.sweeps.records import DATASETS
from datagen.sweeps.results import words
from datagen.sweeps.results.advice import advice
from datagen.sweeps.results.ranking import Answer, CandidateResult, SweepAccuracy
from datagen.sweeps.results.recipe import best_recipe
from datagen.sweeps.trial import SCORES


def page(answer: Answer) -> str:
    """Return the whole page."""
    name = answer.folder.absolute().name
    style = resources.files("datagen.sweeps.page").joinpath("sweep.css").read_text("utf-8")
    body = join(
        (
            tag("p", words.ranked_by(answer), style="first"),
            _banner(answer),
            tag(
                "main",
                _headline(answer, name),
                _against(answer),
                classes(answer),
                misleading(answer),
                _cost(answer),
                listing(answer),
                _recipe(answer),
                tag("footer", f"Written by datagen from {len(answer.candidates)} candidates."),
            ),
        )
    )
    return document("sweep", f"{name} · sweep", body, style)


def _banner(answer: Answer) -> Markup:
    """Return what has to be said before any number."""
    said = []
    if not answer.official:
        said.append("Not official scores (such as previews): use them for a first look only.")
    if not answer.tests:
        said.append("No test set: a val or selection accuracy is not what unseen data would give.")
    if answer.best is None:
        said.append(words.best(answer))
    if not said:
        return Markup("")
    return tag("div", *(tag("p", text) for text in said), style="banner")


def _headline(answer: Answer, name: str) -> Markup:
    shown = "official" if answer.official else "NOT OFFICIAL"
    badge = tag("span", shown, style="badge" if answer.official else "badge alarm")
    states = [candidate.state for candidate in answer.candidates]
    counts = [
        f"{states.count(state)} {text}"
        for state, text in (
            ("done", "ran to the end"),
            ("partly", "with some seeds only"),
            ("stopped", "stopped early"),
            ("failed", "failed"),
        )
        if state in states
    ]
    seeds = f"{len(answer.seeds)} seed{'' if len(answer.seeds) == 1 else 's'}"
    tagline = f"{len(answer.candidates)} candidates, {seeds}: {', '.join(counts)}."
    believed = advice(answer)
    said = [words.verdict(answer), words.rivals(answer)]
    said += ["" if believed is None else believed.text, *words.cost(answer)]
    said += [f"{note[0].upper()}{note[1:]}." for note in words.notes(answer)]
    best = [] if answer.best is None else [_best(answer, answer.best)]
    return join(
        (
            tag("h1", f"Sweep {name} ", badge if answer.finished else ""),
            tag("p", tagline, style="tagline"),
            *best,
            tag("ul", *(tag("li", text) for text in said if text), style="findings"),
        )
    )


def _best(answer: Answer, candidate: CandidateResult) -> Markup:
    shown = [_score(f"{words.decider(answer)}, ranked by", answer.score(candidate), small=False)]
    shown += [
        _score(words.set_name(answer, images), answer.on(candidate, images), small=True)
        for images in answer.tests
    ]
    if answer.ranked_by != "val":
        shown.append(_score("val, its own images", candidate.val, small=True))
    return join(
        (
            tag("p", "Best: ", tag("b", candidate.name), style="winner"),
            tag("div", *shown, style="headline"),
            _images(answer, candidate),
        )
    )


def _images(answer: Answer, candidate: CandidateResult) -> Markup:
    """Return the link to the page of the best candidate's dataset, where that is still there."""
    dataset = answer.folder / DATASETS / candidate.id
    if not dataset.is_dir():
        return Markup("")
    files = [answer.folder / SCORES / f"{candidate.id}-{seed}.json" for seed in candidate.seeds]
    scores = [file for file in files if file.is_file()]
    page = answer.folder / f"{candidate.id}{SUFFIX}"
    return view_link(dataset, answer.folder, page, scores=scores)


def _score(name: str, found: SweepAccuracy | None, *, small: bool) -> Markup:
    if found is None:
        return Markup("")
    std = tag("i", f" ± {found.std:.4f}") if found.std is not None else ""
    below = (
        "" if found.interval is None else f"95 % {found.interval[0]:.3f}–{found.interval[1]:.3f}"
    )
    return tag(
        "div",
        tag("span", name),
        tag("b", f"{found.mean:.4f}", std),
        tag("span", below),
        style="score small" if small else "score",
    )


def _against(answer: Answer) -> Markup:
    """Return accuracy against what varies; the kind of chart depends on how many things vary."""
    varied = axes(answer.candidates)
    match layout(answer.candidates):
        case "line":
            chart = line_chart(answer, varied[0])
        case "ternary":
            chart = ternary(answer, varied)
        case "parallel":
            chart = parallel(answer, varied)
        case "nothing":
            chart = tag("p", "Nothing varies between the candidates.")
    return section(
        "Accuracy against what varies",
        chart,
        lead="Point at a candidate to see its name and numbers; the table below has them all.",
    )


def _cost(answer: Answer) -> Markup:
    spent = answer.cost
    saved = spent.saved
    share = 100 * spent.seconds / (spent.seconds + saved) if spent.seconds + saved else 100.0
    rows: list[tuple[object, object]] = [
        ("spent", duration(spent.seconds)),
        ("building", duration(spent.build_seconds)),
        ("evaluating", duration(spent.evaluate_seconds)),
        ("stopped early", f"{spent.stopped:,} of {spent.trials:,} trials"),
        ("epochs not trained", _known(spent.epochs_saved, "{:,}")),
        ("time saved by stopping", _saved(spent.stopped, spent.stopped_seconds)),
        ("scores known", f"{spent.cached:,} of {spent.trials:,} trials"),
        ("time saved by the cache", _saved(spent.cached, spent.cached_seconds)),
        ("datasets reused", f"{spent.datasets_reused:,} of {spent.datasets:,}"),
    ]
    return section(
        "Cost",
        figure(
            f"{duration(spent.seconds)} spent, about {duration(saved)} saved",
            tag("div", Markup(f'<i style="width:{share:.1f}%"></i>'), style="gauge"),
            facts(rows),
            caption="The sum over all processes: where several run at the same time, the elapsed "
            "time is shorter. What was saved is estimated: the epochs not trained, at the seconds "
            "per epoch that were seen.",
        ),
    )


def _known(value: float | None, form: str) -> str:
    return "not known yet" if value is None else form.format(value)


def _saved(trials: int, seconds: float | None) -> str:
    if not trials:
        return "nothing"
    return "not known yet" if seconds is None else f"about {duration(seconds)}"


def _recipe(answer: Answer) -> Markup:
    try:
        shown = join(
            (
                tag("p", words.verdict(answer)),
                tag("pre", best_recipe(answer), style="copy", tabindex="0"),
                tag(
                    "p",
                    "A click selects all of it. In the folder of this page: ",
                    tag("code", "datagen sweep --best . > best.yaml"),
                    style="soft",
                ),
            )
        )
    except DatagenError as error:
        shown = tag("p", f"None to copy: {error}.")
    return section("The best recipe", shown)
