"""The Python that the guide shows runs, block after block, in an empty folder."""

import re
from pathlib import Path

import pytest

from datagen.guide import text


@pytest.mark.slow
@pytest.mark.usefixtures("forked_here")
@pytest.mark.timeout(900)
def test_the_python_shown_runs(tmp_path: Path) -> None:
    seen: dict[str, object] = {"__name__": "notebook"}
    blocks = re.findall(r"^```python\n(.*?)^```", text("python-api"), re.DOTALL | re.MULTILINE)
    assert len(blocks) > 10
    for block in blocks:
        exec(compile(block, "python-api.md", "exec"), seen)
    for name in ("sheet.png", "recipe.png", "submission.zip", "report/report.html", "rare.json"):
        assert (tmp_path / name).is_file(), name
