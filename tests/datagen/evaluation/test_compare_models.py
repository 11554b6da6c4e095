"""Models side by side: order, verdicts, what is refused; made-up results, nothing is trained."""

import random
from pathlib import Path

import pytest

from datagen.core.errors import MissingInputError, UnknownNameError, UsageError
from datagen.evaluation.compare import Difference
from datagen.evaluation.compare_models import (
    ModelComparison,
    ModelOnTest,
    ModelResult,
    check_folders,
    check_models,
    ranked,
    verdict,
)
from datagen.evaluation.summary import spread, wilson
from datagen.reports.models.files import PAGE, RECORD, models_folder, write_models
from datagen.reports.models.page import models_page


def _apart(p: float, mean: float = -0.1) -> Difference:
    return Difference(
        accuracy=spread([mean, mean]),
        best_only=None,
        row_only=None,
        p_images=p,
        p_seeds=p,
        p=p,
    )


def made(
    name: str,
    accuracy: float,
    p: float | None,
    seconds: float = 100.0,
    epochs: int = 30,
    leaked: int = 0,
) -> ModelResult:
    """A model with two seeds, and the p-value of its difference to the best."""
    rng = random.Random(name)
    curves = tuple(
        tuple(
            min(1.0, max(0.0, accuracy * (1 - 0.8**k) + rng.uniform(-0.03, 0.03)))
            for k in range(1, epochs + 1)
        )
        for _ in range(2)
    )
    test = ModelOnTest(
        path="photos/label_book",
        fingerprint="f",
        images=52,
        accuracy=spread([accuracy, accuracy]),
        interval=wilson(accuracy, 52),
        leaked=leaked,
        leak_free=accuracy - 0.2 if leaked else None,
        macro_f1=spread([accuracy - 0.01, accuracy]),
        difference=None if p is None else _apart(p),
    )
    return ModelResult(
        name=name,
        parameters=232_330,
        official=True,
        mark="",
        engine="native",
        device="cpu",
        seeds=(123, 124),
        epochs=float(epochs),
        seconds=seconds,
        val=spread([accuracy, accuracy]),
        val_curves=curves,
        tests=(test,),
    )


def _comparison(*models: ModelResult, note: str = "a note") -> ModelComparison:
    return ModelComparison(
        path="ds",
        fingerprint="f",
        images=100,
        models=models,
        verdicts=(verdict(models, 0),),
        notes=(note,),
    )


def test_a_clear_order_is_said() -> None:
    models = [made("a", 0.9, None), made("b", 0.6, 0.001), made("c", 0.5, 0.02)]
    assert verdict(models, 0) == (
        "On photos/label_book a is best, better than b and c by more than noise."
    )


def test_what_is_within_noise_is_not_called_worse_and_the_faster_one_is_named() -> None:
    models = [made("a", 0.9, None), made("b", 0.88, 0.4, seconds=10), made("c", 0.5, 0.001)]
    assert verdict(models, 0) == (
        "On photos/label_book a is best, better than c by more than noise; b is within noise of "
        "it. b takes 10 s a run instead of 1 min 40 s: take it where time counts; more seeds may "
        "tell them apart (--seeds 4)."
    )


def test_slower_ones_within_noise_need_seeds() -> None:
    models = [made("a", 0.9, None), made("b", 0.88, 0.4), made("c", 0.88, 0.4)]
    assert verdict(models, 0) == (
        "On photos/label_book a is best; b and c are within noise of it: more seeds may tell them "
        "apart (--seeds 4)."
    )


def test_a_model_without_a_common_seed_is_not_called_worse() -> None:
    other = made("b", 0.1, 0.5)
    alone = other.model_copy(
        update={"tests": (other.tests[0].model_copy(update={"difference": None}),)}
    )
    assert "b is within noise" in verdict([made("a", 0.9, None), alone], 0)


def test_one_model_has_a_score_and_no_verdict() -> None:
    assert verdict([made("a", 0.9, None)], 0) == "On photos/label_book a scores 0.9000."


def test_where_every_test_image_is_known_no_model_is_best() -> None:
    models = [made("a", 0.1, None, leaked=52), made("b", 0.9, 0.5, leaked=52)]
    known = [
        model.model_copy(update={"tests": (model.tests[0].model_copy(update={"leak_free": None}),)})
        for model in models
    ]
    assert verdict(known, 0) == (
        "On photos/label_book nothing can be said: the dataset knows all its images. Test on "
        "images that it was not made of."
    )


def test_leaks_decide_the_order_as_in_compare() -> None:
    leaky, clean = made("a", 0.9, 0.5, leaked=9), made("b", 0.8, None)
    assert [model.name for model in ranked([leaky, clean], 0)] == ["b", "a"]


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    known = {"simple-cnn": 1, "model-s": 2}
    check_models(["model-s", "simple-cnn"], known)
    with pytest.raises(UnknownNameError, match="simple-cmm"):
        check_models(["simple-cmm"], known)
    with pytest.raises(UsageError, match="model-s is named twice"):
        check_models(["model-s", "model-s"], known)
    with pytest.raises(UsageError, match="no model is named; expected some of simple-cnn"):
        check_models([], known)
    with pytest.raises(MissingInputError, match="has no train/ and no val/"):
        check_folders(tmp_path, [tmp_path])
    for part in ("train", "val"):
        (tmp_path / part).mkdir()
    with pytest.raises(UsageError, match="--test DIR$"):
        check_folders(tmp_path, ())
    (tmp_path / "test").mkdir()
    with pytest.raises(UsageError, match=r"has one of its own: .*test$"):
        check_folders(tmp_path, [])
    with pytest.raises(MissingInputError, match="no folder at .*nowhere"):
        check_folders(tmp_path, [tmp_path / "nowhere"])
    check_folders(tmp_path, [tmp_path / "test"])


def test_the_page_shows_every_model_and_names_no_folder_of_the_machine(tmp_path: Path) -> None:
    models = (made("a", 0.9, None), made("b", 0.5, 0.0001, seconds=4000, epochs=12))
    (tmp_path / "ds").mkdir()
    found = _comparison(*models, note=f"see {tmp_path / 'ds'}/x").model_copy(
        update={"path": str(tmp_path / "ds")}
    )
    page = write_models(found, tmp_path / "out")
    text = page.read_text("utf-8")
    assert str(tmp_path) not in text
    assert "see ../ds/x" in text
    assert text.count('<polyline class="line c') == 4
    for expected in ("1 h", "the best", "yes, p &lt; 0.001", "232,330", "a is best, better than b"):
        assert expected in text, expected
    assert {path.name for path in (tmp_path / "out").iterdir()} == {PAGE, RECORD}
    again = ModelComparison.model_validate_json((tmp_path / "out" / RECORD).read_text())
    assert again.models[1] == models[1].model_copy(update={"tests": again.models[1].tests})


def test_a_page_of_one_short_run_has_whole_epochs() -> None:
    one = made("a", 0.0, None, seconds=0.0, epochs=1)
    text = models_page(_comparison(one))
    assert "a scores 0.0000" in text
    assert models_folder(Path("ds"), preview=True).name == "ds-models-preview"
