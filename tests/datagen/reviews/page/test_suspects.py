import shutil
from pathlib import Path

import pytest

from datagen.core.errors import MissingInputError
from datagen.reviews.page.suspects import (
    fits,
    listing,
    plain_suspects,
    require_fit,
    suspects,
    urgency,
)
from tests.datagen.reviews.page.audits import audit_of, make_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "photos", 2)


def test_without_an_audit_the_order_is_the_folders(folder: Path) -> None:
    found = suspects(folder, listing(folder))
    assert [image.path for image in found[:3]] == ["i/0.png", "i/1.png", "ii/0.png"]
    assert found[0].found is None


def test_the_most_suspicious_come_first(folder: Path) -> None:
    audit = audit_of(folder)[::-1]
    swapped = [
        image.model_copy(update={"suspicion": 1 - image.suspicion, "rank": 21 - image.rank})
        for image in audit
    ]
    assert suspects(folder, listing(folder), swapped)[0].path == "x/1.png"


def test_suspicion_counts_by_value(folder: Path) -> None:
    audit = audit_of(folder, suspicion=0.5)
    worth = [
        image.model_copy(update={"value": 0.01 if image.path != "iv/1.png" else -0.01})
        for image in audit
    ]
    assert suspects(folder, listing(folder), worth)[0].path == "iv/1.png"


def test_urgency_is_suspicion_where_values_are_equal_or_unknown(folder: Path) -> None:
    one = audit_of(folder)[0]
    assert urgency(one, 0.0) == one.suspicion / 2
    assert urgency(one.model_copy(update={"value": 0.0}), 0.1) == one.suspicion / 2
    assert urgency(None, 0.1) == 0
    assert urgency(one.model_copy(update={"value": 1e9}), 0.1) < 1e-9


def test_equal_files_of_one_class_are_one_and_of_two_are_told(folder: Path) -> None:
    shutil.copy(folder / "i/0.png", folder / "i/copy.png")
    shutil.copy(folder / "i/0.png", folder / "ii/copy.png")
    found = {image.path: image for image in suspects(folder, listing(folder))}
    assert "i/copy.png" not in found
    assert found["i/0.png"].copies == ("i/copy.png",)
    assert found["i/0.png"].elsewhere == ("ii",)
    assert found["ii/copy.png"].elsewhere == ("i",)


def test_files_that_the_audit_does_not_know_come_last(folder: Path) -> None:
    audit = audit_of(folder)
    shutil.copy(folder / "x/1.png", folder / "i/new.png")
    with (folder / "i/new.png").open("ab") as file:
        file.write(b" ")
    found = suspects(folder, listing(folder), audit)
    assert found[-1].path == "i/new.png"


def test_an_audit_of_another_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    audit = audit_of(folder)
    listed = listing(folder)
    assert fits(listed, audit)
    elsewhere = [image.model_copy(update={"sha256": 64 * "0"}) for image in audit]
    assert not fits(listed, elsewhere)
    with pytest.raises(MissingInputError, match=r"a\.jsonl is the audit of another folder"):
        require_fit(tmp_path / "a.jsonl", folder, listed, elsewhere)


def test_the_part_of_a_split_folder_is_its_source(tmp_path: Path) -> None:
    make_folder(tmp_path / "ds" / "train", 1)
    make_folder(tmp_path / "ds" / "val", 1, seed=6)
    found = suspects(tmp_path / "ds", listing(tmp_path / "ds"))
    assert {image.source for image in found} == {"train", "val"}


def test_the_page_gets_plain_numbers(folder: Path) -> None:
    audit = audit_of(folder, value=-0.001234567, value_low=-0.002, value_high=None)
    plain = plain_suspects(suspects(folder, listing(folder), audit))[0]
    assert plain["class"] == "i"
    assert plain["value"] == [-0.001235, -0.002, None]
    assert plain["why"] == "networks read x, not this"
