"""The public names: lazy, complete, documented, each with an example that runs."""

import doctest
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import datagen
from datagen.sources.registry import all_sources, is_outside, unregister

CODE = [name for name in datagen.__all__ if name != "__version__"]
NEEDS_THE_EVALUATOR = {
    *(
        "compare",
        "describe_model",
        "evaluate",
        "find_hard",
        "predict",
        "read_sweep",
        "sweep",
        "verify",
        "write_report",
    ),
}
MARKS = {
    "find_rare": [pytest.mark.slow],
    "value_images": [pytest.mark.slow, pytest.mark.long],  # its command has a test of its own
    "describe_model": [pytest.mark.long],  # as has this one's
    "predict": [pytest.mark.long],  # the guide's page does it too
}
GUIDE = Path(datagen.__file__).parent / "guide" / "python-api.md"


def test_the_names_are_those_that_dir_shows() -> None:
    assert dir(datagen) == sorted(datagen.__all__)
    assert len(set(datagen.__all__)) == len(datagen.__all__)


@pytest.mark.parametrize("name", datagen.__all__)
def test_every_name_is_there_and_in_the_guide(name: str) -> None:
    assert getattr(datagen, name) is not None
    assert f"`{name}" in GUIDE.read_text("utf-8") or f"datagen.{name}" in GUIDE.read_text("utf-8")


def test_every_name_is_in_the_table_of_the_guide() -> None:
    rows = [row for row in GUIDE.read_text("utf-8").splitlines() if row.startswith("| ")]
    assert [name for name in datagen.__all__ if not any(f"`{name}`" in row for row in rows)] == []


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'bild'"):
        _ = datagen.bild  # type: ignore[attr-defined]


def test_importing_loads_nothing_until_it_is_used() -> None:
    script = (
        "import sys, datagen; before = set(sys.modules); datagen.load_recipe; "
        "print(any(n.startswith('datagen.') for n in before), 'pydantic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("name", CODE)
def test_every_name_has_a_docstring_with_an_example(name: str) -> None:
    text = inspect.getdoc(getattr(datagen, name)) or ""
    assert ">>> " in text, f"{name} shows no example"


def _run_examples(name: str) -> None:
    found = getattr(datagen, name)
    module = import_module(found.__module__)
    # with no name but those that it imports itself, as a reader runs it
    tests = doctest.DocTestFinder(recurse=False).find(found, name, module, {})
    assert any(test.examples for test in tests)
    for test in tests:
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        said: list[str] = []
        runner.run(test, out=said.append)
        assert runner.summarize(verbose=False).failed == 0, "".join(said)
    for source in all_sources():
        if is_outside(type(source)):  # that an example registers
            unregister(source.name)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=MARKS[name]) if name in MARKS else name
        for name in CODE
        if name not in NEEDS_THE_EVALUATOR
    ],
)
def test_the_example_runs(name: str) -> None:
    _run_examples(name)


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=MARKS[name]) if name in MARKS else name
        for name in sorted(NEEDS_THE_EVALUATOR)
    ],
)
def test_the_example_with_the_evaluator_runs(name: str) -> None:
    _run_examples(name)
