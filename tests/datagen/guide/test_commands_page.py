"""The command reference is of the program as it is."""

from datagen.cli import app
from datagen.guide import text
from tests.reference import reference


def test_the_page_is_not_stale() -> None:
    assert text("commands") == reference(), "make it anew: python -m tests.reference"


def test_it_has_every_command_and_its_options() -> None:
    page = text("commands")
    for command in app.registered_commands:
        assert f"## `datagen {command.name}`" in page
    assert "| `--engine auto\\|native\\|fast\\|reference\\|keras` | `auto` |" in page
    assert "| `--out, -o PATH` | `ds` | The dataset's folder. |" in page
    assert "datagen export [OPTIONS] DATASET [FILE]" in page
    assert "datagen guide [OPTIONS] [TOPIC]" in page
