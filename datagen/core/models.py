"""The base of our own records: checked when they are made, and never changed afterwards.

Records of others (the evaluator's `score.json`) keep keys that we do not know and are no subclass.
"""

from pydantic import ConfigDict

from pipelines.numbers import Numbers


class StrictModel(Numbers):
    """A record that refuses unknown keys, and numbers that are not finite or truth values.

    Example:
        >>> class Size(StrictModel):
        ...     width: float
        >>> Size.model_validate({"width": 2})
        Size(width=2.0)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
