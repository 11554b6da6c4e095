"""One walker, the rules of each command: which files count and what is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.numerals import CLASSES
from datagen.datasets.content import dataset_content
from datagen.datasets.content import test_content as content_of_tests
from datagen.files.class_folders import (
    DATASET_RULES,
    EVALUATOR_RULES,
    IMAGE_SUFFIXES,
    SAMPLE_RULES,
    SOURCE_RULES,
    FolderRules,
    class_files,
    files_in,
    list_numerals,
)
from fixed_eval import data
from fixed_eval.errors import RuleError
from fixed_eval.protocol import PROTOCOLS

PROTOCOL = next(iter(PROTOCOLS.values()))
RULES = {
    "evaluator": EVALUATOR_RULES,
    "dataset": DATASET_RULES,
    "source": SOURCE_RULES,
    "sample": SAMPLE_RULES,
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return class folders with one image each."""
    for numeral in CLASSES:
        (tmp_path / numeral).mkdir()
        (tmp_path / numeral / "a.png").write_bytes(numeral.encode())
    return tmp_path


def names(root: Path, rules: FolderRules) -> list[str]:
    return [path.relative_to(root).as_posix() for _, path in class_files(root, rules)]


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_plain_class_folders_are_the_same_for_everybody(root: Path, rules: FolderRules) -> None:
    assert names(root, rules) == [f"{numeral}/a.png" for numeral in CLASSES]
    assert [numeral for numeral, _ in class_files(root, rules)] == list(CLASSES)


@pytest.mark.parametrize(
    ("file", "counted_by"),
    [
        ("v/B.PNG", {"evaluator", "dataset", "source", "sample"}),
        ("v/b.jpeg", {"evaluator", "dataset", "source", "sample"}),
        ("v/b.webp", {"source", "sample"}),
        ("v/b", {"source"}),
        ("v/.png", {"evaluator", "dataset"}),
        ("v/.b.png", {"evaluator", "dataset"}),
        ("v/__b.png", {"evaluator", "dataset", "sample"}),
        ("v/Thumbs.db", set()),
        ("v/more/b.png", {"evaluator", "source"}),
        ("v/.more/b.png", {"evaluator"}),
        ("v/__more/b.png", {"evaluator"}),
        (".hidden/v/b.png", set()),
    ],
)
def test_which_files_count(root: Path, file: str, counted_by: set[str]) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_bytes(b"")
    allowed = {name: replace(rules, strangers="none") for name, rules in RULES.items()}
    assert {name for name, rules in allowed.items() if file in names(root, rules)} == counted_by


def refuses(root: Path, rules: FolderRules) -> bool:
    try:
        names(root, rules)
    except CorruptInputError:
        return True
    return False


@pytest.mark.parametrize(
    ("stranger", "refused_by"),
    [
        ("xi/a.png", {"evaluator", "dataset", "source"}),
        ("__MACOSX/a.png", {"evaluator", "dataset"}),
        (".hidden/a.png", {"dataset"}),
        ("readme.txt", {"dataset"}),
        ("v/readme.txt", {"dataset"}),
        ("v/more/a.png", {"dataset"}),
    ],
)
def test_what_is_refused(root: Path, stranger: str, refused_by: set[str]) -> None:
    (root / stranger).parent.mkdir(parents=True, exist_ok=True)
    (root / stranger).write_bytes(b"")
    refusing = {name for name, rules in RULES.items() if refuses(root, rules)}
    assert refusing == refused_by


def test_a_class_may_be_missing_but_not_in_a_dataset(root: Path) -> None:
    (root / "iv" / "a.png").unlink()
    (root / "iv").rmdir()
    for rules in (EVALUATOR_RULES, SOURCE_RULES, SAMPLE_RULES):
        assert len(names(root, rules)) == 9
    with pytest.raises(MissingInputError, match="no folder iv/"):
        names(root, DATASET_RULES)


def test_the_stranger_is_named_with_the_nearest_class(root: Path) -> None:
    (root / "viiii").mkdir()
    with pytest.raises(CorruptInputError, match=r"viiii is not one of .* \(nearest: 'viii'\)"):
        names(root, EVALUATOR_RULES)


def test_a_link_that_leads_nowhere_is_no_image_to_anyone_but_the_evaluator(root: Path) -> None:
    try:
        (root / "v" / "b.png").symlink_to(root / "nowhere.png")
    except OSError:
        pytest.skip("this system lets us make no links")
    assert "v/b.png" in names(root, EVALUATOR_RULES)  # which then says that it cannot be read
    assert "v/b.png" not in names(root, SOURCE_RULES)
    assert "v/b.png" not in names(root, SAMPLE_RULES)
    with pytest.raises(CorruptInputError, match=r"b\.png is not an image file"):
        names(root, DATASET_RULES)


def test_files_come_by_their_path_with_slashes(root: Path) -> None:
    for name in ("b-c/1.png", "b/1.png", "B.png", "b.png"):
        (root / "v" / name).parent.mkdir(exist_ok=True)
        (root / "v" / name).write_bytes(b"")
    listed = [name for name in list_numerals(root) if name.startswith("v/")]
    assert listed == ["v/B.png", "v/a.png", "v/b-c/1.png", "v/b.png", "v/b/1.png"]
    assert files_in(root / "nowhere", SOURCE_RULES) == []


ODD = (
    "v/.png",
    "v/.hidden.png",
    "v/a.PNG.txt",
    "v/b.GIF",
    "v/more/c.bmp",
    "v/.more/d.jpg",
    "v/Thumbs.db",
    ".hidden/v/e.png",
    "readme.png",
)


def test_the_evaluator_lists_the_same_files(root: Path) -> None:
    assert data.IMAGE_SUFFIXES == IMAGE_SUFFIXES
    for number, name in enumerate(ODD):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"%d" % number)
    theirs = {(PROTOCOL.classes[f.label], f.path) for f in data.list_split(root, PROTOCOL, None)}
    assert set(class_files(root, EVALUATOR_RULES)) == theirs
    assert len(theirs) == 15
    content = content_of_tests(root)
    assert content is not None
    assert len(content.files) == 15


def test_what_the_evaluator_refuses_has_no_content(root: Path) -> None:
    assert dataset_content(root) is None  # neither train nor val
    (root / "xi").mkdir()
    assert content_of_tests(root) is None
    with pytest.raises(RuleError, match="xi"):
        data.list_split(root, PROTOCOL, None)
