"""`python -m fixed_eval.predict`: the same classes that the evaluation gave, a line per image."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fixed_eval import __main__ as evaluation
from fixed_eval import predict as command

Lines = list[dict[str, Any]]


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory, write_split: Callable[..., None]
) -> tuple[Path, Path, dict[str, Any]]:
    """A dataset of two classes, the model that `simple-cnn` made of it, and its score."""
    work = tmp_path_factory.mktemp("predict")
    rng = np.random.default_rng(0)
    for name, count in (("train", 8), ("val", 3)):
        write_split(work / "ds" / name, {"i": count, "x": count}, rng)
    arguments = [work / "ds", "--test", work / "ds" / "val", "--protocol", "simple-cnn"]
    arguments += ["--preview", "2", "--out", work / "score.json", "--progress", "none"]
    arguments += ["--export-model", work / "model.keras"]
    subprocess.run([sys.executable, "-m", "fixed_eval", *map(str, arguments)], check=True)
    return work / "ds", work / "model.keras", json.loads((work / "score.json").read_text())


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Lines, str]:
    code = command.main([*map(str, arguments), "--json"])
    said = capsys.readouterr()
    return code, [json.loads(line) for line in said.out.splitlines()], said.err


def test_a_test_image_gets_what_the_evaluation_gave_it(
    trained: tuple[Path, Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]
):
    dataset, model, score = trained
    code, lines, _ = call(capsys, model, dataset / "val")
    assert code == 0
    results = {row["path"]: row for row in score["tests"][0]["results"]}
    assert len(lines) == len(results) == 6
    for line in lines:
        row = results[str(Path(line["path"]).relative_to(dataset / "val"))]
        first, second = line["likely"]
        assert first["label"] == row["predicted"]
        assert first["probability"] == pytest.approx(max(row["probabilities"]), abs=1e-4)
        assert first["probability"] + second["probability"] == pytest.approx(1)
        assert line["error"] is None


def test_unreadable_files_are_named_and_end_nothing(
    trained: tuple[Path, Path, dict[str, Any]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    dataset, model, _ = trained
    shutil.copy(next((dataset / "val" / "i").iterdir()), tmp_path / "c.png")
    (tmp_path / "a.png").write_bytes(b"hello")
    (tmp_path / "b.png").write_bytes(b"")
    code, lines, _ = call(capsys, model, tmp_path)
    assert code == 4
    assert [Path(line["path"]).name for line in lines] == ["a.png", "b.png", "c.png"]
    assert [bool(line["error"]) for line in lines] == [True, True, False]
    listed = tmp_path / "listed"
    listed.write_text("".join(json.dumps(str(tmp_path / name)) + "\n" for name in ("c.png", "d")))
    code, lines, _ = call(capsys, model, "--listed", listed)
    assert (code, lines[1]["error"]) == (4, "No such file or directory")
    assert command.main([str(model), str(tmp_path / "c.png"), str(tmp_path / "a.png")]) == 4
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith(f"{tmp_path}/c.png: ")
    assert (
        shown[1] == f"{tmp_path}/a.png: not a PNG, JPEG, GIF or BMP image, whatever its name says"
    )


def test_a_reader_that_has_seen_enough_ends_it_quietly(trained: tuple[Path, Path, dict[str, Any]]):
    dataset, model, _ = trained
    with subprocess.Popen(
        [sys.executable, "-m", "fixed_eval.predict", str(model), str(dataset / "val"), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        told = running.stderr.read()
    assert running.returncode == 0
    assert "Traceback" not in told
    assert "BrokenPipe" not in told


def test_what_is_not_there_is_one_line(
    trained: tuple[Path, Path, dict[str, Any]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    _, model, _ = trained
    for arguments, says in (
        ((tmp_path / "no.keras", tmp_path), "is not there; expected a .keras file"),
        ((model, tmp_path), "holds no images"),
        ((model, tmp_path / "no.png"), "is not there; expected an image or a folder"),
    ):
        code, lines, err = call(capsys, *arguments)
        assert (code, lines) == (4, [])
        assert says in err
        assert len(err.splitlines()) == 1


def test_what_a_model_is_takes_no_keras(trained: tuple[Path, Path, dict[str, Any]]):
    _, model, score = trained
    code = (
        "import sys; from fixed_eval.predict import main; main(sys.argv[1:]); "
        "print(sorted({'keras', 'tensorflow', 'numba'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(model), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    line, loaded = done.stdout.splitlines()
    assert loaded == "[]"
    facts = json.loads(line)
    assert facts["classes"] == ["i", "x"]
    assert (facts["ink"], facts["colour"], facts["image_size"]) == ("dark", "rgb", 32)
    assert facts["dataset"] == score["dataset"]["fingerprint"]
    assert facts["chosen_epoch"] == score["chosen_epoch"]


def test_a_wrong_place_is_refused_at_once(
    trained: tuple[Path, Path, dict[str, Any]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    dataset, _, _ = trained
    out = str(tmp_path / "score.json")
    code = evaluation.main([str(dataset), "--out", out, "--export-model", str(tmp_path / "m.h5")])
    assert code == 2
    assert "expected a name that ends in .keras" in capsys.readouterr().err
