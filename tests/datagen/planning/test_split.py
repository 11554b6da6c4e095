import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.core.arrays import GrayImage
from datagen.core.errors import SplitError
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool, NumeralInfo, NumeralPool
from datagen.planning.split import divide, whole, without_shared, writer_index


def _no_ink(position: int) -> Glyph:
    raise AssertionError(position)


def _no_image(position: int) -> GrayImage:
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
    sides = divide(
        GlyphPool("any", infos, _no_ink), {"val": fraction}, np.random.default_rng(seed)
    ).sides
    assert sorted([*sides["train"], *sides["val"]]) == list(range(len(infos)))
    train, val = ({infos[k].identity for k in sides[split]} for split in ("train", "val"))
    assert not train & val


IMAGES = st.lists(
    st.builds(
        NumeralInfo,
        id=st.uuids().map(str),
        numeral=st.sampled_from(["i", "v", "x"]),
        identity=st.sampled_from("abcdefghijklmnopqrstuvwxyz"),
    ),
    max_size=80,
)


@given(infos=IMAGES, fraction=st.floats(0.05, 0.95), seed=st.integers(0, 99), data=st.data())
def test_no_group_of_images_stands_on_both_sides_whatever_their_order(
    infos: list[NumeralInfo], fraction: float, seed: int, data: st.DataObject
) -> None:
    def chosen(listed: list[NumeralInfo]) -> list[set[str]]:
        pool = NumeralPool("images", listed, _no_image)
        sides = divide(pool, {"val": fraction}, np.random.default_rng(seed)).sides
        assert sorted([*sides["train"], *sides["val"]]) == list(range(len(listed)))
        return [{listed[k].identity for k in sides[split]} for split in ("train", "val")]

    train, val = chosen(infos)
    assert not train & val
    assert chosen(data.draw(st.permutations(infos))) == [train, val]


def test_val_has_its_share_of_images_however_large_their_groups() -> None:
    sizes = [1] * 10 + [2] * 20 + [5] * 10  # 100 images of each class
    infos = [
        NumeralInfo(f"{numeral}{name}-{k}", numeral, f"{numeral}{name}")
        for numeral in ("i", "v")
        for name, size in enumerate(sizes)
        for k in range(size)
    ]
    for seed in range(20):
        pool = NumeralPool("images", infos, _no_image)
        val = divide(pool, {"val": 0.2}, np.random.default_rng(seed)).sides["val"]
        for numeral in ("i", "v"):
            assert 17 <= sum(infos[k].numeral == numeral for k in val) <= 20


def test_val_has_an_image_of_each_class_though_all_groups_are_large() -> None:
    infos = [NumeralInfo(f"{name}{k}", "i", name) for name in "ab" for k in range(30)]
    infos += [NumeralInfo(f"x{k}", "x", "x") for k in range(3)]
    pool = NumeralPool("images", infos, _no_image)
    sides = divide(pool, {"val": 0.1}, np.random.default_rng(0)).sides
    assert len(sides["val"]) == 30
    assert {infos[k].numeral for k in sides["train"]} == {"i", "x"}  # one group is not divided


def test_writers_who_offer_the_same_are_divided_by_the_fraction() -> None:
    infos = [
        GlyphInfo(f"{w}{letter}", letter, "upper", f"w{w}")
        for w in range(50)
        for letter in ("i", "v", "x")
    ]
    sides = divide(GlyphPool("any", infos, _no_ink), {"val": 0.2}, np.random.default_rng(0)).sides
    assert len({infos[k].writer for k in sides["val"]}) == 10


def scanned(writers: range, first: int) -> GlyphPool:
    """Raster letters of people whom this archive calls p0, p1, …; `first` says their looks."""
    infos = [
        GlyphInfo(f"p{writer}-{letter}", letter, "upper", f"p{writer}")
        for writer in writers
        for letter in ("i", "v", "x")
    ]

    def load(position: int) -> Glyph:
        ink = np.full((4, 4), 0, np.uint8)
        ink.flat[:2] = (first + position // 3, 1 + position % 3)
        return Glyph(infos[position], "chars74k", ink=ink)

    return GlyphPool("chars74k", infos, load)


def test_the_same_letters_under_two_keys_never_stand_on_both_sides() -> None:
    # the same archive once zipped and once unpacked: val holds three of its ten people
    pools = {"chars74k": scanned(range(10), 0), "chars74k-2": scanned(range(3), 0)}
    pool_splits = {
        "chars74k": whole(pools["chars74k"], "train"),
        "chars74k-2": whole(pools["chars74k-2"], "val"),
    }
    cleaned = without_shared(pools, pool_splits)
    assert cleaned["chars74k"].dropped == 9
    assert list(cleaned["chars74k"].sides["train"]) == list(range(9, 30))
    assert list(cleaned["chars74k-2"].sides["val"]) == list(range(9))


def test_other_people_of_the_same_names_are_kept() -> None:
    pools = {"chars74k": scanned(range(10), 0), "chars74k-2": scanned(range(10), 100)}
    pool_splits = {
        "chars74k": whole(pools["chars74k"], "train"),
        "chars74k-2": whole(pools["chars74k-2"], "val"),
    }
    cleaned = without_shared(pools, pool_splits)
    assert cleaned["chars74k"].dropped == 0
    assert list(cleaned["chars74k"].sides["train"]) == list(range(30))


def test_a_train_side_that_stands_in_val_altogether_says_so() -> None:
    pools = {"chars74k": scanned(range(4), 0), "chars74k-2": scanned(range(4), 0)}
    pool_splits = {
        "chars74k": whole(pools["chars74k"], "train"),
        "chars74k-2": whole(pools["chars74k-2"], "val"),
    }
    cleaned = without_shared(pools, pool_splits)["chars74k"]
    with pytest.raises(SplitError, match=r"12 letters left out, val has the same"):
        writer_index("chars74k", pools["chars74k"], cleaned, "train")
