"""`datagen mine` as a user runs it."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from datagen.curation.hard_examples.record import Hard
from tests.datagen.conftest import Started

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.usefixtures("forked")
def test_hard_examples_are_recorded_and_shown(
    datagen_here: Run, evaluable: Path, tmp_path: Path
) -> None:
    given = ("mine", evaluable / "tiny", "--test", evaluable / "test", "--preview", 1)
    done = datagen_here(*given, "--top", 5, "--json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert (found["command"], found["images"], len(found["hardest"])) == ("mine", 20, 5)
    record = Hard.model_validate_json((tmp_path / "hard.json").read_bytes())
    assert [image.path for image in record.hardest] == [row["path"] for row in found["hardest"]]
    assert found["missed"] == sum(image.missed for image in record.images)
    picture = cv2.imread(str(tmp_path / "hard.png"))
    assert picture is not None
    assert f"{found['missed']} of 20 images of evaluable/test are missed" in done.stderr
    assert re.search(r"^viii +2 +[012] ", done.stderr, re.MULTILINE)
    assert "never use them for testing" in done.stderr
    assert "test looks like a test set or holdout" in done.stderr
    quiet = datagen_here(*given, "--quiet", "--out", "a.json", "--sheet", "b.png")
    assert quiet.stdout == ""
    assert all(text.startswith("warning") for text in quiet.stderr.splitlines())
    assert {"a.json", "b.png"} <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("evaluable/tiny",), 2, "--test"),
        (("nowhere", "--test", "evaluable/test"), 4, "nowhere is not a folder"),
        (("evaluable/tiny", "--test", "evaluable/tiny/val"), 3, "all 10 images of .*val are in"),
        (("evaluable/tiny", "--test", "evaluable/test", "--share", 2), 2, "share is 2"),
        (
            ("evaluable/tiny", "--test", "evaluable/test", "--share", 0.1, "--top", 1),
            2,
            "--top and --share exclude each other",
        ),
        (("evaluable/tiny", "--test", "evaluable/test", "-o", "no/a.json"), 2, "no folder no"),
        (("evaluable/tiny", "--test", "evaluable/test", "-o", "evaluable"), 2, "it is a folder"),
        (("evaluable/tiny", "--test", "evaluable/test", "-o", "a.png"), 2, "both the record and"),
        (("evaluable/tiny", "--test", "evaluable/test", "--sheet", "a.xyz"), 2, "a.xyz"),
    ],
)
@pytest.mark.usefixtures("evaluable")
def test_bad_input_is_one_clear_line(
    datagen_here: Run, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = datagen_here("mine", *arguments)
    assert done.returncode == code, done.stderr
    assert re.search(says, done.stderr), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert {path.name for path in tmp_path.iterdir()} <= {"cache", "evaluable"}


@pytest.mark.usefixtures("no_start")
def test_hours_are_not_spent_unasked(datagen_here: Run, evaluable: Path) -> None:
    given = ("mine", evaluable / "tiny", "--test", evaluable / "test")
    refused = datagen_here(*given, "--seeds", 2)
    assert (refused.returncode, refused.stdout) == (2, "")
    for part in ("trains 100 epochs with 2 seeds", "--yes", "--preview 5"):
        assert part in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    with pytest.raises(Started):
        datagen_here(*given, "--yes")
    with pytest.raises(Started):
        datagen_here(*given, "--preview", 1)


@pytest.mark.usefixtures("no_start")
def test_only_seeds_without_a_score_are_asked_for(
    datagen_here: Run, evaluable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datagen.curation.hard_examples.find.seeds_to_train", lambda _: ())
    with pytest.raises(Started):  # that ends in seconds: what is kept only has to be scored
        datagen_here("mine", evaluable / "tiny", "--test", evaluable / "test")
