"""The guide's sweep of ratios, as a shell script on small data."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from datagen.guide import text

PAGE = text("sweeps")
(SCRIPT,) = re.findall(r"```sh\n(for r in .*?)```", PAGE, flags=re.DOTALL)
SMALL = {"REAL": "numerals", "TEST": "test", "IMAGES": "50", "MORE": "--preview 1 --no-report"}


def test_a_sweep_of_ratios_is_a_shell_loop(
    evaluable: Path, numeral_folder: Path, tmp_path: Path, forked_here: tuple[int, ...]
) -> None:
    assert numeral_folder == tmp_path / "numerals"
    (evaluable / "test").rename(tmp_path / "test")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-eu", "-c", SCRIPT],
        cwd=tmp_path,
        env=os.environ | SMALL | {"PATH": path, "DATAGEN_CACHE": str(tmp_path / "cache")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        pass_fds=forked_here,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "scores.jsonl").read_text().splitlines()
    datasets = ["ds-0", "ds-25", "ds-50", "ds-75", "ds-100"]
    assert [json.loads(line)["path"] for line in lines] == datasets
    assert {name for name in done.stdout.split() if name.startswith("ds-")} == set(datasets)
    assert done.stdout.count("PREVIEW, 1 epoch") == 5
    assert done.stderr.count("epoch 1/1") == 5
