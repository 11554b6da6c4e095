"""`datagen compare-models` as a user runs it, at tiny size."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
MODELS = "cutoff-resnet50,cutoff-resnet50-earlystop"


@pytest.mark.slow
@pytest.mark.tensorflow
def test_two_models_are_laid_side_by_side(datagen: Run, evaluable: Path, tmp_path: Path) -> None:
    words = [evaluable / "tiny", "--models", MODELS, "--test", evaluable / "test"]
    done = datagen("compare-models", *words, "--preview", "1", "--out", "side", "--json")
    assert done.returncode == 0, done.stderr
    assert "model 2 of 2: cutoff-resnet50-earlystop" in done.stderr
    said = json.loads(done.stdout)
    assert said["command"] == "compare-models"
    assert sorted(model["name"] for model in said["models"]) == MODELS.split(",")
    # the first epoch of both is the same training
    first, second = said["models"]
    assert first["tests"][0]["accuracy"] == second["tests"][0]["accuracy"]
    assert second["tests"][0]["difference"]["p"] == 1.0
    assert (first["parameters"], first["epochs"]) == (232_330, 1.0)
    assert "within noise" in said["verdicts"][0]
    assert (tmp_path / "side" / "models.html").is_file()
    assert said["report"] == str(Path("side", "models.html"))
    assert "next         datagen compare-models" in done.stderr


def test_an_unknown_model_is_refused_before_anything_is_trained(
    datagen_here: Run, evaluable: Path
) -> None:
    words = [evaluable / "tiny", "--models", "cutoff-resnet50,simple-cmm", "--preview", "1"]
    done = datagen_here("compare-models", *words, "--test", evaluable / "test")
    assert (done.returncode, done.stdout) == (2, "")
    assert "simple-cmm" in done.stderr
    assert "simple-cnn" in done.stderr
    done = datagen_here("compare-models", evaluable / "tiny", "--models", "model-s")
    assert done.returncode == 2
    assert "--test DIR" in done.stderr
