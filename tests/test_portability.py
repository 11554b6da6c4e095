"""No module of ours needs, to be imported, what only one kind of operating system has."""

import json
import subprocess
import sys

import pytest

ABSENT = ("fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios")
"""Modules that Windows lacks."""

LACKING = {
    "os": ("fork", "geteuid", "killpg", "pidfd_open", "sched_getaffinity", "setsid"),
    "signal": ("SIGHUP", "SIGKILL", "pidfd_send_signal", "pthread_sigmask"),
    "socket": ("AF_UNIX", "SOCK_SEQPACKET", "recv_fds", "send_fds"),
}
"""What Windows or macOS lack of modules that they have."""

PROGRAM = """
import importlib, json, pkgutil, sys
absent, lacking, first = json.loads(sys.argv[1])
if first == "sys":  # what others need, they load before it is gone
    import albumentations, cv2, numba, optuna, pooch, pydantic, requests, scipy, sklearn, typer
for name in absent:
    sys.modules[name] = None
for name, attributes in lacking.items():
    module = importlib.import_module(name)
    for attribute in attributes:
        if hasattr(module, attribute):
            delattr(module, attribute)
importlib.import_module(first)
count = 0
for package in ("datagen", "pipelines"):
    folders = importlib.import_module(package).__path__
    for module in pkgutil.walk_packages(folders, package + "."):
        importlib.import_module(module.name)
        count += 1
print(count)
"""


def import_all(first: str) -> "subprocess.CompletedProcess[str]":
    """Import `first`, then every module of ours, in a process of a system that has little."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([ABSENT, LACKING, first])],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_every_module_is_imported_without_what_is_posix_only() -> None:
    done = import_all("sys")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 150


def test_this_test_can_fail() -> None:
    done = import_all("fcntl")
    assert done.returncode != 0
    assert "import of fcntl halted" in done.stderr
