"""The page `models.html`: a table, all val curves, and accuracy against time.

Enters: a comparison of models. Leaves: HTML that asks nothing of a network.
"""

import math
from html import escape
from importlib import resources
from typing import Final

from datagen.core.text import duration
from datagen.evaluation.compare_models import (
    ModelComparison,
    ModelOnTest,
    ModelResult,
    ranked,
)
from datagen.evaluation.summary import short_path
from datagen.reports.html.charts import Chart, Line, draw
from datagen.reports.html.document import document
from datagen.reports.html.markup import Markup, breakable, figure, join, section, table, tag

_TIMES: Final = {
    1: "1 s",
    2: "2 s",
    5: "5 s",
    10: "10 s",
    20: "20 s",
    60: "1 min",
    120: "2 min",
    300: "5 min",
    600: "10 min",
    1800: "30 min",
    3600: "1 h",
    10_800: "3 h",
    36_000: "10 h",
    86_400: "1 day",
    259_200: "3 days",
}
_APART: Final = (1, 10, 60, 600, 3600, 36_000, 259_200)
"""Those of them that have room where times are far from each other."""
_WIDE: Final = 1.6  # powers of ten
_FEW: Final = 5  # epochs that each have a number on the axis
_COLOURS: Final = 10  # classes c0 … c9 of the style sheet


def models_page(found: ModelComparison) -> str:
    """Return the whole page."""
    title = f"Models on {short_path(found.path)}"
    style = resources.files("datagen.reports.models").joinpath("models.css").read_text("utf-8")
    marks = dict.fromkeys(model.mark for model in found.models if model.mark)
    banner = tag("div", *(tag("p", text) for text in marks), style="banner") if marks else ""
    body = join(
        (
            banner,
            tag(
                "main",
                tag("h1", title),
                tag("p", f"{found.images:,} images, {len(found.models)} models", style="tagline"),
                tag("ul", *(tag("li", text) for text in found.verdicts), style="findings"),
                _tables(found),
                section(
                    "The course and the cost",
                    tag("div", _curves(found), _times(found), style="grid2"),
                    lead="How each model learnt, and what its accuracy took.",
                ),
                section("Notes", tag("ul", *(tag("li", note) for note in found.notes)))
                if found.notes
                else "",
                tag("footer", "Written by datagen compare-models."),
            ),
        )
    )
    return document("compare-models", title, body, style)


def _tables(found: ModelComparison) -> Markup:
    sets = range(len(found.models[0].tests))
    return section(
        "The models",
        *(_table(found, place) for place in sets),
        lead="The best one first. More than noise: by the tests of datagen compare, corrected for "
        "how many are compared with the best.",
    )


def _table(found: ModelComparison, place: int) -> Markup:
    test = found.models[0].tests[place]
    ordered = ranked(found.models, place)
    scored = ("model", "accuracy", "95 %", "macro F1", "more than noise?")
    titles = (*scored, "parameters", "epochs", "seconds a run", "val")
    rows = [
        (
            breakable(model.name),
            str(model.tests[place].accuracy),
            "{:.3f}–{:.3f}".format(*model.tests[place].interval),
            str(model.tests[place].macro_f1),
            noise(model.tests[place]),
            "–" if model.parameters is None else f"{model.parameters:,}",
            f"{model.epochs:.4g}",
            f"{model.seconds:,.0f}",
            str(model.val),
        )
        for model in ordered
    ]
    return figure(
        f"On {short_path(test.path)}, {test.images:,} images",
        tag("div", table(titles, rows, "numbers models"), style="scroll"),
    )


def noise(test: ModelOnTest) -> str:
    """Return whether a model is worse than the best by more than noise, in a word or two."""
    if test.difference is None:
        return "the best"
    p = "p < 0.001" if test.difference.p < 0.001 else f"p {test.difference.p:.3f}"
    return f"{'yes' if test.difference.real else 'no'}, {p}"


def _curves(found: ModelComparison) -> Markup:
    """Return val accuracy by epoch of all models, seeds after the first faint."""
    epochs = max(len(curve) for model in found.models for curve in model.val_curves)
    highest = max(value for model in found.models for curve in model.val_curves for value in curve)
    chart = Chart(
        title="val accuracy by epoch",
        x_label="epoch",
        y_label="val accuracy",
        x=(min(1, epochs - 1), epochs),
        y=(0.0, min(1.0, math.ceil(highest * 10 + 0.5) / 10)),
        height=330,
        x_ticks=tuple(range(1, epochs + 1)) if epochs <= _FEW else (),
    )
    lines = [
        Line(
            f"{model.name}, seed {seed}",
            _colour(place) + (" faint" if nth else ""),
            list(enumerate(curve, 1)),
        )
        for place, model in enumerate(found.models)
        for nth, (seed, curve) in enumerate(zip(model.seeds, model.val_curves, strict=True))
    ]
    ends = [
        _end(chart, place, len(model.val_curves[0]), model.val_curves[0][-1])
        for place, model in enumerate(found.models)
        if model.val_curves[0]
    ]
    several = " Bold: the first seed, faint: the others." if len(found.models[0].seeds) > 1 else ""
    keys = [_key(place, model.name) for place, model in enumerate(found.models)]
    return figure(
        "Val accuracy by epoch",
        Markup(draw(chart, lines[::-1], ends)),
        tag("ul", *keys, style="keys"),
        caption=f"A dot is where a run ended: by its protocol's own rule.{several} Val chose the "
        "epochs, so its accuracies are no results.",
    )


def _times(found: ModelComparison) -> Markup:
    """Return accuracy on the first test set against seconds, on a logarithmic axis."""
    logs = [math.log10(max(model.seconds, 0.1)) for model in found.models]
    low, high = min(logs) - 0.25, max(logs) + 0.25
    named = _TIMES if high - low < _WIDE else _APART
    seen = [second for second in named if low <= math.log10(second) <= high]
    lows, highs = zip(*(model.tests[0].interval for model in found.models), strict=True)
    chart = Chart(
        title="accuracy against time",
        x_label="time of a run",
        y_label=f"accuracy on {short_path(found.models[0].tests[0].path)}",
        x=(low, high),
        y=(max(0.0, min(lows) - 0.03), min(1.0, max(highs) + 0.03)),
        height=330,
        x_ticks=tuple(math.log10(second) for second in seen),
        x_names=tuple(_TIMES[second] for second in seen),
    )
    marks = [
        _point(chart, place, model, log)
        for place, (model, log) in enumerate(zip(found.models, logs, strict=True))
    ]
    keys = [_key(place, model.name) for place, model in enumerate(found.models)]
    return figure(
        "Accuracy against time",
        Markup(draw(chart, [], marks)),
        tag("ul", *keys, style="keys"),
        caption="Dots: mean over the seeds. Whiskers: 95 % interval, what other images would have "
        "given. Time is that of one run from start to end, each step a factor.",
    )


def _point(chart: Chart, place: int, model: ModelResult, log: float) -> str:
    test = model.tests[0]
    x, y = chart.place((log, test.accuracy.mean))
    ends = [chart.place((log, value))[1] for value in test.interval]
    text = f"{model.name}: {test.accuracy.mean:.4f} in {duration(model.seconds)}"
    return (
        f"<g><title>{escape(text)}</title>"
        f'<line class="line {_colour(place)}" x1="{x:.1f}" y1="{ends[0]:.1f}" x2="{x:.1f}" '
        f'y2="{ends[1]:.1f}"/>'
        f'<circle class="line dot {_colour(place)}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/></g>'
    )


def _end(chart: Chart, place: int, epoch: int, value: float) -> str:
    x, y = chart.place((epoch, value))
    return f'<circle class="line dot {_colour(place)}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'


def _colour(place: int) -> str:
    return f"c{place % _COLOURS}"


def _key(place: int, name: str) -> Markup:
    swatch = Markup(
        f'<svg viewBox="0 0 26 10"><line class="line {_colour(place)}" x1="0" y1="5" x2="26" '
        'y2="5"/></svg>'
    )
    return tag("li", swatch, name)
