"""What the evaluator says of its models becomes records; what it refuses becomes our errors."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datagen.core.errors import EvaluationError, InputError, RuleError, UnknownNameError, UsageError
from datagen.evaluation import models, tools
from datagen.evaluation.compare_models import check_models
from datagen.evaluation.evaluate import evaluate_dataset
from datagen.evaluation.models import describe_model, list_models
from datagen.evaluation.request import EvaluationRequest


def answer(monkeypatch: pytest.MonkeyPatch, code: int, out: str = "", err: str = "") -> list[Any]:
    """Let the evaluator answer so; return the command lines that it gets."""
    asked: list[Any] = []

    class Ended:
        returncode = code

        def __init__(self) -> None:
            self.stdout = io.StringIO(out)

        def __enter__(self) -> "Ended":
            return self

        def __exit__(self, *_: object) -> None:
            return None

    def start(words: list[str], *, stderr: int, **_: Any) -> Ended:
        asked.append(words)
        os.write(stderr, err.encode())
        return Ended()

    monkeypatch.setattr(subprocess, "Popen", start)
    return asked


def test_the_evaluator_is_asked_by_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answer(monkeypatch, 0, "greetings\n{}\n{}\n")
    told: list[int] = []
    assert tools.run_tool("models", "--json", counted=told.append) == [{}, {}]
    assert told == [1, 2]
    assert asked == [[sys.executable, "-P", "-m", "fixed_eval.models", "--json"]]


KILLED = (
    "the evaluator's process was killed by SIGKILL; where nobody did that, memory ran out: close "
    "other programs and try again"
)


@pytest.mark.parametrize(
    ("code", "err", "error", "says"),
    [
        (2, "usage: …\npython -m fixed_eval.models: error: no\n", UsageError, "no"),
        (3, "fixed_eval: too many\n", RuleError, "too many"),
        (4, "W0000 greetings\nfixed_eval: no weights\n\n", InputError, "no weights"),
        (1, "fixed_eval: broken\n", EvaluationError, "broken"),
        (-9, "", EvaluationError, KILLED),
    ],
)
def test_a_refusal_is_an_error_of_ours(
    code: int, err: str, error: type[Exception], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, code, err=err)
    with pytest.raises(error) as caught:
        tools.run_tool("models")
    assert str(caught.value) == says
    assert type(caught.value) is error


def test_an_evaluator_that_cannot_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any, **__: Any) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(subprocess, "Popen", run)
    with pytest.raises(EvaluationError, match="cannot start fixed_eval.models: Cannot allocate"):
        list_models()


def test_an_answer_that_is_no_record_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, 0, '{"name": 3}\n')
    with pytest.raises(EvaluationError, match="the evaluator's answer is not as expected"):
        list_models()


def test_an_unknown_name_costs_no_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    run_tool = models.run_tool

    def noted(tool: str, *words: str) -> Any:
        asked.append(words)
        return run_tool(tool, *words)

    monkeypatch.setattr(models, "run_tool", noted)
    with pytest.raises(UnknownNameError, match="did you mean 'model-s'"):
        describe_model("modelss")
    assert asked == [("--json",)]


@pytest.mark.parametrize(
    "use",
    [
        describe_model,
        lambda name: check_models(["simple-cnn", name], {"simple-cnn": None}),
        lambda name: evaluate_dataset(EvaluationRequest(Path("ds"), protocol=name)),
    ],
)
def test_the_reader_of_letters_is_named_for_what_it_is(use: Callable[[str], object]) -> None:
    with pytest.raises(UsageError, match=r"^emnist-cnn reads single letters .*letters train"):
        use("emnist-cnn")


def test_what_is_asked_reaches_the_evaluator(monkeypatch: pytest.MonkeyPatch) -> None:
    known = list_models()
    monkeypatch.setattr(models, "list_models", lambda: known)
    asked = answer(monkeypatch, 0, "{}\n")
    for keywords, words in (
        ({}, ["--classes", "10"]),
        ({"images": 50, "classes": 3}, ["--classes", "3", "--images", "50"]),
        ({"timing": False}, ["--classes", "10", "--no-timing"]),
    ):
        with pytest.raises(EvaluationError, match="not as expected"):
            describe_model("model-s", **keywords)  # type: ignore[arg-type]
        assert asked[-1][4:] == ["model-s", *words, "--json"]
