"""`datagen compare-models` as a user runs it, at tiny size."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datagen.api.models import compare_models
from datagen.core.errors import MissingInputError, UsageError
from datagen.evaluation.compare_models import FailedModel, evaluate_each

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
    words = [evaluable / "tiny", "--models", MODELS, "--preview", "1", "--test", evaluable / "test"]
    for more in (["--workers", 10**8], ["--test", evaluable / "test"]):
        done = datagen_here("compare-models", *words, *more)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_weights_that_no_model_begins_with_are_refused(datagen_here: Run, evaluable: Path) -> None:
    words = [evaluable / "tiny", "--models", MODELS, "--test", evaluable / "test"]
    done = datagen_here("compare-models", *words, "--weights", "nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no pretrained model is among cutoff-resnet50, cutoff-resnet50-early" in done.stderr


def test_a_folder_that_cannot_be_written_is_met_before_anything_is_trained(
    evaluable: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    data, test = evaluable / "tiny", evaluable / "test"
    with pytest.raises(UsageError, match=r"file is a file; --out names a folder"):
        compare_models(data, MODELS.split(","), test=test, preview=1, out=tmp_path / "file")


def test_a_model_that_fails_costs_the_others_nothing() -> None:
    def evaluate(name: str) -> Any:
        if name == "transfer-mobilenet":
            raise MissingInputError("no weights; bring the file")
        return name

    found, failed = evaluate_each(["simple-cnn", "transfer-mobilenet", "model-s"], evaluate)
    assert found == ["simple-cnn", "model-s"]
    assert failed == (
        FailedModel(name="transfer-mobilenet", error="no weights; bring the file", exit_code=4),
    )
    with pytest.raises(MissingInputError, match="no weights"):
        evaluate_each(["transfer-mobilenet"], evaluate)


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_missing_model_is_said_with_the_exit_code_of_its_failure(
    datagen_here: Run, evaluable: Path
) -> None:
    """Weights that are no file of ours: the pretrained model fails, the other is scored."""
    words = [evaluable / "tiny", "--models", "cutoff-resnet50,transfer-mobilenet"]
    words += ["--test", evaluable / "test", "--preview", "1", "--weights", "no.h5", "--json"]
    done = datagen_here("compare-models", *words)
    assert done.returncode == 4, done.stderr
    said = json.loads(done.stdout)
    assert [model["name"] for model in said["models"]] == ["cutoff-resnet50"]
    assert [model["name"] for model in said["failed"]] == ["transfer-mobilenet"]
    assert "transfer-mobilenet is missing, for it failed: " in said["notes"][-1]
