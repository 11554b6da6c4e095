"""Reading YAML that anybody may have written: its safe part, and nothing that means something else.

Enters: text. Leaves: plain data of a size that the text's length explains.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import yaml

VALUE_LIMIT: Final = 1_000_000
"""The most values that a file may hold once its aliases are written out."""


class _Loader(yaml.SafeLoader):
    """YAML's safe part, without two habits: the last of two equal keys wins, and base 60.

    YAML 1.2 has no numbers of base 60; here `0:1:0.25` is a text, the ratio axis of a sweep.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for name, number in Counter(keys).items():
            if number > 1 and name != "<<":
                raise yaml.YAMLError(f"key {name!r} occurs {number} times; keep one of them")
        return super().construct_mapping(node, deep)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)  # merges what `<<` names
        if len(node.value) > VALUE_LIMIT:
            raise yaml.YAMLError(f"its merges multiply to more than {VALUE_LIMIT:,} keys")

    def int_or_text(self, node: yaml.ScalarNode) -> str | int:
        return str(node.value) if ":" in node.value else self.construct_yaml_int(node)

    def float_or_text(self, node: yaml.ScalarNode) -> str | float:
        return str(node.value) if ":" in node.value else self.construct_yaml_float(node)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.int_or_text)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.float_or_text)


def read_yaml(text: str) -> Any:
    """Return the data that YAML text holds.

    Raises:
        ValueError: it is not YAML, names a key twice, or its aliases multiply beyond
            `VALUE_LIMIT`; the message is one line.
    """
    try:
        plain = yaml.load(text, _Loader)  # a subclass of the safe one
        values = _values(plain, {})
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: a date of month 13, a number of 5,000 digits
        raise ValueError(" ".join(str(error).split())) from error
    if values > VALUE_LIMIT:
        raise ValueError(
            f"its aliases multiply to more than {VALUE_LIMIT:,} values; write out what is meant"
        )
    return plain


def _values(plain: Any, known: dict[int, int]) -> int:
    """Count the values in `plain`, one that is named by several aliases as often as it is named.

    What holds itself counts once; whoever validates the data refuses it.
    """
    if not isinstance(plain, dict | list | set | tuple):
        return 1
    if id(plain) not in known:
        known[id(plain)] = 1  # while its parts are counted
        parts: Iterable[Any] = (*plain, *plain.values()) if isinstance(plain, dict) else plain
        known[id(plain)] = 1 + sum(_values(part, known) for part in parts)
    return known[id(plain)]
