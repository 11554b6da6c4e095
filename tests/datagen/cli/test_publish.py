"""`datagen export --hf` and `datagen card` as a user runs them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from datagen.cli import main

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def forbidden(dataset: Path) -> Path:
    """A dataset that says that it was made of Chars74K."""
    info = json.loads((dataset / "dataset.json").read_text())
    info["sources"][0] |= {"key": "chars74k", "source": "chars74k"}
    (dataset / "dataset.json").write_text(json.dumps(info))
    return dataset


def ends(*words: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(words)
    return ended.value.code


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
    forbidden: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for form in ("--hf", "--parquet", "--webdataset"):
        assert ends("export", str(forbidden), form) == 3
        (line,) = capsys.readouterr().err.splitlines()
        assert "may not be published: source 'chars74k' (100 images) is under 'research" in line
    assert not list(tmp_path.glob("ds-*"))


def test_a_zip_for_oneself_is_written_and_says_so(
    forbidden: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends("export", str(forbidden), "--zip", "--json") in (0, None)
    said = capsys.readouterr()
    assert "licence    for yourself, not to be published: source 'chars74k'" in said.err
    (reason,) = json.loads(said.out)["not_publishable"]
    assert reason.startswith("source 'chars74k'")
    assert (tmp_path / "ds.zip").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no form was given; say one of --zip"),
        (("--hf", "--parquet"), "--hf and --parquet was given; say one"),
        (("--zip", "--licence", "images=MIT"), "leave them out of --zip"),
        (("--hf", "--skip-bad"), "are of --flatten; leave them out of --hf"),
        (("--hf", "--licence", "MIT"), "--licence 'MIT': expected SOURCE=LICENCE"),
        (("--hf", "--licence", "a=MIT", "--licence", "a=CC0"), "names source 'a' twice"),
        (("--hf", "--licence", "pen=MIT"), "licence of source 'pen' is its own"),
    ],
)
def test_words_that_make_no_sense(
    words: tuple[str, ...], said: str, dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends("export", str(dataset), *words) == 2
    assert said in capsys.readouterr().err


def test_a_card_goes_where_asked(
    forbidden: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "card.md"
    assert ends("card", str(forbidden), "--out", str(out)) in (0, None)
    said = capsys.readouterr().out
    assert "card       " in said
    assert "not to be published as it is: source 'chars74k'" in said
    assert out.read_text().startswith("---\n")
    assert ends("card", str(forbidden), "--out", str(out)) == 2
    assert "exists; --overwrite replaces it" in capsys.readouterr().err
    assert ends("card", str(tmp_path / "nowhere")) == 4
