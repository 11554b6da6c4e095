"""`datagen export --hf` and `datagen card` as a user runs them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def forbidden(dataset: Path) -> Path:
    """A dataset that says that it was made of Chars74K."""
    info = json.loads((dataset / "dataset.json").read_text())
    info["sources"][0] |= {"key": "chars74k", "source": "chars74k"}
    (dataset / "dataset.json").write_text(json.dumps(info))
    return dataset


@pytest.mark.slow
def test_publish_as_a_process(datagen: Run, dataset: Path, tmp_path: Path) -> None:
    done = datagen("export", dataset, "--hf", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"] == {"train": 80, "val": 20}
    assert "licence      pen: MIT" in done.stderr
    described = datagen("card", dataset)
    assert described.returncode == 0, described.stderr
    assert described.stdout.startswith("---\npretty_name: small\n")
    assert not described.stderr


def test_what_forbids_it_is_said_in_one_line(
    datagen_here: Run, forbidden: Path, tmp_path: Path
) -> None:
    for form in ("--hf", "--parquet", "--webdataset"):
        done = datagen_here("export", forbidden, form)
        assert done.returncode == 3
        (line,) = done.stderr.splitlines()
        assert "may not be published: source 'chars74k' (100 images) is under 'research" in line
    assert not list(tmp_path.glob("ds-*"))


def test_a_zip_for_oneself_is_written_and_says_so(
    datagen_here: Run, forbidden: Path, tmp_path: Path
) -> None:
    said = datagen_here("export", forbidden, "--zip", "--json")
    assert said.returncode in (0, None)
    assert "licence    for your own use, may not be published: source 'chars74k'" in said.stderr
    (reason,) = json.loads(said.stdout)["not_publishable"]
    assert reason.startswith("source 'chars74k'")
    assert (tmp_path / "ds.zip").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no form was given; give one of --zip"),
        (("--hf", "--parquet"), "--hf and --parquet was given; give one"),
        (("--zip", "--licence", "images=MIT"), "leave them out with --zip"),
        (("--hf", "--skip-bad"), "belong to --flatten; leave them out with --hf"),
        (("--hf", "--licence", "MIT"), "--licence 'MIT': expected SOURCE=LICENCE"),
        (("--hf", "--licence", "a=MIT", "--licence", "a=CC0"), "names source 'a' twice"),
        (("--hf", "--licence", "pen=MIT"), "licence of source 'pen' is its own"),
    ],
)
def test_words_that_make_no_sense(
    datagen_here: Run, words: tuple[str, ...], said: str, dataset: Path
) -> None:
    done = datagen_here("export", dataset, *words)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_card_goes_where_asked(datagen_here: Run, forbidden: Path, tmp_path: Path) -> None:
    out = tmp_path / "card.md"
    done = datagen_here("card", forbidden, "--out", out)
    assert done.returncode in (0, None)
    said = done.stdout
    assert "card       " in said
    assert "may not be published as it is: source 'chars74k'" in said
    assert out.read_text().startswith("---\n")
    done = datagen_here("card", forbidden, "--out", out)
    assert done.returncode == 2
    assert "exists; --overwrite replaces it" in done.stderr
    assert datagen_here("card", tmp_path / "nowhere").returncode == 4
