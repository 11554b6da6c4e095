"""Where the audit of a review is kept."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from datagen.curation.audit.record import AuditImage
from datagen.reviews.page import prepare
from datagen.reviews.page.suspects import listing


@pytest.fixture
def begun(numeral_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> prepare.Wanted:
    """What a review of `numerals` is asked for; its audit is made at once, and is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(prepare, "audit_folder", lambda *_, **__: SimpleNamespace(images=()))
    return prepare.Wanted(folder=numeral_folder, out=Path("review.yaml"))


def audited(wanted: prepare.Wanted) -> tuple[tuple[AuditImage, ...], list[str]]:
    """Return the audit, and what was told of it."""
    told: list[str] = []
    listed = listing(wanted.folder)
    return prepare._audit(wanted, listed, lambda *_: None, told.append), told


def test_no_audit_that_lies_there_is_replaced(begun: prepare.Wanted) -> None:
    for name in ("audit.jsonl", "audit-numerals.jsonl"):
        Path(name).write_text("somebody else's")
    _, told = audited(begun)
    assert told == ["audited; written to audit-numerals-2.jsonl, which the next review uses"]
    for name in ("audit.jsonl", "audit-numerals.jsonl"):
        assert Path(name).read_text() == "somebody else's"
    assert Path("audit-numerals-2.jsonl").is_file()


def test_an_audit_that_cannot_be_written_is_used_all_the_same(
    begun: prepare.Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, _images: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(prepare, "write_audit", refuse)
    found, told = audited(begun)
    assert found == ()
    assert told == ["audited, but audit.jsonl cannot be written (Permission denied)"]
