"""The manifest and the fingerprint lose nothing and depend on nothing else."""

import dataclasses
import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datagen.core.errors import CorruptInputError
from datagen.core.numerals import CLASSES, SPLITS
from datagen.datasets.format import (
    MANIFEST,
    ManifestEntry,
    fingerprint,
    inside,
    manifest_line,
    read_manifest,
    write_manifest,
)
from datagen.files.reading import LINES
from pipelines.pipeline import Applied

NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
NUMBERS = st.integers(0, 2**63) | st.floats(-1e6, 1e6) | st.booleans() | NAMES
PARTS = st.text(st.characters(codec="utf-8", exclude_characters="/\\:\0"), min_size=1).filter(
    lambda part: part not in {".", ".."}
)
ENTRIES = st.builds(
    ManifestEntry,
    index=st.integers(0, 99_999),
    path=st.lists(PARTS, min_size=1, max_size=3).map("/".join),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    numeral=st.sampled_from(CLASSES),
    split=st.sampled_from(SPLITS),
    source=NAMES,
    style=st.sampled_from(["lower", "upper", "mixed", "unknown"]),
    glyphs=st.lists(NAMES, max_size=4).map(tuple),
    writers=st.lists(NAMES, max_size=4).map(tuple),
    composition=st.none(),
    ops=st.lists(
        st.builds(
            Applied,
            op=NAMES,
            parameters=st.dictionaries(NAMES, NUMBERS | st.lists(NUMBERS, max_size=3), max_size=3),
            numeral=st.none() | st.sampled_from(CLASSES),
        ),
        max_size=2,
    ).map(tuple),
    seed=st.lists(st.integers(0, 2**63), max_size=3).map(tuple),
    parent=st.none() | NAMES,
    pipeline=st.none() | NAMES,
)


@given(st.lists(ENTRIES, max_size=4, unique_by=lambda entry: entry.path))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_manifest_is_read_as_it_was_written(tmp_path: Path, entries: list[ManifestEntry]) -> None:
    write_manifest(tmp_path, map(manifest_line, entries))
    assert read_manifest(tmp_path) == entries


def test_a_line_that_is_no_entry_is_named(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"index": 1}\n')
    with pytest.raises(CorruptInputError, match=r"manifest\.jsonl line 1 is not an entry"):
        read_manifest(tmp_path)


@pytest.fixture
def entry() -> dict[str, object]:
    """Return a valid line of a manifest, as plain data."""
    return {
        "index": 0, "path": "train/i/00000.png", "sha256": "0" * 64, "class": "i",
        "split": "train", "source": "pen", "style": "lower", "glyphs": [], "writers": [],
        "composition": None, "ops": [], "seed": [1], "parent": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        *("../secret.png", "train/i/../../../x.png", "/etc/passwd", "//host/share/x.png"),
        *("train\\i\\0.png", "C:/x.png", "C:x", "", ".", "./train/i/0.png", "train//0.png"),
        *("train/i/", "a\0b", None, 7, ["train"], True),
    ],
)
def test_a_path_that_is_not_plainly_in_the_dataset_is_refused(
    tmp_path: Path, entry: dict[str, object], path: object
) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps(entry | {"path": path}) + "\n")
    with pytest.raises(CorruptInputError, match=r"line 1 is not an entry: path: ") as caught:
        read_manifest(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_hostile_manifest_is_refused_in_one_short_line(
    tmp_path: Path, entry: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = json.dumps(entry).encode() + b"\n"
    assert [found.path for found in _read(tmp_path, b"\xef\xbb\xbf" + good)] == [entry["path"]]
    for hostile in (
        good * 2,
        b"[" * 100_000,
        b'{"index":' * 100_000,
        b"1" * 5_000,
        b'"' + b"x" * (2 << 20) + b'"',
        bytes(2 << 20),
        b"\xff\xfe",
        b"\n" + good,
        json.dumps(entry | {"path": "x" * 10_000 + "/../y"}).encode(),
        json.dumps(entry | {"sha256": {"a": ["b" * 10_000]}}).encode(),
        json.dumps(entry | {"index": "1e400"}).encode(),
    ):
        with pytest.raises(CorruptInputError, match=r"manifest\.jsonl line \d") as caught:
            _read(tmp_path, hostile)
        said = str(caught.value).replace(str(tmp_path), "")
        assert "\n" not in said
        assert len(said) < 600
    monkeypatch.setattr(
        "datagen.datasets.format.LINES", dataclasses.replace(LINES, limit=len(good) // 2)
    )
    with pytest.raises(CorruptInputError, match="bytes, more than the"):
        _read(tmp_path, good)


def _read(root: Path, content: bytes) -> list[ManifestEntry]:
    (root / MANIFEST).write_bytes(content)
    return read_manifest(root)


@pytest.mark.skipif(os.name != "posix", reason="Windows makes links for administrators only")
def test_a_link_may_not_lead_out_of_the_dataset(tmp_path: Path) -> None:
    root = tmp_path / "ds"
    (root / "train" / "i").mkdir(parents=True)
    (root / "0.png").touch()
    (tmp_path / "linked").symlink_to(root)
    for name, leads in {"in": "../../0.png", "out": "../../../x.png", "loop": "loop"}.items():
        (root / "train" / "i" / name).symlink_to(leads)
    (root / "train" / "up").symlink_to("../..")
    for good in ("0.png", "train/i/in"):
        for place in (root, tmp_path / "linked"):
            assert inside(place, place / good) == place / good
    for bad in ("train/i/out", "train/up/x.png"):
        with pytest.raises(CorruptInputError, match="leads out of the dataset"):
            inside(root, root / bad)


FILES = st.tuples(st.sampled_from(SPLITS), st.sampled_from(CLASSES), st.sampled_from(["0a", "ff"]))


@given(st.lists(FILES, min_size=1, max_size=9), st.randoms())
def test_the_fingerprint_is_of_the_content_in_any_order(
    files: list[tuple[str, str, str]], order: random.Random
) -> None:
    shuffled = list(files)
    order.shuffle(shuffled)
    assert fingerprint(shuffled) == fingerprint(files)
    assert fingerprint(files[1:]) != fingerprint(files)
    split, numeral, _ = files[0]
    assert fingerprint([(split, numeral, "11"), *files[1:]]) != fingerprint(files)
