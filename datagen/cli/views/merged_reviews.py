"""Two reviews merged, on a terminal: what each holds, where they differ, how far they agree."""

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datagen.reviews.agreement import Agreement
    from datagen.reviews.merge import MergedReviews, ReviewConflict
    from datagen.sources.images.review import LabelCorrection, Review

SHOWN: Final = 20
"""Conflicts that are printed; the rest is counted."""

HASH_DIGITS: Final = 12
"""Digits of a hash that are printed: enough to find its line in a review."""


def print_merged(merged: "MergedReviews", out: Any, *, limit: int = SHOWN) -> None:
    """Print two reviews, merged.

    Args:
        merged: what `merge_reviews` returns.
        out: a `rich.console.Console`.
        limit: conflicts to print; 0 is all.
    """
    sides = (("A", merged.first, merged.first_only), ("B", merged.second, merged.second_only))
    for letter, review, alone in sides:
        line = f"{letter}            {review.name}: {_counted(review)}; {alone:,} only here"
        out.print(line, soft_wrap=True)
    out.print(f"both         {agreement_words(merged.agreement)}", soft_wrap=True)
    for note in merged.notes:
        out.print(f"note         {note}", soft_wrap=True)
    if merged.conflicts:
        _print_conflicts(merged, out, limit)
    out.print(f"merged       {_counted(merged.review)}{_left(merged)}", soft_wrap=True)


def agreement_words(found: "Agreement") -> str:
    """Return an agreement in one line."""
    if found.observed is None:
        return "no image is judged by both"
    words = f"{found.images:,} judged, {found.same:,} alike ({100 * found.observed:.1f} %)"
    if found.kappa is None:
        return f"{words}; Cohen's kappa is undefined where both always decide the same way"
    if found.interval is None:
        return f"{words}; Cohen's kappa {found.kappa:.3f}"
    low, high = found.interval
    return f"{words}; Cohen's kappa {found.kappa:.3f}, 95 % {low:.3f} … {high:.3f}"


def plain_merged(merged: "MergedReviews") -> dict[str, Any]:
    """Return what was found as the JSON keys of a line."""
    found = merged.agreement
    return {
        "both": merged.both,
        "first_only": merged.first_only,
        "second_only": merged.second_only,
        "merged": len(merged.review.images),
        "prefer": merged.prefer,
        "conflicts": [_plain_conflict(each) for each in merged.conflicts],
        "same": found.same,
        "observed": found.observed,
        "by_chance": found.by_chance,
        "kappa": found.kappa,
        "kappa_error": found.error,
        "kappa_interval": None if found.interval is None else list(found.interval),
        "notes": list(merged.notes),
    }


def decision_words(one: "LabelCorrection") -> str:
    """Return a decision in a few words.

    Example:
        >>> from datagen.sources.images.review import LabelCorrection
        >>> decision_words(LabelCorrection(verdict="drop", was="iv", reason="blank", who="kim"))
        'drop: blank (kim)'
    """
    verdict = f"relabel {one.numeral}" if one.numeral else one.verdict
    return f"{verdict}: {one.reason}" + (f" ({one.who})" if one.who else "")


def _print_conflicts(merged: "MergedReviews", out: Any, limit: int) -> None:
    from datagen.cli.views.tables import Column, FittedTable

    table = FittedTable(
        Column("conflict", "word"),
        Column("given", "word"),
        Column("A", "text"),
        Column("B", "text"),
    )
    shown = merged.conflicts[:limit] if limit else merged.conflicts
    for each in shown:
        table.add_row(
            each.sha256[:HASH_DIGITS],
            each.first.was if each.first.was == each.second.was else "both",
            decision_words(each.first),
            decision_words(each.second),
        )
    out.print(table)
    if len(merged.conflicts) > len(shown):
        out.print(f"… and {len(merged.conflicts) - len(shown):,} more; --json lists them all")


def _left(merged: "MergedReviews") -> str:
    if not merged.conflicts:
        return ""
    number = f"{len(merged.conflicts):,} conflict" + ("s" if len(merged.conflicts) > 1 else "")
    if merged.prefer:
        return f"; {number} decided as {merged.prefer} says"
    return f"; {number} left out, --prefer A or --prefer B decides"


def _counted(review: "Review") -> str:
    """Return how many images a review drops, relabels and keeps."""
    verdicts = Counter(one.verdict for one in review.images.values())
    counts = ", ".join(f"{name} {verdicts[name]:,}" for name in ("drop", "relabel", "keep"))
    return f"{len(review.images):,} images ({counts})"


def _plain_conflict(conflict: "ReviewConflict") -> dict[str, Any]:
    return {
        "sha256": conflict.sha256,
        "first": conflict.first.model_dump(mode="json", by_alias=True),
        "second": conflict.second.model_dump(mode="json", by_alias=True),
    }
