"""What a class's docstring calls an attribute is one, and examples in docstrings run."""

import doctest
import inspect
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import datagen
import fixed_eval
import pipelines

_ENTRY = re.compile(r"^    (\w+(?:, \w+)*):(?: |$)")


def _classes() -> Iterator[type]:
    for package in (datagen, pipelines):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("__main__"):
                continue
            for _, found in inspect.getmembers(import_module(module.name), inspect.isclass):
                if found.__module__ == module.name and "\nAttributes:\n" in (_text(found)):
                    yield found


def _text(found: type) -> str:
    return inspect.cleandoc(found.__doc__ or "")


def _named(found: type) -> list[str]:
    """Return what the section "Attributes:" names."""
    section = _text(found).split("\nAttributes:\n")[1]
    entries = [_ENTRY.match(line) for line in section.split("\n\n")[0].splitlines()]
    return [name for entry in entries if entry for name in entry[1].split(", ")]


def _has(found: type, name: str) -> bool:
    annotated = any(name in getattr(base, "__annotations__", {}) for base in found.__mro__)
    return annotated or hasattr(found, name) or f"self.{name}" in inspect.getsource(found)


def test_the_attributes_that_docstrings_name_exist() -> None:
    named = [(found, name) for found in _classes() for name in _named(found)]
    assert len(named) > 500
    assert [f"{found}: {name}" for found, name in named if not _has(found, name)] == []


def _with_examples() -> Iterator[str]:
    """Yield the modules with examples; those of the API are run as its names are, elsewhere."""
    for package in (datagen, pipelines, fixed_eval):
        (root,) = map(Path, package.__path__)
        for file in sorted(root.rglob("*.py")):
            name = ".".join((package.__name__, *file.relative_to(root).with_suffix("").parts))
            if ">>>" in file.read_text("utf-8") and not name.startswith("datagen.api."):
                yield name.removesuffix(".__init__")


@pytest.mark.parametrize("name", tuple(_with_examples()))
def test_examples_run(name: str) -> None:
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    tests = doctest.DocTestFinder().find(import_module(name))
    assert any(test.examples for test in tests)
    for test in tests:
        runner.run(test, out=said.append)
    assert runner.failures == 0, "".join(said)
