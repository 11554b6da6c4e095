"""Bad input of commands that make data: one clear line, and nothing is written."""

import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import datagen as api

Run = Callable[..., subprocess.CompletedProcess[str]]


def refused(done: subprocess.CompletedProcess[str], code: int) -> str:
    """Return the one line."""
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        ("compose: {method: nope}", "compose: method is 'nope'; expected 'hand', 'classic-em"),
        ("mix: [{source: images, path: 1}]", "mix.0.path: expected a path (given 1)"),
        ("mix: [{source: images, path: ''}]", "mix.0.path: is empty; name a file or folder"),
        ("val: {folder: ''}", "val.folder: is empty; name a file or folder"),
        ("1: 2", "1: a key is no text; put it in quotes"),
        ("mix: [{source: pen, options: &o {writers: *o}}]", "options that hold themselves"),
    ],
)
def test_a_recipe_is_refused_in_our_words(
    datagen_here: Run, tmp_path: Path, recipe: str, says: str
) -> None:
    (tmp_path / "r.yaml").write_text(recipe)
    assert says in refused(datagen_here("build", "--recipe", "r.yaml", "--out", "ds"), 2)
    assert not (tmp_path / "ds").exists()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--seed", 2**63), 2, "--seed: expected 9,223,372,036,854,775,807 or less"),
        (("--val-dir", "v\udcff"), 4, "has a name that is no Unicode"),
        (("--val-fraction", 0.5, "--test-fraction", 0.5), 2, "the flags: val.fraction 0.5 and"),
        (("--pipeline", "nope.yaml"), 4, "no pipeline file"),
        (("--pipeline", "bin.yaml"), 4, "cannot be read: it is no text"),
        (("--source", "trajectories:t.json"), 4, "entry 0: 'writer' holds half a character"),
    ],
)
def test_flags_are_refused_in_our_words(
    datagen_here: Run, tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    (tmp_path / "bin.yaml").write_bytes(b"\xff")
    letter = {"src": "unipen", "label": "i", "writer": "\ud800", "strokes": [[[0, 0], [1, 1]]]}
    (tmp_path / "t.json").write_text(json.dumps([letter]))
    assert says in refused(datagen_here("build", *words, "--images", 100, "--out", "ds"), code)
    assert not (tmp_path / "ds").exists()


def test_one_image_of_a_class_is_too_few_whatever_the_budget(
    datagen_here: Run, numeral_folder: Path
) -> None:
    for image in numeral_folder.glob("*/[1-5].png"):
        image.unlink()
    for more in ((), ("--budget", 20_000), ("--val-fraction", 0.5)):
        said = refused(datagen_here("build", "--source", "images:numerals", *more), 3)
        assert "the sources hold no more; add images, or take val from elsewhere" in said
    said = refused(datagen_here("build", "--images", 15), 3)
    assert "raise --images" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--vary", "legibility=.nan,0.5"), "vary.legibility.0: expected true or false or"),
        (("--vary", "seed=1,2", "--select", "numerals"), "selection set numerals lie in one"),
        (("--vary", "seed=1,2", "--test", "numerals"), "and the test set numerals lie in one"),
    ],
)
def test_a_sweep_is_refused_before_anything_is_built(
    datagen_here: Run, numeral_folder: Path, words: tuple[str, ...], says: str
) -> None:
    out = ("--images", 100, "--no-timing", "--out", "numerals/i/sweep")
    assert says in refused(datagen_here("sweep", *words, *out), 2)
    assert not (numeral_folder / "i" / "sweep").exists()


def test_a_search_within_its_images_is_refused_by_the_dry_run_too(
    datagen_here: Run, numeral_folder: Path
) -> None:
    words = ("--real", "numerals", "--hours", 1, "--out", "numerals/best", "--dry-run")
    said = refused(datagen_here("search", *words, "--no-timing"), 2)
    assert "--out numerals/best and --real numerals lie in one another" in said
    assert not (numeral_folder / "best").exists()


def test_what_is_no_archive_is_not_registered(datagen_here: Run, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as archive:
        archive.writestr("gzip/emnist-byclass-mapping.txt", "0 48\n")
    data = bytearray((tmp_path / "plain.zip").read_bytes())
    for mark, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.index(mark) + flags] |= 1  # says that the member is encrypted
    (tmp_path / "encrypted.zip").write_bytes(data)
    said = refused(datagen_here("fetch", "emnist", "--from", "encrypted.zip", "--unofficial"), 4)
    assert "is encrypted" in said
    (tmp_path / "folder").mkdir()
    said = refused(datagen_here("fetch", "emnist", "--from", "folder", "--unofficial"), 4)
    assert "folder is a folder, no file to register" in said
    shutil.rmtree(tmp_path / "folder")
    said = refused(datagen_here("fetch", "emnist", "--from", "folder", "--unofficial"), 4)
    assert "no file folder to register" in said


def test_pipelines_name_the_key_that_was_written(datagen_here: Run, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("steps:\n - some_of: [{op: scan}, {op: fade}]\n   n: -1\n")
    said = refused(datagen_here("pipelines", "p.yaml"), 2)
    assert "p.yaml: steps.0.n: expected 0 or more or a list (given -1)" in said


@pytest.mark.parametrize(("per_cell", "tile"), [(-1, 64), (0, 64), (10**6, 64), (8, 0), (8, 10**6)])
def test_a_contact_sheet_has_bounds(dataset: Path, per_cell: int, tile: int) -> None:
    with pytest.raises(api.DatagenError, match=r"(per_cell|tile) is .*; expected 1"):
        api.preview("default", per_cell=per_cell, tile=tile)
    with pytest.raises(api.DatagenError, match=r"(per_cell|tile) is .*; expected 1"):
        api.open_dataset(dataset).contact_sheet(per_cell=per_cell, tile=tile)


def test_a_name_that_is_no_text_is_an_error_of_ours() -> None:
    for name in (None, 1):
        with pytest.raises(api.DatagenError, match=f"name is {name}; expected text"):
            api.open_source(name)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (OSError(28, "No space left on device", "/full/a.json"), 1, "cannot use /full/a.json: No"),
        (OSError(28, "No space left on device"), 1, "reports an error: No space left on device; "),
        (PermissionError(13, "Permission denied", "/a"), 4, "/a cannot be used: Permission denied"),
    ],
)
def test_what_the_system_refuses_is_named(
    datagen_here: Run, monkeypatch: pytest.MonkeyPatch, error: OSError, code: int, says: str
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr("datagen.recipes.load.shipped", refuse)
    assert says in refused(datagen_here("recipes"), code)
