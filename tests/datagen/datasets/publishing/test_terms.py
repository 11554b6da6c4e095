"""Under which licences a dataset may be published, and what is said where it may not."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from datagen.core.errors import LicenceError, UnknownNameError, UsageError
from datagen.datasets.publishing.licences import find_licence
from datagen.datasets.publishing.terms import require_publishable, source_terms
from datagen.sources import all_sources

GIVEN = "that of the images given"


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("MIT", "mit"),
        ("MIT License", "mit"),
        ("MIT-0", "other"),
        ("CC0", "cc0-1.0"),
        ("CC BY 4.0", "cc-by-4.0"),
        ("cc-by-sa-3.0", "cc-by-sa-3.0"),
        ("Creative Commons BY-NC 4.0", "cc-by-nc-4.0"),
        ("Apache License, Version 2.0", "apache-2.0"),
        ("SIL OFL 1.1", "ofl-1.1"),
        ("ODbL", "odbl"),
        ("NIST data, public domain in the USA", "other"),
    ],
)
def test_licences_that_let_copies_go_out(text: str, tag: str) -> None:
    found = find_licence(text)
    assert found is not None
    assert found.tag == tag


@pytest.mark.parametrize(
    "text",
    [
        "",
        "research use",
        "CC BY-ND 4.0",
        "CC BY-NC-ND 4.0",
        "CC BY",
        "not in the public domain",
        "all rights reserved",
        "that of the images given",
        "MIT, but for research only",
        "none",
    ],
)
def test_what_is_not_known_to_let_copies_go_out(text: str) -> None:
    assert find_licence(text) is None


def test_of_every_source_it_is_decided() -> None:
    allowed = {source.name: bool(find_licence(source.licence)) for source in all_sources()}
    assert allowed["pen"]
    assert allowed["emnist"]
    assert not any(allowed[name] for name in ("chars74k", "fonts", "images", "trajectories"))


def made_of(root: Path, *sources: dict[str, Any], writers: tuple[str, ...] = ()) -> Path:
    """Let a dataset say that its images are of other sources."""
    info = json.loads((root / "dataset.json").read_text())
    plain = {"path": None, "images": 50, "licence": "MIT", "citation": "us"}
    info["sources"] = [plain | {"key": each["source"]} | each for each in sources]
    (root / "dataset.json").write_text(json.dumps(info))
    lines = (root / "manifest.jsonl").read_text().splitlines()
    entries = [json.loads(line) | {"source": info["sources"][0]["key"]} for line in lines]
    for k, entry in enumerate(entries):
        entry["writers"] = list(writers[k % len(writers) :][:1]) if writers else []
    (root / "manifest.jsonl").write_text("".join(json.dumps(e) + "\n" for e in entries))
    return root


def refused(root: Path, **stated: str) -> str:
    """Return why a dataset is refused."""
    with pytest.raises(LicenceError) as caught:
        require_publishable(root, source_terms(root, stated))
    return str(caught.value)


def test_the_pen_may_be_published(dataset: Path) -> None:
    terms = source_terms(dataset)
    require_publishable(dataset, terms)
    assert [(term.licence, term.refusal) for term in terms] == [("MIT", None)]


def test_a_source_that_forbids_it_is_named_with_its_licence(dataset: Path) -> None:
    made_of(dataset, {"source": "pen"}, {"source": "chars74k"})  # whatever the file says of it
    said = refused(dataset)
    assert "source 'chars74k' (50 images) is under 'research use" in said
    assert "'pen'" not in said


def test_a_source_without_an_image_forbids_nothing(dataset: Path) -> None:
    made_of(dataset, {"source": "pen"}, {"source": "chars74k", "images": 0})
    assert [term.key for term in source_terms(dataset)] == ["pen"]


@pytest.mark.parametrize("source", ["images", "fonts", "trajectories"])
def test_what_a_person_gave_needs_their_word(dataset: Path, source: str) -> None:
    made_of(dataset, {"source": source, "key": f"{source}:mine", "licence": "that of the given"})
    assert f"state it: --licence '{source}:mine=CC-BY-4.0'" in refused(dataset)
    for name in (source, f"{source}:mine"):
        (term,) = source_terms(dataset, {name: "CC BY 4.0"})
        assert (term.licence, term.refusal) == ("CC-BY-4.0", None)


def test_what_may_not_be_stated(dataset: Path) -> None:
    made_of(dataset, {"source": "pen"}, {"source": "images", "licence": GIVEN})
    with pytest.raises(UsageError, match="'for friends' is no licence that is known"):
        source_terms(dataset, {"images": "for friends"})
    for wrong in (1, None):
        keys: Any = {"images": wrong}
        with pytest.raises(UsageError, match=f"{wrong} is no licence that is known"):
            source_terms(dataset, keys)
    with pytest.raises(UnknownNameError, match=r"'image' \(did you mean 'images'\?\)"):
        source_terms(dataset, {"image": "MIT"})
    with pytest.raises(UsageError, match="licence of source 'pen' is its own, 'MIT'"):
        source_terms(dataset, {"pen": "CC0"})


def test_of_pen_strokes_the_writers_tell_the_collection(dataset: Path) -> None:
    kinds = {"source": "trajectories", "licence": "that of the file's collections"}
    made_of(dataset, kinds, writers=("unipen/kai/1", "omniglot/2"))
    (term,) = source_terms(dataset)
    assert {each.name for each in term.known} == {"CC-BY-4.0", "MIT"}
    made_of(dataset, kinds, writers=("unipen/kai/1", "digilets/2"))
    assert "'that of the collection digilets'" in refused(dataset)
    assert source_terms(dataset, {"trajectories": "CC0"})[0].licence == "CC0-1.0; CC BY 4.0"
    made_of(dataset, kinds, writers=("chars74k/3",))
    assert "research use" in refused(dataset, trajectories="CC0")


def test_images_made_of_a_dataset_are_under_its_terms(dataset: Path, tmp_path: Path) -> None:
    outer = Path(shutil.copytree(dataset, tmp_path / "outer"))
    made_of(outer, {"source": "images", "path": "../ds/train", "licence": GIVEN})
    (term,) = source_terms(outer)
    assert (term.key, term.licence, term.refusal) == ("images", "MIT", None)
    made_of(dataset, {"source": "chars74k"})
    said = refused(outer, images="MIT")
    assert "source 'images' (50 images) is made of ds, whose source 'chars74k' is under" in said
    (dataset / "dataset.json").write_text("{")
    assert "dataset.json cannot be read" in refused(outer)


def test_the_licence_of_a_source_within_can_be_stated(dataset: Path, tmp_path: Path) -> None:
    outer = Path(shutil.copytree(dataset, tmp_path / "outer"))
    made_of(outer, {"source": "images", "path": "../ds", "licence": GIVEN})
    made_of(dataset, {"source": "fonts", "licence": GIVEN})
    assert "state it: --licence 'fonts=CC-BY-4.0'" in refused(outer)
    (term,) = source_terms(outer, {"fonts": "CC-BY-4.0"})
    assert (term.key, term.licence, term.refusal) == ("images", "CC-BY-4.0", None)


@pytest.mark.parametrize(
    "path", ["\0", "~nobody-here/x", "a" * 5000, "../" * 100, "/proc/self/mem"]
)
def test_a_place_that_is_none_is_no_dataset(dataset: Path, path: str) -> None:
    made_of(dataset, {"source": "images", "path": path, "licence": GIVEN})
    assert "state it" in refused(dataset)


def test_datasets_made_of_each_other_end(dataset: Path) -> None:
    made_of(dataset, {"source": "images", "path": ".", "licence": GIVEN})
    assert "state it" in refused(dataset)


def test_what_others_built_is_images(dataset: Path) -> None:
    for record in ("dataset.json", "manifest.jsonl", "recipe.yaml"):
        (dataset / record).unlink()
    assert "state it: --licence 'images=CC-BY-4.0'" in refused(dataset)
    assert source_terms(dataset, {"images": "CC0"})[0].licence == "CC0-1.0"


def test_a_source_that_is_not_here_is_what_the_file_says(dataset: Path) -> None:
    made_of(dataset, {"source": "theirs", "licence": "CC-BY-SA-4.0"})
    assert source_terms(dataset)[0].refusal is None
    made_of(dataset, {"source": "theirs", "licence": "ask them"})
    assert "under 'ask them', which is not known" in refused(dataset)
