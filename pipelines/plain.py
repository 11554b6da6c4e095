"""Reading YAML that anybody may have written: its safe part, and nothing that means something else.

Enters: text. Leaves: plain data of a size that the text's length explains. What YAML 1.1 (PyYAML)
and YAML 1.2 (what most people know) read differently is refused, with the spelling that means the
same in both.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import yaml

from pipelines.text import printable, quoted

VALUE_LIMIT: Final = 1_000_000
"""The most values that a file may hold once its aliases are written out."""

DEPTH_LIMIT: Final = 50
"""The most levels of lists and keys in each other."""

_TAG: Final = "tag:yaml.org,2002:"
_SCALAR_TAGS: Final = {
    _TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")
}
_OTHER_TAGS: Final = {_TAG + "seq", _TAG + "map"}
_INT_IN_BOTH: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)|0x[0-9a-fA-F]+")
_FLOAT_IN_BOTH: Final = re.compile(
    r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF|nan|NaN|NAN)"
)
_FLOAT_IN_12: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_OCTAL_IN_12: Final = re.compile(r"0o[0-7]+$")
_MOST_DIGITS: Final = 40  # of a number: a recipe has none that is longer, and Python no faster way


class _Loader(yaml.SafeLoader):
    """YAML's safe part, without its habit that the last of two equal keys wins.

    `0:1:0.25` is no number of base 60 but a text, the ratio axis of a sweep.
    """

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose one value, unless it lies too deep: PyYAML would end in a RecursionError."""
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
            raise _refused(
                event,
                f"lists and keys stand in each other more than {DEPTH_LIMIT} levels deep; "
                "write it flatter",
            )
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        scalar = isinstance(node, yaml.ScalarNode)
        if node is not None and node.tag not in (_SCALAR_TAGS if scalar else _OTHER_TAGS):
            raise _refused(node, f"the tag {quoted(node.tag)} is not read here; leave it out")
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for name, number in Counter(keys).items():
            if number > 1 and name != "<<":
                raise _refused(node, f"key {quoted(name)} occurs {number} times; keep one of them")
        return super().construct_mapping(node, deep)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)  # merges what `<<` names
        if len(node.value) > VALUE_LIMIT:
            raise yaml.YAMLError(f"its merges multiply to more than {VALUE_LIMIT:,} keys")

    def whole_number(self, node: yaml.ScalarNode) -> str | int:
        """Read a whole number; what YAML 1.2 reads as another number, or as text, is refused."""
        text = str(node.value)
        if ":" in text:
            return text
        _check_length(node, text)
        if not _INT_IN_BOTH.fullmatch(text):
            value = int(text, 8) if "o" in text else self.construct_yaml_int(node)
            raise _refused(node, _two_numbers(text, int(value)))
        return int(self.construct_yaml_int(node))

    def real_number(self, node: yaml.ScalarNode) -> str | float:
        """Read a number with a fraction; that it is finite, the key's own model checks."""
        text = str(node.value)
        if ":" in text:
            return text
        _check_length(node, text)
        if not _FLOAT_IN_BOTH.fullmatch(text):
            plain = text.lstrip("+-").replace("_", "").lstrip("0")
            sign = "-" if text.startswith("-") else ""
            raise _refused(node, f"{quoted(text)} is written {sign}{plain} here, or in quotes")
        return float(self.construct_yaml_float(node))

    def true_or_false(self, node: yaml.ScalarNode) -> bool:
        """Read `true` and `false`; YAML 1.2 reads yes, no, on and off as texts."""
        value = self.bool_values.get(str(node.value).lower())
        if value is None or str(node.value).lower() not in ("true", "false"):
            plain = "true or false" if value is None else str(value).lower()
            raise _refused(
                node, f"{quoted(node.value)} is written {plain} here, or as text in quotes"
            )
        return value

    def date(self, node: yaml.ScalarNode) -> str:
        """Refuse a date: no key takes one."""
        raise _refused(node, f"{quoted(node.value)} is read as a date; as text it stands in quotes")

    def text_of_one_sign(self, node: yaml.ScalarNode) -> str:
        """Read `=`, which YAML 1.1 reserves, as the text that it is."""
        return str(node.value)


def _refused(place: yaml.Node | yaml.Event, reason: str) -> yaml.YAMLError:
    mark = getattr(place, "start_mark", None)
    where = "" if mark is None else f"line {mark.line + 1}: "
    return yaml.YAMLError(f"{where}{reason}")


def _two_numbers(text: str, value: int) -> str:
    """Say how a whole number is written that YAML 1.1 alone reads as this value."""
    sign = "-" if text.startswith("-") else ""
    digits = text.lstrip("+-").replace("_", "")
    other = sign + (digits.lstrip("0") or "0")
    if digits.isdecimal() and digits.startswith("0") and other != str(value):
        return f"{quoted(text)} is octal to some readers; write {other} or {value}"
    return f"{quoted(text)} is written {value} here, or as text in quotes"


def _check_length(node: yaml.ScalarNode, text: str) -> None:
    if len(text) > _MOST_DIGITS:
        raise _refused(node, f"{quoted(text)} has more than {_MOST_DIGITS} characters for a number")


for _name, _construct in {
    "int": _Loader.whole_number,
    "float": _Loader.real_number,
    "bool": _Loader.true_or_false,
    "timestamp": _Loader.date,
    "value": _Loader.text_of_one_sign,
}.items():
    _Loader.add_constructor(_TAG + _name, _construct)


class _Dumper(yaml.SafeDumper):
    """Writes text in quotes also where only YAML 1.2 would read a number."""


for _kind in (_Loader, _Dumper):
    _kind.add_implicit_resolver(_TAG + "float", _FLOAT_IN_12, list("-+.0123456789"))
    _kind.add_implicit_resolver(_TAG + "int", _OCTAL_IN_12, ["0"])


def write_yaml(plain: object, *, allow_unicode: bool = False) -> str:
    """Return plain data as YAML that `read_yaml` reads back, the keys in their order."""
    text: str = yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=allow_unicode)
    return text


def read_yaml(text: str) -> Any:
    """Return the data that YAML text holds.

    Raises:
        ValueError: it is not YAML, holds what some readers of YAML read otherwise, names a key
            twice, is nested deeper than `DEPTH_LIMIT`, or its aliases multiply beyond
            `VALUE_LIMIT`; the message is one line.
    """
    try:
        plain = yaml.load(text, _Loader)  # a subclass of the safe one
        values = _values(plain, {})
    except RecursionError as error:
        raise ValueError("it is nested too deeply; write it flatter") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        raise ValueError(f"line {mark.line + 1}: {what}" if mark else what) from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a tag on what it does not fit
        raise ValueError(printable(" ".join(str(error).split()))) from error
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
