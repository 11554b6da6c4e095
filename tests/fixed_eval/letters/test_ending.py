"""A training whose starter is gone ends soon, and tidily."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

SLEEPER = """
import pathlib, time
from fixed_eval.letters.ending import end_with_reader
end_with_reader()
try:
    print("begun", flush=True)
    time.sleep(60)
finally:
    pathlib.Path("tidied").touch()
    print("nobody reads this", flush=True)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes are not watched there")


def begun(folder: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE, text=True, cwd=folder
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def test_it_ends_once_nobody_reads(tmp_path: Path) -> None:
    with begun(tmp_path) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.wait(30)
    assert (tmp_path / "tidied").exists()


def test_it_ends_where_it_is_told_to(tmp_path: Path) -> None:
    with begun(tmp_path) as process:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert (tmp_path / "tidied").exists()
