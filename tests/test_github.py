"""The files in `.github` are valid YAML and keep their promises."""

from pathlib import Path
from typing import Any

import pytest
import yaml

GITHUB = Path(__file__).parents[1] / ".github"
WORKFLOW = GITHUB / "workflows" / "ci.yml"
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml"))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def test_the_workflow_runs_all_checks_on_linux_and_the_fast_ones_elsewhere() -> None:
    jobs = read(WORKFLOW)["jobs"]
    commands = {name: [step.get("run") for step in job["steps"]] for name, job in jobs.items()}
    assert jobs["all"]["runs-on"] == "ubuntu-latest"
    assert ".ci/run" in commands["all"]
    matrix = jobs["fast"]["strategy"]["matrix"]
    assert matrix == {"os": ["macos-latest", "windows-latest"], "python": ["3.11", "3.13"]}
    assert "python -m tests --fast" in commands["fast"]


def test_the_workflow_may_only_read_and_needs_no_secret() -> None:
    plain = read(WORKFLOW)
    assert plain["permissions"] == {"contents": "read"}
    assert "secrets" not in WORKFLOW.read_text("utf-8")
    assert set(plain["concurrency"]) == {"group", "cancel-in-progress"}
    assert all("timeout-minutes" in job for job in plain["jobs"].values())


@pytest.mark.parametrize("path", [form for form in FORMS if form.stem != "config"])
def test_a_form_has_what_the_page_needs(path: Path) -> None:
    form = read(path)
    assert form.keys() >= {"name", "description", "body"}
    fields = form["body"]
    names = [field["id"] for field in fields]
    assert len(set(names)) == len(names)
    for field in fields:
        assert field["type"] in {"textarea", "input", "dropdown", "checkboxes", "markdown"}
        assert field["attributes"]["label"]
        assert ("options" in field["attributes"]) == (field["type"] == "dropdown")
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_the_bug_report_asks_for_what_is_needed() -> None:
    fields = {field["id"] for field in read(GITHUB / "ISSUE_TEMPLATE" / "bug.yml")["body"]}
    assert fields >= {"command", "output", "version", "system"}


def test_the_chooser_is_valid() -> None:
    assert isinstance(read(GITHUB / "ISSUE_TEMPLATE" / "config.yml")["blank_issues_enabled"], bool)
