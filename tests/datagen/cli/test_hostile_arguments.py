"""Arguments that are empty, too long, of no home, or beyond all bounds: one line each."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

LONG = "a" * 300
COMMANDS = [
    ("build", "--source", f"images:{LONG}"),
    ("build", "--recipe", LONG),
    ("build", "--pipeline", LONG),
    ("build", "--val-dir", LONG, "--source", "pen"),
    ("build", "--out", LONG),
    ("inspect", LONG),
    ("compare", LONG),
    ("evaluate", LONG, "--preview", "1"),
    ("holdout", LONG, "--out", "o"),
    ("preview", LONG),
    ("preview", "--pipeline", "top5", LONG),
    ("rare", LONG),
    ("export", LONG, "--zip"),
    ("export", LONG, "--hf"),
    ("card", LONG),
    ("diff", LONG, LONG),
    ("fetch", "emnist", "--from", LONG),
    ("sources", f"images:{LONG}"),
    ("pipelines", LONG),
    ("sweep", LONG, "--dry-run"),
    ("sweep", "--best", LONG),
    ("sweep", "--best", "file"),
    ("compare", "file/below"),
    ("build", "--source", "images:file"),
    ("build", "--out", "file/below"),
    ("build", "--recipe", "file/below.yaml"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words)[:40])
def test_an_unusable_path_ends_with_2_or_4_in_one_line(
    datagen_here: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("no folder")
    done = datagen_here(*words)
    assert done.returncode in {2, 4}, done.stderr
    assert done.stderr.startswith("datagen: ")
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 700


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("build", "--pipeline", ""), "--pipeline"),
        (("build", "--recipe", ""), "--recipe"),
        (("build", "--source", " "), "--source"),
        (("build", "--out="), "--out"),
        (("build", "-o", ""), "-o"),
        (("inspect", ""), "an argument"),
    ],
)
def test_an_empty_word_is_not_the_default(
    datagen_here: Run, words: tuple[str, ...], named: str
) -> None:
    done = datagen_here(*words)
    assert done.returncode == 2
    assert done.stderr == f"datagen: {named} is empty; give a value, or leave it out\n"


@pytest.mark.parametrize(
    "words",
    [
        ("build", "--images", "20000000", "--budget", "5000000000"),
        ("build", "--images", "9" * 30),
        ("build", "--seed", "9" * 30),
        ("build", "--val-fraction", "nan"),
        ("build", "--val-fraction", "1e999999999"),
        ("build", "--workers", "99999999"),
        ("build", "--mix", "pen=nan"),
        ("build", "--mix", "pen=1e999999999"),
        ("build", "--option", "pen.writers=1000000"),
        ("build", "--option", "pen.seed=.nan"),
        ("build", "--option", "pen.writers=010"),
        ("evaluate", "ds", "--seeds", "10000000000"),
        ("evaluate", "ds", "--preview", "10000000000"),
        ("evaluate", "ds", "--threads", "10000000000"),
        ("evaluate", "ds", "--seed", "4294967296"),
        ("holdout", "x", "--out", "y", "--fraction", "nan"),
        ("holdout", "x", "--out", "y", "--seed", "9" * 30),
        ("rare", "x", "--clusters", "9999999"),
        ("mine", "ds", "--test", "x", "--share", "inf"),
        ("mine", "ds", "--test", "x", "--top", "9" * 20),
        ("sweep", "--mix", "pen=0:1:1e-999999999", "--dry-run"),
        ("sweep", "--mix", "pen=0:1e999999999:1", "--dry-run"),
        ("sweep", "--mix", "pen=1:0:0.1", "--dry-run"),
        ("sweep", "--mix", "pen=0:1:0.5", "--seeds", "9999999", "--dry-run"),
        ("sweep", "--vary", "seed=010,2", "--dry-run"),
        ("sweep", "--vary", "compose.spacing=[1, -1],3", "--dry-run"),
    ],
    ids=lambda words: " ".join(words)[:60],
)
def test_a_number_out_of_all_bounds_is_refused_at_once(
    datagen_here: Run, words: tuple[str, ...]
) -> None:
    done = datagen_here(*words)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("inspect", "file"),
        ("inspect", "file", "--against", "numerals"),
        ("inspect", "numerals", "--against", "file"),
        ("doctor", "file"),
        ("doctor", "numerals", "--against", "file"),
        ("holdout", "file", "--out", "o"),
        ("rare", "file"),
        ("export", "file", "--zip"),
        ("export", "file", "--webdataset"),
        ("card", "file"),
        ("diff", "numerals", "file"),
        ("export", "file", "o", "--flatten"),
        ("sources", "images:file"),
        ("build", "--source", "images:file"),
        ("build", "--val-dir", "file", "--source", "pen"),
        ("sweep", "--vary", "seed=1,2", "--test", "file", "--dry-run"),
        ("sweep", "--best", "file"),
    ],
    ids=lambda words: " ".join(words)[:60],
)
@pytest.mark.usefixtures("numeral_folder")
def test_a_file_in_the_place_of_a_folder_is_said_to_be_one(
    datagen_here: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("no folder")
    done = datagen_here(*words)
    assert done.returncode == 4
    assert "file is a file, no " in done.stderr
    assert "; expected " in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("build", "--seed", "-1"), "--seed '-1': expected 0 or more; see --help"),
        (("build", "--seed", "1e3"), "--seed '1e3': expected a whole number; see --help"),
        (("build", "--images", "ten"), "--images 'ten': expected a whole number; see --help"),
        (("build", "--budget", "0"), "--budget '0': expected 1 or more; see --help"),
        (("build", "--val-fraction", "half"), "--val-fraction 'half': expected a number; see"),
        (("preview", "--seed", "-1"), "--seed '-1': expected 0 or more; see --help"),
        (("evaluate", "ds", "--workers", "x"), "--workers 'x': expected a whole number; see"),
        (("sweep", "--vary", "seed=-1,2", "--dry-run"), "seed: expected 0 or more (given -1)"),
        (("sweep", "--vary", "images=ten,2", "--dry-run"), "expected a whole number (given 'ten')"),
        (("build", "--option", "pen.writers=many"), "writers: expected a whole number (given 'm"),
    ],
    ids=lambda words: " ".join(words)[:40] if isinstance(words, tuple) else None,
)
def test_a_value_of_a_wrong_kind_is_said_in_our_words(
    datagen_here: Run, words: tuple[str, ...], said: str
) -> None:
    done = datagen_here(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "nput" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_home_means_one_thing_in_every_command(
    datagen_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert datagen_here("build", "--images", "100", "--out=~/ds", "--workers", "1").returncode == 0
    assert (tmp_path / "home" / "ds" / "train").is_dir()
    assert datagen_here("inspect", "~/ds").returncode == 0
    assert datagen_here("sources", "images:~/ds/train").returncode == 0
    done = datagen_here(
        "build", "--images", "50", "--path", "images=~/ds/train", "--source", "images"
    )
    assert done.returncode == 0, done.stderr
    assert "path: home/ds/train" not in (tmp_path / "ds" / "recipe.yaml").read_text()
    assert str(tmp_path) not in (tmp_path / "ds" / "recipe.yaml").read_text()
    for words in (("inspect", "~nobody-here/x"), ("build", "--out=~nobody-here/x")):
        done = datagen_here(*words)
        assert done.returncode == 2
        assert "no home folder is known of that user" in done.stderr
    monkeypatch.setenv("DATAGEN_CACHE", "~nobody-here/x")
    done = datagen_here("sources", "emnist")
    assert done.returncode == 2
    assert "DATAGEN_CACHE" in done.stderr


def test_one_bad_source_hides_no_other(datagen_here: Run) -> None:
    done = datagen_here("sources", "nope", "pen", "images:nope", "--json")
    assert [json.loads(line)["name"] for line in done.stdout.splitlines()] == ["pen"]
    assert "unknown source 'nope'" in done.stderr
    assert "no folder at nope" in done.stderr
    assert done.returncode == 4


def test_a_recipe_and_a_pipeline_come_through_pipes(tmp_path: Path) -> None:
    datagen = Path(sys.executable).with_name("datagen")
    recipe = b"\xef\xbb\xbfrecipe: 1\nimages: 100\n"
    pipeline, writer = os.pipe()
    os.write(writer, b"pipeline: 1\nname: p\nsteps: [{op: fade}]\n")
    os.close(writer)
    done = subprocess.run(
        [
            datagen,
            "build",
            "--recipe",
            "/dev/stdin",
            "--pipeline",
            f"/dev/fd/{pipeline}",
            "-o",
            "a",
        ],
        input=recipe,
        cwd=tmp_path,
        capture_output=True,
        pass_fds=[pipeline],
        env=os.environ | {"DATAGEN_CACHE": str(tmp_path / "cache")},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    again = subprocess.run(
        [datagen, "build", "--recipe", "a/recipe.yaml", "-o", "b", "--quiet"],
        cwd=tmp_path,
        capture_output=True,
        env=os.environ | {"DATAGEN_CACHE": str(tmp_path / "cache")},
        check=False,
    )
    assert again.returncode == 0, again.stderr
    prints = [json.loads((tmp_path / d / "dataset.json").read_text())["fingerprint"] for d in "ab"]
    assert prints[0] == prints[1]


def test_a_name_steers_no_terminal(datagen_here: Run, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text('recipe: 1\nname: "\\x1b[2J[red]n"\nimages: 100\n')
    done = datagen_here("build", "--recipe", "r.yaml", "--workers", "1")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert "[red]n" in done.stdout
    done = datagen_here("inspect", "\x1b[31mnowhere\n")
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("mine", "ds", "--test", "ds/val", "--preview", "1", "--out", "."), 2, "it is a folder"),
        (("rare", "ds", "--out", "."), 2, "cannot write .: it is a folder"),
        (
            ("sweep", "--mix", "pen=1", "--vary", "seed=0,1", "--vary", "seed=2", "--dry-run"),
            2,
            "--vary seed is given twice",
        ),
        (
            ("sweep", "--mix", "pen=0:1:0.0000001", "--dry-run"),
            2,
            "has too many values; at most 1,001 make sense",
        ),
        (
            ("sweep", "--mix", "pen=1", "--rungs", "1", "--dry-run"),
            2,
            "rungs belongs to strategy halving",
        ),
        (("sweep", "--mix", "pen=1", "--trials", "5", "--dry-run"), 2, "this sweep's is grid"),
        (("holdout", "ds", "--out", "o", "--fraction", "1"), 2, "cannot be held out"),
        (("holdout", "ds", "--out", "o", "--seed", "-1"), 2, "expected 0 … 4,294,967,295"),
        (("holdout", "ds", "--out", "o", "--writers", "ds"), 4, "ds is no file"),
        (("build", "--images", "100", "--out", "notes"), 2, "is not ours to overwrite"),
        (("build", "--images", "100", "--val-dir", "/dev/null", "--out", "o"), 4, "/dev/null"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_said_of_what_was_given(
    datagen_here: Run,
    dataset: Path,
    tmp_path: Path,
    words: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    done = datagen_here(*words)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
    assert says in done.stderr
    assert dataset.is_dir()


def test_a_link_to_nothing_in_a_dataset_is_one_clear_line(datagen_here: Run, dataset: Path) -> None:
    (dataset / "train" / "iv" / "b.png").symlink_to("/nowhere")
    done = datagen_here("inspect", "ds")
    assert done.returncode == 4
    assert done.stderr == (
        "datagen: ds/train/iv/b.png is a link that leads nowhere, or has gone meanwhile; "
        "remove or replace it\n"
    )
