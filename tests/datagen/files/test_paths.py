"""Paths as records say them."""

from pathlib import Path

import pytest

from datagen.files.paths import absolute, recorded_place, recorded_text


def test_a_place_is_found_again_from_the_folder_of_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)
    for given in ("ds", tmp_path / "ds", "report/../ds", "link/ds", ".", "real/.."):
        told = recorded_place(given, Path("report"))
        assert str(tmp_path) not in told
        assert absolute(told, tmp_path / "report") == Path(given).resolve()
    assert recorded_place("link", Path("report")) == "../link"  # keeps the name that people know


def test_sentences_name_no_users_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home" / "ana"
    monkeypatch.setenv("HOME", str(home))
    data = home / "data"
    text = f"2 files of {data} (first {data}/i/a.png), not {data}-2 nor {tmp_path}/else."
    assert recorded_text(text, [data], home / "report") == (
        f"2 files of ../data (first ../data/i/a.png), not ~/data-2 nor {tmp_path}/else."
    )
