"""A build that is killed at any moment leaves the old dataset or the new, and nothing for long."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has neither fork nor SIGKILL"),
]


def test_builds_killed_at_fifty_moments(tmp_path: Path) -> None:
    script = Path(__file__).with_name("kills.py")
    ran = subprocess.run(
        [sys.executable, script, tmp_path / "in" / "ds", "50"],
        env=os.environ | {"DATAGEN_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    ended, left, *there = ran.stdout.split()
    assert there == ["ds"]
    assert int(ended) < 45
    assert int(left) > 5


def test_workers_end_with_the_build_that_is_killed(tmp_path: Path) -> None:
    command = [Path(sys.executable).with_name("datagen"), "build", "--images", "3000", "--quiet"]
    with subprocess.Popen(
        [*command, "--workers", "2", "--out", tmp_path / "ds"],
        env=os.environ | {"DATAGEN_CACHE": str(tmp_path / "cache")},
        start_new_session=True,
    ) as build:
        try:
            wait(lambda: any(tmp_path.glob(".ds.*.partial/train/*/*.png")))
            build.kill()
            build.wait()
            wait(lambda: not group_lives(build.pid))
        finally:
            if group_lives(build.pid):
                os.killpg(build.pid, signal.SIGKILL)
    assert not (tmp_path / "ds").exists()


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait(until: Callable[[], bool]) -> None:
    for _ in range(600):
        if until():
            return
        time.sleep(0.1)
    raise TimeoutError
