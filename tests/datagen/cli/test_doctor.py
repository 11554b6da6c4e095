"""`datagen doctor` as a user runs it, and what `inspect` prints of the same findings."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.slow
def test_findings_are_listed_and_put_right(datagen_here: Run, numeral_folder: Path) -> None:
    clean = datagen_here("doctor", numeral_folder)
    assert clean.returncode == 0, clean.stderr
    assert (
        clean.stdout.splitlines()[-1]
        == f"next         datagen holdout {numeral_folder} --out real   # sets test images aside, "
        "before a build uses the rest"
    )
    for k in range(7):
        (numeral_folder / "v" / f"empty-{k}.png").write_bytes(b"")
    (numeral_folder / "viii").rename(numeral_folder / "VIII ")
    (numeral_folder / ".DS_Store").write_text("")
    done = datagen_here("doctor", numeral_folder, "--fix", "fixed")
    assert done.returncode == 0, done.stderr
    assert "unreadable 7  files that cannot be read" in done.stdout
    assert "… and 2 more; --all lists them" in done.stdout
    assert "'VIII '  is not one of the class folders; it means viii" in done.stdout
    assert done.stdout.splitlines()[-1] == "next         datagen doctor fixed"
    assert max(len(line) for line in done.stdout.splitlines()) <= 100
    every = datagen_here("doctor", numeral_folder, "--all", "--json")
    assert every.returncode == 3
    assert "empty-6.png" in every.stderr
    lines = [json.loads(line) for line in every.stdout.splitlines()]
    assert [line["kind"] for line in lines] == ["unreadable"] * 7 + ["misspelt-class", "litter"]
    assert {line["command"] for line in lines} == {"doctor"}
    assert re.search(
        r"^datagen: .*numerals: 8 findings break a rule, the first: v/empty-0\.png is empty",
        every.stderr,
        re.MULTILINE,
    )
    assert "\n8 findings break a rule, 0 warnings, 1 note\n" in done.stdout
    again = datagen_here("doctor", "fixed", "--json", "--quiet")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("nowhere",), 4, "no folder at nowhere"),
        (("numerals/i",), 4, "none of the class folders"),
        (("numerals", "--against", "nowhere"), 4, "no folder at nowhere"),
        (("numerals", "--against", "none", "--against", "no"), 4, "; no folder at no; "),
        (("numerals", "--fix", "numerals"), 2, "lie in one another"),
        (("numerals", "--fix", "numerals/i"), 2, "lie in one another"),
    ],
)
@pytest.mark.usefixtures("numeral_folder")
def test_bad_input_is_one_clear_line(
    datagen_here: Run, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = datagen_here("doctor", *arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.usefixtures("numeral_folder")
def test_of_plain_class_folders_inspect_names_doctor(datagen_here: Run) -> None:
    done = datagen_here("inspect", "numerals")
    assert done.returncode == 4
    assert "numerals has no train/; " in done.stderr
    assert "`datagen doctor` checks plain class folders" in done.stderr
    assert datagen_here("doctor", "numerals").returncode == 0


def test_of_a_clean_dataset_doctor_names_inspect(datagen_here: Run, dataset: Path) -> None:
    done = datagen_here("doctor", dataset)
    assert done.returncode == 0, done.stderr
    assert "datagen inspect " in done.stdout


@pytest.mark.slow
def test_inspect_names_the_files(datagen_here: Run, dataset: Path) -> None:
    images = sorted((dataset / "train" / "v").iterdir())
    for image in images[:7]:
        shutil.copy(image, dataset / "val" / "v" / f"again-{image.name}")
    (dataset / "train" / ".DS_Store").write_text("")
    done = datagen_here("inspect", dataset, "--json")
    assert done.returncode == 3
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert found["leaked"] == 7
    both = [f for f in found["findings"] if f["kind"] == "in-both-splits"]
    assert len(both) == 7
    assert both[0]["others"] == [images[0].relative_to(dataset).as_posix()]
    assert [f["path"] for f in found["findings"] if f["kind"] == "litter"] == ["train/.DS_Store"]
    assert f"val/v/again-{images[0].name}" in done.stderr
    assert "… and 2 more; --all lists them" in done.stderr


def test_a_long_path_is_never_broken(datagen_here: Run, numeral_folder: Path) -> None:
    name = f"{'a' * 90}.png"
    shutil.copy(numeral_folder / "i" / "0.png", numeral_folder / "i" / name)
    done = datagen_here("doctor", numeral_folder)
    assert f"\n  i/{name}\n    is an exact copy of i/0.png\n" in done.stdout
