import json
import math
import os
import shutil
from pathlib import Path

import cv2
import pytest

from datagen.building.build import build
from datagen.core.errors import (
    CorruptInputError,
    DatasetError,
    EvaluationError,
    InputError,
    MissingInputError,
    RuleError,
    UsageError,
)
from datagen.core.numerals import CLASSES
from datagen.curation.hard_examples.find import GAIN, cautions, mine, weight
from datagen.curation.hard_examples.record import Hard
from datagen.curation.hard_examples.sheet import hard_sheet
from datagen.evaluation.evaluate import Evaluation
from datagen.evaluation.process import Event
from datagen.evaluation.request import EvaluationRequest
from datagen.files.hashing import file_hash
from datagen.recipes.schema import Ingredient, Recipe
from datagen.sources.images.weights import write_record
from tests.datagen.conftest import Started


def tell(_: int, event: Event) -> None:
    """Tell nobody."""


@pytest.fixture
def hard(evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch) -> Hard:
    """What a real preview of two seeds found, without running it again."""
    monkeypatch.setattr(
        "datagen.curation.hard_examples.find.evaluate_dataset", lambda *_: evaluation
    )
    return mine(evaluation.request, tell, share=0.3)


@pytest.mark.tensorflow
@pytest.mark.usefixtures("forked")
def test_a_real_evaluation_is_mined(evaluable: Path) -> None:
    events: list[str] = []
    request = EvaluationRequest(evaluable / "tiny", (evaluable / "test",), preview=1)
    found = mine(request, lambda _, event: events.append(event["event"]), top=4)
    assert "epoch" in events
    assert (found.preview, found.seeds, found.top) == (1, (123,), 4)
    assert len(found.images) == 20
    assert found.leaked == 0
    for image in found.images:
        assert file_hash(evaluable / "test" / image.path) == image.sha256
        assert image.path.startswith(f"{image.numeral}/")
        assert image.weight == pytest.approx(1 + GAIN * (1 - image.probability), abs=1e-4)
    write_record(found, evaluable / "hard.json")
    kept = Hard.model_validate_json((evaluable / "hard.json").read_bytes())
    assert (kept.dataset, kept.folder) == ("tiny", "test")  # from the file's folder
    assert kept.images == found.images
    plain = json.loads((evaluable / "hard.json").read_text())
    assert plain["images"][0]["class"] in CLASSES
    assert hard_sheet(found).width >= 200


def test_probabilities_are_means_over_the_seeds(hard: Hard, evaluation: Evaluation) -> None:
    assert hard.seeds == (123, 124)
    assert hard.top == math.ceil(0.3 * 21)
    runs = [
        {(image.true, image.sha256): image for image in score.tests[0].results}
        for score in evaluation.scores
    ]
    for image in hard.images:
        rows = [run[image.numeral, image.sha256].probabilities for run in runs]
        mean = [(a + b) / 2 for a, b in zip(*rows, strict=True)]
        assert image.probability == pytest.approx(mean[CLASSES.index(image.numeral)], abs=1e-6)
        assert image.predicted == CLASSES[mean.index(max(mean))]


def test_the_missed_come_first_then_the_least_sure(hard: Hard) -> None:
    order = [(not image.missed, image.probability) for image in hard.images]
    assert order == sorted(order)
    assert hard.hardest == hard.images[:7]
    paths = {image.path for image in hard.images}
    assert "x/more/1.png" in paths  # at any depth
    assert "v/leak.PNG" in paths


def test_a_leak_is_told(hard: Hard) -> None:
    assert [image.path for image in hard.images if image.leaked] == ["v/leak.PNG"]
    said = " ".join(cautions(hard))
    assert "test looks like a test set or holdout" in said
    assert "1 of 21 images are in the dataset already" in said
    assert "a preview (2 epochs)" in said
    clean = hard.model_copy(update={"folder": "/photos/second-half", "preview": None, "images": ()})
    assert cautions(clean) == ()


def test_a_cached_score_of_files_with_other_names_serves(
    evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "datagen.curation.hard_examples.find.evaluate_dataset", lambda *_: evaluation
    )
    copy = Path(shutil.copytree(evaluation.request.tests[0], tmp_path / "copy"))
    (copy / "i" / "0.png").rename(copy / "i" / "renamed.png")
    request = EvaluationRequest(evaluation.request.dataset, (copy,))
    assert "i/renamed.png" in {image.path for image in mine(request, tell).images}
    cv2.imwrite(str(copy / "i" / "new.png"), cv2.imread(str(copy / "i" / "1.png"))[:, ::-1])
    with pytest.raises(DatasetError, match=r"i/new.png changed while .*copy was evaluated"):
        mine(request, tell)


@pytest.mark.usefixtures("no_start")
def test_a_folder_that_was_trained_on_is_refused_before_any_work(evaluable: Path) -> None:
    tiny = evaluable / "tiny"
    with pytest.raises(RuleError, match="all 10 images of .*train are in .*tiny already"):
        mine(EvaluationRequest(tiny, (tiny / "train",)), tell)
    shutil.copy(evaluable / "test" / "i" / "0.png", tiny / "train" / "i" / "new.png")
    with pytest.raises(Started):  # one of twenty
        mine(EvaluationRequest(tiny, (evaluable / "test",)), tell)


@pytest.mark.usefixtures("no_start")
def test_images_that_variants_were_made_from_are_known(
    numeral_folder: Path, tmp_path: Path
) -> None:
    recipe = Recipe(mix=(Ingredient(source="images", path=numeral_folder),), pipeline="scanned")
    made = build(recipe.model_copy(update={"images": 200}), tmp_path / "variants").path
    with pytest.raises(RuleError, match="all 60 images .* as variants"):
        mine(EvaluationRequest(made, (numeral_folder,)), tell)
    copies = shutil.copytree(numeral_folder, tmp_path / "copies")
    with pytest.raises(RuleError, match="all 60 images .* as variants"):
        mine(EvaluationRequest(made, (copies,)), tell)
    (made / "manifest.jsonl").write_text("damaged\n")
    with pytest.raises(Started):
        mine(EvaluationRequest(made, (numeral_folder,)), tell)


def test_a_run_that_diverged_is_named(
    evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = evaluation.scores[0]
    rows = first.tests[0].results
    lost = rows[0].model_copy(update={"probabilities": (math.nan,) * 10})
    test = first.tests[0].model_copy(update={"results": (lost, *rows[1:])})
    score = first.model_copy(update={"tests": (test,)})
    damaged = Evaluation(evaluation.request, (score,), {}, frozenset())
    monkeypatch.setattr("datagen.curation.hard_examples.find.evaluate_dataset", lambda *_: damaged)
    with pytest.raises(EvaluationError, match="seed 123 diverged"):
        mine(evaluation.request, tell)


def test_weights_are_one_to_five() -> None:
    assert (weight(1.0), weight(0.5), weight(0.0)) == (1.0, 3.0, 5.0)


@pytest.mark.usefixtures("no_start")
def test_numbers_out_of_range_are_refused(evaluable: Path) -> None:
    request = EvaluationRequest(evaluable / "tiny", (evaluable / "test",))
    with pytest.raises(UsageError, match="top is 0"):
        mine(request, tell, top=0)
    for share in (0.0, 1.1, math.nan):
        with pytest.raises(UsageError, match="share is"):
            mine(request, tell, share=share)


def test_a_sheet_of_images_that_are_gone_is_refused(hard: Hard, tmp_path: Path) -> None:
    gone = hard.model_copy(update={"folder": str(tmp_path)})
    with pytest.raises(MissingInputError, match="no file"):
        hard_sheet(gone)


@pytest.mark.usefixtures("no_start")
def test_names_that_no_record_holds_are_refused_before_any_work(
    evaluable: Path, tmp_path: Path
) -> None:
    test = tmp_path / "test"
    shutil.copytree(evaluable / "test", test)
    file = next((test / "i").iterdir())
    try:
        file.rename(file.with_name(os.fsdecode(b"caf\xe9.png")))
    except OSError as error:
        pytest.skip(f"this file system takes no such name: {error}")
    with pytest.raises(CorruptInputError, match="no Unicode"):
        mine(EvaluationRequest(evaluable / "tiny", (test,), preview=1), tell)


@pytest.mark.tensorflow
@pytest.mark.usefixtures("forked")
def test_a_folder_that_is_not_there_is_the_evaluators_to_refuse(evaluable: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        mine(EvaluationRequest(evaluable / "tiny", (evaluable / "nowhere",)), tell)
