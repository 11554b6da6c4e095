"""What a table says of a difference to the best row: how large, and whether more than noise."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datagen.evaluation.compare import Difference
    from datagen.evaluation.summary import Spread


def two_lines(spread: "Spread", sign: str = "") -> str:
    """Return mean and deviation, one below the other."""
    std = "" if spread.std is None else f"\n± {spread.std:.4f}"
    return f"{spread.mean:{sign}.4f}{std}"


def more_than_noise(difference: "Difference | None") -> tuple[str, str]:
    """Return the difference to the best row, and whether it is more than noise, with the p."""
    if difference is None:
        return "", ""
    answer, p_images = "yes" if difference.real else "no", _p(difference.p_images)
    if difference.p_seeds is not None:
        lines: tuple[str, ...] = f"p {p_images} images", f"p {_p(difference.p_seeds)} seeds"
    else:
        lines = f"p {p_images}", f"{difference.best_only} : {difference.row_only} images"
    if difference.compared > 1:
        lines = *lines, f"p {_p(difference.p)} corrected"
    found = f"{answer:<4}" + "\n    ".join(lines)
    return two_lines(difference.accuracy, "+"), found


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
