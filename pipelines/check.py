"""Is a pipeline safe for a class? Walks its steps by the label algebra; no image enters."""

from collections.abc import Iterable

from pipelines.errors import WrongLabelError
from pipelines.labels import CLASSES, STYLES, Effect, Style, check_limits, outcome
from pipelines.spec import Node, OneOf, SomeOf, Step


def check_steps(steps: Iterable[Node], numeral: str, style: Style) -> frozenset[str]:
    """Return the classes that an image of `numeral` may have after `steps`.

    Raises:
        WrongLabelError: a step may leave it with a label that it does not show, or turn, lean,
            scale or move it, together with the steps before, beyond `pipelines.labels.LIMITS`.
        ValueError: `numeral` or `style` is not one of ours.
    """
    if numeral not in CLASSES or style not in STYLES:
        raise ValueError(
            f"{numeral!r} in {style!r} case; expected one of {', '.join(CLASSES)} "
            f"and one of {', '.join(STYLES)}"
        )
    reached: frozenset[str] = frozenset({numeral})
    total = Effect()
    for node in steps:
        if node.p == 0:
            continue
        reached |= _classes(node, reached, style)
        total = total.then(_extent(node))
        check_limits(total, _title(node), numeral, style)
    return reached


def class_after(step: Step, numeral: str, style: Style) -> str | None:
    """Return the class an image has after `step`; None where the step is to be skipped.

    Raises:
        WrongLabelError: the step would make the label wrong.
    """
    if not step.effect.moves:
        return numeral
    try:
        shown = outcome(step.effect, step.op, numeral, style)
        if shown != numeral and not step.relabel:
            raise WrongLabelError(
                step.op, numeral, style, f"it then shows {shown}; allow it with relabel: true"
            )
    except WrongLabelError:
        if step.on_wrong_label == "skip":
            return None
        raise
    return shown


def _classes(node: Node, before: frozenset[str], style: Style) -> frozenset[str]:
    """Return the classes that images of the classes `before` may have after `node`."""
    if isinstance(node, Step):
        return frozenset(class_after(node, numeral, style) or numeral for numeral in before)
    inner = node.one_of if isinstance(node, OneOf) else node.some_of
    reached = before
    for child in inner:
        if child.p > 0:
            # of some_of any may follow any; of one_of each starts from what was before
            reached |= _classes(child, reached if isinstance(node, SomeOf) else before, style)
    return reached


def _extent(node: Node) -> Effect:
    """Return how far `node` may turn, lean, scale and move a numeral at most."""
    if isinstance(node, Step):
        return node.effect
    if isinstance(node, OneOf):
        return _most([_extent(child) for child in node.one_of if child.p > 0], 1)
    return _most([_extent(child) for child in node.some_of if child.p > 0], node.bounds[1])


def _most(effects: list[Effect], count: int) -> Effect:
    """Return the most that `count` of the effects may do together."""

    def largest(values: Iterable[float]) -> float:
        return sum(sorted(values, reverse=True)[:count])

    low, high = 1.0, 1.0
    for factor in sorted(effect.scale[0] for effect in effects)[:count]:
        low *= min(factor, 1.0)
    for factor in sorted((effect.scale[1] for effect in effects), reverse=True)[:count]:
        high *= max(factor, 1.0)
    return Effect(
        turn=largest(effect.turn for effect in effects),
        shear=largest(effect.shear for effect in effects),
        shift=largest(effect.shift for effect in effects),
        scale=(low, high),
    )


def _title(node: Node) -> str:
    if isinstance(node, Step):
        return node.op
    kind, inner = ("one_of", node.one_of) if isinstance(node, OneOf) else ("some_of", node.some_of)
    return f"{kind} ({', '.join(_title(child) for child in inner)})"
