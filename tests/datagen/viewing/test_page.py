"""The page: its data, its file, and the served one."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from datagen.core.errors import UsageError
from datagen.evaluation.records import Score
from datagen.reports.html.view_link import view_link, view_page
from datagen.serving.document import SHARED_SCRIPTS, shared
from datagen.viewing.collect import View, ViewRequest, collect
from datagen.viewing.page import SCRIPTS, page
from datagen.viewing.page_data import page_data, parameters_text
from datagen.viewing.write import application, check_place, write_view
from tests.chromium import chromium
from tests.datagen.viewing.conftest import written

FRONT = Path(__file__).parents[3] / "datagen" / "viewing" / "front"


@pytest.fixture
def view(dataset: Path) -> View:
    return collect(ViewRequest(dataset, steps=2))


def data_of(html: str) -> Any:
    (text,) = re.findall(r'id="data">(.*?)</script>', html, re.DOTALL)
    return json.loads(text)


def test_the_data_hold_every_image_and_its_lineage(view: View, tmp_path: Path) -> None:
    data = data_of(page(view, tmp_path).html)
    assert data == json.loads(json.dumps(page_data(view, tmp_path)))
    assert (data["total"], data["own"], data["parts"]) == (100, 100, ["train", "val"])
    first = data["images"][0]
    entry = view.images[0].entry
    assert entry is not None
    assert (first["glyphs"], first["writers"]) == (list(entry.glyphs), list(entry.writers))
    assert first["ops"] == [["evaluator_view", "side 32"]]
    assert not {"changed", "parent", "copy", "reason", "said"} & set(first)
    made = data["makings"][view.images[0].name]
    assert [step["name"] for step in made["steps"]] == ["composed", "as the evaluator sees it"]
    assert made["equal"]


def test_a_folder_of_anybody_has_neither_lineage_nor_parts(
    numeral_folder: Path, tmp_path: Path
) -> None:
    hostile = numeral_folder / "x" / "</script><b>.png"
    if hostile.name != "</script><b>.png":  # a slash parts it
        hostile.parent.mkdir(parents=True)
    cv2.imwrite(str(hostile), np.full((9, 9), 7, np.uint8))
    html = page(collect(ViewRequest(numeral_folder)), tmp_path).html
    data = data_of(html)
    assert (data["manifest"], data["parts"], data["makings"]) == (False, [""], {})
    assert any(image["name"].endswith("<b>.png") for image in data["images"])
    assert "</script><b>" not in html


def test_only_the_served_page_may_ask_and_only_its_server(view: View, tmp_path: Path) -> None:
    assert "connect-src 'none'" in page(view, tmp_path).policy
    assert "connect-src 'self'" in page(view, None).policy
    assert data_of(page(view, None).html)["live"] is True


@settings(max_examples=15)
@given(
    st.dictionaries(
        st.text("ab", min_size=1),
        st.one_of(st.floats(), st.integers(), st.text(), st.lists(st.floats()), st.none()),
    )
)
def test_parameters_are_one_short_line(parameters: dict[str, Any]) -> None:
    text = parameters_text(parameters)
    assert all(name in text for name in parameters)


def test_names_at_the_top_of_modules_differ() -> None:
    texts = [shared(name).read_text("utf-8") for name in SHARED_SCRIPTS]
    texts += [(FRONT / name).read_text("utf-8") for name in SCRIPTS]
    named = [
        name
        for text in texts
        for name in re.findall(
            r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", text, re.M
        )
    ]
    assert len(named) == len(set(named))
    assert {path.name for path in FRONT.glob("*.js")} == set(SCRIPTS)


def test_a_page_is_written_whole_and_not_into_the_dataset(view: View, tmp_path: Path) -> None:
    target = tmp_path / "pages" / "a.html"
    write_view(view, target)
    assert data_of(target.read_text("utf-8"))["name"] == "ds"
    for wrong in (tmp_path, view.request.root / "a.html"):
        with pytest.raises(UsageError, match="--html"):
            check_place(wrong, view.request.root)
    (tmp_path / "file").write_text("print(1)")
    with pytest.raises(UsageError, match="nothing in it says that it is a page of datagen view"):
        check_place(tmp_path / "file", view.request.root)
    check_place(target, view.request.root)
    with pytest.raises(UsageError, match="cannot write"):
        write_view(view, tmp_path / "file" / "a.html")


def test_the_served_page_makes_any_image_of_its_own_again(view: View, tmp_path: Path) -> None:
    client = TestClient(application(view))
    assert data_of(client.get("/").text)["live"] is True
    name = view.images[70].name
    made = client.get("/making", params={"image": name}).json()
    assert (made["equal"], made["note"], len(made["steps"])) == (True, None, 2)
    picture = client.get("/picture", params={"image": name})
    assert picture.headers["content-type"] == "image/png"
    secret = tmp_path / "secret.png"
    cv2.imwrite(str(secret), np.zeros((9, 9), np.uint8))
    for other in ("../secret.png", str(secret), "", "train/i/nothing.png"):
        assert client.get("/picture", params={"image": other}).status_code == 404
        assert client.get("/making", params={"image": other}).status_code == 404


@pytest.mark.parametrize("show", ["overview", "mistakes"])
def test_a_link_names_the_page_and_what_writes_it(tmp_path: Path, show: str) -> None:
    link = view_link(tmp_path / "my ds", tmp_path / "r", tmp_path / "my ds-view.html", show=show)
    assert f'href="../my%20ds-view.html#view={show}"' in link
    assert "datagen view &#x27;../my ds&#x27; --html &#x27;../my ds-view.html&#x27;" in link
    scored = view_link(tmp_path, tmp_path, tmp_path / "a.html", scores=[tmp_path / "s/1.json"])
    assert "--score s/1.json" in scored
    assert view_page(tmp_path / "my ds") == Path("my ds-view.html")


Run = Callable[..., Any]


def test_the_command_writes_the_page_and_says_what_is_in_it(
    datagen_here: Run, dataset: Path, tmp_path: Path
) -> None:
    done = datagen_here("view", dataset, "--steps", 2, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["page"], found["images"], found["made_again"]) == ("ds-view.html", 100, 2)
    assert "2 equal to their files" in done.stderr
    assert data_of((tmp_path / "ds-view.html").read_text("utf-8"))["own"] == 100


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("nowhere",), 4, "no dataset at nowhere"),
        (("empty",), 4, "empty has no images in class folders"),
        (("damaged",), 4, "manifest.jsonl line 1"),
        (("ds", "--html", "ds/x.html"), 2, "is inside the dataset"),
        (("ds", "--image", "train/i/0.png"), 4, "has no image train/i/0.png"),
        (("ds", "--serve", "--html", "a.html"), 2, "--html has no effect with --serve"),
        (("ds", "--score", "nowhere.json"), 4, "no score at nowhere.json"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(
    arguments: tuple[str, ...],
    code: int,
    says: str,
    dataset: Path,
    tmp_path: Path,
    datagen_here: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged/i").mkdir(parents=True)
    (tmp_path / "damaged/manifest.jsonl").write_text("{}\n")
    done = datagen_here("view", *arguments)
    said = done.stderr
    assert done.returncode == code, said
    assert says in said
    assert len(said.splitlines()) == 1
    assert dataset.is_dir()


@pytest.mark.browser
@pytest.mark.slow
def test_a_person_goes_through_the_page_in_a_browser(
    scored: Score, dataset: Path, tmp_path: Path
) -> None:
    report = written(tmp_path / "report", scored)
    (report / "report.html").write_text("the report", "utf-8")
    found = collect(ViewRequest(dataset, scores=(report,), steps=3))
    file = tmp_path / "ds-view.html"
    write_view(found, file)
    with chromium(tmp_path) as browser:
        tab = browser.open(file.as_uri(), width=1280, height=800)
        text = "document.querySelector('{}').textContent".format
        tab.wait("document.querySelectorAll('.examples').length > 20")
        assert tab("location.hash") == "#view=overview"
        tab.click(".matrix tbody tr:nth-child(4) .examples")
        assert "class=iv" in tab("location.hash")
        assert tab(text("#count")).endswith("of 100 images")
        tab.press("x", "Home", "ArrowRight", "ArrowRight", "ArrowLeft")
        assert tab(text("#count")) == "100 images"
        assert tab(text("#panel .path")) == found.images[1].name
        tab.press("Home")
        assert "equal to the file, byte by byte" in tab(text("#panel"))
        assert tab(text(".beside")).startswith("before: composed")
        tab.press("b")
        assert "before" not in tab(text(".beside"))
        tab.press("n", "m")
        assert tab(text("#count")).startswith("9 images wrong, of 60 images in ")
        assert tab(text("#score a")) == "its report"
        assert "said x" in tab(text("#panel .verdict"))
        tab.press("l", "s")
        assert tab("document.querySelector('#panel .likes') !== null")
        kept = tab(text("#panel .path"))
        tab.reload()
        tab.wait(f"{text('#panel .path')} === {json.dumps(kept)}")
        assert tab.nameless() == []
        tab.prefer(color_scheme="dark")
        tab.resize(390, 800, phone=True)
        for key in "oiml":
            tab.press(key)
            assert tab("document.documentElement.scrollWidth") == 390
        tab.click(".cell.current")
        assert tab("getComputedStyle(document.querySelector('#panel')).display") == "block"
        before = tab(text("#panel .path"))
        tab.click("#panel .arrow:last-child")
        assert tab(text("#panel .path")) != before
        tab.click("#panel .arrow:first-child")
        assert tab(text("#panel .path")) == before
        tab.press("Escape")
        assert tab("getComputedStyle(document.querySelector('#panel')).display") == "none"
        tab.press("?")
        assert "the next step of its making" in tab(text("dialog"))
        assert tab.complaints() == []
        assert {address.partition("#")[0] for address in tab.asked()} == {file.as_uri()}
