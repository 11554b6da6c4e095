"""What README and the guide show is true: commands, flags, files in YAML, Python, links."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datagen.recipes import load as recipes
from datagen.sources import all_sources, registry
from datagen.sources.images import review
from datagen.sweeps import spec
from fixed_eval.protocols.registry import PROTOCOLS
from pipelines import pipeline
from pipelines.registry import OPS
from tests.reference import all_commands

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
GUIDE = ROOT / "datagen" / "guide"
PAGES = [README, *sorted(GUIDE.glob("*.md"))]
MOST_LINES = 150  # of README: it is to be read to its end

CHECKS: dict[str, Callable[[str, str], object]] = {
    "recipe": lambda text, origin: recipes.parse(text, origin=origin, folder=ROOT),
    "pipeline": lambda text, origin: pipeline.parse(text, origin=origin, folder=ROOT),
    "review": lambda text, origin: review.parse(text, origin=origin),
    "sweep": lambda text, origin: spec.validate(
        spec.located(spec.parse_yaml(text, origin), ROOT), origin=origin
    ),
}
"""The first key of a file in YAML, its format's version → what reads such a file."""


def blocks(language: str) -> list[Any]:
    """Return page and text of every fenced block of one language."""
    fenced = re.compile(rf"^```{language}\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
    return [
        pytest.param(page, text, id=f"{page.stem}-{number}")
        for page in PAGES
        for number, text in enumerate(fenced.findall(read(page)), 1)
    ]


def read(page: Path) -> str:
    return page.read_text("utf-8")


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and arguments of every `datagen …` in a shell block."""
    for line in text.replace("\\\n", " ").splitlines():
        yield from re.findall(r"(?<![\w-])datagen (\w[\w-]*)([^;|&>]*)", line.partition("#")[0])


def test_readme_is_read_in_five_minutes() -> None:
    assert len(read(README).splitlines()) <= MOST_LINES


def test_readme_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\(datagen/guide/([\w-]+\.md)", read(README)))
    assert linked == {page.name for page in GUIDE.glob("*.md")}


@pytest.mark.parametrize("page", sorted(GUIDE.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_begins_with_a_title_and_a_summary(page: Path) -> None:
    title, blank, summary, after = read(page).splitlines()[:4]
    assert title.startswith("# ")
    assert (blank, after) == ("", "")
    assert summary.endswith(".")


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("sources", [source.name for source in all_sources()]),
        ("recipes", list(recipes.shipped())),
        ("pipelines", list(pipeline.presets())),
        ("models", list(PROTOCOLS)),
    ],
)
def test_a_page_lists_all_there_are(page: str, names: list[str]) -> None:
    listed = set(re.findall(r"^\| `([\w-]+)` \|", read(GUIDE / f"{page}.md"), flags=re.MULTILINE))
    assert set(names) <= listed


def test_the_table_of_labels_is_the_algebra() -> None:
    from pipelines.labels import CLASSES, MOVES, becomes

    def cell(move: Any, numeral: str) -> str:
        shown = [becomes(move, numeral, style) for style in ("upper", "lower")]
        signs = ["=" if each == numeral else each or "–" for each in shown]
        return " / ".join(dict.fromkeys(signs))

    text = read(GUIDE / "pipelines.md")
    for move in MOVES:
        row = " | ".join(cell(move, numeral) for numeral in CLASSES)
        assert f"| {move} | {row} |" in text


@pytest.mark.parametrize(("page", "text"), blocks("sh"))
def test_every_command_and_flag_shown_exists(page: Path, text: str) -> None:
    for name, rest in commands(text):
        known = all_commands()
        found = known.get(name) or known.get(f"{name} {rest.split()[0]}" if rest.split() else name)
        assert found, f"{page.name}: there is no `datagen {name}`"
        assert found.callback is not None
        strangers = set(re.findall(r"(?<!\S)(--[\w-]+)", rest))
        strangers -= _flags(found.callback.__annotations__)
        assert not strangers, f"{page.name}: `datagen {name}` has no {strangers}"


@pytest.mark.parametrize(("page", "text"), blocks("sh"))
def test_every_recipe_and_pipeline_shown_by_name_is_shipped(page: Path, text: str) -> None:
    shipped = {"recipe": recipes.shipped(), "pipeline": pipeline.presets()}
    for _, rest in commands(text):
        for flag, name in re.findall(r"--(recipe|pipeline)[ =]([\w-]+)(?![\w./-])", rest):
            assert name in shipped[flag] or name == "none", f"{page.name}: no {flag} {name}"


@pytest.mark.parametrize(("page", "text"), blocks("yaml"))
def test_every_file_in_yaml_validates(page: Path, text: str) -> None:
    kind = text.partition(":")[0]
    assert kind in CHECKS, f"{page.name}: the first key is {kind!r}, not one of {list(CHECKS)}"
    CHECKS[kind](text, page.name)


def test_ops_named_in_the_guide_exist() -> None:
    shown = re.findall(r"^ *- (?:op: |\{op: )(\w+)", read(GUIDE / "pipelines.md"), re.MULTILINE)
    assert shown
    assert set(shown) <= set(OPS)


@pytest.fixture
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page register a source without any other test meeting it."""
    all_sources()
    monkeypatch.setattr(registry, "_registry", dict(registry._registry))


@pytest.mark.usefixtures("_own_registry")
@pytest.mark.parametrize(
    ("page", "text"),
    # that page is one session which evaluates: tests/datagen/guide/ runs it
    [block for block in blocks("python") if block.values[0].stem != "python-api"],
)
def test_the_python_shown_runs(
    page: Path, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sheet = np.full((64, 64), 255, np.uint8)
    sheet[10:50, 30:34] = 0
    seen: dict[str, Any] = {"images": [sheet] * 3, "numerals": ["i"] * 3, "__name__": page.stem}
    exec(text, seen)
    for result in seen.get("results", ()):
        assert result.numeral == "i"
        assert np.array_equal(pipeline.replay(sheet, result.applied), result.image)


@pytest.mark.usefixtures("_own_registry")
def test_the_source_shown_makes_a_dataset(tmp_path: Path) -> None:
    from datagen.building.build import build
    from datagen.recipes.schema import Ingredient, Recipe

    (shown,) = re.findall(r"```python\n(.*?)```", read(GUIDE / "extending.md"), flags=re.DOTALL)
    exec(shown, {"__name__": "shown"})
    recipe = Recipe(mix=(Ingredient(source="boxes"),), images=100)
    assert build(recipe, tmp_path / "ds", workers=1).count.exact == 100


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for picture, target in re.findall(r"(!?)\[[^\]]*\]\((?!https?:)([^)\s]+)\)", read(page)):
        path, _, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name}: {target}"
        if heading:
            assert heading in _anchors(file), f"{page.name}: {target}"
        if page != README and not picture:
            assert file.parent == GUIDE, f"{page.name}: {target} is not there once installed"


def test_every_picture_is_small_and_shown_somewhere() -> None:
    shown = "".join(map(read, PAGES))
    for picture in (ROOT / ".github").glob("*.png"):
        assert picture.name in shown, f"no page shows {picture.name}"
        assert picture.stat().st_size < 150_000


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as the repository's page makes them."""
    headings = re.findall(r"^#+ (.+)$", read(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings}


def _flags(annotations: dict[str, object]) -> set[str]:
    """Return the option names that a command declares."""
    declared = {"--help"}
    for name, annotation in annotations.items():
        declared.add(f"--{name.replace('_', '-')}")
        for extra in getattr(annotation, "__metadata__", ()):
            # inside Annotated, typer takes the first name for a default
            names = [getattr(extra, "default", None), *(getattr(extra, "param_decls", None) or ())]
            declared |= {
                part
                for name in names
                if isinstance(name, str)
                for part in name.split("/")  # --report/--no-report
            }
    return declared
