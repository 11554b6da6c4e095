"""A pipeline made milder or stronger: the same steps, done less or more, as a file of its own."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any, Final, get_args

from datagen.core.numerals import CLASSES, CaseStyle
from datagen.files.atomic import staged_file
from pipelines.labels import LIMITS
from pipelines.pipeline import find, parse
from pipelines.plain import read_yaml, write_yaml

PIPELINES: Final = "pipelines"
"""The folder, in a search's, of the pipelines that it made."""

_ABOUT_ZERO: Final = {
    "rotate": LIMITS.turn - 0.5,  # the limit itself is refused
    "shear": LIMITS.shear,
    "translate": LIMITS.shift,
}
"""Ranges of a map that does nothing at 0, and how far they may go."""


def scaled(plain: Mapping[str, Any], strength: float) -> dict[str, Any]:
    """Return a pipeline's keys with maps and probabilities `strength` times as strong.

    Ranges of `affine` shrink or grow about the map that does nothing. Of every other step, and of
    every group, the probability is multiplied, at most to 1; what is always done stays so.

    Example:
        >>> scaled({"name": "a", "steps": [{"op": "fade", "p": 0.2}]}, 1.5)["steps"]
        [{'op': 'fade', 'p': 0.3}]
    """
    steps = [_scaled_step(step, strength) for step in plain["steps"]]
    return {**plain, "name": f"{plain['name']}-x{strength:g}", "steps": steps}


def _scaled_step(
    step: Mapping[str, Any], strength: float, *, weighted: bool = False
) -> dict[str, Any]:
    found = dict(step)
    if step.get("op") == "affine":
        found["parameters"] = {
            key: _scaled_range(key, value, strength)
            for key, value in (step.get("parameters") or {}).items()
        }
    elif not weighted and step.get("p", 1) < 1:
        found["p"] = round(min(1.0, step["p"] * strength), 4)
    for group in ("one_of", "some_of"):
        if group in step:  # among one of several, p is a weight
            inner = [_scaled_step(s, strength, weighted=group == "one_of") for s in step[group]]
            found[group] = inner
    return found


def _scaled_range(key: str, value: Any, strength: float) -> Any:
    """Return a range of `affine`, within what leaves a numeral readable."""
    if not isinstance(value, list):
        return value
    if key == "scale":
        low, high = LIMITS.shrink, LIMITS.enlarge
        return [_within(1 + (end - 1) * strength, low, high) for end in value]
    if key in _ABOUT_ZERO:
        most = _ABOUT_ZERO[key]
        return [_within(end * strength, -most, most) for end in value]
    return value


def _within(value: float, low: float, high: float) -> float:
    return round(min(max(value, low), high), 4)


def pipeline_of(name: str, strength: float, folder: Path) -> str:
    """Return a shipped pipeline of a strength: its name at 1, else the file that is made of it.

    Args:
        name: of a shipped pipeline.
        strength: see `scaled`.
        folder: of the search; the file goes below `pipelines/` there.

    Raises:
        PipelineError: there is no such pipeline, or so strong it would make a label wrong.
    """
    if strength == 1:
        return name
    text = write_yaml(scaled(read_yaml(find(name).text), strength))
    made = parse(text, origin=f"{name} at strength {strength:g}")
    for numeral, style in product(CLASSES, get_args(CaseStyle)):
        made.check(numeral, style)
    path = folder / PIPELINES / f"{name}-x{strength:g}.yaml"
    if not path.is_file():
        with staged_file(path) as temporary:
            temporary.write_text(text, "utf-8")
    return str(path)
