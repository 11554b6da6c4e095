"""The command reference is of the program as it is."""

from datagen.guide import text
from tests.reference import all_commands, reference


def test_the_page_is_not_stale() -> None:
    assert text("commands") == reference(), "make it anew: python -m tests.reference"


def test_it_has_every_command_and_its_options() -> None:
    page = text("commands")
    for name in all_commands():
        assert f"## `datagen {name}`" in page
    assert "| `--engine auto\\|native\\|fast\\|reference\\|keras` | `auto` |" in page
    assert "| `--out, -o PATH` | `ds` | Folder of the new dataset. |" in page
    assert "datagen export [OPTIONS] DATASET [FILE]" in page
    assert "datagen guide [OPTIONS] [TOPIC]" in page
