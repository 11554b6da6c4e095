from pathlib import Path

from datagen.evaluation.records import Score
from datagen.evaluation.request import EvaluationRequest
from datagen.reports.evaluation.about import command


def test_the_command_names_the_engine_that_auto_was(score: Score) -> None:
    request = EvaluationRequest(Path("my ds"), (Path("test"),), seeds=2)
    assert request.engine == "auto"
    assert score.protocol.engine == "native"
    assert command(request, score) == (
        "datagen evaluate 'my ds' --test test --engine native --seeds 2"
    )
