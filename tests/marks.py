"""Which tests need what: the markers, `--fast`, `--long`, and the rule that keeps the markers true.

A test is marked by its folder, by a fixture it uses, or by its own `pytest.mark`. A pytest plug-in:
`tests/conftest.py` brings it in.
"""

import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Final

import pytest

HEAVY: Final = ("tensorflow", "ray")
"""Packages that only a test with the marker of that name may import in its own process."""

MARKERS: Final = (*HEAVY, "browser", "slow")
"""What `--fast` leaves out; `pyproject.toml` says what each means."""

LONG: Final = "long"
"""What only `--long` runs, for the checks of every change shall end within 15 minutes."""

_BY_FOLDER: Final = {"fixed_eval": "tensorflow"}
_BY_FIXTURE: Final = {
    "browse": "browser",
    **dict.fromkeys(("evaluation", "forked", "forked_here", "official"), "tensorflow"),
}
_TESTS: Final = Path(__file__).parent

_loaded_before = pytest.StashKey[set[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--fast` and `--long`."""
    parser.addoption(
        "--fast", action="store_true", help=f"leave out the tests marked {', '.join(MARKERS)}"
    )
    parser.addoption("--long", action="store_true", help=f"run the tests marked {LONG}, too")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `--fast`, do not even import a folder whose tests are all left out."""
    left_out = config.getoption("--fast") and _folder_marker(collection_path) is not None
    return True if left_out else None


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by `-m`
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark by folder and by fixture; keep what `--fast` and `--long` ask for."""
    for item in items:
        for marker in _markers(item.path, getattr(item, "fixturenames", ())):
            item.add_marker(marker)
    unasked = MARKERS if config.getoption("--fast") else ()
    unasked = unasked if config.getoption("--long") else (*unasked, LONG)
    left_out = {item for item in items if any(map(item.get_closest_marker, unasked))}
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


def _markers(path: Path, fixtures: Sequence[str]) -> set[str]:
    """Return the markers that a test's folder and fixtures give it."""
    by_folder = _folder_marker(path)
    by_fixture = {marker for name, marker in _BY_FIXTURE.items() if name in fixtures}
    return by_fixture | ({by_folder} if by_folder else set())


def _folder_marker(path: Path) -> str | None:
    """Return the marker of the folder below `tests/` in which `path` lies, or which it is."""
    if not path.is_relative_to(_TESTS):
        return None
    parts = path.relative_to(_TESTS).parts
    return _BY_FOLDER.get(parts[0]) if parts else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note what is loaded before the test and its fixtures."""
    item.stash[_loaded_before] = set(HEAVY) & sys.modules.keys()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Fail a test that, or whose fixtures, imported a package without being marked for it.

    What an earlier test has loaded is not seen again; `--fast` runs none that may load any.
    """
    yield
    loaded = set(HEAVY) & sys.modules.keys() - item.stash[_loaded_before]
    unmarked = sorted(name for name in loaded if item.get_closest_marker(name) is None)
    if unmarked:
        pytest.fail(
            f"this test imports {' and '.join(unmarked)}; mark it "
            f"{' and '.join(f'@pytest.mark.{name}' for name in unmarked)}",
            pytrace=False,
        )
