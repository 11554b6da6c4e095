import json
import signal
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
        ("photos --merge a.yaml b.yaml", 2, "--merge takes two review files"),
        ("--merge a.yaml b.yaml", 4, "no review file a.yaml"),
        ("photos --prefer A", 2, "--prefer belongs to --merge"),
        ("--no-audit", 2, "missing DIR"),
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
    done = datagen_here("review", *words.split(), "--no-browser")
    (line,) = done.stderr.splitlines()
    assert said in line
    assert done.returncode == code


def test_two_reviews_are_merged(datagen_here: Run, tmp_path: Path) -> None:
    out = tmp_path / "both.yaml"
    name = "competition-2021"
    done = datagen_here("review", "--merge", name, name, "--out", out, "--json")
    assert done.returncode == 0
    said = json.loads(done.stdout)
    assert (said["merged"], said["conflicts"], said["path"]) == (200, [], str(out))
    assert len(load(str(out)).images) == 200
