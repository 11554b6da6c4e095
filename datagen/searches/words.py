"""What a search found, in sentences: the same in the terminal, on the page and above the recipe."""

from typing import Final

from datagen.core.text import duration, how_many
from datagen.searches.answer import SearchAnswer, Tried

_NAMED: Final = 5  # of the candidates that failed


def header(answer: SearchAnswer) -> list[str]:
    """Return the sentences that stand above the recipe."""
    number = len(answer.candidates) - len(answer.failed)
    failures = f"; {len(answer.failed):,} more failed" if answer.failed else ""
    return [
        f"The best of {how_many(number, 'recipe')} that `datagen search` trained{failures}.",
        *filter(None, (length(answer), chosen(answer), kept(answer), against(answer))),
    ]


def length(answer: SearchAnswer) -> str:
    """Return what has to be known before any number; nothing where all is official."""
    if answer.official:
        return ""
    return f"PREVIEW of {how_many(answer.epochs, 'epoch')}: not official scores."


def chosen(answer: SearchAnswer) -> str:
    """Return the best candidate, and what it had where it was chosen."""
    best = answer.named(answer.best)
    mean = 0.0 if best is None or best.mean is None else best.mean
    name = "?" if best is None else best.name
    return (
        f"{name}: {mean:.4f} on the {answer.folds} folds that chose it, which tends to be too "
        "high, because the best of many was chosen there."
    )


def kept(answer: SearchAnswer) -> str:
    """Return the figure to believe."""
    if not answer.kept:
        return (
            "It could not be scored on the kept part; the same command with --retry-failed tries "
            "again."
        )
    if answer.kept[0].id != answer.best:
        return "It could not be scored on the kept part."
    own = answer.kept[0]
    return (
        f"{own.mean:.4f} (95 % {own.interval[0]:.3f} to {own.interval[1]:.3f}, "
        f"{how_many(len(own.seeds), 'seed')}) on the {answer.kept_images:,} images of the kept "
        "part, which was not used for choosing."
    )


def against(answer: SearchAnswer) -> str:
    """Return how the best stands beside the best shipped recipe."""
    shipped = answer.named(answer.reference)
    if shipped is None:
        return "No shipped recipe could be trained."
    if answer.reference == answer.best:
        return f"No other recipe was better than the shipped {shipped.name}."
    if answer.difference is None:
        return f"The shipped {shipped.name} could not be scored on the kept part."
    mean, low, high = answer.difference
    said = "more than noise" if low > 0 or high < 0 else "within noise"
    return (
        f"{signed(mean)} compared with the shipped {shipped.name}, on the kept part "
        f"(95 % {signed(low)} to {signed(high)}): {said}."
    )


def failures(answer: SearchAnswer) -> str:
    """Return how many candidates failed, which, and why the first did; nothing where none did."""
    if not answer.failed:
        return ""
    names = ", ".join(each.name for each in answer.failed[:_NAMED])
    more = len(answer.failed) - _NAMED
    others = f" and {more:,} more" if more > 0 else ""
    first = answer.failed[0]
    reason = (first.error or "").rstrip(".")
    return (
        f"{len(answer.failed):,} of {how_many(len(answer.candidates), 'candidate')} failed: "
        f"{names}{others}. {first.name}: {reason}."
    )


def cost(answer: SearchAnswer) -> str:
    """Return what was spent, and why it ended."""
    looks = "; ".join(f"{test} {number}" for test, number in answer.looks.items())
    return (
        f"{duration(answer.seconds)} used; ended because {answer.why}. Looks at each test: {looks}."
    )


def mattered(answer: SearchAnswer) -> str:
    """Return which settings mattered."""
    if not answer.importance:
        return "Too few candidates were tried to say which settings mattered."
    real = [f"{each.setting} {each.share:.2f}" for each in answer.importance if each.real]
    if not real:
        return "No setting mattered by more than noise."
    return f"What mattered, as shares of the variance between candidates: {', '.join(real)}."


def to_best(tried: Tried) -> str:
    """Return the difference to the best with half its interval; ≈ where it is within noise."""
    if tried.to_best is None or tried.noise is None:
        return "–"
    sign = "" if abs(tried.to_best) > tried.noise else "≈ "
    return f"{sign}{signed(tried.to_best)} ± {tried.noise:.3f}"


def signed(value: float) -> str:
    """Return a difference with its sign."""
    return f"{value:+.3f}".replace("-", "−")
