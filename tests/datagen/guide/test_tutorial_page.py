"""The tutorial shows what a reader gets: the same fingerprints, losses and accuracies."""

import re

import pytest

from datagen import guide
from tests.conftest import Run

STEPS = ("1. Build a dataset", "6. Get something to test on", "7. Score the first dataset")


def _step(title: str) -> tuple[list[str], list[str]]:
    """Return the words of a step's one command, and the lines of the output that is shown."""
    text = guide.text("tutorial").partition(f"## {title}\n")[2].partition("\n## ")[0]
    command = re.search(r"```sh\ndatagen (.*)\n```", text)
    assert command is not None
    output = re.search(r"```text\n(.*?)\n```", text, re.DOTALL)
    return command[1].split(), [] if output is None else output[1].splitlines()


@pytest.mark.slow
@pytest.mark.tensorflow
def test_the_first_score_is_the_one_that_the_page_shows(datagen: Run) -> None:
    for title in STEPS:
        command, shown = _step(title)
        ended = datagen(*command)
        assert ended.returncode == 0, ended.stderr
        said = " ".join((ended.stdout + ended.stderr).split())
        exact = [line.rstrip("… ") for line in shown if re.match(r"epoch|fingerprint|│", line)]
        assert exact or title.startswith("6")
        for line in exact:
            assert " ".join(line.split()) in said
