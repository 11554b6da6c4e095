import socket

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from datagen.core.errors import UsageError
from datagen.serving.server import served


async def _hello(_: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


def test_a_page_is_served_while_the_block_runs() -> None:
    with served(Starlette(routes=[Route("/", _hello)])) as address:
        assert requests.get(address, timeout=10).text == "hello"
        assert requests.get(address.partition("?")[0], timeout=10).status_code == 403
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=10)


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(UsageError, match=f"--port {port} cannot be used"),
            served(Starlette(), port),
        ):
            pass


@pytest.mark.parametrize("port", [-1, 65_536])
def test_what_is_no_port_is_said(port: int) -> None:
    with pytest.raises(UsageError, match="expected 0 … 65535"), served(Starlette(), port):
        pass
