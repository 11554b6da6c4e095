"""The learning curves of an evaluation."""

import math
from collections.abc import Sequence

from datagen.evaluation.records import Score
from datagen.reports.evaluation.course import LAST, in_words, majority, turns, val_range
from datagen.reports.html.charts import Chart, Line, band, draw, level, mark, turn
from datagen.reports.html.markup import Markup, figure, tag

_KEYS = (("train", "train"), ("val", "val"))


def curves(scores: Sequence[Score]) -> Markup:
    """Return accuracy and loss over the epochs; seeds after the first are drawn faintly."""
    return tag("div", _one(scores, "accuracy"), _one(scores, "loss"), style="grid2")


def _one(scores: Sequence[Score], what: str) -> Markup:
    first = scores[0]
    epochs = max(len(score.history) for score in scores)
    chart = Chart(
        title=f"{what} by epoch",
        x_label="epoch",
        y_label="nats per image" if what == "loss" else what,
        x=(min(1, epochs - 1), epochs),
        y=(0.0, 1.0 if what == "accuracy" else _loss_top(scores)),
    )
    lines = [
        line
        for position, score in reversed(list(enumerate(scores)))
        for line in _lines(score, what, "" if position == 0 else " faint")
    ]
    chosen = first.history[first.chosen_epoch - 1]
    value = chosen.val_accuracy if what == "accuracy" else chosen.val_loss
    marks = (
        [
            mark(
                chart,
                (chosen.epoch, value),
                f"epoch {chosen.epoch}: {value:.3f}",
                low=what == "accuracy",
            )
        ]
        if math.isfinite(value)
        else []
    )
    marks = [*_turns(chart, first, low=what == "accuracy"), *marks]
    keys = [_key(style, name) for name, style in _KEYS]
    said = in_words(first)  # once, below the loss
    if what == "accuracy":
        shown, named, said = _against(chart, first)
        marks, keys = [*shown, *marks], [*keys, *named]
    several = f"; bold: seed {first.seed}, faint: the others" if len(scores) > 1 else ""
    before = first.before_training.get(what)
    untrained = "" if before is None else f"Before training: {before:.3f} on val."
    dot = f"The dot is the epoch whose weights are scored{several}."
    return figure(
        what.capitalize(),
        Markup(draw(chart, lines, marks)),
        tag("ul", *keys, style="keys"),
        caption=" ".join(filter(None, (dot, untrained, said))),
    )


def _turns(chart: Chart, score: Score, *, low: bool) -> list[str]:
    """Return a line where a phase begins or the learning rate moves: between two epochs."""
    return [turn(chart, each.epoch - 0.5, each.text, low=low) for each in turns(score)]


def _against(chart: Chart, score: Score) -> tuple[list[str], list[Markup], str]:
    """Return what val accuracy is to be seen against: marks, keys, and what they are in words."""
    marks, keys, said = [], [], []
    ranged, common = val_range(score.history), majority(score.val)
    if ranged is not None:
        epochs = [row.epoch for row in score.history[-LAST:]]
        marks.append(band(chart, (epochs[0], ranged[0]), (epochs[-1], ranged[1])))
        said.append(
            f"Shaded: over the last {len(epochs)} epochs val moved between {ranged[0]:.3f} and "
            f"{ranged[1]:.3f}."
        )
    if common is not None:
        name, share = common
        marks.append(level(chart, share))
        keys.append(_key("level", f"always {name} (val)"))
        said.append(f"Dotted: always answering {name} gives {share:.3f}.")
    return marks, keys, " ".join(said)


def _lines(score: Score, what: str, faint: str) -> list[Line]:
    return [
        Line(
            f"{name}, seed {score.seed}",
            style + faint,
            [
                (row.epoch, getattr(row, what if name == "train" else f"val_{what}"))
                for row in score.history
            ],
        )
        for name, style in _KEYS
    ]


def _loss_top(scores: Sequence[Score]) -> float:
    """Return the top of the loss axis: one wild epoch must not flatten all others."""
    values = sorted(
        value
        for score in scores
        for row in score.history
        for value in (row.loss, row.val_loss)
        if math.isfinite(value)
    )
    if not values:
        return 1.0
    usual = values[int(0.97 * (len(values) - 1))]
    return 1.05 * min(values[-1], 1.3 * usual) or 1.0


def _key(style: str, name: str) -> Markup:
    swatch = Markup(
        f'<svg viewBox="0 0 26 10"><line class="line {style}" x1="0" y1="5" x2="26" y2="5"/></svg>'
    )
    return tag("li", swatch, name)
