"""`python -m tests`: everything that must hold — lint, format, types, import rules, tests.

`--fast` leaves out the tests that have a marker (`tests/marks.py`); it and all other words go to
pytest.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable
CHECKS = (
    [PYTHON, "-m", "ruff", "check", "."],
    [PYTHON, "-m", "ruff", "format", "--check", "."],
    [PYTHON, "-m", "mypy"],
    [str(Path(PYTHON).with_name("lint-imports"))],
    [PYTHON, "-m", "pytest", "-n", "auto", *sys.argv[1:]],
)


def main() -> int:
    """Run every check, also after one has failed; return 0 if all pass."""
    failed = []
    for command in CHECKS:
        shown = " ".join(command).replace(PYTHON, "python")
        print(f"\n=== {shown}", flush=True)
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(shown)
    print(
        "\n" + "\n".join(f"FAILED {shown}" for shown in failed) if failed else "\nall checks pass"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
