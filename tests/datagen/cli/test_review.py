import errno
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from datagen.sources.images.review import load
from tests.datagen.reviews.page.audits import make_folder

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.slow
def test_a_page_is_served_until_ctrl_c(tmp_path: Path) -> None:
    make_folder(tmp_path / "photos", 1)
    words = ["review", "photos", "--no-audit", "--no-browser", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "datagen", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert (said["images"], said["decided"], said["path"]) == (10, 0, "review.yaml")
        page = requests.Session()
        place = said["address"].partition("?")[0]
        assert page.get(place, timeout=20).status_code == 403
        assert "Review photos" in page.get(said["address"], timeout=20).text
        item = page.get(f"{place}everything", timeout=20).json()["items"][0]
        one = {"verdict": "drop", "was": "i", "reason": "scribble"}
        page.post(
            f"{place}decide",
            json={"decisions": {item["id"]: one}},
            headers={"Origin": place.rstrip("/")},
            timeout=20,
        ).raise_for_status()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "review.yaml: 0 keep, 1 drop, 0 relabel" in told
    assert "datagen build --source images:photos --option images.review=review.yaml" in told
    assert load(str(tmp_path / "review.yaml")).images[item["id"]].verdict == "drop"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("nowhere", 4, "no folder at nowhere"),
        ("empty", 4, "none of the class folders"),
        ("photos/i/0.png", 4, "is a file, no folder"),
        ("photos --audit x.jsonl", 4, "x.jsonl"),
        ("photos --no-audit --out empty", 2, "review empty is a folder"),
        ("photos --no-audit --port 99999", 2, "expected 0 … 65535"),
        ("photos --no-audit --audit x.jsonl", 2, "exclude each other"),
        ("photos --merge a.yaml b.yaml", 2, "DIR has no effect with --merge; leave --merge out"),
        ("--merge a.yaml b.yaml", 4, "no review file a.yaml"),
        ("photos --prefer A", 2, "--prefer has no effect without --merge; add --merge A B"),
        ("--no-audit", 2, "missing DIR"),
        ("photos --out nodir/r.yaml", 2, "cannot write the review nodir/r.yaml: no folder nodir"),
        ("photos --who \udcff", 2, "expected a name, text in Unicode; give another, or leave it"),
        ("photos --who \udcff --html r.html", 2, "--who '\\udcff': expected a name"),
        ("photos --html photos/i/0.png/r.html", 2, "only read"),
        ("photos --html empty.txt/r.html", 2, "cannot write empty.txt/r.html: Not a directory"),
        ("photos --no-audit --html r.html --port 0", 2, "--port has no effect with --html"),
        ("photos --no-audit --overwrite", 2, "--overwrite has no effect without --html or --merge"),
        ("--merge a b --who kim --no-audit", 2, "--no-audit and --who have no effect with --merge"),
        ("--merge a b --overwrite", 2, "--overwrite has no effect without --out; add --out FILE"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    words: str,
    code: int,
    said: str,
    datagen_here: Run,
    tmp_path: Path,
) -> None:
    make_folder(tmp_path / "photos", 1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.txt").touch()
    unread = () if "--merge" in words or "--html" in words else ("--no-browser",)
    done = datagen_here("review", *words.split(), *unread)
    (line,) = done.stderr.splitlines()
    assert said in line
    assert done.returncode == code


@pytest.fixture
def no_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an audit, which takes minutes, be none that a refusal waits for."""

    def audited(*_: object, **__: object) -> None:
        raise AssertionError("it was audited first")

    monkeypatch.setattr("datagen.reviews.page.prepare.audit_folder", audited)


@pytest.mark.usefixtures("no_audit")
def test_a_review_that_cannot_be_written_is_refused_before_the_audit(
    datagen_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    make_folder(tmp_path / "photos", 1)
    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    done = datagen_here("review", "photos", "--no-browser")
    said = "datagen: cannot write the review review.yaml: Read-only file system; choose another"
    assert (done.returncode, done.stderr.startswith(said)) == (2, True), done.stderr
    for command in ("review", "view"):
        done = datagen_here(command, "photos", "--html", "r.html")
        said = "datagen: cannot write r.html: Read-only file system; choose another --html\n"
        assert (done.returncode, done.stderr) == (2, said)
    assert {path.name for path in tmp_path.iterdir()} <= {"photos", "cache"}


@pytest.mark.usefixtures("no_audit")
@pytest.mark.parametrize("words", ["review photos", "view photos --serve"])
def test_a_port_that_is_taken_is_refused_before_any_work(
    datagen_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    def collected(*_: object) -> None:
        raise AssertionError("the images were read first")

    monkeypatch.setattr("datagen.viewing.collect.collect", collected)
    make_folder(tmp_path / "photos", 1)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = datagen_here(*words.split(), "--no-browser", "--port", port)
    assert done.returncode == 2
    assert done.stderr.startswith(f"datagen: --port {port} cannot be used (")


def test_two_reviews_are_merged(datagen_here: Run, tmp_path: Path) -> None:
    out = tmp_path / "both.yaml"
    name = "competition-2021"
    done = datagen_here("review", "--merge", name, name, "--out", out, "--json")
    assert done.returncode == 0
    said = json.loads(done.stdout)
    assert (said["merged"], said["conflicts"], said["path"]) == (200, [], str(out))
    assert len(load(str(out)).images) == 200
