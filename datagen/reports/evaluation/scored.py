"""The part of the page about one labelled set: matrix, bars, ROC, confusions, gallery."""

from pathlib import Path
from typing import Final

from datagen.evaluation.records import Average, ImageResult, Metrics, TestResult
from datagen.reports.evaluation.pictures import thumbnail
from datagen.reports.evaluation.reading import confidence
from datagen.reports.html.charts import Chart, Line, draw
from datagen.reports.html.markup import Markup, figure, html, join, number, section, tag

_GALLERY: Final = 24  # images; the most confident mistakes
_DARK: Final = 60  # per cent of a cell's colour from which its number is white


def scored(
    title: str, lead: str, metrics: Metrics, result: TestResult | None, images: dict[str, Path]
) -> Markup:
    """Return the section of one set; without `result` there are no single images to show."""
    return section(
        title,
        tag("div", _confusion(metrics), _bars(metrics), style="grid2"),
        tag("div", _roc(metrics), _top(metrics), style="grid2"),
        _gallery(result, images) if result else "",
        lead=lead,
    )


def _confusion(metrics: Metrics) -> Markup:
    """Return the confusion matrix, each row coloured by its shares."""
    names = [each.name for each in metrics.classes]
    rows = [
        tag("tr", tag("th", name, scope="row"), *_confusion_cells(counts, truth, names))
        for truth, (name, counts) in enumerate(zip(names, metrics.confusion, strict=True))
    ]
    head = tag("tr", tag("th", ""), *(tag("th", name, scope="col") for name in names))
    return figure(
        "Confusion matrix",
        tag("table", tag("thead", head), tag("tbody", *rows), style="confusion"),
        caption="Rows: the given label. Columns: the prediction. Shade: share of the row.",
    )


def _confusion_cells(counts: tuple[int, ...], truth: int, names: list[str]) -> list[Markup]:
    whole = sum(counts) or 1
    cells = []
    for said, count in enumerate(counts):
        share = round(100 * count / whole)
        style = " ".join(
            filter(
                None,
                (
                    "hit" if said == truth else "",
                    "zero" if not count else "",
                    "dark" if share >= _DARK else "",
                ),
            )
        )
        words = f"{names[truth]} → {names[said]}: {count} of {sum(counts)}"
        # `style` is the class here; the colour needs the attribute of that name
        shown = f'<td class="{style}" style="--v:{share}" title="{html(words)}">{count}</td>'
        cells.append(Markup(shown))
    return cells


def _bars(metrics: Metrics) -> Markup:
    """Return recall, precision and F1 per class as bars, and their averages."""
    rows = [
        tag(
            "tr",
            tag("th", each.name, scope="row"),
            *(tag("td", _bar(value)) for value in (each.recall, each.precision, each.f1)),
            tag("td", f"{each.support:,}"),
        )
        for each in metrics.classes
    ]
    rows += [_average("mean", metrics.macro, True), _average("weighted", metrics.weighted, False)]
    names = ("", "recall", "precision", "F1", "images")
    head = tag("tr", *(tag("th", name, scope="col") for name in names))
    return figure(
        "Per class",
        tag("table", tag("thead", head), tag("tbody", *rows), style="bars"),
        caption="Recall: share of the class's images found. Precision: share of the predictions "
        "of the class that are right. Weighted: by images.",
    )


def _average(name: str, values: Average, first: bool) -> Markup:
    cells = (tag("td", _bar(value)) for value in (values.recall, values.precision, values.f1))
    return tag(
        "tr",
        tag("th", name, scope="row"),
        *cells,
        tag("td", ""),
        style="average" if first else "",
    )


def _bar(value: float | None) -> Markup:
    width = round(100 * (value or 0.0), 1)
    fill = Markup(f'<i style="width:{width}%"></i>')
    return tag("div", fill, tag("span", number(value, 2)), style="bar")


def _roc(metrics: Metrics) -> Markup:
    """Return one-vs-rest ROC curves with their areas."""
    chart = Chart("ROC curves", "false positive rate", "true positive rate", (0, 1), (0, 1), 330)
    places = {each.name: place for place, each in enumerate(metrics.classes)}
    lines = [Line("chance", "chance", [(0, 0), (1, 1)])]
    lines += [
        Line(
            curve.name,
            f"c{places[curve.name]}",
            list(zip(curve.false_positive_rate, curve.true_positive_rate, strict=True)),
        )
        for curve in metrics.roc
    ]
    items = [_key(f"c{place}", each.name, each.auc) for place, each in enumerate(metrics.classes)]
    return figure(
        "ROC, each class against the rest",
        Markup(draw(chart, lines)),
        tag("ul", *items, style="keys"),
        caption=f"Area under the curve per class; mean {number(metrics.macro.auc)}. "
        "0.5 is chance, 1 is perfect.",
    )


def _key(style: str, name: str, area: float | None) -> Markup:
    swatch = Markup(
        f'<svg viewBox="0 0 26 10"><line class="line {style}" x1="0" y1="5" x2="26" y2="5"/></svg>'
    )
    return tag("li", swatch, f"{name} {number(area)}", style="undefined" if area is None else "")


def _top(metrics: Metrics) -> Markup:
    """Return the commonest confusions in words."""
    supports = {each.name: each.support for each in metrics.classes}
    items = [
        tag(
            "li",
            tag("b", each.words),
            tag("span", f"{each.count / supports[each.true]:.0%} of {each.true}"),
        )
        for each in metrics.top_confusions
    ]
    listed = tag("ol", *items, style="confusions") if items else tag("p", "There are none.")
    loss = f"mean cross-entropy {metrics.loss:.3f} nats per image"
    return figure("Commonest confusions", listed, caption=f"Given → predicted, images; {loss}.")


def _gallery(result: TestResult, images: dict[str, Path]) -> Markup:
    """Return the mistakes made with the most confidence."""
    wrong = sorted(
        (image for image in result.results if not image.hit),
        key=lambda image: (-max(image.probabilities), image.path),
    )
    items = [_mistake(image, images.get(image.sha256)) for image in wrong[:_GALLERY]]
    shown = f"the {len(items)} most confident of {len(wrong):,}" if wrong else "none"
    return figure(
        f"Confidently wrong: {shown}",
        tag("p", confidence(result), style="soft"),
        tag("div", *items, style="gallery"),
    )


def _mistake(image: ImageResult, path: Path | None) -> Markup:
    probability = max(image.probabilities)
    known = image.leak or ("same picture" if image.leaked else None)
    how = f"leaked: {known}" if image.leaked else known
    leaked = tag("div", how, style="soft") if how else ""
    return tag(
        "div",
        thumbnail(path, f"{image.path}: given {image.true}, predicted {image.predicted}"),
        join((f"given {image.true}", Markup("<br>"))),
        tag("span", f"said {image.predicted} {probability:.2f}", style="said"),
        leaked,
        title=image.path,
    )
