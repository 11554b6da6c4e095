"""No command writes over a file of somebody else, nor works for minutes on what it cannot write."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from datagen.files.own_pages import generator
from datagen.reports.html.document import document
from datagen.reports.html.markup import Markup

Run = Callable[..., subprocess.CompletedProcess[str]]

NOWHERE = "/proc/sys"
"""A folder where nobody may write."""

RECORDS = [
    ("audit", "numerals", "--out", "{}"),
    ("rare", "numerals", "--out", "{}"),
    ("mine", "ds", "--test", "numerals", "--preview", "1", "--out", "{}"),
]
PICTURES = [
    ("preview", "numerals", "--out", "{}"),
    ("preview", "--pipeline", "top5", "--out", "{}"),
    ("diff", "ds", "numerals", "--out", "{}"),
    ("rare", "numerals", "--sheet", "{}"),
    ("holdout", "numerals", "--out", "held", "--sheet", "{}"),
    ("mine", "ds", "--test", "numerals", "--preview", "1", "--sheet", "{}"),
]
PAGES = [
    ("view", "ds", "--html", "{}"),
    ("review", "ds", "--no-audit", "--overwrite", "--html", "{}"),
    ("evaluate", "ds", "--preview", "1", "--out", "{}/report.html"),
    ("compare-models", "ds", "--models", "cutoff-resnet50", "--out", "{}/models.html"),
]
FOLDERS = [
    ("build", "--out", "{}"),
    ("evaluate", "ds", "--out", "{}"),
    ("holdout", "numerals", "--out", "{}"),
    ("doctor", "numerals", "--fix", "{}"),
    ("export", "ds", "{}", "--flatten"),
    ("export", "ds", "{}", "--parquet", "--licence", "pen=CC0-1.0"),
    ("sweep", "--vary", "seed=1,2", "--out", "{}", "--dry-run"),
    ("search", "--real", "numerals", "--budget", "100", "--hours", "1", "--out", "{}", "--dry-run"),
    ("compare-models", "ds", "--models", "cutoff-resnet50", "--out", "{}"),
]
pytestmark = pytest.mark.usefixtures("numeral_folder", "dataset")


def refused(run: Run, words: tuple[str, ...], place: str) -> str:
    """Run a command that is refused, and return the one line that it says."""
    done = run(*(word.replace("{}", place) for word in words))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    return done.stderr


@pytest.mark.parametrize("words", RECORDS, ids=lambda words: words[0])
def test_a_file_that_is_no_record_stays(
    datagen_here: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "notes.txt").write_text("mine\n")
    said = refused(datagen_here, words, "notes.txt")
    assert "notes.txt exists and is no record of this command; choose another --out" in said
    assert (tmp_path / "notes.txt").read_text() == "mine\n"


@pytest.mark.parametrize("words", PICTURES, ids=lambda words: " ".join(words[:2]))
def test_a_picture_that_datagen_did_not_draw_stays(
    datagen_here: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    Image.new("L", (9, 9)).save(tmp_path / "mine.png")
    before = (tmp_path / "mine.png").read_bytes()
    said = refused(datagen_here, words, "mine.png")
    assert "mine.png exists, and nothing in it says that datagen drew it; choose another --" in said
    assert (tmp_path / "mine.png").read_bytes() == before
    assert not (tmp_path / "held").exists()


@pytest.mark.parametrize("words", PAGES, ids=lambda words: words[0])
def test_a_page_of_another_kind_stays(
    datagen_here: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    place, _, name = words[-1].partition("/")
    page = tmp_path / "mine" / (name or "page.html")
    page.parent.mkdir()
    given = "mine" if name else "mine/page.html"
    others = (
        "<!doctype html>\n<html><body>My own site</body></html>\n",
        document("sweep", "a", Markup()).replace("default-src", "script-src"),
    )
    for text in others:
        page.write_text(text)
        said = refused(datagen_here, (*words[:-1], place), given)
        assert f"nothing in it says that it is a page of datagen {words[0]}; choose" in said
        assert page.read_text() == text


@pytest.mark.parametrize("words", PAGES[:2], ids=lambda words: words[0])
def test_a_page_is_written_again_also_where_it_had_no_mark(
    datagen_here: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    for _ in range(2):
        done = datagen_here(*(word.replace("{}", "page.html") for word in words))
        assert done.returncode == 0, done.stderr
        text = (tmp_path / "page.html").read_text("utf-8")
        mark = generator("view" if words[0] == "view" else "review")
        assert text.count(mark) == 1
        (tmp_path / "page.html").write_text(text.replace(mark, ""), "utf-8")


@pytest.mark.skipif(os.name != "posix", reason="needs a folder where nobody may write")
@pytest.mark.parametrize("words", [*RECORDS, *PICTURES], ids=" ".join)
def test_a_folder_where_nobody_may_write_is_refused_at_once(
    datagen_here: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    said = refused(datagen_here, words, f"{NOWHERE}/a.png")
    flag = "--sheet" if "--sheet" in words else "--out"
    assert said.startswith(f"datagen: cannot write {NOWHERE}/a.png: ")
    assert f"choose another {flag}" in said
    assert not (tmp_path / "held").exists()


@pytest.mark.skipif(os.name != "posix", reason="needs a folder where nobody may write")
@pytest.mark.parametrize("words", FOLDERS, ids=" ".join)
def test_a_folder_that_cannot_be_made_is_refused_at_once(
    datagen_here: Run, words: tuple[str, ...]
) -> None:
    said = refused(datagen_here, words, f"{NOWHERE}/new")
    assert said.startswith(f"datagen: cannot write in {NOWHERE}: ")
    assert "choose another" in said


@pytest.mark.parametrize("words", [("rare", "numerals"), ("preview", "ds")], ids=" ".join)
def test_a_command_that_is_repeated_writes_its_own_files_again(
    datagen_here: Run, words: tuple[str, str]
) -> None:
    for _ in range(2):
        done = datagen_here(*words)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [("rare", "numerals", "--out"), ("preview", "ds", "--out")])
def test_an_empty_file_may_be_written(
    datagen_here: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "made.png").touch()
    sheet = ("--sheet", "s.png") if words[0] == "rare" else ()
    done = datagen_here(*words, "made.png", *sheet)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "made.png").stat().st_size


@pytest.mark.slow
def test_an_audit_replaces_no_audit_of_another_folder(
    datagen_here: Run, tmp_path: Path, numeral_folder: Path
) -> None:
    short = ("--with", "none", "--folds", 2, "--epochs", 1, "--seeds", 1)
    for _ in range(2):
        assert datagen_here("audit", "numerals", *short).returncode == 0
    shutil.copytree(tmp_path / "ds" / "train", tmp_path / "others")
    before = (tmp_path / "audit.jsonl").read_bytes()
    done = datagen_here("audit", "others", *short)
    assert (done.returncode, done.stdout) == (2, "")
    assert "audit.jsonl is the audit of other images than those of others" in done.stderr
    assert (tmp_path / "audit.jsonl").read_bytes() == before
    assert numeral_folder.is_dir()


@pytest.mark.parametrize(
    ("out", "vet", "says"),
    [
        ("ds", "drop", "ds exists; --overwrite replaces it"),
        (f"{NOWHERE}/new", "drop", f"cannot write in {NOWHERE}: "),
        (f"{NOWHERE}/new", "list", f"cannot write {NOWHERE}/new-vetted.png: "),
        ("mine", "list", "mine-vetted.png exists, and nothing in it says that datagen drew it"),
    ],
)
def test_letters_are_judged_only_for_what_can_be_written(
    datagen_here: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    out: str,
    vet: str,
    says: str,
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("datagen.api.letters.vet_letters", never)
    (tmp_path / "mine-vetted.png").write_text("mine\n")
    done = datagen_here("build", "--vet", vet, "--images", 60, "--out", out)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert says in done.stderr
    assert "choose another --out" in done.stderr


def test_an_archive_that_is_no_zip_is_refused(datagen_here: Run, tmp_path: Path) -> None:
    done = datagen_here("export", "ds", "ds.rar", "--zip")
    assert (done.returncode, done.stdout) == (2, "")
    assert "ds.rar does not end in .zip" in done.stderr
    assert not (tmp_path / "ds.rar").exists()


@pytest.mark.parametrize("flag", ["--test", "--out", "--extra-train", "--export-model"])
def test_a_folder_whose_name_is_no_unicode_is_refused_before_training(
    datagen_here: Run, tmp_path: Path, flag: str
) -> None:
    odd = tmp_path / os.fsdecode(b"nu\xff")
    shutil.copytree(tmp_path / "ds", odd)
    done = datagen_here("evaluate", "ds", "--preview", 1, flag, odd / "val")
    assert (done.returncode, done.stderr.count("\n")) == (4, 1), done.stderr
    assert "has a name that is no Unicode" in done.stderr


@pytest.mark.parametrize("command", ["inspect", "evaluate", "view", "review", "audit", "rare"])
def test_so_is_the_folder_where_the_shell_stands(
    datagen_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    odd = tmp_path / os.fsdecode(b"nu\xff")
    shutil.copytree(tmp_path / "ds", odd / "ds")
    monkeypatch.chdir(odd)
    done = datagen_here(command, "ds")
    assert (done.returncode, done.stderr.count("\n")) == (4, 1), done.stderr
    assert "has a name that is no Unicode" in done.stderr


def test_a_build_says_that_no_letters_could_be_judged(datagen_here: Run) -> None:
    done = datagen_here("build", "--vet", "drop", "--images", 60, "--out", "new")
    assert done.returncode == 0, done.stderr
    assert "vetted       no source of letters that can be judged" in done.stdout
