"""The manifest and the fingerprint lose nothing and depend on nothing else."""

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
    Op,
    entry_adapter,
    fingerprint,
    read_manifest,
    write_manifest,
)

NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
NUMBERS = st.integers(0, 2**63) | st.floats(-1e6, 1e6) | st.booleans() | NAMES
ENTRIES = st.builds(
    ManifestEntry,
    index=st.integers(0, 99_999),
    path=NAMES,
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
            Op,
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


@given(st.lists(ENTRIES, max_size=4))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_manifest_is_read_as_it_was_written(tmp_path: Path, entries: list[ManifestEntry]) -> None:
    write_manifest(tmp_path, [entry_adapter.dump_json(entry, by_alias=True) for entry in entries])
    assert read_manifest(tmp_path) == entries


def test_a_line_that_is_no_entry_is_named(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"index": 1}\n')
    with pytest.raises(CorruptInputError, match=r"manifest\.jsonl line 1 is not an entry"):
        read_manifest(tmp_path)


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
