import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from datagen.files.signals import held_back

posix = pytest.mark.skipif(os.name != "posix", reason="sends signals that Windows lacks")


def interrupted(reached: list[str]) -> None:
    with held_back():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        reached.append("the end")


@posix
def test_a_signal_waits_for_the_block_to_end_whichever_thread_takes_it() -> None:
    idle = threading.Event()
    thread = threading.Thread(target=idle.wait)
    thread.start()  # unmasked, so it takes the signal that the main thread masks
    reached: list[str] = []
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted(reached)
    finally:
        idle.set()
        thread.join()
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_a_signal_nothing_is_raised_and_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with held_back():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


@posix
def test_only_the_first_signal_interrupts(tmp_path: Path) -> None:
    program = """
import os, signal
from datagen.files.signals import end_tidily
end_tidily()
try:
    os.kill(os.getpid(), signal.SIGTERM)
except KeyboardInterrupt:
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    open("tidied", "w").close()
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=False)
    assert done.returncode == 0
    assert (tmp_path / "tidied").exists()


@posix
def test_what_is_ignored_stays_ignored(tmp_path: Path) -> None:
    program = """
import os, signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
from datagen.files.signals import end_tidily
end_tidily()
os.kill(os.getpid(), signal.SIGINT)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=False)
    assert done.returncode == 0


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="a system without timers")
def test_an_interrupt_waits_for_an_import_to_end(tmp_path: Path) -> None:
    """A module that swallows what comes while it is imported, as compiled libraries do."""
    (tmp_path / "greedy.py").write_text(
        "import os, signal, time\n"
        "try:\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(0.1)\n"
        "except BaseException:\n"
        "    pass\n"
    )
    code = (
        "import time\n"
        "from datagen.files.signals import end_tidily\n"
        "end_tidily()\n"
        "try:\n"
        "    import greedy\n"
        "    time.sleep(30)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[3]}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=25,
    )
    assert done.stdout == "interrupted\n", done.stderr
