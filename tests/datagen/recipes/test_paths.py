import os
import threading
from pathlib import Path
from typing import Any

import pytest

from datagen.recipes.paths import absolute, absolute_ingredient, absolute_value

FOLDER = Path("/recipes")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("mix.path", "letters.zip", "/recipes/letters.zip"),
        ("path", Path("a/../b"), Path("/recipes/b")),
        ("val.folder", "/elsewhere", "/elsewhere"),
        ("val.folder", None, None),
        ("pipeline", "scanned", "scanned"),
        ("pipeline", "my.yaml", "/recipes/my.yaml"),
        ("mix.pipeline", "./scanned", "/recipes/scanned"),
        ("mix.pipeline", "deep/scanned", "/recipes/deep/scanned"),
        ("options.file", "review.json", "/recipes/review.json"),
        ("mix.pen.options.split", "letters", "letters"),
        ("options.path", "letters", "letters"),  # an option is a path only by its ending
        ("options.writers", 7, 7),
        ("name", "recipe.yaml", "recipe.yaml"),
    ],
)
def test_what_is_a_path(key: str, value: Any, expected: Any) -> None:
    assert absolute_value(key, value, FOLDER) == expected


def test_the_home_folder_is_no_relative_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert absolute("~/inks", FOLDER) == Path("/home/ada/inks")


def test_an_ingredient_need_not_be_valid() -> None:
    part = {"source": 5, "path": "a", "options": {"review": "r.json", "n": 1}, 3: "x"}
    assert absolute_ingredient(part, FOLDER) == {  # type: ignore[arg-type]
        "source": 5,
        "path": "/recipes/a",
        "options": {"review": "/recipes/r.json", "n": 1},
        3: "x",
    }
    assert absolute_ingredient({"options": "none"}, FOLDER) == {"options": "none"}


@pytest.mark.skipif(os.name != "posix", reason="needs named pipes")
def test_strokes_from_a_pipe_may_be_as_large_as_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path / "cache"))
    os.mkfifo(tmp_path / "pipe")
    text = "[" + " " * 11_000_000 + "]"
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=(text,))
    writer.start()
    kept = absolute_value("path", str(tmp_path / "pipe"), FOLDER)
    writer.join()
    assert Path(kept).read_text() == text
