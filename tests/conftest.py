"""What all tests share: the real data where it is there, and the command line as a user runs it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

from tests.marks import (  # noqa: F401 - hooks, which pytest finds by their names
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_ignore_collect,
    pytest_runtest_setup,
    pytest_runtest_teardown,
)

ROOT = Path(__file__).parents[1]
Run = Callable[..., subprocess.CompletedProcess[str]]

# A busy machine, or one that measures coverage, is no failure: timings belong to benchmarks.
hypothesis.settings.register_profile("whole", deadline=None)
hypothesis.settings.register_profile("fast", deadline=None, max_examples=15)

# No test downloads megabytes: those of fetching say themselves what they may reach.
os.environ["DATAGEN_OFFLINE"] = "1"

# A shell that starts the tests in the background makes them, and all they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Try fewer examples with `--fast`, where a test does not say how many itself."""
    hypothesis.settings.load_profile("fast" if config.getoption("--fast") else "whole")


@pytest.fixture
def shared_data() -> Path:
    """Return the folder of real data, or skip."""
    path = Path(os.environ.get("DATAGEN_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; DATAGEN_SHARED_DATA names it")
    return path


@pytest.fixture
def datagen(tmp_path: Path) -> Run:
    """Run the installed `datagen` in a folder of its own."""
    script = Path(sys.executable).with_name("datagen")
    environment = os.environ | {"DATAGEN_CACHE": str(tmp_path / "cache"), "COLUMNS": "100"}

    def run(*arguments: object, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(script), *map(str, arguments)],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=tmp_path,
            env=environment,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture
def datagen_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run `datagen` as the fixture of that name does, but in this process, which takes no start.

    For what needs no process of its own: no signals, no closed streams, no workers.
    """
    from datagen.cli.app import _run

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        words = [str(argument) for argument in arguments]
        capsys.readouterr()
        code = _run(words)
        said = capsys.readouterr()
        return subprocess.CompletedProcess(words, code, said.out, said.err)

    return run
