"""The server of a page: on loopback only, from a thread of its own, until Ctrl-C.

Enters: an ASGI application. Leaves: an address to open.
"""

import os
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from datagen.core.errors import UsageError
from datagen.serving.guard import TOKEN, Guard, new_token

HOST: Final = "127.0.0.1"
MOST_PORT: Final = 65535

_PATIENCE: Final = 3  # seconds that answers on their way get at the end
_LOOK: Final = 0.2  # seconds: Windows notices Ctrl-C only between two looks


@contextmanager
def served(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve an application to who knows the address that this yields, while the block runs.

    Args:
        app: without any protection of its own; see `Guard`.
        port: 0 takes a free one.

    Raises:
        UsageError: the port is taken, may not be used, or is none.
    """
    listening = _listen(port)
    token = new_token()
    config = uvicorn.Config(
        Guard(app, token),
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_PATIENCE,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listening]}, name="server", daemon=True
    )
    thread.start()
    try:
        yield f"http://{HOST}:{listening.getsockname()[1]}/?{TOKEN}={token}"
    finally:
        server.should_exit = True
        thread.join(2 * _PATIENCE)
        listening.close()


def require_port(port: int) -> None:
    """Refuse a port that cannot be used, before work is spent on what will be served there.

    Raises:
        UsageError: it is taken, may not be used, or is none.
    """
    _listen(port).close()


def wait_for_ctrl_c() -> None:
    """Return when the person ends the command: Ctrl-C is the regular end of a served page."""
    try:
        while True:
            time.sleep(_LOOK if sys.platform == "win32" else 60)
    except KeyboardInterrupt:
        return


def open_browser(address: str) -> bool:
    """Open an address in the browser; return whether there is one with windows.

    A browser of text would take over the terminal.
    """
    windows = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    try:
        return windows and webbrowser.open(address)
    except (webbrowser.Error, OSError):
        return False


def _listen(port: int) -> socket.socket:
    if not 0 <= port <= MOST_PORT:
        raise UsageError(f"--port {port}: expected 0 … {MOST_PORT}; 0 takes a free one")
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would let two servers share one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise UsageError(
            f"--port {port} cannot be used ({error.strerror}); without --port a free one is taken"
        ) from error
    return listening
