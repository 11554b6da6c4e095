"""Looks at tests: what is written is read back, counted, and damage is named."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.core.errors import CorruptInputError
from datagen.searches.looks import Look, Purpose, append_look, count_looks, now, read_looks


def make_look(test: str = "folds/fold-1/holdout", purpose: Purpose = "choice") -> Look:
    """Return a look."""
    return Look(when=now(), test=test, what="top5", seed=123, epochs=10, images=40, purpose=purpose)


def test_what_was_written_is_read_in_order(tmp_path: Path) -> None:
    looks = [make_look("a"), make_look("b", "report"), make_look("a")]
    for look in looks:
        append_look(tmp_path / "looks.jsonl", look)
    assert read_looks(tmp_path / "looks.jsonl") == looks


def test_no_file_is_no_look(tmp_path: Path) -> None:
    assert read_looks(tmp_path / "looks.jsonl") == []


def test_a_line_torn_by_a_kill_is_no_look(tmp_path: Path) -> None:
    file = tmp_path / "looks.jsonl"
    append_look(file, make_look())
    file.write_bytes(file.read_bytes() + b'{"when": "2026')
    assert len(read_looks(file)) == 1
    append_look(file, make_look("b"))
    assert [look.test for look in read_looks(file)] == [make_look().test, "b"]


@pytest.mark.parametrize(
    "line", ["{}", "[]", "nonsense", make_look().model_dump_json().replace("choice", "fun")]
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "looks.jsonl"
    file.write_text(f"{make_look().model_dump_json()}\n{line}\n")
    with pytest.raises(CorruptInputError, match="line 2 is damaged"):
        read_looks(file)


@pytest.mark.parametrize("when", ["yesterday", "2026-11-27", "2026-11-27T08:00:00"])
def test_a_time_has_its_day_and_its_zone(when: str) -> None:
    with pytest.raises(ValueError, match="when"):
        Look.model_validate(make_look().model_dump() | {"when": when})


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=20))
def test_every_look_counts_once(tests: list[str]) -> None:
    counted = count_looks(map(make_look, tests))
    assert sum(counted.values()) == len(tests)
    assert counted == {test: tests.count(test) for test in tests}
