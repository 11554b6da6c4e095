"""Validation errors of pydantic, said in one line."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pipelines.text import QUOTED, quoted, shortened
from pipelines.validation import first_of_all


def explain(
    error: ValidationError,
    model: type[BaseModel] | None = None,
    flags: Mapping[str, str] | None = None,
) -> str:
    """Say what is wrong with the first offending key.

    Args:
        error: raised while `model` was validated.
        model: where the keys of the error's location begin; None for what is no model.
        flags: what a person wrote to set a key, or keys below it.

    Returns:
        The key, what was given and what was expected; for an unknown key the nearest valid one.
    """
    errors = error.errors()
    first = errors[0]
    location, expected, others = first_of_all(errors)
    where = _written(".".join(_walk(model, location)[0]), flags or {})
    more = f" (and {others} more)" if others else ""
    if first["type"] == "extra_forbidden":
        models = _walk(model, first["loc"][:-1])[1]
        valid = sorted({key for found in models for key in found.model_fields})
        near = get_close_matches(str(first["loc"][-1])[:QUOTED], valid, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"valid: {', '.join(valid) or 'none'}"
        return f"unknown key {quoted(where)}; {hint}{more}"
    given = first.get("input")
    whole = isinstance(given, dict | list) or first["type"] == "json_invalid"  # all of the text
    shown = "" if whole else f" (given {quoted(given)})"
    place = f"{shortened(where)}: " if where else ""
    return f"{place}{expected}{shown}{more}"


def _written(where: str, flags: Mapping[str, str]) -> str:
    """Return the flag that set a key; the key where none did."""
    found = [key for key in flags if where == key or where.startswith(f"{key}.")]
    return flags[max(found, key=len)] if found else where


def _walk(
    model: type[BaseModel] | None, location: tuple[int | str, ...]
) -> tuple[list[str], list[type[BaseModel]]]:
    """Follow a location into `model`.

    Returns:
        Its parts as a person wrote them, without what pydantic adds; and the models that may stand
        there.
    """
    models = [] if model is None else [model]
    written = []
    for step in location:
        fields = [found.model_fields[str(step)] for found in models if step in found.model_fields]
        tagged = [found for found in models if _is_tagged(found, step)]
        if fields:
            models = [inner for field in fields for inner in _models_in(field.annotation)]
        elif len(models) > 1 and tagged:  # the tag of a union, not a key
            models = tagged
            continue
        if step != "[key]":  # said where the key of a mapping is wrong, not its value
            written.append(str(step))
    return written, models


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models named anywhere in a type annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _is_tagged(model: type[BaseModel], tag: int | str) -> bool:
    return any(field.default == tag for field in model.model_fields.values())
