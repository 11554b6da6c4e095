"""What the label algebra says of a pipeline, class by class and case by case. No image enters."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.check import class_after
from pipelines.errors import WrongLabelError
from pipelines.labels import CLASSES, MOVES, STYLES, Move, Style, becomes
from pipelines.pipeline import Pipeline
from pipelines.spec import Node, OneOf, Step

CASES: Final[Mapping[str, tuple[Style, ...]]] = {
    "upper": ("upper",),
    "lower": ("lower",),
    "mixed, unknown": ("mixed", "unknown"),
}
"""The case styles as tables show them: of mixed and unknown the algebra says the same."""


@dataclass(frozen=True, slots=True)
class LabelCheck:
    """What becomes of one class in one case.

    Attributes:
        classes: what an image may show afterwards, in class order; empty where it is refused.
        skipped: ops left out for this class, which their `on_wrong_label: skip` asks for.
        op: the step that is refused, else None.
        reason: why, else None.
    """

    numeral: str
    style: Style
    classes: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    op: str | None = None
    reason: str | None = None

    @property
    def refused(self) -> bool:
        """Whether the pipeline is not safe for this class and case."""
        return self.op is not None


def label_checks(pipeline: Pipeline) -> tuple[LabelCheck, ...]:
    """Check a pipeline for the ten classes in each case style."""
    return tuple(_label_check(pipeline, numeral, style) for numeral in CLASSES for style in STYLES)


def _label_check(pipeline: Pipeline, numeral: str, style: Style) -> LabelCheck:
    try:
        reached = pipeline.check(numeral, style)
    except WrongLabelError as error:
        return LabelCheck(numeral, style, (), op=error.op, reason=error.reason)
    skipped = [step.op for step in steps(pipeline) if class_after(step, numeral, style) is None]
    classes = tuple(each for each in CLASSES if each in reached)
    return LabelCheck(numeral, style, classes, tuple(dict.fromkeys(skipped)))


def steps(pipeline: Pipeline) -> tuple[Step, ...]:
    """Return all steps that may be done, those inside groups too, in the order written."""
    return tuple(_leaves(pipeline.spec.steps))


def _leaves(nodes: Iterable[Node]) -> Iterator[Step]:
    for node in nodes:
        if node.p == 0:
            continue
        if isinstance(node, Step):
            yield node
        else:
            yield from _leaves(node.one_of if isinstance(node, OneOf) else node.some_of)


def in_short(checks: Sequence[LabelCheck]) -> str:
    """Say for which classes a pipeline is safe, what is refused, and which it relabels."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for case, styles in CASES.items():
        refused = tuple(c.numeral for c in checks if c.style == styles[0] and c.refused)
        groups.setdefault(refused, []).append(case)
    ops = ", ".join(dict.fromkeys(c.op for c in checks if c.op is not None))
    if checks and all(check.refused for check in checks):
        return f"no class: {checks[0].op}: {checks[0].reason}"
    if len(groups) == 1:
        said = _all_but(*groups)
    else:
        said = "; ".join(
            f"{_all_but(refused)} in {', '.join(on)} case" for refused, on in groups.items()
        )
    relabelled = dict.fromkeys(c.numeral for c in checks if set(c.classes) - {c.numeral})
    notes = [f"refused: {ops}"] if ops else []
    notes += [f"relabels {', '.join(relabelled)}"] if relabelled else []
    return f"{said} ({'; '.join(notes)})" if notes else said


def _all_but(refused: tuple[str, ...]) -> str:
    if not refused:
        return "every class"
    if len(refused) == len(CLASSES):
        return "no class"
    if len(refused) > len(CLASSES) / 2:
        return f"only {', '.join(c for c in CLASSES if c not in refused)}"
    return f"all but {', '.join(refused)}"


def algebra() -> dict[Style, dict[Move, dict[str, str | None]]]:
    """Return the class that every class shows after every move, by case; None where none."""
    return {
        style: {move: {each: becomes(move, each, style) for each in CLASSES} for move in MOVES}
        for style in STYLES
    }
