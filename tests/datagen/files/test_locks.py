"""One owner at a time, and none after it has died."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from datagen.files.locks import locked, try_lock

HOLD = (
    "import sys, datagen.files.locks as l, pathlib; l.try_lock(pathlib.Path(sys.argv[1])); print(1)"
)


def test_a_lock_has_one_owner(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "lock"
    with locked(path):
        assert try_lock(path) is None
    assert not path.exists()
    again = try_lock(path)
    assert again is not None
    os.close(again)


def test_a_dead_owner_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = HOLD + "; sys.stdout.flush(); sys.stdin.read()"
    owner = subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with owner:
        assert owner.stdout is not None
        assert owner.stdout.read(1) == b"1"
        assert try_lock(path) is None
        owner.kill()
        owner.wait()
        descriptor = try_lock(path)
        assert descriptor is not None
        os.close(descriptor)


def test_many_owners_come_one_after_another(tmp_path: Path) -> None:
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(3):
            with locked(tmp_path / "lock"):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_waiting_can_be_given_up(tmp_path: Path) -> None:
    def give_up() -> None:
        raise TimeoutError

    with locked(tmp_path / "lock"), pytest.raises(TimeoutError), locked(tmp_path / "lock", give_up):
        pass
