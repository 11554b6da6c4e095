"""What every op promises: a new one is tested by being registered."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import UnsuitableImageError
from pipelines.labels import CLASSES, STYLES, Move, Style, becomes
from pipelines.ops import GrayImage, horizontal_flip, rotate90, vertical_flip
from pipelines.pipeline import Pipeline, parse
from pipelines.registry import OPS, Op
from pipelines.spec import Step
from tests.pipelines.conftest import check_replay, draw_numeral

EVERY = pytest.mark.parametrize("name", OPS)

PARAMETERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "affine": {
        "rotate": [-15, 15],
        "shear": [-9, 9],
        "scale": [0.7, 1.3],
        "translate": [-0.1, 0.1],
    },
    "shrink": {"extent": [0.55, 0.65]},  # much smaller, nobody sees how an F lies
}
"""Of ops that cannot be, or do nothing, as they stand; a `folder` is given to any that asks."""

SHEETS = st.tuples(st.integers(2, 60), st.integers(2, 60)).flatmap(
    lambda shape: st.integers(0, 2**32 - 1).map(
        lambda seed: np.random.default_rng(seed).choice(
            np.array([0, 64, 255, 255, 255], np.uint8), size=shape
        )
    )
)

Picture = Callable[[GrayImage], GrayImage]
MOVED: Final[Mapping[Move | None, Picture]] = {
    None: lambda image: image,
    "mirror": horizontal_flip,
    "flip": vertical_flip,
    "half turn": lambda image: rotate90(image, 2),
    "quarter turn": lambda image: rotate90(image, 1),
}


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one scan, for ops that take paper from it."""
    folder = tmp_path_factory.mktemp("papers")
    paper = np.full((90, 70), 255, np.uint8)
    paper[5:7, 5:9] = 0
    cv2.imwrite(str(folder / "scan.png"), paper)
    return folder


def pipeline_of(op: Op, papers: Path) -> Pipeline:
    """Return a pipeline of one op, which may relabel, and is skipped where it may not be done.

    Fails the test where the op needs parameters that `PARAMETERS` does not give.
    """
    fields = op.parameters.model_fields
    given = dict(PARAMETERS.get(op.name, {}))
    given |= {"folder": str(papers)} if "folder" in fields else {}
    lacking = [key for key, field in fields.items() if field.is_required() and key not in given]
    if lacking:
        pytest.fail(
            f"op {op.name!r} needs {', '.join(lacking)}: add it to PARAMETERS in "
            "tests/conformance/test_ops.py"
        )
    step = {"op": op.name, "parameters": given, "relabel": True, "on_wrong_label": "skip"}
    return parse(yaml.safe_dump({"steps": [step]}))


def moves_of(pipeline: Pipeline) -> tuple[Move, ...]:
    """Return the moves that the only step of a pipeline declares."""
    (step,) = pipeline.spec.steps
    assert isinstance(step, Step)
    return step.effect.moves


@EVERY
def test_it_is_documented(name: str) -> None:
    assert OPS[name].name == name
    assert OPS[name].summary.endswith((".", "parameters."))
    assert next(iter(OPS[name].signature.parameters)) == "image"


@EVERY
@given(
    image=SHEETS,
    numeral=st.sampled_from(CLASSES),
    style=st.sampled_from(STYLES),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=12, deadline=None)
def test_it_replays_on_any_sheet(
    name: str, papers: Path, image: GrayImage, numeral: str, style: Style, seed: int
) -> None:
    """`uint8 H×W` again, of its own memory; the same under the same seed and from its record."""
    check_replay(pipeline_of(OPS[name], papers), image, numeral, style, seed)


@EVERY
def test_it_survives_blank_sheets_of_odd_sizes(name: str, papers: Path) -> None:
    pipeline = pipeline_of(OPS[name], papers)
    for shape in ((2, 2), (3, 2), (2, 31), (31, 3), (17, 13)):
        for gray in (0, 64, 255):
            for numeral in ("i", "x"):
                check_replay(pipeline, np.full(shape, gray, np.uint8), numeral, "upper", 1)


@EVERY
def test_it_refuses_what_is_no_sheet(name: str, papers: Path) -> None:
    pipeline = pipeline_of(OPS[name], papers)
    for image in (
        np.zeros((1, 1), np.uint8),
        np.zeros((0, 9), np.uint8),
        np.zeros((9, 9, 3), np.uint8),
        np.zeros((9, 9), np.float32),
    ):
        with pytest.raises(UnsuitableImageError, match="expected"):
            pipeline.run(image, "x", "upper", np.random.default_rng(0))


@EVERY
def test_the_label_afterwards_is_one_that_its_moves_declare(name: str, papers: Path) -> None:
    pipeline = pipeline_of(OPS[name], papers)
    moves = moves_of(pipeline)
    for numeral in CLASSES:
        for style in STYLES:
            result = check_replay(pipeline, draw_numeral(numeral), numeral, style, 3)
            allowed = {becomes(move, numeral, style) for move in moves} | {numeral}
            assert result.numeral in allowed & pipeline.check(numeral, style)
            if {"add stroke", "remove stroke"} & set(moves) or not result.applied:
                assert letters_on(result.image) == len(result.numeral)


def letters_on(image: GrayImage) -> int:
    """Return how many separate pieces of ink there are."""
    return cv2.connectedComponents((image < 128).astype(np.uint8))[0] - 1


@EVERY
def test_it_mirrors_and_turns_only_as_declared(name: str, papers: Path) -> None:
    pipeline = pipeline_of(OPS[name], papers)
    moves = [move for move in moves_of(pipeline) if move in MOVED]
    for seed in range(8):
        result = check_replay(pipeline, letter_f(), "x", "upper", seed)
        if result.applied:
            assert seen_move(result.image) in (moves or [None])


def letter_f() -> GrayImage:
    """Return an F, which no mirror or turn leaves as it is."""
    image = np.full((120, 120), 255, np.uint8)
    image[20:100, 35:49] = image[20:34, 35:90] = image[54:66, 35:74] = 0
    return image


def seen_move(image: GrayImage) -> Move | None:
    """Return the move after which an F looks most like `image`, wherever on the sheet it lies."""
    space = cv2.copyMakeBorder(_blurred(image), *(20,) * 4, cv2.BORDER_CONSTANT, value=0)
    likeness = {
        move: cv2.matchTemplate(space, _blurred(moved(letter_f())), cv2.TM_CCOEFF_NORMED).max()
        for move, moved in MOVED.items()
    }
    return max(likeness, key=lambda move: float(likeness[move]))


def _blurred(image: GrayImage) -> np.ndarray:
    dark = cv2.resize((image < 80).astype(np.float32), (40, 40), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(dark, (0, 0), 1.5)


@pytest.mark.parametrize("move", MOVED)
def test_a_move_is_seen(move: Move | None) -> None:
    assert seen_move(MOVED[move](letter_f())) == move


def test_an_op_that_needs_parameters_fails_and_says_which(papers: Path) -> None:
    class Needy(OPS["scan"].parameters):  # type: ignore[misc, name-defined]
        """An op's parameters that nobody has given."""

        ink: str

    with pytest.raises(pytest.fail.Exception, match=r"op 'needy' needs ink: add it to PARAMETERS"):
        pipeline_of(Op("needy", Needy, OPS["scan"].apply), papers)
