"""The markers are true: who loads TensorFlow or Ray says so, and `--fast` leaves it out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.marks import HEAVY, LONG, MARKERS

ROOT = Path(__file__).parents[1]


def run_pytest(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with our markers, and no other plug-in, on the tests in `folder`."""
    markers = "".join(f"    {marker}: a marker\n" for marker in (*MARKERS, LONG))
    (folder / "pytest.ini").write_text(
        f"[pytest]\naddopts = --strict-markers -p tests.marks -p no:cacheprovider\n"
        f"markers =\n{markers}"
    )
    for name in HEAVY:  # stand-ins, which load in no time
        (folder / f"{name}.py").write_text("")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", str(folder), *words, str(folder)],
        cwd=ROOT,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_who_says_what_it_needs_may_load_it_and_runs_where_it_is_asked_for(tmp_path: Path) -> None:
    for marker in (*MARKERS, LONG):
        body = f"import {marker}" if marker in HEAVY else "pass"
        (tmp_path / f"test_{marker}.py").write_text(
            f"import pytest\n\n@pytest.mark.{marker}\ndef test_it():\n    {body}\n"
        )
    (tmp_path / "test_light.py").write_text("def test_it():\n    pass\n")
    usual = run_pytest(tmp_path)
    assert f"{len(MARKERS) + 1} passed, 1 deselected" in usual.stdout, usual.stdout
    every = run_pytest(tmp_path, "--long")
    assert f"{len(MARKERS) + 2} passed" in every.stdout, every.stdout
    fast = run_pytest(tmp_path, "--fast")
    assert f"1 passed, {len(MARKERS) + 1} deselected" in fast.stdout, fast.stdout


def test_who_loads_a_heavy_package_unmarked_fails(tmp_path: Path) -> None:
    (tmp_path / "test_body.py").write_text("def test_it():\n    import tensorflow\n")
    (tmp_path / "test_fixture.py").write_text(
        "import pytest\n\n@pytest.fixture(scope='session')\ndef it():\n    import ray\n\n"
        "def test_it(it):\n    pass\n"
    )
    done = run_pytest(tmp_path, "--fast")
    assert done.returncode == 1
    assert "2 passed, 2 errors" in done.stdout, done.stdout
    for name in HEAVY:
        assert f"this test imports {name}; mark it @pytest.mark.{name}" in done.stdout


def test_every_marker_is_registered(pytestconfig: pytest.Config) -> None:
    registered = {line.partition(":")[0] for line in pytestconfig.getini("markers")}
    assert {*MARKERS, LONG} <= registered
