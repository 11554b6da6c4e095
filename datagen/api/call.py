"""What every function of the API does first: look at the types of what it is given.

Enters: a function with plain annotations. Leaves: the same, which refuses what they do not allow in
one sentence, takes NumPy's numbers for Python's, and names the path that the system refused.
"""

import functools
import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from numbers import Real
from types import NoneType, UnionType
from typing import Any, Final, Literal, ParamSpec, TypeVar, Union, get_args, get_origin

from datagen.core.errors import UsageError
from datagen.files.paths import named_refusals
from pipelines.text import quoted

P = ParamSpec("P")
R = TypeVar("R")


def public(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function of the API as it is called from outside.

    Annotations that are quoted, or name anything but numbers, texts, paths, functions, our own
    classes and several of these, are not looked at: what they name is checked where it is used.

    Raises:
        UsageError: when it is called; an argument has another type than it may have.
        InputError: when it is called; the system refuses a path.
    """
    signature = inspect.signature(function)
    allowed = {
        name: (kinds, _held_kinds(parameter.annotation))
        for name, parameter in signature.parameters.items()
        if (kinds := _kinds(parameter.annotation))
    }

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{function.__name__}(): {error}") from None
        for name, (kinds, held) in allowed.items():
            if name not in bound.arguments:
                continue
            value = bound.arguments[name]
            several = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
            bound.arguments[name] = (
                tuple(_checked(name, each, kinds) for each in value)
                if several
                else _with_checked(name, _checked(name, value, kinds), kinds, held)
            )
        with named_refusals():
            return function(*bound.args, **bound.kwargs)

    return call


def refuse_overwrite(beside: str, place: object, *, overwrite: bool) -> None:
    """Refuse `overwrite` where nothing is written, for nobody shall rely on it.

    Args:
        beside: the argument that says where something is written.
        place: its value.
        overwrite: as given.

    Raises:
        UsageError: it would have no effect.
    """
    if overwrite and place is None:
        raise UsageError(
            f"overwrite has no effect without {beside}; give {beside}, or leave it out"
        )


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """Return the types that an annotation allows; none where one of them is not looked at."""
    plain = tuple(
        kind if get_origin(kind) is Literal else get_origin(kind) or kind
        for kind in _alternatives(annotation)
    )
    return plain if all(map(_is_known, plain)) else ()


def _held_kinds(annotation: Any) -> tuple[Any, ...]:
    """Return the types of what a sequence or a mapping holds; none where they are not looked at."""
    for kind in _alternatives(annotation):
        if get_origin(kind) in (Sequence, Mapping):
            return _kinds(get_args(kind)[-1])
    return ()


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    several = get_origin(annotation) in (UnionType, Union)
    return get_args(annotation) if several else (annotation,)


def _is_known(kind: Any) -> bool:
    ours = isinstance(kind, type) and kind.__module__.startswith("datagen.")
    return ours or kind in _NAMES or get_origin(kind) is Literal


def _with_checked(name: str, value: Any, kinds: tuple[Any, ...], held: tuple[Any, ...]) -> Any:
    """Return an argument of which all that it holds is looked at, too.

    Raises:
        UsageError: it holds what is of none of the kinds.
    """
    if not held or isinstance(value, str | os.PathLike) or not isinstance(value, Iterable):
        return value
    if Mapping in kinds and isinstance(value, Mapping):
        return {key: _checked(name, each, held, "holds") for key, each in value.items()}
    return tuple(_checked(name, each, held, "holds") for each in value)


def _checked(name: str, value: Any, kinds: tuple[Any, ...], verb: str = "is") -> Any:
    """Return an argument, or one of those that it holds; a number of NumPy's as Python's own.

    Raises:
        UsageError: it is of none of the kinds.
    """
    plain = value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value
    if bool in kinds and isinstance(plain, int) and plain in (0, 1):
        return bool(plain)
    if any(_is(plain, kind) for kind in kinds):
        return tuple(plain) if isinstance(plain, Iterator) else plain  # it may be read twice
    paths = os.PathLike in kinds
    wanted = [_named(kind) for kind in kinds if not (paths and kind is str)]
    raise UsageError(f"{name} {verb} {quoted(value)}; expected {' or '.join(wanted)}")


def _named(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(map(repr, get_args(kind)))
    return _NAMES.get(kind) or f"a datagen {kind.__name__}"


def _is(value: Any, kind: Any) -> bool:
    if kind is float:  # also a `Fraction`
        return isinstance(value, Real) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is Callable:
        return callable(value)
    if get_origin(kind) is Literal:  # what is a text and none of them is told where it is used
        return isinstance(value, str)
    if kind is Sequence:  # also an iterator
        return isinstance(value, Iterable) and not isinstance(value, str | bytes)
    return isinstance(value, kind)


_NAMES: Final[dict[Any, str]] = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "text",
    os.PathLike: "a path",
    Sequence: "several of them",
    Mapping: "a mapping",
    Callable: "a function",
    NoneType: "None",
}
