"""`search.html`: what a search found, as one page that needs nothing but a browser."""

from importlib import resources
from pathlib import Path
from typing import Final

from datagen.core.text import how_many
from datagen.reports.html.charts import Chart, Line, draw
from datagen.reports.html.document import document, write_document
from datagen.reports.html.markup import Markup, facts, figure, html, join, section, table, tag
from datagen.searches import words
from datagen.searches.answer import SearchAnswer, Tried, in_order

PAGE: Final = "search.html"

_HEAD: Final = ("candidate", "accuracy", "to the best", "epochs", "state", "settings")
_STYLE: Final = """
.range { position: relative; display: block; width: 220px; height: 12px; border-radius: 3px;
  background: color-mix(in srgb, var(--rule) 60%, var(--card)); }
.range i { position: absolute; top: 5px; height: 2px; background: var(--accent); }
.range b { position: absolute; top: 1px; width: 10px; height: 10px; margin-left: -5px;
  border-radius: 50%; background: var(--accent); }
.range.noise b, .range.noise i { background: var(--soft); }
.tried td, .tried th { white-space: nowrap; padding-right: 14px; }
.tried tr.best > * { background: color-mix(in srgb, var(--good) 12%, var(--card)); }
.tried tr.stopped > *, .tried tr.failed > * { color: var(--soft); }
.tried td.settings { white-space: normal; font-size: 0.8rem; color: var(--soft); }
@media screen and (max-width: 760px) {
  .tried, .tried tbody { display: block; }
  .tried thead, .tried td.nothing { display: none; }
  .tried tr { display: grid; grid-template-columns: repeat(4, auto); justify-content: start;
    gap: 2px 12px; padding: 8px 6px; border-bottom: 1px solid var(--rule); border-radius: 6px; }
  .tried tr.best { background: color-mix(in srgb, var(--good) 12%, var(--card)); }
  .tried tr > * { border: 0; padding: 0; white-space: normal; }
  .tried tr.best > * { background: none; }
  .tried th, .tried td.settings { grid-column: 1 / -1; }
  .tried td:not(.settings)::before { content: attr(data-name); display: block;
    color: var(--soft); font-size: 0.78rem; }
}
"""


def write_page(answer: SearchAnswer, folder: Path) -> Path:
    """Write the page into the search's folder, and return its path.

    Raises:
        EvaluationError: it cannot be written.
    """
    path = folder / PAGE
    write_document(path, page(answer), "what was found is in its folder")
    return path


def page(answer: SearchAnswer) -> str:
    """Return the whole page."""
    name = Path(answer.folder).name
    style = resources.files("datagen.sweeps.page").joinpath("sweep.css").read_text("utf-8")
    short = words.length(answer)
    body = join(
        (
            tag("div", tag("p", short), style="banner") if short else "",
            tag(
                "main",
                _headline(answer, name),
                _course(answer),
                _importance(answer),
                _candidates(answer),
                _looks(answer),
                _recipe(answer),
                tag(
                    "footer",
                    f"Written by datagen from {how_many(len(answer.candidates), 'candidate')}.",
                ),
            ),
        )
    )
    return document("search", f"{name} · search", body, style + _STYLE)


def _headline(answer: SearchAnswer, name: str) -> Markup:
    official = "official" if answer.official else "NOT OFFICIAL"
    badge = tag("span", official, style="badge" if answer.official else "badge alarm")
    best = answer.named(answer.best)
    shown = [
        _score(
            "on the kept part" if each.id == answer.best else f"{each.name} there",
            each.mean,
            each.interval,
        )
        for each in answer.kept  # not there where its trainings failed
    ]
    if best is not None and best.mean is not None:
        shown.append(_score("on the folds that chose it", best.mean, None, small=True))
    said = [words.kept(answer), words.against(answer), words.chosen(answer)]
    said += [words.mattered(answer), words.failures(answer), words.cost(answer)]
    return join(
        (
            tag("h1", f"Search {name} ", badge),
            tag("p", f"Best: {best.name if best else '?'}", style="winner"),
            tag("div", *shown, style="headline"),
            tag("ul", *(tag("li", text) for text in said if text), style="findings"),
        )
    )


def _score(
    name: str, mean: float, interval: tuple[float, float] | None, *, small: bool = False
) -> Markup:
    below = "" if interval is None else f"95 % {interval[0]:.3f}–{interval[1]:.3f}"
    return tag(
        "div",
        tag("span", name),
        tag("b", f"{mean:.4f}"),
        tag("span", below),
        style="score small" if small else "score",
    )


def _course(answer: SearchAnswer) -> Markup:
    """Return every candidate in the order it was tried, at the epochs that it reached."""
    shown = [each for each in answer.candidates if each.mean is not None]
    shown.sort(key=in_order)
    means = [each.mean or 0.0 for each in shown]
    low, high = min(means), max(means)
    air = max(0.01, 0.08 * (high - low))
    chart = Chart(
        title="Mean accuracy of every candidate",
        x_label="candidate, in the order tried",
        y_label="accuracy on the folds",
        x=(0.5, len(shown) + 0.5),
        y=(max(0.0, low - air), min(1.0, high + air)),
        height=300,
    )
    lengths = sorted({each.epochs for each in shown})
    marks = []
    for k, each in enumerate(shown, 1):
        x, y = chart.place((k, each.mean or 0.0))
        ring = f'<circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="8"/>'
        text = f"{each.name}: {each.mean:.4f} after {how_many(each.epochs, 'epoch')}, {each.state}"
        hollow = "" if each.state == "done" else " hollow"
        style = f"mark {'s1' if each.shipped else 's0'}{hollow}"
        marks.append(
            f'<g class="{style}"><title>{html(text)}</title>'
            f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
            f"{ring if each.id == answer.best else ''}</g>"
        )
    best = next((each.mean for each in shown if each.id == answer.best), None)
    early = " or ".join([*map(str, lengths[:-2]), *(how_many(n, "epoch") for n in lengths[-2:-1])])
    hollow_means = (
        f"Hollow: stopped early, after {early}, so not to be compared with a full dot. "
        if len(lengths) > 1
        else ""
    )
    line = [] if best is None else [Line("best", "s4", [(0.5, best), (len(shown) + 0.5, best)])]
    return section(
        "The course of the search",
        figure(
            "Mean accuracy on the folds that choose",
            Markup(draw(chart, line, marks)),
            caption=f"Ring: the best. {hollow_means}The other colour: shipped recipes.",
        ),
        lead="Point at a candidate to see its name and numbers; the table below has them all.",
    )


def _importance(answer: SearchAnswer) -> Markup:
    if not answer.importance:
        return section("What mattered", tag("p", words.mattered(answer)))
    most = max(0.05, *(each.high for each in answer.importance))
    least = min(0.0, *(each.low for each in answer.importance))

    def at(value: float) -> float:
        return 100 * (value - least) / (most - least)

    best = answer.named(answer.best)
    rows = []
    for each in answer.importance:
        left, right = at(each.low), at(each.high)
        bar = (
            f'<span class="range{"" if each.real else " noise"}">'
            f'<i style="left:{left:.1f}%;width:{right - left:.1f}%"></i>'
            f'<b style="left:{at(each.share):.1f}%"></b></span>'
        )
        of_best = "–" if best is None else best.settings.get(each.setting, "–")
        rows.append(
            (
                each.setting,
                Markup(bar),
                f"{each.share:.2f} ({each.low:.2f} to {each.high:.2f})".replace("-", "−"),
                str(of_best),
            )
        )
    return section(
        "What mattered",
        tag(
            "div", table(("setting", "", "share of variance", "in the best"), rows), style="scroll"
        ),
        lead="Permutation importance: how much worse a random forest predicts the accuracy of "
        "unseen candidates when one setting is shuffled, with a 95 % bootstrap interval over the "
        "candidates. Grey: within noise.",
    )


def _candidates(answer: SearchAnswer) -> Markup:
    top = tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in _HEAD)))
    rows = [_row(answer, each) for each in answer.candidates]
    return section(
        "All candidates",
        tag("div", tag("table", top, tag("tbody", *rows), style="tried"), style="scroll"),
        lead="Accuracy: the mean over the folds. To the best: after as many epochs as this "
        "candidate trained, with half its 95 % interval; ≈ within noise.",
    )


def _row(answer: SearchAnswer, each: Tried) -> Markup:
    is_best = each.id == answer.best
    settings = ", ".join(f"{key} {value}" for key, value in each.settings.items())
    said = "as shipped" if each.shipped else settings
    numbers = (
        "–" if each.mean is None else f"{each.mean:.4f}",
        "best" if is_best else words.to_best(each),
        str(each.epochs or "–"),
        each.state,
    )
    cells = [
        tag("td", text, style="nothing" if text == "–" else "", **{"data-name": name})
        for name, text in zip(_HEAD[1:-1], numbers, strict=True)
    ]
    return tag(
        "tr",
        tag("th", each.name, scope="row"),
        *cells,
        tag("td", each.error or said, style="settings"),
        style="best" if is_best else each.state,
    )


def _looks(answer: SearchAnswer) -> Markup:
    rows: list[tuple[object, object]] = [(test, f"{n:,}") for test, n in answer.looks.items()]
    return section(
        "Looks at each test",
        facts(rows),
        lead="Images that were used for choosing tend to give too high an accuracy, more so with "
        "every look. The kept part was looked at only at the end.",
    )


def _recipe(answer: SearchAnswer) -> Markup:
    text = answer.recipe.read_text("utf-8") if answer.recipe.is_file() else "It is not there."
    return section(
        "The best recipe, with all of the images",
        tag("pre", text, style="copy", tabindex="0"),
        tag("p", "In the folder of this page: ", tag("code", "datagen build --recipe recipe.yaml")),
    )
