"""`datagen evaluate` as a user runs it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

needs_proc = pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.tensorflow
def test_two_seeds_as_json_with_a_report(datagen: Run, evaluable: Path, tmp_path: Path) -> None:
    given = ("evaluate", evaluable / "tiny", "--test", evaluable / "test", "--preview", 2)
    done = datagen(*given, "--seeds", 2, "--json", "--out", "out", "--tensorboard")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert (found["command"], found["official"], found["preview"]) == ("evaluate", False, 2)
    assert [run["seed"] for run in found["runs"]] == [123, 124]
    assert found["report"] == "out/report.html"
    assert (tmp_path / "out" / "tensorboard" / "seed-124" / "train").is_dir()
    said = done.stderr.splitlines()
    # one line per epoch and seed, in whatever order; then the summary
    assert sum("epoch 1/2" in line for line in said) == 2
    assert any(line.startswith("seed 124  cutoff-resnet50") for line in said)
    assert any(line.startswith("PREVIEW of 2 epochs, not an official score") for line in said)
    assert " ± " in done.stderr


@pytest.mark.tensorflow
def test_without_a_test_set_the_first_line_says_so_and_the_second_call_is_known(
    datagen: Run, datagen_here: Run, evaluable: Path, tmp_path: Path
) -> None:
    first = datagen("evaluate", evaluable / "tiny", "--no-report")
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("no test set: ")
    assert "epoch 100/100" in first.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"cache", "evaluable"}
    again = datagen_here("evaluate", evaluable / "tiny")
    assert again.returncode == 0, again.stderr
    assert again.stderr == ""  # nothing ran
    assert "cached       1 of 1 scores" in again.stdout
    assert {path.name for path in (tmp_path / "tiny-report").iterdir()} == {
        "score.json",
        "summary.json",
        "history.csv",
        "report.html",
    }
    quiet = datagen_here("evaluate", evaluable / "tiny", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    compared = datagen_here("compare", evaluable / "tiny", "tiny-report", "--json")
    (table,) = json.loads(compared.stdout)["tables"]
    assert [row["seeds"] for row in table["rows"]] == [[123]]
    assert (table["test"], table["rows"][0]["official"]) == (None, True)


@pytest.mark.skipif(os.name != "posix", reason="sends signals that Windows lacks")
@pytest.mark.tensorflow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_evaluation_says_where_and_goes_on(
    datagen: Run, evaluable: Path, tmp_path: Path, number: int
) -> None:
    arguments = ("evaluate", evaluable / "tiny", "--preview", 90, "--no-report")
    process = subprocess.Popen(
        [Path(sys.executable).with_name("datagen"), *map(str, arguments)],
        cwd=tmp_path,
        env=os.environ | {"DATAGEN_CACHE": str(tmp_path / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch"):
            break
    began = time.monotonic()
    process.send_signal(number)
    out, said = process.communicate(timeout=60)
    assert time.monotonic() - began < 30
    assert (process.returncode, out) == (130, "")
    last = said.splitlines()[-1]
    assert last.startswith("datagen: interrupted: seed 123 after epoch ")
    assert last.endswith(" of 90; finished epochs are kept, the same command resumes there")
    if number == signal.SIGTERM:
        return  # once is enough for the rest
    done = datagen(*arguments)
    assert done.returncode == 0, done.stderr
    warning, _, resumed = done.stderr.splitlines()[:3]
    assert warning.startswith("warning: no test set is given")  # before anything is trained
    assert resumed.startswith("going on after epoch ")
    assert not list((tmp_path / "cache" / "runs").iterdir())


def test_a_name_that_no_score_can_hold_is_refused_before_the_training(
    datagen_here: Run, evaluable: Path, tmp_path: Path
) -> None:
    test = tmp_path / "test"
    shutil.copytree(evaluable / "test", test)
    try:
        min(test.glob("i/*")).rename(test / "i" / os.fsdecode(b"b\xff.png"))
    except OSError:
        pytest.skip("this file system takes only Unicode")
    done = datagen_here("evaluate", evaluable / "tiny", "--test", test, "--preview", 1)
    assert (done.returncode, done.stderr.count("\n")) == (4, 1), done.stderr
    assert "has a name that is no Unicode" in done.stderr


@pytest.mark.usefixtures("forked")
def test_a_test_set_that_is_not_there_is_one_clear_line(datagen_here: Run, evaluable: Path) -> None:
    done = datagen_here("evaluate", evaluable / "tiny", "--test", evaluable / "no")
    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    assert f"datagen: {evaluable / 'no'} is not a folder" in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("nowhere",), 4, "nowhere is not a folder; expected a dataset with train/ and val/"),
        (("{tiny}/train",), 4, "train has no train/ and no val/ folder"),
        (("{tiny}", "--protocol", "other"), 2, "invalid choice: 'other' (choose from"),
        (("{tiny}", "--engine", "slow"), 2, "'slow'"),
        (("{tiny}", "--seeds", "0"), 2, "--seeds"),
        (("{tiny}", "--preview", "0"), 2, "--preview"),
        (
            ("{tiny}", "--seed", "4294967296"),
            2,
            "expected 0 … 4,294,967,295",
        ),
        (("{tiny}", "--test", "{tiny}/val", "--test", "{tiny}/val"), 2, "is given twice"),
        (("{tiny}", "--out", "{tiny}/report"), 2, "is inside the dataset"),
        pytest.param(
            *(("{tiny}", "--out", "/proc/report"), 2, "cannot write in /proc"), marks=needs_proc
        ),
    ],
)
def test_bad_input_is_one_clear_line(
    datagen_here: Run,
    evaluable: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    given = [argument.format(tiny=evaluable / "tiny") for argument in arguments]
    done = datagen_here("evaluate", *given)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert says in done.stderr
    assert done.stderr.startswith("datagen: ")
    assert "fixed_eval" not in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert {path.name for path in tmp_path.iterdir()} <= {"cache", "evaluable"}
