"""`datagen predict` as a user runs it."""

import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from datagen.cli.views.output import console
from datagen.cli.views.predictions import print_predictions
from datagen.evaluation.predict import Guess, Prediction

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.tensorflow
def test_a_network_is_exported_and_reads_images(
    datagen: Run, evaluable: Path, tmp_path: Path
) -> None:
    given = ("evaluate", evaluable / "tiny", "--preview", 1, "--no-report", "--json")
    done = datagen(*given, "--protocol", "simple-cnn", "--export-model", "model.keras")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"] == "model.keras"
    assert "model        model.keras" in done.stderr
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert {"config.json", "model.weights.h5"} < set(archive.namelist())
    folder = tmp_path / "images"
    folder.mkdir()
    image = next((evaluable / "tiny" / "val" / "v").iterdir())
    (folder / "v.png").write_bytes(image.read_bytes())
    (folder / "bad.png").write_bytes(b"hello")
    read = datagen("predict", "model.keras", "images", "--json")
    assert read.returncode == 4
    bad, good = map(json.loads, read.stdout.splitlines())
    assert (bad["command"], bad["label"]) == ("predict", None)
    assert bad["error"].startswith("is not an image")
    assert good["path"] == "images/v.png"
    assert len(good["likely"]) == 3
    assert good["likely"][0] == {"label": good["label"], "probability": good["probability"]}
    assert "│ v.png " in read.stderr
    assert f"labels       {good['label']} 1" in read.stderr
    assert read.stderr.splitlines()[-1].startswith("datagen: 1 of 2 files cannot be read, the")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "the model model.keras is not there; expected a .keras file that --export-model"),
        (b"hello", "model.keras is not a .keras file, or damaged; expected"),
        (b"PK\x05\x06" + bytes(18), "is a zip archive, but not one of ours"),
    ],
)
def test_what_is_no_model_is_one_line(
    datagen_here: Run, tmp_path: Path, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "model.keras").write_bytes(content)
    done = datagen_here("predict", "model.keras", ".")
    assert (done.returncode, done.stdout) == (4, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_model_is_refused_where_none_can_be_written(datagen_here: Run, evaluable: Path) -> None:
    given = ("evaluate", evaluable / "tiny", "--no-report", "--export-model")
    done = datagen_here(*given, "model.h5")
    assert done.returncode == 2
    assert "expected a name that ends in .keras" in done.stderr.splitlines()[-1]
    done = datagen_here(*given, "model.keras", "--seeds", 2)
    assert done.returncode == 2
    assert "evaluate one seed for it" in done.stderr


def test_the_table_fits_80_columns_and_says_what_was_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    likely = (Guess(label="viii", probability=0.5), Guess(label="vii", probability=0.25))
    read = [
        Prediction(
            path=f"/photos/{'deep/' * 12}{number}.png",
            label="viii",
            probability=0.5,
            likely=likely,
            corrected=("polarity",),
            warnings=("blank: it shows no ink",),
        )
        for number in range(7)
    ]
    bad = Prediction(path="/photos/bad.png", error="is empty")
    print_predictions([*read, bad], console(as_json=False))
    shown = capsys.readouterr().out.splitlines()
    table = [line for line in shown if line.startswith("│")]
    assert all(len(line) <= 80 for line in table)
    assert shown[0] == "/photos: 8 images"
    assert "labels       viii 7" in shown
    assert "prepared     7 ink inverted" in shown
    assert sum(line.startswith("warning ") for line in shown) == 6
    assert "warning      2 more; --json names all" in shown
    assert shown[-1] == "unreadable   /photos/bad.png: is empty"
    print_predictions([bad], console(as_json=False))
    assert capsys.readouterr().out == "unreadable   /photos/bad.png: is empty\n"
