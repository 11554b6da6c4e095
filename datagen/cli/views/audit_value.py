"""What images are worth, in the terminal: styles, sources, and what removing images really did."""

from typing import TYPE_CHECKING, Any, Final

from datagen.core.text import how_many

if TYPE_CHECKING:
    from datagen.curation.audit.value.check import Removal
    from datagen.curation.audit.value.datamodel import Estimate
    from datagen.curation.audit.value.value_audit import Valuation

_SHOWN: Final = 4  # styles from either end
_ENDS: Final = {"bottom": "worth least", "top": "worth most", "random": "at random"}


def summarise_values(found: "Valuation", terminal: Any) -> None:
    """Print which styles and sources are worth most and least, and the trials."""
    terminal.print(_worth(found))
    terminal.print(_trials(found))
    terminal.print(
        f"values       a linear datamodel of {how_many(found.runs, 'training')} on random halves, "
        f"{how_many(found.epochs, 'epoch')} each; tried on {how_many(found.held_back, 'image')} "
        "that were in none",
        soft_wrap=True,
    )
    terminal.print(f"             {_sentence(found)}", soft_wrap=True)


def plain_values(found: "Valuation") -> dict[str, Any]:
    """Return what `--json` prints of them."""
    return {
        "runs": found.runs,
        "epochs": found.epochs,
        "held_back": found.held_back,
        "styles": [
            {"class": s.numeral, "style": s.style, "images": s.images, **_plain(s.worth)}
            for s in found.styles
        ],
        "sources": [
            {"source": s.source, "images": s.images, **_plain(s.worth)} for s in found.sources
        ],
        "trials": [
            {
                "removed": trial.end,
                "images": trial.removed,
                "score": round(trial.score, 6),
                "change": round(trial.change, 6),
                "change_low": round(trial.low, 6),
                "change_high": round(trial.high, 6),
            }
            for trial in found.removals
        ],
    }


def _plain(worth: "Estimate") -> dict[str, float]:
    return {
        "value": round(worth.value, 6),
        "value_low": round(worth.low, 6),
        "value_high": round(worth.high, 6),
    }


def _worth(found: "Valuation") -> Any:
    """Return a `FittedTable` of the styles at both ends, and of all sources."""
    from datagen.cli.views.tables import Column, FittedTable

    table = FittedTable(
        Column("", "word", "bold"),
        Column("images"),
        Column("points together"),
        Column("95 %", "word"),
        title="what they are worth to the frozen score",
    )
    for source in found.sources:
        table.add_row(source.source, f"{source.images:,}", *_points(source.worth))
    ends = found.styles
    if len(ends) > 2 * _SHOWN:
        ends = (*ends[:_SHOWN], *ends[-_SHOWN:])
    for style in ends:
        table.add_row(
            f"{style.numeral}, style {style.style}", f"{style.images:,}", *_points(style.worth)
        )
    return table


def _points(worth: "Estimate") -> tuple[str, str]:
    low, value, high = (100 * each for each in (worth.low, worth.value, worth.high))
    return f"{value:+.2f}", f"{low:+.2f} … {high:+.2f}"


def _trials(found: "Valuation") -> Any:
    """Return a `FittedTable` of what it did to leave images out."""
    from datagen.cli.views.tables import Column, FittedTable

    table = FittedTable(
        Column("left out", "word", "bold"),
        Column("images"),
        Column("points of the score"),
        Column("95 %", "word"),
        title="left out, and trained again",
    )
    for trial in found.removals:
        low, change, high = (100 * each for each in (trial.low, trial.change, trial.high))
        table.add_row(
            _ENDS[trial.end], f"{trial.removed:,}", f"{change:+.1f}", f"{low:+.1f} … {high:+.1f}"
        )
    return table


def _sentence(found: "Valuation") -> str:
    """Return what the trials of those worth least say."""
    worst: Removal = next(trial for trial in found.removals if trial.end == "bottom")
    if worst.low > 0:
        return f"leaving out the {worst.removed:,} images worth least helps by more than noise"
    if worst.high < 0:
        return f"leaving out the {worst.removed:,} images worth least costs points: keep them"
    return (
        f"leaving out the {worst.removed:,} images worth least changes the score by no more than "
        "noise"
    )
