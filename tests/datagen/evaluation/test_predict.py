"""Images are made like those a network has learnt from; what it reads in them becomes records."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from datagen.core.errors import MissingInputError, UsageError
from datagen.evaluation import predict
from datagen.evaluation.evaluate import evaluate_dataset
from datagen.evaluation.predict import Prediction, predict_images
from datagen.evaluation.request import EvaluationRequest

Pixels = npt.NDArray[np.uint8]
MODEL = Path("m.keras")


def numeral(side: int = 64) -> Pixels:
    """Dark strokes on light paper, unlike their mirror images."""
    image = np.full((side, side), 230, np.uint8)
    cv2.line(image, (side // 4, side // 6), (side // 3, side * 5 // 6), 20, 4)
    cv2.line(image, (side // 2, side // 6), (side * 3 // 4, side * 2 // 3), 20, 4)
    return image


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], list[dict[str, Any]]]:
    """Let the evaluator answer; `handed(ink)` gives the files that it gets, decoded."""

    def of(ink: str | None) -> list[dict[str, Any]]:
        got: list[dict[str, Any]] = []

        def answer(tool: str, *words: str, **_: object) -> list[dict[str, Any]]:
            assert tool == "predict"
            if "--listed" not in words:
                about = {"protocol": "p", "classes": ["i", "x"], "image_size": 32, "ink": ink}
                return [about]
            lines = Path(words[words.index("--listed") + 1]).read_text().splitlines()
            paths = [Path(json.loads(line)) for line in lines]
            read = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in paths]
            got.extend(
                {"path": path, "pixels": each} for path, each in zip(paths, read, strict=True)
            )
            likely = [{"label": "x", "probability": 0.75}, {"label": "i", "probability": 0.25}]
            return [{"path": str(path), "likely": likely, "error": None} for path in paths]

        monkeypatch.setattr(predict, "run_tool", answer)
        return got

    return of


def write_kinds(folder: Path) -> dict[str, tuple[str, ...]]:
    """Write one numeral in many ways; return what has to be put right in each file."""
    folder.mkdir()
    gray = numeral()
    full, none = np.full_like(gray, 255), np.zeros_like(gray)
    Image.fromarray(gray).save(folder / "gray.png")
    Image.fromarray(np.dstack([gray] * 3)).save(folder / "rgb.png")
    Image.fromarray(np.dstack([gray] * 3)).save(folder / "rgb.bmp")
    Image.fromarray(np.dstack([gray, full])).save(folder / "opaque.png")
    Image.fromarray(255 - gray).save(folder / "light.png")
    Image.fromarray(np.dstack([none, none, none, 255 - gray])).save(folder / "ink.png")
    Image.fromarray(np.dstack([full, full, full, 255 - gray])).save(folder / "white-ink.png")
    Image.fromarray(gray).save(folder / "gray.tiff")
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(np.rot90(gray)).save(folder / "turned.png", exif=turned)
    return {
        "gray.png": (),
        "gray.tiff": ("format",),
        "ink.png": ("alpha",),
        "light.png": ("polarity",),
        "opaque.png": (),
        "rgb.bmp": (),
        "rgb.png": (),
        "turned.png": ("orientation",),
        "white-ink.png": ("polarity",),
    }


def gray_of(pixels: Pixels) -> Pixels:
    return pixels if pixels.ndim == 2 else pixels[..., 0]


def test_every_kind_of_image_reaches_the_network_as_dark_ink(
    tmp_path: Path, handed: Callable[[str | None], list[dict[str, Any]]]
) -> None:
    kinds = write_kinds(tmp_path / "kinds")
    got = handed("dark")
    found = predict_images(MODEL, [tmp_path / "kinds"])
    assert {Path(each.path).name: each.corrected for each in found} == kinds
    for each, file in zip(found, got, strict=True):
        assert (each.label, each.probability, each.error) == ("x", 0.75, None)
        assert (each.width, each.height, each.warnings) == (64, 64, ())
        np.testing.assert_array_equal(gray_of(file["pixels"]), numeral(), err_msg=each.path)
        untouched = file["path"].parent == tmp_path / "kinds"
        assert untouched == (each.corrected == ())


def test_a_network_that_has_learnt_light_ink_gets_light_ink(
    tmp_path: Path, handed: Callable[[str | None], list[dict[str, Any]]]
) -> None:
    write_kinds(tmp_path / "kinds")
    got = handed("light")
    found = predict_images(MODEL, [tmp_path / "kinds"])
    for each, file in zip(found, got, strict=True):
        light = Path(each.path).name in {"light.png", "white-ink.png"}
        assert ("polarity" in each.corrected) != light
        np.testing.assert_array_equal(gray_of(file["pixels"]), 255 - numeral(), err_msg=each.path)


def test_where_the_training_images_are_mixed_nothing_is_inverted(
    tmp_path: Path, handed: Callable[[str | None], list[dict[str, Any]]]
) -> None:
    write_kinds(tmp_path / "kinds")
    handed(None)
    found = predict_images(MODEL, [tmp_path / "kinds"])
    assert not any("polarity" in each.corrected for each in found)


def test_colours_stay(tmp_path: Path, handed: Callable[[str | None], list[dict[str, Any]]]) -> None:
    gray = numeral()
    colour = np.dstack([gray, 255 - gray // 2, np.full_like(gray, 255)])
    Image.fromarray(255 - colour).save(tmp_path / "light.png")
    got = handed("dark")
    predict_images(MODEL, [tmp_path / "light.png"])
    np.testing.assert_array_equal(got[0]["pixels"][..., ::-1], colour)


def test_bad_files_end_nothing_and_small_and_blank_ones_are_named(
    tmp_path: Path, handed: Callable[[str | None], list[dict[str, Any]]]
) -> None:
    (tmp_path / "bad.png").write_bytes(b"hello")
    (tmp_path / "empty.png").touch()
    Image.fromarray(numeral(20)).save(tmp_path / "small.png")
    Image.fromarray(np.full((40, 20), 255, np.uint8)).save(tmp_path / "white.png")
    (tmp_path / ".hidden.png").write_bytes(b"litter")
    (tmp_path / "notes.txt").write_text("no image")
    got = handed("dark")
    bad, empty, small, white = predict_images(MODEL, [tmp_path])
    assert bad == Prediction(
        path=str(tmp_path / "bad.png"),
        error="is not an image that can be read; expected PNG, JPEG, GIF, BMP, WebP, AVIF or TIFF; "
        "convert or remove it",
    )
    assert empty.label is None
    assert str(empty.error).startswith("is empty")
    assert small.warnings == ("20×20 pixels, less than the 32×32 that the network sees",)
    assert white.warnings == (
        "20×40 pixels, less than the 32×32 that the network sees",
        "blank: it shows no ink",
    )
    assert (small.label, white.label, len(got)) == ("x", "x", 2)


def test_what_is_not_there_is_refused(
    tmp_path: Path, handed: Callable[[str | None], list[dict[str, Any]]]
) -> None:
    handed("dark")
    with pytest.raises(MissingInputError, match=r"no file at .*none\.png; expected an image"):
        predict_images(MODEL, [tmp_path / "none.png"])
    with pytest.raises(MissingInputError, match="holds no images; expected files that end in"):
        predict_images(MODEL, [tmp_path])


def test_nothing_is_started_for_files_that_are_all_bad(
    tmp_path: Path, handed: Callable[[str | None], list[dict[str, Any]]]
) -> None:
    (tmp_path / "bad.png").write_bytes(b"hello")
    got = handed("dark")
    assert predict_images(MODEL, [tmp_path])[0].error
    assert got == []


def test_one_file_holds_one_network(tmp_path: Path) -> None:
    request = EvaluationRequest(tmp_path, seeds=2, export_model=tmp_path / "m.keras")
    with pytest.raises(UsageError, match="keeps one network and 2 seeds train 2"):
        evaluate_dataset(request)


@pytest.mark.slow
def test_a_known_score_is_exported_without_training(official: Any, tmp_path: Path) -> None:
    known = official.evaluation
    out = tmp_path / "model.keras"
    events: list[str] = []
    request = EvaluationRequest(known.request.dataset, known.request.tests, export_model=out)
    found = evaluate_dataset(request, lambda _, event: events.append(str(event["event"])))
    assert "epoch" not in events
    assert not found.all_cached
    assert found.scores[0].val == known.scores[0].val
    rows = {row.path: row for row in found.scores[0].tests[0].results}
    predictions = predict_images(out, known.request.tests[:1])
    assert len(predictions) == len(rows)
    for each in predictions:
        row = rows[Path(each.path).relative_to(known.request.tests[0]).as_posix()]
        assert each.label == row.predicted or each.corrected
