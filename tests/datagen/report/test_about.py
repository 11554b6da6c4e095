from pathlib import Path

from datagen.report.about import command
from datagen.score import Request
from datagen.scores import Score


def test_the_command_names_the_engine_that_auto_was(score: Score) -> None:
    request = Request(Path("my ds"), (Path("test"),), seeds=2)
    assert request.engine == "auto"
    assert score.protocol.engine == "native"
    assert command(request, score) == (
        "datagen evaluate 'my ds' --test test --engine native --seeds 2"
    )
