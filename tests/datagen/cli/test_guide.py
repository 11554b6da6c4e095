"""`datagen guide` as a user runs it: piped, and on a terminal."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from datagen.guide import text, topics

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.slow
def test_all_topics_are_listed_in_reading_order(datagen: Run) -> None:
    done = datagen("guide")
    assert done.returncode == 0, done.stderr
    listing = done.stdout.partition("next  ")[0]  # before the next step
    names = [line.split()[0] for line in listing.splitlines() if re.match(r"[a-z]", line)]
    assert names == list(topics())
    as_json = datagen("guide", "--json")
    listed = [json.loads(line) for line in as_json.stdout.splitlines()]
    assert [line["name"] for line in listed] == list(topics())
    assert listed[0] == {"command": "guide", "name": names[0]} | {
        "title": topics()[names[0]].title,
        "summary": topics()[names[0]].summary,
    }
    assert names[0] in as_json.stderr


@pytest.mark.parametrize("flags", [(), ("--raw",)])
def test_piped_a_page_is_markdown(datagen: Run, flags: tuple[str, ...]) -> None:
    done = datagen("guide", "evaluation", *flags)
    assert (done.returncode, done.stdout, done.stderr) == (0, text("evaluation"), "")


def test_a_page_as_json(datagen: Run) -> None:
    done = datagen("guide", "evaluation", "--json")
    assert json.loads(done.stdout)["markdown"] == text("evaluation")


def test_an_unknown_topic_is_one_clear_line(datagen: Run) -> None:
    done = datagen("guide", "evaluatoin")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'evaluation'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("less") is None or os.name != "posix", reason="POSIX and less")
@pytest.mark.parametrize("columns", [60, 80, 200])
def test_on_a_terminal_a_page_is_laid_out(tmp_path: Path, columns: int) -> None:
    shown = _on_a_terminal(tmp_path, columns, "evaluation")
    assert "\x1b[1m" in shown  # bold, for one
    plain = re.sub(r"\x1b(\[[\d;?]*[a-zA-Z]|[=>])", "", shown)
    assert "```" not in plain
    assert not re.search(r"\]\([\w-]+\.md", plain)
    assert "datagen guide" in plain
    assert max(len(line.rstrip()) for line in plain.splitlines()) <= min(columns, 100)
    assert _on_a_terminal(tmp_path, columns, "evaluation", "--raw") == text("evaluation")


def _on_a_terminal(folder: Path, columns: int, *arguments: str) -> str:
    """Return what `datagen guide` shows on a terminal that is high enough for all of a page."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 5000, columns, 0, 0))
    environment = os.environ | {"TERM": "xterm", "PAGER": "less", "LESS": "-RFX"}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        environment.pop(name, None)
    command = [str(Path(sys.executable).with_name("datagen")), "guide", *arguments]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environment
    ) as process:
        os.close(theirs)
        said = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    assert process.returncode == 0
    return said.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's answer once the other side is closed
        return b""
