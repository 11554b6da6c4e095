"""`datagen pipelines` and `datagen recipes` as a user runs them."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from datagen.recipes import load as recipe
from pipelines.pipeline import load, presets

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_all_presets_are_listed(datagen_here: Run) -> None:
    done = datagen_here("pipelines", "--json")
    assert done.returncode == 0, done.stderr
    found = {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert list(found) == list(presets())
    assert found["keras-flips"]["safe_for"].startswith("all but iv, vi, vii, viii, ix")
    assert "horizontal_flip 0.5 → affine" in done.stderr
    assert "safe for every class" in datagen_here("pipelines").stdout


def test_one_is_shown_step_by_step_and_class_by_class(datagen_here: Run) -> None:
    done = datagen_here("pipelines", "keras-flips")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^horizontal_flip +0\.5", done.stdout, re.MULTILINE)
    assert "rotate -36 … 36" in done.stdout
    assert re.search(r"^iv +refused +refused +refused +horizontal_flip", done.stdout, re.MULTILINE)
    assert re.search(r"^x +keeps +keeps +keeps", done.stdout, re.MULTILINE)


def test_groups_and_policies_are_shown(datagen_here: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "steps:\n"
        "  - {op: remove_stroke, relabel: true, on_wrong_label: skip}\n"
        "  - {op: rotate90, parameters: {turns: [1, 3]}, on_wrong_label: skip}\n"
        "  - one_of: [{op: fade, p: 3}, {some_of: [{op: speckle}, {op: scan}], n: [0, 2]}]\n"
    )
    done = datagen_here("pipelines", "mine.yaml")
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "remove_stroke always relabel: true, on_wrong_label: skip" in lines
    assert any(line.startswith("rotate90 always turns 1/3") for line in lines)
    assert any(line.startswith("fade 0.75 ") for line in lines)
    assert "0 to 2 of 0.25" in lines
    assert any(line.startswith("speckle if chosen ") for line in lines)
    assert any(line.startswith("ii keeps, or becomes i ") for line in lines)
    assert any(line.startswith("iv keeps keeps keeps without remove_stroke") for line in lines)


def test_yaml_alone_on_stdout_is_the_pipeline_with_its_comments(
    datagen_here: Run, tmp_path: Path
) -> None:
    done = datagen_here("pipelines", "top5", "--yaml")
    assert (done.returncode, done.stdout, done.stderr) == (0, presets()["top5"], "")
    (tmp_path / "mine.yaml").write_text(done.stdout)
    again = datagen_here("pipelines", "mine.yaml", "--yaml")
    assert again.stdout == done.stdout
    assert load(str(tmp_path / "mine.yaml")) == load("top5")


def test_the_label_algebra_and_the_ops(datagen_here: Run) -> None:
    done = datagen_here("pipelines", "--labels", "--json")
    found = json.loads(done.stdout)
    assert found["algebra"]["upper"]["mirror"]["iv"] == "vi"
    assert found["algebra"]["lower"]["flip"]["i"] is None
    assert re.search(r"mirror +(= +){3}vi +=  ", done.stderr)
    ops = datagen_here("pipelines", "--ops", "--json")
    listed = {line["op"]: line for line in map(json.loads, ops.stdout.splitlines())}
    assert "rotate" in listed["affine"]["schema"]["properties"]
    assert "folder (required)" in datagen_here("pipelines", "--ops").stdout


def test_recipes_are_listed_and_printed_as_they_are(datagen_here: Run, tmp_path: Path) -> None:
    listed = datagen_here("recipes", "--json")
    assert listed.returncode == 0, listed.stderr
    found = {line["name"]: line for line in map(json.loads, listed.stdout.splitlines())}
    assert {name: line["yaml"] for name, line in found.items()} == recipe.shipped()
    assert found["default"]["summary"].startswith("The default: ")
    assert "The default: " in listed.stderr
    shown = datagen_here("recipes", "default")
    assert (shown.stdout, shown.stderr) == (recipe.shipped()["default"], "")
    (tmp_path / "mine.yaml").write_text(shown.stdout)
    assert recipe.load(str(tmp_path / "mine.yaml")) == recipe.load("default")
    as_json = datagen_here("recipes", "default", "--json")
    assert json.loads(as_json.stdout)["yaml"] == as_json.stderr == shown.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("pipelines", "scaned"), "unknown pipeline 'scaned'.* did you mean 'scanned'"),
        (("pipelines", "bad.yaml"), "unknown op 'afine'; did you mean 'affine'"),
        (("pipelines", "--yaml"), "--yaml prints one pipeline"),
        (("pipelines", "top5", "--labels"), "exclude each other"),
        (("recipes", "defualt"), "unknown recipe 'defualt' .did you mean 'default'"),
    ],
)
def test_bad_input_is_one_clear_line(
    datagen_here: Run, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "bad.yaml").write_text("steps: [{op: afine}]")
    done = datagen_here(*arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert re.search(says, done.stderr), done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_pipeline_that_is_not_there_is_missing_input(datagen_here: Run) -> None:
    done = datagen_here("pipelines", "nowhere.yaml")
    assert (done.returncode, done.stdout) == (4, "")
    assert "no pipeline file nowhere.yaml" in done.stderr
