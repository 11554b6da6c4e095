import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from datagen.core.errors import EvaluationError
from datagen.curation.audit.record import AuditImage
from datagen.reviews.page import improve, prepare
from datagen.reviews.page.improve import Improver
from datagen.reviews.page.suspects import listing, suspects
from tests.datagen.reviews.page.audits import audit_of, drop, make_folder, relabel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "photos", 2)


def _until_done(improver: Improver) -> dict[str, Any]:
    end = time.monotonic() + 20
    while (state := improver.state())["phase"] == "running":
        assert time.monotonic() < end
        time.sleep(0.01)
    return state


def test_the_order_is_from_an_audit_of_the_images_as_decided(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, list[AuditImage]] = {}

    class Audited:
        def __init__(self, root: Path) -> None:
            seen["audit"] = audit_of(root)
            self.images = seen["audit"]

    monkeypatch.setattr(prepare, "audit_folder", lambda root, **_: Audited(root))
    listed = listing(folder)
    images = suspects(folder, listed, audit_of(folder, value=-0.5))
    by_path = {image.path: image.sha256 for image in images}
    decisions = {by_path["i/0.png"]: drop(), by_path["i/1.png"]: relabel("x")}
    rank = prepare._rank(folder, listed)
    again = {image.path: image for image in rank(images, decisions, lambda *_: None)}

    assert len(seen["audit"]) == 19
    assert [image.path[:1] for image in seen["audit"]].count("x") == 3
    assert set(again) == set(by_path)
    moved = again["i/1.png"]
    assert moved.numeral == "i"
    assert moved.found is not None
    assert moved.found.value == -0.5
    assert set(moved.alike) <= set(by_path)
    assert again["i/0.png"].found == images[0].found


def test_what_fails_is_told_and_can_be_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise EvaluationError("no such CPU")

    monkeypatch.setattr(improve, "measure", fail)
    improver = Improver(folder)
    images = suspects(folder, listing(folder))
    for _ in range(2):
        assert improver.start(images, {}, lambda _: None)
        assert _until_done(improver) == {"phase": "failed", "message": "no such CPU"}


def test_images_that_are_gone_are_the_reason(folder: Path) -> None:
    images = suspects(folder, listing(folder))
    (folder / "i" / "0.png").write_bytes(b"")
    improver = Improver(folder)
    improver.start(images, {}, lambda _: None)
    told = _until_done(improver)["message"]
    assert told.startswith("A held-out score needs at least 60 images")
    assert " 1 of 20 images cannot be read: " in told
    shutil.rmtree(folder)
    improver.start(images, {}, lambda _: None)
    expected = f"no folder at {folder}; expected the images of this review"
    assert _until_done(improver) == {"phase": "failed", "message": expected}


def test_a_page_that_is_closed_ends_the_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    going = threading.Event()

    def train(_images: Any, _views: Any, _decisions: Any, tell: Any) -> None:
        while True:
            tell(1, 10)
            going.set()
            time.sleep(0.01)

    monkeypatch.setattr(improve, "measure", train)
    improver = Improver(folder)
    images = suspects(folder, listing(folder))
    improver.start(images, {}, lambda _: None)
    assert going.wait(20)
    assert not improver.start(images, {}, lambda _: None)  # one work at a time
    improver.close()
    assert improver.state() == {"phase": "idle"}
