"""Archives that a recipe needs and the machine lacks, from a server in this process."""

import hashlib
import logging
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import datagen
import datagen.downloads.fetch
import datagen.downloads.http
from datagen.core.errors import BudgetError, DownloadError, MissingInputError
from datagen.downloads.fetch import registry
from datagen.files.cache_dir import cache_folder
from tests.conformance.inputs import INPUTS
from tests.http_server import Server, serving

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve small archives under the names of the registry, which then names this server."""
    letters = INPUTS["emnist"](tmp_path / "letters")
    archive = tmp_path / "served.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for file in sorted(letters.iterdir()):
            opened.write(file, f"gzip/{file.name}")
            opened.writestr(f"gzip/{file.name}".replace("byclass", "digits"), b"not wanted")
    drawn = INPUTS["chars74k"](tmp_path / "drawn")
    data = archive.read_bytes()
    state = Server({"gzip.zip": data, "EnglishHnd.tgz": drawn.read_bytes()})
    known = registry()
    with serving(state):
        here = {
            name: replace(found, url=f"{state.url}/{found.file}") for name, found in known.items()
        }
        digest = hashlib.sha256(data).hexdigest()
        here["emnist"] = replace(here["emnist"], size=len(data), sha256=digest)
        monkeypatch.setattr(datagen.downloads.fetch, "registry", lambda: here)
        monkeypatch.setattr(datagen.downloads.http, "PAUSE", 0.001)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.delenv("DATAGEN_OFFLINE", raising=False)
        yield state


@pytest.mark.parametrize("source", ["emnist", "chars74k"])
def test_a_build_fetches_what_it_lacks_and_says_so(
    server: Server, datagen_here: Run, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    done = datagen_here("build", "--source", source, "--images", 100, "--json")
    assert done.returncode == 0, done.stderr
    assert f"fetching {source}: " in done.stderr  # how far it is
    (said,) = (record.getMessage() for record in caplog.records)
    for part in (f"{source} is not on this machine", server.url, "Licence: ", "--offline"):
        assert part in said
    caplog.clear()
    asked = len(server.asked)
    again = datagen_here("build", "--source", source, "--images", 100, "--out", "again")
    assert again.returncode == 0
    assert "fetching" not in again.stderr + caplog.text
    assert len(server.asked) == asked


@pytest.mark.usefixtures("server")
def test_only_the_split_that_is_asked_for_is_fetched() -> None:
    datagen.plan({"images": 100, "mix": [{"source": "emnist"}]})
    assert {file.name.split("-")[1] for file in (cache_folder() / "emnist").iterdir()} == {
        "byclass"
    }
    with pytest.raises(DownloadError, match=r"no member emnist-balanced-\*"):
        datagen.plan({"mix": [{"source": "emnist", "options": {"split": "balanced"}}]})


def test_progress_is_told_in_bytes(server: Server, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    datagen.build(
        {"images": 100, "mix": [{"source": "chars74k"}]},
        tmp_path / "ds",
        progress=lambda *step: told.append(step),
    )
    fetched = [step for step in told if step[0] == "fetching chars74k"]
    size = len(server.files["EnglishHnd.tgz"])
    assert fetched[-1] == ("fetching chars74k", size, size)
    assert told[-1][0] == "images"


@pytest.mark.parametrize("value", ["1", "yes", "TRUE"])
def test_offline_refuses_as_ever(
    server: Server, datagen_here: Run, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    commands = ["build"], ["preview"], ["sweep", "--vary", "seed=1,2", "--dry-run"]
    for command in commands:
        mix = ["--mix", "emnist=1"]
        refused = datagen_here(*command, *mix, "--offline")
        assert (refused.returncode, refused.stdout) == (4, "")
        assert "`datagen fetch emnist`" in refused.stderr
        monkeypatch.setenv("DATAGEN_OFFLINE", value)
        assert datagen_here(*command, *mix).stderr == refused.stderr
        monkeypatch.delenv("DATAGEN_OFFLINE")
    with pytest.raises(MissingInputError, match="datagen fetch emnist"):
        datagen.plan({"mix": [{"source": "emnist"}]}, offline=True)
    assert server.asked == []


@pytest.mark.usefixtures("server")
def test_no_network_is_one_line_with_the_ways_out(
    datagen_here: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = {
        name: replace(found, url=f"http://127.0.0.1:9/{found.file}")
        for name, found in registry().items()
    }
    monkeypatch.setattr(datagen.downloads.fetch, "registry", lambda: gone)
    refused = datagen_here("build", "--source", "emnist")
    assert refused.returncode == 4
    (line,) = [line for line in refused.stderr.splitlines() if line.startswith("datagen:")]
    for part in ("no connection", "`datagen fetch emnist --from FILE`", "emnist:PATH"):
        assert part in line
    assert "`--source pen`" in line


def test_what_is_wrong_anyway_is_found_before_a_download(server: Server, tmp_path: Path) -> None:
    emnist = {"source": "emnist"}
    with pytest.raises(BudgetError):
        datagen.plan({"images": 20_000, "mix": [emnist]})
    gone = {"source": "images", "path": str(tmp_path / "gone")}
    with pytest.raises(MissingInputError):
        datagen.plan({"mix": [emnist, gone]})
    (tmp_path / "ds").mkdir()
    (tmp_path / "ds" / "mine.txt").touch()
    with pytest.raises(datagen.DatagenError):
        datagen.build({"mix": [emnist]}, tmp_path / "ds")
    assert server.asked == []


def test_a_download_that_broke_off_goes_on(server: Server) -> None:
    size = len(server.files["EnglishHnd.tgz"])
    server.budget = [size // 2, 0, 0, 0, 0, 0]
    recipe = {"images": 100, "mix": [{"source": "chars74k"}]}
    with pytest.raises(DownloadError, match="resumes from there"):
        datagen.plan(recipe)
    server.budget = []
    datagen.plan(recipe)
    assert any(asked.startswith("bytes=") and asked != "bytes=0-0" for asked in server.asked)


@pytest.mark.usefixtures("server")
def test_two_that_lack_the_same_fetch_it_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    recipe = {"images": 100, "mix": [{"source": "emnist"}]}
    threads = [threading.Thread(target=datagen.plan, args=(recipe,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("fetching the part" in record.getMessage() for record in caplog.records) == 1


def test_sources_lists_without_a_network(server: Server, datagen_here: Run) -> None:
    assert datagen_here("sources").returncode == 0
    assert server.asked == []


@pytest.mark.usefixtures("server")
def test_a_sweep_plans_with_what_it_fetched(
    datagen_here: Run, caplog: pytest.LogCaptureFixture
) -> None:
    mix = ("--mix", "pen=0:1:0.5", "--mix", "emnist=0:1:0.5")
    done = datagen_here("sweep", *mix, "--images", 100, "--no-timing", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert caplog.text.count("is not on this machine") == 1
