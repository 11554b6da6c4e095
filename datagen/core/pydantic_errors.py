"""Validation errors of pydantic, said in one line."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pipelines.text import QUOTED, quoted, shortened
from pipelines.validation import what_was_expected

Location = tuple[int | str, ...]


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
    first = error.errors()[0]
    where = _written(".".join(_steps(model, first["loc"])), flags or {})
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        valid = sorted(_keys(model, first["loc"][:-1])) if model else []
        near = get_close_matches(str(first["loc"][-1])[:QUOTED], valid, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"valid: {', '.join(valid) or 'none'}"
        return f"unknown key {quoted(where)}; {hint}{more}"
    given = first.get("input")
    whole = isinstance(given, dict | list) or first["type"] == "json_invalid"  # all of the text
    shown = "" if whole else f" (given {quoted(given)})"
    return f"{shortened(where) or 'it'}: {what_was_expected(first)}{shown}{more}"


def _written(where: str, flags: Mapping[str, str]) -> str:
    """Return the flag that set a key; the key where none did."""
    found = [key for key in flags if where == key or where.startswith(f"{key}.")]
    return flags[max(found, key=len)] if found else where


def _steps(model: type[BaseModel] | None, location: Location) -> Iterator[str]:
    """Yield the parts of a location that a person wrote, without what pydantic adds."""
    for k, step in enumerate(location):
        tag = model is not None and _is_tag(step, _models_at(model, location[:k]))
        if step != "[key]" and not tag:
            yield str(step)


def _keys(model: type[BaseModel], location: Location) -> set[str]:
    """Return the keys that are valid at `location` inside `model`."""
    return {key for found in _models_at(model, location) for key in found.model_fields}


def _models_at(model: type[BaseModel], location: Location) -> list[type[BaseModel]]:
    """Return the models that may stand at `location` inside `model`."""
    models: list[type[BaseModel]] = [model]
    for step in location:
        fields = [found.model_fields[str(step)] for found in models if step in found.model_fields]
        if fields:
            models = [inner for field in fields for inner in _models_in(field.annotation)]
        elif _is_tag(step, models):  # keep the member it names
            models = [member for member in models if _is_tagged(member, step)]
    return models


def _is_tag(step: int | str, models: Sequence[type[BaseModel]]) -> bool:
    """Return whether a part of a location names a member of a union, and is no key."""
    return not any(step in found.model_fields for found in models) and any(
        _is_tagged(found, step) for found in models
    )


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models named anywhere in a type annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _is_tagged(model: type[BaseModel], tag: int | str) -> bool:
    return any(field.default == tag for field in model.model_fields.values())
