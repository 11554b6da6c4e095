"""What stands before every page that is served: nobody but the person who started it gets in.

Enters: an HTTP request. Leaves: the answer of the application behind, or a refusal. A request must
name this machine as its host, which a page of another site that points a name of its own at this
machine cannot (DNS rebinding), and carry the token of the address that was printed: in the address
the first time, in a cookie from then on.
"""

import secrets
from collections.abc import MutableMapping
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN: Final = "token"
"""The parameter of the address that carries the token."""

_HOSTS: Final = ("127.0.0.1", "localhost")
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_STRICT: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def new_token() -> str:
    """Return a token that cannot be guessed."""
    return secrets.token_urlsafe(24)


class Guard:
    """ASGI middleware that lets only requests with the token through; see above.

    Args:
        app: what is guarded.
        token: as `new_token` makes it.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":  # there are no web sockets here, and nothing to start
            return
        request = Request(scope)
        refused = self._refusal(request)
        named = refused is None and TOKEN in request.query_params

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(message, scope, cookie=named)
            await send(message)

        if refused is None:
            await self._app(scope, receive, answer)
        else:
            await PlainTextResponse(refused, 403)(scope, receive, answer)

    def _refusal(self, request: Request) -> str | None:
        """Return why a request is refused, or None."""
        host = request.headers.get("host", "")
        if host.rpartition(":")[0] not in _HOSTS or host.rpartition(":")[2] != _port(request.scope):
            return "This page is served under 127.0.0.1 only.\n"
        if not self._is_known(request):
            return "The token is missing or wrong: open the address that the terminal shows.\n"
        origin = request.headers.get("origin")
        if request.method not in ("GET", "HEAD") and origin != f"http://{host}":
            return "Only this page itself may send.\n"
        return None

    def _is_known(self, request: Request) -> bool:
        given = request.query_params.get(TOKEN)
        if given is None:
            # by hand: other programs of this machine may have set what cookie parsers refuse
            pairs = (part.partition("=") for part in request.headers.get("cookie", "").split(";"))
            values = {name.strip(): value.strip() for name, _, value in pairs}
            given = values.get(_cookie(request.scope), "")
        return secrets.compare_digest(given.encode(), self._token.encode())

    def _add_headers(self, message: MutableMapping[str, Any], scope: Scope, cookie: bool) -> None:
        headers = MutableHeaders(raw=message["headers"])
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", _STRICT)
        if cookie:
            name = _cookie(scope)
            headers.append("Set-Cookie", f"{name}={self._token}; HttpOnly; SameSite=Strict; Path=/")
        message["headers"] = headers.raw


def _port(scope: Scope) -> str:
    return str(scope["server"][1])


def _cookie(scope: Scope) -> str:
    """Return the cookie's name; a browser sends the cookies of one port to all of a host."""
    return f"datagen-{_port(scope)}"
