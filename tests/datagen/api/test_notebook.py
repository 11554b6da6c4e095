"""A notebook, run by a real Jupyter kernel: build, look, evaluate, compare, without a terminal."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = (
    "import datagen",
    "first = datagen.build({'images': 100}, 'first', progress=datagen.NotebookProgress())\nfirst",
    "second = datagen.build({'images': 100, 'seed': 1}, 'second', workers=2)",
    "test = 'second/val'\nscore = datagen.evaluate(first, test=test, preview=1, "
    "progress=datagen.NotebookProgress())\nscore",
    "other = datagen.evaluate(second, test=test, preview=1)\ndatagen.compare(score, other)",
    "datagen.write_report(score, 'report').name",
)


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_notebook_builds_looks_evaluates_and_compares(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    NotebookClient(notebook, timeout=280, resources={"metadata": {"path": str(tmp_path)}}).execute()
    html = [
        output["data"]["text/html"]
        for cell in notebook.cells
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    ]
    assert any("data:image/png" in shown for shown in html)
    assert any('value="100" max="100"' in shown for shown in html)
    assert any("PREVIEW of 1 epoch" in shown for shown in html)
    assert any("more than noise?" in shown and "second" in shown for shown in html)
    assert "report.html" in notebook.cells[-1].outputs[0]["data"]["text/plain"]
    assert (tmp_path / "report" / "report.html").is_file()
