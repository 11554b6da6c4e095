import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from datagen.serving.guard import Guard, new_token

HERE = "http://127.0.0.1:8000"


async def _hello(_: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


@pytest.fixture
def token() -> str:
    return new_token()


@pytest.fixture
def client(token: str) -> TestClient:
    app = Starlette(routes=[Route("/", _hello, methods=["GET", "POST"])])
    return TestClient(Guard(app, token), base_url=HERE)


def test_the_address_lets_in_and_a_cookie_from_then_on(client: TestClient, token: str) -> None:
    first = client.get("/", params={"token": token})
    assert first.text == "hello"
    assert "HttpOnly; SameSite=Strict" in first.headers["set-cookie"]
    assert client.get("/").text == "hello"


@pytest.mark.parametrize(
    "other",
    ["user@site=1", "a/b=1", "a,b=1", "{}=1", 'prefs={"a":1}', "theme=dark mode", "foo", ""],
)
def test_cookies_of_other_programs_do_not_matter(
    client: TestClient, token: str, other: str
) -> None:
    for cookies in (f"{other}; datagen-8000={token}", f"datagen-8000={token}; {other}"):
        assert client.get("/", headers={"cookie": cookies}).text == "hello"
    assert client.get("/", headers={"cookie": f"{other}; datagen-8000=no"}).status_code == 403


@pytest.mark.parametrize("given", [{}, {"token": ""}, {"token": "wrong"}, {"token": "ü"}])
def test_without_the_token_nothing_is_shown(client: TestClient, given: dict[str, str]) -> None:
    answer = client.get("/", params=given)
    assert answer.status_code == 403
    assert "the terminal shows" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example:8000", "127.0.0.1", "127.0.0.1:9", "", "[::1]:8000"]
)
def test_another_name_for_this_machine_is_refused(
    client: TestClient, token: str, host: str
) -> None:
    assert client.get("/", params={"token": token}, headers={"host": host}).status_code == 403


@pytest.mark.parametrize("origin", [None, "null", "http://127.0.0.1:3000", "http://evil.example"])
def test_only_the_page_itself_may_send(client: TestClient, token: str, origin: str | None) -> None:
    headers = {} if origin is None else {"origin": origin}
    assert client.post("/", params={"token": token}, headers=headers).status_code == 403
    assert client.post("/", params={"token": token}, headers={"origin": HERE}).text == "hello"


def test_every_answer_forbids_what_it_can(client: TestClient, token: str) -> None:
    for answer in (client.get("/", params={"token": token}), client.get("/")):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
