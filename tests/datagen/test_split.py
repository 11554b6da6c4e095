import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from datagen.glyphs import Glyph, GlyphInfo, GlyphPool
from datagen.split import divide


def _no_ink(position: int) -> Glyph:
    raise AssertionError(position)


@given(
    infos=st.lists(
        st.builds(
            GlyphInfo,
            id=st.uuids().map(str),
            letter=st.sampled_from(["i", "v", "x"]),
            case=st.sampled_from(["lower", "upper", "unknown"]),
            writer=st.none() | st.sampled_from("abcdefgh"),
        ),
        max_size=80,
    ),
    fraction=st.floats(0.05, 0.95),
    seed=st.integers(0, 99),
)
def test_no_identity_stands_on_both_sides(
    infos: list[GlyphInfo], fraction: float, seed: int
) -> None:
    sides = divide(GlyphPool("any", infos, _no_ink), fraction, np.random.default_rng(seed)).sides
    assert sorted([*sides["train"], *sides["val"]]) == list(range(len(infos)))
    train, val = ({infos[k].identity for k in sides[split]} for split in ("train", "val"))
    assert not train & val


def test_writers_who_offer_the_same_are_divided_by_the_fraction() -> None:
    infos = [
        GlyphInfo(f"{w}{letter}", letter, "upper", f"w{w}")
        for w in range(50)
        for letter in ("i", "v", "x")
    ]
    sides = divide(GlyphPool("any", infos, _no_ink), 0.2, np.random.default_rng(0)).sides
    assert len({infos[k].writer for k in sides["val"]}) == 10
