"""Names of copies: no two are alike, and whoever comes first keeps the plain one."""

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from datagen.files.names import DistinctNames

PARTS = st.sampled_from(["a", "A", "b", "a-jpg", "a-jpg-2", "ä"])
NAMES = st.builds("{}/{}.{}".format, PARTS, PARTS, st.sampled_from(["png", "PNG"]))


@given(st.lists(st.tuples(NAMES, st.sampled_from(["jpg", "png"])), max_size=20))
def test_all_are_told_apart_in_their_own_folders(wanted: list[tuple[str, str]]) -> None:
    names = DistinctNames()
    found = [names.give(*each) for each in wanted]
    assert len({name.casefold() for name in found}) == len(found)
    for (plain, _), name in zip(wanted, found, strict=True):
        assert PurePosixPath(name).parent == PurePosixPath(plain).parent
        assert PurePosixPath(name).suffix == PurePosixPath(plain).suffix


def test_the_first_keeps_its_name() -> None:
    names = DistinctNames()
    assert [names.give("v/a.png", mark) for mark in ("x", "0f", "0f")] == [
        "v/a.png",
        "v/a-0f.png",
        "v/a-0f-2.png",
    ]
