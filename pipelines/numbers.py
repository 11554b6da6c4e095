"""Numbers in what people write: `true` is none, though Python counts it as 1.

Enters: pydantic's schema of a model. Leaves: the same, which refuses truth values for numbers.
"""

from typing import Any, Final

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

_INNER: Final = {"schema", "items_schema", "keys_schema", "values_schema", "definitions", "choices"}
"""Keys of a schema that hold others: what a type is made of."""


def no_truth_value(given: object) -> object:
    """Return what was given for a number.

    Raises:
        ValueError: it is `true` or `false`.
    """
    if isinstance(given, bool):
        raise ValueError("expected a number, not true or false")
    return given


def _wrapped(schema: Any) -> Any:
    """Return a schema in which each number refuses truth values; others of its keys stay."""
    if isinstance(schema, list | tuple):
        return type(schema)(_wrapped(each) for each in schema)
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in {"int", "float"}:
        return core_schema.no_info_before_validator_function(no_truth_value, schema)
    if _is_wrapped(schema):
        return schema
    inner = {key: _wrapped(value) for key, value in schema.items() if key in _INNER}
    if isinstance(fields := schema.get("fields"), dict):
        inner["fields"] = {name: _wrapped(field) for name, field in fields.items()}
    return {**schema, **inner}


def _is_wrapped(schema: dict[str, Any]) -> bool:
    function = schema.get("function")
    return isinstance(function, dict) and function.get("function") is no_truth_value


class Numbers(BaseModel):
    """The base of models whose numbers are no truth values."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Wrap every number in the model's schema."""
        found: CoreSchema = _wrapped(handler(source))
        return found
