"""One walker, the rules of each command: which files count and what is refused."""

from pathlib import Path

import pytest

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.numerals import CLASSES
from datagen.datasets.content import dataset_content
from datagen.datasets.content import test_content as content_of_tests
from datagen.files.class_folders import (
    EVALUATOR_RULES,
    IMAGE_SUFFIXES,
    SAMPLE_RULES,
    SOURCE_RULES,
    FolderRules,
    advice,
    class_files,
    files_in,
    list_numerals,
)
from datagen.files.litter import LITTER_FOLDERS
from fixed_eval import data
from fixed_eval.errors import RuleError
from fixed_eval.protocols.registry import PROTOCOLS

PROTOCOL = next(iter(PROTOCOLS.values()))
RULES = {
    "evaluator": EVALUATOR_RULES,
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
        ("v/B.PNG", {"evaluator", "source", "sample"}),
        ("v/b.jpeg", {"evaluator", "source", "sample"}),
        ("v/b.webp", {"source", "sample"}),
        ("v/b", {"source"}),
        ("v/__b.png", {"evaluator", "source", "sample"}),
        ("v/more/b.png", {"evaluator", "source", "sample"}),
        ("v/__more/b.png", {"evaluator", "source", "sample"}),
    ],
)
def test_which_files_count(root: Path, file: str, counted_by: set[str]) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_bytes(b"")
    assert {name for name, rules in RULES.items() if file in names(root, rules)} == counted_by


LITTER = (
    "v/.png",
    "v/._a.png",
    "v/.hidden.jpg",
    "v/Thumbs.db",
    "v/desktop.ini",
    "v/Desktop.ini",
    "v/a.png~",
    "v/#a.png#",
    "v/.a.png.swp",
    "v/a.png.bak",
    "v/a.png.crdownload",
    "v/a.png:Zone.Identifier",
    "v/.ipynb_checkpoints/a-checkpoint.png",
    "v/@eaDir/a.png/SYNOPHOTO_THUMB_M.png",
    "v/more/__MACOSX/._a.png",
    "v/.git/a.png",
    "@eaDir/v/a.png",
    "#recycle/v/a.png",
    "$RECYCLE.BIN/a.png",
    "System Volume Information/a.png",
    "lost+found/a.png",
    "__MACOSX/v/._a.png",
    ".hidden/v/b.png",
    ".DS_Store",
)


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_litter_is_passed_over_by_everybody_and_said_once(
    root: Path, rules: FolderRules, caplog: pytest.LogCaptureFixture
) -> None:
    for file in LITTER:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"")
    for _ in range(2):
        assert names(root, rules) == [f"{numeral}/a.png" for numeral in CLASSES]
    passed: list[Path] = []
    assert len(list(class_files(root, rules, passed))) == 10
    # a folder counts once, with all that lies in it
    assert len(passed) == len({*passed}) == len(LITTER)
    (said,) = [r.getMessage() for r in caplog.records if str(root) in r.getMessage()]
    assert f"passed over {len(LITTER)} files and folders" in said


def refuses(root: Path, rules: FolderRules) -> bool:
    try:
        names(root, rules)
    except CorruptInputError:
        return True
    return False


@pytest.mark.parametrize(
    ("stranger", "refused_by"),
    [
        ("xi/a.png", {"evaluator", "source"}),
        ("readme.txt", set()),
        ("v/readme.txt", set()),
        ("v/more/a.png", set()),
    ],
)
def test_what_is_refused(root: Path, stranger: str, refused_by: set[str]) -> None:
    (root / stranger).parent.mkdir(parents=True, exist_ok=True)
    (root / stranger).write_bytes(b"")
    refusing = {name for name, rules in RULES.items() if refuses(root, rules)}
    assert refusing == refused_by


def test_a_class_may_be_missing(root: Path) -> None:
    (root / "iv" / "a.png").unlink()
    (root / "iv").rmdir()
    for rules in RULES.values():
        assert len(names(root, rules)) == 9


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("III", "move its images into iii/"),
        ("class_iv", "move its images into iv/"),
        *((name, "move it elsewhere") for name in ("xi", "blank", "one", "u", "viiii", "train")),
    ],
)
def test_a_stranger_is_named_with_what_to_do(root: Path, name: str, advice: str) -> None:
    try:
        (root / name).mkdir()
    except FileExistsError:
        pytest.skip("III and iii are one folder here")
    with pytest.raises(CorruptInputError) as caught:
        names(root, EVALUATOR_RULES)
    assert str(caught.value).startswith(f"{root / name} is not one of the class folders i ii")
    assert str(caught.value).endswith(f"; {advice}")


def test_a_folder_of_parts_is_refused_by_the_parts_to_give(root: Path) -> None:
    parts = root.parent / "parts"
    for part in ("train", "val"):
        (parts / part / "i").mkdir(parents=True)
    with pytest.raises(CorruptInputError, match="has no class folders itself") as refused:
        list(class_files(parts, EVALUATOR_RULES))
    assert str(refused.value).endswith(f"give {parts / 'train'} or {parts / 'val'}")


def test_a_misspelt_class_is_to_be_renamed(root: Path) -> None:
    (root / "iii").rename(root / "class 3")
    with pytest.raises(CorruptInputError, match=r"class 3 is not one.*; rename it to iii$"):
        names(root, EVALUATOR_RULES)
    for numeral in set(CLASSES) - {"iii"}:
        (root / numeral).rename(root / f"class {CLASSES.index(numeral) + 1}")
    with pytest.raises(MissingInputError, match="none of .*; rename class 1 to i, and the others"):
        list_numerals(root)


def test_numbers_from_0_mean_no_class_for_sure(root: Path) -> None:
    for name in ("0", "4"):
        (root / name).mkdir()
    assert advice(root / "4") == "move it elsewhere"
    (root / "0").rmdir()
    assert advice(root / "4") == "move its images into iv/"


def test_a_link_that_leads_nowhere_is_no_image_to_anyone_but_the_evaluator(root: Path) -> None:
    try:
        (root / "v" / "b.png").symlink_to(root / "nowhere.png")
    except OSError:
        pytest.skip("this system lets us make no links")
    assert "v/b.png" in names(root, EVALUATOR_RULES)  # which then says that it cannot be read
    assert "v/b.png" not in names(root, SOURCE_RULES)
    assert "v/b.png" not in names(root, SAMPLE_RULES)


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
    ".hidden/v/e.png",
    "readme.png",
    *LITTER,
)


def test_the_evaluator_lists_the_same_files(root: Path) -> None:
    assert data.IMAGE_SUFFIXES == IMAGE_SUFFIXES
    assert data.LITTER_FOLDERS == LITTER_FOLDERS
    for number, name in enumerate(ODD):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"%d" % number)
    theirs = {(PROTOCOL.classes[f.label], f.path) for f in data.list_split(root, PROTOCOL, None)}
    assert set(class_files(root, EVALUATOR_RULES)) == theirs
    assert len(theirs) == 12
    content = content_of_tests(root, roman=True)
    assert content is not None
    assert len(content.files) == 12


def test_what_the_evaluator_refuses_has_no_content(root: Path) -> None:
    assert dataset_content(root) is None  # neither train nor val
    (root / "xi").mkdir()
    assert content_of_tests(root, roman=True) is None
    with pytest.raises(RuleError, match="xi"):
        data.list_split(root, PROTOCOL, None)
