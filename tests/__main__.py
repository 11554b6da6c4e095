"""`python -m tests`: everything that must hold — lint, format, types, import rules, tests.

`--fast` leaves out the tests that have a marker (`tests/marks.py`), `--long` adds the longest; they
and all other words go to pytest.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable
LINT = (
    [PYTHON, "-m", "ruff", "check", "."],
    [PYTHON, "-m", "ruff", "format", "--check", "."],
)
BESIDE = (
    [PYTHON, "-m", "mypy"],
    [str(Path(PYTHON).with_name("lint-imports"))],
)
"""What uses one core, while many tests wait for other processes: it runs beside them."""

# Two more than there are cores, for many tests wait for other processes. Neighbours share what is
# made once for several tests, and nobody is idle at the end.
WORKERS = str((os.cpu_count() or 1) + 2)
TESTS = [PYTHON, "-m", "pytest", "-n", WORKERS, "--dist", "worksteal", *sys.argv[1:]]


def main() -> int:
    """Run every check, also after one has failed; return 0 if all pass."""
    # The tests start hundreds of processes, each of which would compile our modules again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    failed = [_shown(command) for command in LINT if not _passes(command)]
    with ThreadPoolExecutor(1) as pool:
        beside = pool.map(_passes_at_once, BESIDE)
        if not _passes(TESTS):
            failed.append(_shown(TESTS))
        failed += [_shown(each) for each, good in zip(BESIDE, beside, strict=True) if not good]
    print(
        "\n" + "\n".join(f"FAILED {shown}" for shown in failed) if failed else "\nall checks pass"
    )
    return 1 if failed else 0


def _shown(command: Sequence[str]) -> str:
    return " ".join(command).replace(PYTHON, "python")


def _passes(command: Sequence[str]) -> bool:
    """Run a check, whose output is shown as it comes."""
    print(f"\n=== {_shown(command)}", flush=True)
    return not subprocess.run(command, cwd=ROOT, check=False).returncode


def _passes_at_once(command: Sequence[str]) -> bool:
    """Run a check, whose output is shown as a whole when it ends."""
    done = subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, errors="replace"
    )
    print(f"\n=== {_shown(command)}\n{done.stdout}{done.stderr}", flush=True)
    return not done.returncode


if __name__ == "__main__":
    sys.exit(main())
