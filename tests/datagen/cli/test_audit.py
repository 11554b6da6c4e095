"""`datagen audit` as a user runs it."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from datagen.curation.audit.find import Audit, AuditSettings
from datagen.curation.audit.record import read_audit
from datagen.curation.audit.value import value_audit

Run = Callable[..., subprocess.CompletedProcess[str]]
SHORT = ("--with", "none", "--folds", 2, "--epochs", 1, "--seeds", 1)


@pytest.mark.slow
def test_suspects_are_ranked_recorded_and_shown(
    datagen_here: Run, numeral_folder: Path, tmp_path: Path
) -> None:
    # a copy under another class: one of the two labels is wrong
    copied = next((numeral_folder / "x").iterdir())
    shutil.copy(copied, numeral_folder / "i" / "stray.png")
    done = datagen_here("audit", "numerals", *SHORT, "--top", 3, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["command"], found["images"], len(found["worst"])) == ("audit", 61, 3)
    images = read_audit(tmp_path / "audit.jsonl")
    assert [image.rank for image in images] == list(range(1, 62))
    assert [image.suspicion for image in images] == sorted(
        (image.suspicion for image in images), reverse=True
    )
    stray = next(image for image in images if image.path == "i/stray.png")
    assert stray.signals["copy of another class"] == 1
    twin = next(image for image in images if image.path == f"x/{copied.name}")
    assert stray.group == twin.group
    assert twin.path in stray.alike
    assert all(abs(sum(image.probabilities) - 1) < 1e-4 for image in images)
    assert re.search(r"suspects? among 61 images of numerals", done.stderr)
    assert "datagen review numerals --audit audit.jsonl" in done.stderr
    assert any("\u2800" <= sign <= "\u28ff" for sign in done.stderr)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("nowhere",), 4, "no folder at nowhere"),
        (("numerals", "--runs", 20), 2, "--runs belongs to --value"),
        (("numerals", "--folds", 1), 2, "--folds is 1; expected 2"),
        (("numerals", "--value", "--runs", 3), 2, "--runs is 3; expected 10"),
        (("numerals", "--synthetic", 20), 2, "--synthetic is 20; expected 50"),
        (("numerals", "--value"), 3, "60 images are too few to say what each is worth; --value ne"),
        (("numerals", "--epochs", 0), 2, "epochs is 0"),
        (("numerals", "--seed", -1), 2, "seed is -1"),
        (("numerals", "--with", "pencil"), 2, "unknown source 'pencil'"),
        (("numerals", "-o", "no/a.jsonl"), 2, "no folder no"),
        (("numerals", "--writers", "no.csv"), 4, "no file no.csv"),
    ],
)
@pytest.mark.usefixtures("numeral_folder")
def test_bad_input_is_one_clear_line(
    datagen_here: Run, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = datagen_here("audit", *arguments)
    assert done.returncode == code, done.stderr
    assert re.search(says, done.stderr), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} <= {"cache", "numerals"}


def test_an_estimate_that_is_stopped_says_what_is_kept(
    datagen_here: Run, numeral_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, tell: Callable[[int, int], None], **__: object) -> None:
        tell(56, 80)
        raise KeyboardInterrupt

    audited = Audit(
        folder=numeral_folder, images=(), settings=AuditSettings(), joint=(), agreement=1.0
    )
    monkeypatch.setattr("datagen.api.auditing.audit", lambda *_, **__: audited)
    monkeypatch.setattr(value_audit, "require_valuable", lambda *_: None)
    monkeypatch.setattr(value_audit, "_load", lambda _: ((), (), False))
    monkeypatch.setattr(value_audit, "estimate_values", stopped)
    done = datagen_here("audit", "numerals", "--value")
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.splitlines()[-1] == (
        "datagen: interrupted at values 56 of 80; trainings whose batch was finished are kept, and "
        "the same command goes on after them; audit.jsonl has the audit without values"
    )


def test_a_file_that_is_no_image_is_refused_or_passed_over(
    datagen_here: Run, numeral_folder: Path
) -> None:
    (numeral_folder / "v" / "broken.png").write_bytes(b"no image")
    done = datagen_here("audit", "numerals")
    assert done.returncode == 4
    assert "broken.png" in done.stderr
    assert "--skip-bad" in done.stderr
