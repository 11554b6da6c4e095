from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from datagen.reviews.page.alone import page_file
from datagen.reviews.page.app import MOST_BODY, app
from datagen.reviews.page.prepare import Wanted, prepare
from datagen.sources.images.review import load
from tests.datagen.reviews.page.audits import make_folder


@pytest.fixture
def review(tmp_path: Path) -> Path:
    return tmp_path / "review.yaml"


@pytest.fixture
def client(tmp_path: Path, review: Path) -> TestClient:
    wanted = Wanted(
        folder=make_folder(tmp_path / "photos", 1), out=review, without_audit=True, who="kim"
    )
    sitting = prepare(wanted, lambda *_: None, lambda _: None)
    sitting.neighbours.describe()
    return TestClient(app(sitting))


def _decide(client: TestClient, item: dict[str, Any], verdict: str = "drop") -> dict[str, Any]:
    one = {"verdict": verdict, "was": item["class"], "reason": "scribble"}
    found: dict[str, Any] = client.post("/decide", json={"decisions": {item["id"]: one}}).json()
    return found


def test_the_page_gets_everything_and_its_pictures(client: TestClient) -> None:
    assert "<title>Review photos</title>" in client.get("/").text
    everything = client.get("/everything").json()
    assert [item["class"] for item in everything["items"]][:3] == ["i", "ii", "iii"]
    sha256 = everything["items"][0]["id"]
    for kind in ("thumb", "large", "network"):
        answer = client.get(f"/picture/{kind}/{sha256}")
        assert answer.content.startswith(b"\x89PNG")
        assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "place", ["/picture/raw/{}", f"/picture/thumb/{64 * '0'}", "/near/no", "/picture/thumb/..%2f"]
)
def test_what_is_not_there_is_not_found(client: TestClient, place: str) -> None:
    sha256 = client.get("/everything").json()["items"][0]["id"]
    assert client.get(place.format(sha256)).status_code == 404


def test_a_decision_is_signed_and_written(client: TestClient, review: Path) -> None:
    item = client.get("/everything").json()["items"][3]
    assert _decide(client, item)["overruled"] == {}
    written = load(str(review)).images[item["id"]]
    assert (written.verdict, written.was, written.who) == ("drop", "iv", "kim")
    assert written.when is not None
    assert client.get("/news?since=0").json()["decisions"][item["id"]]["verdict"] == "drop"
    assert client.post("/undo").json()["decisions"] == {item["id"]: None}
    assert load(str(review)).images == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"decisions": {}}',
        b'{"decisions": {"a": null}}',
        b'{"decisions": {"%s": {"verdict": "burn", "was": "i", "reason": "x"}}}' % (64 * b"0"),
        b'{"decisions": {"%s": {"verdict": "drop", "was": "iiii", "reason": "x"}}}' % (64 * b"0"),
    ],
)
def test_what_is_no_decision_is_refused(client: TestClient, review: Path, body: bytes) -> None:
    answer = client.post("/decide", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("this is no decision: ")
    assert "('" not in answer.json()["error"]  # no Python
    assert not review.exists()


def test_a_whole_large_folder_may_be_decided_at_once(client: TestClient, review: Path) -> None:
    one = {"verdict": "keep", "was": "i", "reason": "looked at"}
    many = {f"{number:064x}": one for number in range(20_100)}
    answer = client.post("/decide", json={"decisions": many, "seen": dict.fromkeys(many)})
    assert answer.status_code == 200
    assert review.read_text("utf-8").count("verdict: keep") == len(many)


def test_too_much_at_once_is_refused(client: TestClient) -> None:
    assert client.post("/decide", content=b" " * (MOST_BODY + 1)).status_code == 413


def test_a_review_that_somebody_broke_is_told_and_left_alone(
    client: TestClient, review: Path
) -> None:
    item = client.get("/everything").json()["items"][0]
    review.write_text("review: 1\nname: [", "utf-8")
    answer = client.post("/decide", json={"decisions": {item["id"]: None}})
    assert answer.status_code == 409
    assert "review.yaml" in answer.json()["error"]
    assert review.read_text("utf-8") == "review: 1\nname: ["


def test_an_image_that_was_removed_is_told(client: TestClient, tmp_path: Path) -> None:
    item = client.get("/everything").json()["items"][0]
    (tmp_path / "photos" / item["path"]).unlink()
    answer = client.get(f"/picture/thumb/{item['id']}")
    assert answer.status_code == 404
    assert "i/0.png" in answer.json()["error"]


def test_a_picture_is_never_of_other_content_than_is_decided_on(
    client: TestClient, tmp_path: Path
) -> None:
    first, second, *_ = client.get("/everything").json()["items"]
    files = [tmp_path / "photos" / item["path"] for item in (first, second)]
    files[0].rename(tmp_path / "aside")
    files[1].rename(files[0])
    (tmp_path / "aside").rename(files[1])
    for item in (first, second):
        for kind in ("thumb", "large", "network"):
            answer = client.get(f"/picture/{kind}/{item['id']}")
            assert answer.status_code == 404
            assert "cache-control" not in answer.headers
            said = f"{item['path']} has changed since the page was opened; start `datagen review`"
            assert said in answer.json()["error"]
    assert client.get(f"/near/{first['id']}").json()["twins"] == []


def test_a_file_that_the_evaluator_reads_otherwise_is_named(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "photos", 1)
    ink = np.zeros((40, 50, 4), np.uint8)
    ink[8:32, 20:26, 3] = 255
    cv2.imwrite(str(folder / "i" / "0.png"), ink)
    cv2.imwrite(str(folder / "ii" / "0.tif"), np.full((40, 50), 200, np.uint8))
    wanted = Wanted(folder=folder, out=tmp_path / "r.yaml", without_audit=True)
    sitting = prepare(wanted, lambda *_: None, lambda _: None)
    client = TestClient(app(sitting))
    said = {
        item["path"]: client.get(f"/near/{item['id']}").json()["file"]
        for item in client.get("/everything").json()["items"]
    }
    stored = "as `datagen build` stores it; the file itself"
    assert said["i/0.png"] == f"{stored} reaches the network all black"
    assert said["ii/0.tif"].startswith(f"{stored} is TIFF inside, which the evaluator cannot read")
    assert {path for path, words in said.items() if words} == {"i/0.png", "ii/0.tif"}
    assert "all black" in page_file(
        folder, "", sitting.images, {}, sitting.neighbours, name="r.yaml", about="photos"
    )


def test_look_alikes_are_found_without_an_audit(client: TestClient) -> None:
    item = client.get("/everything").json()["items"][0]
    near = client.get(f"/near/{item['id']}").json()
    assert len(near["alike"]) >= 1
    assert item["path"] not in near["alike"]
