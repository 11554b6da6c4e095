"""The README's sweep of ratios, as a shell script on small data."""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
set -eu
for r in 0 50 100; do
  datagen build --mix pen=$r --mix images:numerals=$((100 - r)) --option pen.writers=12 \\
    --images 50 --out ds-$r --quiet
  datagen evaluate ds-$r --test test --preview 1 --json >> scores.jsonl
done
datagen compare scores.jsonl
"""


def test_a_sweep_of_ratios_is_a_shell_loop(
    evaluable: Path, numeral_folder: Path, tmp_path: Path
) -> None:
    assert numeral_folder == tmp_path / "numerals"
    (evaluable / "test").rename(tmp_path / "test")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", SCRIPT],
        cwd=tmp_path,
        env=os.environ | {"PATH": path, "DATAGEN_CACHE": str(tmp_path / "cache")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "scores.jsonl").read_text().splitlines()
    assert [json.loads(line)["path"] for line in lines] == ["ds-0", "ds-50", "ds-100"]
    assert {name for name in done.stdout.split() if name.startswith("ds-")} == {
        "ds-0",
        "ds-50",
        "ds-100",
    }
    assert done.stdout.count("PREVIEW, 1 epoch") == 3
    assert done.stderr.count("epoch 1/1") == 3
