"""The command line as a user runs it: the installed script, in a folder of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
import yaml

from datagen.cli.app import app

Run = Callable[..., subprocess.CompletedProcess[str]]
posix = pytest.mark.skipif(os.name != "posix", reason="sends signals that Windows lacks")
needs_proc = pytest.mark.skipif(os.name != "posix", reason="needs a folder that nobody can write")
SMALL = ("--option", "pen.writers=12", "--images", "100", "--workers", "1")


def one_json(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    lines = done.stdout.splitlines()
    assert len(lines) == 1, done.stdout
    result: dict[str, object] = json.loads(lines[0])
    return result


def test_every_command_has_help_and_an_example(datagen_here: Run) -> None:
    listed = datagen_here("--help")
    assert listed.returncode == 0
    for command in app.registered_commands:
        assert command.name is not None
        assert command.name in listed.stdout
        shown = datagen_here(command.name, "--help")
        assert shown.returncode == 0
        assert f"datagen {command.name}" in shown.stdout.partition("Example:")[2], command.name
        assert "bool" not in shown.stdout.lower()  # a switch takes no value


@pytest.mark.parametrize("words", [(), ("letters",)])
def test_without_a_command_the_help_is_shown_and_nothing_else(
    datagen_here: Run, words: tuple[str, ...]
) -> None:
    done = datagen_here(*words)
    assert (done.returncode, done.stderr) == (2, "")
    assert f"Usage: {' '.join(('datagen', *words))} [OPTIONS]" in done.stdout


def test_help_lists_every_command_in_a_group(datagen_here: Run) -> None:
    assert all(command.rich_help_panel for command in app.registered_commands)
    shown = datagen_here("-h").stdout
    groups = re.findall(r"^\W*─ (.+?) ─", shown, re.MULTILINE)
    assert groups[0] == "Options"
    assert len(groups) == len({c.rich_help_panel for c in app.registered_commands}) + 1


@pytest.mark.slow
def test_build_inspect_preview_export(datagen: Run, tmp_path: Path) -> None:
    built = datagen("build", *SMALL[:-2], "--workers", 2, "--out", "ds")
    assert built.returncode == 0, built.stderr
    assert "100 images" in built.stdout
    assert "fingerprint" in built.stdout

    inspected = datagen("inspect", "ds", "--json")
    assert inspected.returncode == 0
    found = one_json(inspected)
    assert found["clean"] is True
    assert found["budget"] == {"limit": 10_000, "exact": 100, "in_batches": 104}
    assert "every rule is kept" in inspected.stderr

    previewed = datagen("preview", "ds", "--out", "sheet.png", "--per-cell", 4)
    assert previewed.returncode == 0
    assert "viii" in previewed.stdout
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None

    assert datagen("export", "ds", "--zip").returncode == 0
    assert (tmp_path / "ds.zip").is_file()
    exported = datagen("export", "ds", "--zip", "other.zip", "--json")
    assert one_json(exported)["images"] == 100


def test_build_speaks_json_alone_on_stdout(datagen_here: Run) -> None:
    done = datagen_here("build", *SMALL, "--json", "-o", "ds", "--seed", 3)
    result = one_json(done)
    assert result["command"] == "build"
    assert result["fingerprint"]
    assert "next" in done.stderr
    quiet = datagen_here("build", *SMALL, "--quiet", "-o", "other")
    assert (quiet.stdout, quiet.stderr) == ("", "")


def test_a_mix_and_a_recipe_file(datagen_here: Run, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(
        "images: 120\nmix: [{source: pen, options: {writers: 12, seed: 1}}]\n"
    )
    done = datagen_here(
        "build", "--recipe", "r.yaml", "--seed", 5, "-o", "ds", "--json", "--workers", 1
    )
    assert done.returncode == 0, done.stderr
    stored = yaml.safe_load((tmp_path / "ds" / "recipe.yaml").read_text())
    assert (stored["seed"], stored["images"]) == (5, 120)
    previewed = datagen_here("preview", "r.yaml", "--json")
    assert one_json(previewed)["columns"] == ["pen"]


def test_sources_lists_what_there_is(datagen_here: Run) -> None:
    done = datagen_here("sources", "--json")
    assert done.returncode == 0, done.stderr
    found = {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert {"pen", "emnist", "chars74k", "trajectories", "fonts", "images"} <= found.keys()
    assert found["pen"]["available"]
    assert not found["emnist"]["available"]
    assert "fetch" in found["emnist"]["where"]


@pytest.mark.slow
def test_fetch_registers_a_file_that_build_then_uses(datagen: Run, shared_data: Path) -> None:
    archive = shared_data / "emnist" / "gzip.zip"
    refused = datagen("fetch", "emnist", "--from", archive)
    assert refused.returncode == 4
    assert "is not the publisher's gzip.zip" in refused.stderr
    fetched = datagen("fetch", "emnist", "--from", archive, "--unofficial", "--json")
    assert one_json(fetched)["official"] is False
    built = datagen("build", "--source", "emnist", "--images", 100, "--json")
    assert built.returncode == 0, built.stderr
    assert one_json(built)["counts"]["train"]["viii"] == 8  # type: ignore[index]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["emnist:emnist/gzip", "chars74k:chars74k/EnglishHnd.tgz"])
def test_the_real_letters_become_a_clean_dataset(
    datagen: Run, shared_data: Path, name: str
) -> None:
    source, _, path = name.partition(":")
    built = datagen("build", "--source", f"{source}:{shared_data / path}", "--images", 400, "-q")
    assert built.returncode == 0, built.stderr
    assert datagen("inspect", "ds").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("build", "--source", "pencil"), 2, r"unknown source 'pencil' .*'pen'.*valid: chars74k"),
        (("build", "--source", "emnist"), 4, r"datagen fetch emnist.*--source emnist:PATH"),
        (("build", "--source", "emnist:nowhere.zip"), 4, r"nowhere\.zip"),
        (("build", "--source", "pen:here"), 2, "source pen takes no path"),
        (("build", "--source", "pen", "--mix", "pen=1"), 2, "exclude each other"),
        (("build", "--mix", "pen=-1"), 2, "RATIO"),
        (("build", "--mix", "pen=0", "--mix", "emnist=0"), 2, "no ratio is above 0"),
        (("build", "--mix", "pen"), 2, "RATIO"),
        (("build", "--mix", "pen=1e308", "--mix", "fonts:x=1e308"), 2, "RATIO"),
        (("build", "--option", "pen.writers=["), 2, "is not YAML"),
        (("build", "--out", "x" * 300), 2, "cannot use x+…: File name too long"),
        (("preview", "--out", "nowhere/a.png"), 2, "cannot write nowhere/a.png: no folder"),
        (("build", "--budget", "9"), 3, "at least 10 images each"),
        (("build", "--val-fraction", "0.025"), 3, r"10,008 .*train 9,750 \+ val 248; --fit"),
        (("build", "--val-fraction", "1"), 2, "val.fraction"),
        (("build", "--recipe", "nope.yaml"), 4, "no recipe file"),
        (("build", "--recipe", "nope"), 2, "unknown recipe"),
        (("build", "--option", "pen.colour=red"), 2, "unknown key 'colour'"),
        (("build", "--size", "64"), 2, "neither 32 nor native"),
        pytest.param(
            *(("build", "--out", "/proc/ds"), 2, "cannot (write in|make) /proc"), marks=needs_proc
        ),
        (("build", "--wrokers", "2"), 2, "--wrokers"),
        (("inspect", "nowhere"), 4, "no dataset at nowhere"),
        (("preview", "nowhere"), 2, "unknown recipe 'nowhere'"),
        (("preview", "--out", "a.xyz"), 2, "cannot write a.xyz"),
        (("export", "nowhere", "--zip"), 4, "no dataset at nowhere"),
        (("export", "nowhere"), 2, "--zip"),
        (("sources", "pencil"), 2, "unknown source"),
        (("sources", "images:nowhere"), 4, "nowhere"),
        (("fetch", "mnist"), 2, "unknown archive 'mnist' .*'emnist'"),
        (("fetch", "emnist", "--from", "nowhere"), 4, "no file nowhere"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_bad_input_is_one_clear_line(
    datagen_here: Run, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    before = set(tmp_path.iterdir())
    done = datagen_here(*arguments)
    assert done.returncode == code, done.stderr
    assert re.search(says, done.stderr), done.stderr
    assert done.stderr.startswith("datagen: ")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stdout == ""
    assert set(tmp_path.iterdir()) - before <= {tmp_path / "cache"}


@pytest.mark.parametrize(
    ("flags", "says", "never"),
    [
        (("--images", 5), "raise --images", "per_class"),
        (("--budget", 12), "raise --budget", "per_class"),
        (("--val-fraction", 1.5), "--val-fraction: ", "val.fraction"),
        (("--val-fraction", "nan"), "--val-fraction: ", "val.fraction"),
        (("--mix", "pen=0"), "--mix: ", "the flags"),
        (("--option", "pen.foo=1"), "--option pen.KEY=VALUE", "the flags"),
        (("--recipe", "exact.yaml", "--images", 500), "--images (`images` in a recipe) is 500", ""),
        (("--recipe", "exact.yaml", "--budget", 500), "raise --budget", "--images"),
        (("--recipe", "exact.yaml", "--fit", "--budget", 500), "raise --budget", "--images"),
    ],
)
def test_an_error_names_what_was_written(
    datagen_here: Run, tmp_path: Path, flags: tuple[object, ...], says: str, never: str
) -> None:
    text = "recipe: 1\nmix: [{source: pen, per_class: 100}, {source: pen, ratio: 1}]\n"
    (tmp_path / "exact.yaml").write_text(text)
    done = datagen_here("build", *flags)
    assert done.returncode in {2, 3}
    assert says in done.stderr
    assert not never or never not in done.stderr


def test_an_existing_target_is_refused_without_overwrite(datagen_here: Run, tmp_path: Path) -> None:
    assert datagen_here("build", *SMALL, "-o", "ds").returncode == 0
    refused = datagen_here("build", *SMALL, "-o", "ds", "--seed", 1)
    assert refused.returncode == 2
    assert "--overwrite" in refused.stderr
    assert datagen_here("build", *SMALL, "-o", "ds", "--seed", 1, "--overwrite").returncode == 0
    assert yaml.safe_load((tmp_path / "ds" / "recipe.yaml").read_text())["seed"] == 1


def test_a_leak_counts_among_the_broken_rules(datagen_here: Run) -> None:
    assert datagen_here("build", *SMALL, "-o", "ds").returncode == 0
    sound = datagen_here("inspect", "ds")
    assert "every rule is kept" in sound.stdout
    leaked = datagen_here("inspect", "ds", "--against", "ds/val")
    assert leaked.returncode == 3
    assert "1 rule is broken" in leaked.stdout


@pytest.mark.parametrize("added", ["notes.txt", "train/v/mine.png", "more/ideas.md"])
def test_overwriting_removes_no_file_of_a_person(
    datagen_here: Run, tmp_path: Path, added: str
) -> None:
    assert datagen_here("build", *SMALL, "-o", "ds").returncode == 0
    mine = tmp_path / "ds" / added
    mine.parent.mkdir(exist_ok=True)
    mine.write_bytes(b"mine")
    (tmp_path / "ds" / ".DS_Store").touch()  # nobody misses it
    refused = datagen_here("build", *SMALL, "-o", "ds", "--seed", 1, "--overwrite")
    assert refused.returncode == 2
    assert f"ds holds {added}, which is not part of the dataset" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert mine.read_bytes() == b"mine"
    assert yaml.safe_load((tmp_path / "ds" / "recipe.yaml").read_text())["seed"] == 0
    mine.unlink()
    assert datagen_here("build", *SMALL, "-o", "ds", "--seed", 1, "--overwrite").returncode == 0


def test_a_dataset_whose_manifest_is_damaged_can_be_replaced(
    datagen_here: Run, tmp_path: Path
) -> None:
    assert datagen_here("build", *SMALL, "-o", "ds").returncode == 0
    (tmp_path / "ds" / "manifest.jsonl").write_text("{")
    assert datagen_here("build", *SMALL, "-o", "ds", "--overwrite").returncode == 0


def test_overwriting_by_a_roundabout_path_replaces_and_nothing_else(
    datagen_here: Run, tmp_path: Path
) -> None:
    assert datagen_here("build", *SMALL, "-o", "ds").returncode == 0
    again = datagen_here("build", *SMALL, "-o", "ds/../ds", "--seed", 1, "--overwrite")
    assert again.returncode == 0, again.stderr
    assert yaml.safe_load((tmp_path / "ds" / "recipe.yaml").read_text())["seed"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["ds"]


def test_a_path_with_brackets_is_no_markup(datagen_here: Run) -> None:
    built = datagen_here("build", *SMALL, "-o", "a[/red]b")
    assert built.returncode == 0, built.stderr
    assert "datagen inspect 'a[/red]b'" in built.stdout or os.name == "nt"
    assert datagen_here("inspect", "a[/red]b").returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_our_characters_is_no_obstacle(
    datagen: Run, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    for arguments in (("sources",), ("sources", "--json"), ("preview", "--per-cell", 1)):
        done = datagen(*arguments)
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_closed_streams_do_not_stop_a_build(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("datagen")
    command = f"{script} build {' '.join(SMALL)} -o ds -q <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], cwd=tmp_path, check=False).returncode == 0
    assert (tmp_path / "ds" / "dataset.json").is_file()


@pytest.mark.slow
@posix
@pytest.mark.parametrize(
    ("words", "code"),
    [("recipes default", 1), ("recipes --json", 1), ("--version", 1), ("recipes nothing", 2)],
)
def test_an_answer_that_goes_nowhere_is_a_failure(tmp_path: Path, words: str, code: int) -> None:
    script = Path(sys.executable).with_name("datagen")
    done = subprocess.run(
        ["sh", "-c", f"{script} {words} >&-"], cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == code
    line = done.stderr.splitlines()[-1]  # with --json people read stderr
    assert line.startswith("datagen: stdout is closed, so what was printed is lost") == (code == 1)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", ["sources --json", "--version"])
def test_a_full_disk_behind_stdout_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", "")
    script = Path(sys.executable).with_name("datagen")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [script, *words.split()], stdout=full, stderr=subprocess.PIPE, text=True,
            cwd=tmp_path, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "datagen: the operating system reports an error: No space left on device; what was "
        "finished is kept"
    )
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@posix
@pytest.mark.parametrize("reader", ["2>&1 | head -c 1 >/dev/null", "| true"])
def test_a_reader_that_goes_away_does_not_stop_the_work(tmp_path: Path, reader: str) -> None:
    script = Path(sys.executable).with_name("datagen")
    command = f"set -o pipefail; {script} build {' '.join(SMALL)} -o ds {reader}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert (tmp_path / "ds" / "dataset.json").is_file()


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_messages_that_nobody_reads_any_more_do_not_stop_the_work(
    monkeypatch: pytest.MonkeyPatch, unbuffered: str
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    program = """
import os, sys
from datagen.cli.app import _mend_streams
reader, writer = os.pipe()
os.dup2(writer, 2)
os.close(writer)
_mend_streams()
print("read", file=sys.stderr)
os.close(reader)
for _ in range(3):
    print("not read", file=sys.stderr)
print("done")
assert sys.stdout.write_through == sys.__stdout__.write_through
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "done\n")


@pytest.mark.parametrize("columns", ["0", "", "00"])
def test_a_terminal_of_no_columns_is_one_of_unknown_width(
    datagen: Run, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    done = datagen("recipes")
    assert "default" in done.stdout


@pytest.mark.slow
def test_a_warning_is_told_once_not_by_every_worker(datagen: Run, numeral_folder: Path) -> None:
    for numeral in ("i", "v"):
        copy = (numeral_folder / numeral / "0.png").read_bytes()
        (numeral_folder / numeral / "copy.png").write_bytes(copy)
    mixed = ("--mix", f"images:{numeral_folder}=1", "--mix", "pen=19", "--images", 200)
    done = datagen("build", *mixed, "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "images: 2 copies of other images of their class count once"
    ]


def test_export_names_its_archive_after_the_folder(
    datagen_here: Run, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(dataset)
    assert datagen_here("export", ".", "--zip").returncode == 0
    assert (tmp_path / "ds.zip").is_file()


def test_inspect_exits_3_on_a_broken_rule(datagen_here: Run, dataset: Path) -> None:
    next((dataset / "train" / "v").iterdir()).unlink()
    done = datagen_here("inspect", dataset, "--json")
    assert done.returncode == 3
    assert one_json(done)["problems"]
    assert "missing, but in the manifest" in done.stderr


def start_build(folder: Path) -> subprocess.Popen[str]:
    """Start a long build and return once its workers write images."""
    script = Path(sys.executable).with_name("datagen")
    process = subprocess.Popen(
        [script, "build", "--size", "native", "--workers", "2", "--quiet", "--out", "ds"],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not any(folder.glob(".ds.*/train/v/*.png")):
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline, "the build wrote nothing"
        time.sleep(0.05)
    return process


@posix
@pytest.mark.slow
@pytest.mark.parametrize("signals_group", [True, False], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_build_leaves_nothing(tmp_path: Path, signals_group: bool) -> None:
    process = start_build(tmp_path)
    if signals_group:
        os.killpg(process.pid, signal.SIGINT)  # a terminal's Ctrl-C reaches the workers too
    else:
        process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "datagen: interrupted; no partial result was kept\n"
    assert list(tmp_path.iterdir()) == []


@posix
@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.4, 0.55, 0.7, 0.85])
def test_an_interrupt_while_workers_start_leaves_no_worker(tmp_path: Path, seconds: float) -> None:
    script = Path(sys.executable).with_name("datagen")
    process = subprocess.Popen(
        [script, "build", "--workers", "4", "--quiet", "--out", "ds"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)  # ends when the last worker lets go of stderr
    assert process.returncode == 130
    assert said == "datagen: interrupted; no partial result was kept\n"
    assert list(tmp_path.iterdir()) == []


@posix
def test_an_interrupt_while_the_command_line_is_imported_ends_in_a_message(tmp_path: Path) -> None:
    program = """
import os, signal, sys

class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, CtrlC())
from datagen.cli import main
main(["sources"])
"""
    command = [sys.executable, "-c", program]
    ended = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 130
    assert ended.stderr == "datagen: interrupted; no partial result was kept\n"
    assert ended.stdout == ""


@posix
def test_an_interrupt_that_waits_for_an_import_ends_no_command_that_is_done() -> None:
    program = """
import os, signal, sys, time
import datagen.files.signals as signals

signals._SOON = 0.2
with_import = signals._is_importing
signals._is_importing = lambda frame: True
import datagen.cli.app as app
app.run = lambda arguments: os.kill(os.getpid(), signal.SIGINT) or 0

import atexit
atexit.register(time.sleep, 0.5)  # Python takes its time to end
from datagen.cli import main
main(["sources"])
"""
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@posix
@pytest.mark.slow
def test_an_impatient_user_leaves_nothing_either(tmp_path: Path) -> None:
    process = start_build(tmp_path)
    for _ in range(5):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.03)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "datagen: interrupted; no partial result was kept\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds workers through /proc")
def test_a_killed_worker_leaves_nothing(tmp_path: Path) -> None:
    process = start_build(tmp_path)
    os.kill(_a_worker_of(process.pid), signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "a worker process was killed" in said
    assert len(said.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def _a_worker_of(parent: int) -> int:
    """Return a child that runs Python's spawned main, not the resource tracker."""
    deadline = time.monotonic() + 60  # the parent writes images, too, and before workers can
    while time.monotonic() < deadline:
        for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
        time.sleep(0.02)
    raise AssertionError("no worker found")
