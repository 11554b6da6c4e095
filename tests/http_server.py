"""A server in this process that can do everything wrong, for what fetches."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Server:
    """What the server has, and how it behaves.

    Attributes:
        ranges: it answers range requests.
        budget: bytes of body after which each further answer breaks off; the next one gets the
            next budget; empty: no more breaking.
        status: answered to everything, if set; the first `failing` times only, if that is set.
        asked: the Range header of each request.
    """

    files: dict[str, bytes]
    ranges: bool = True
    budget: list[int] = field(default_factory=list)
    status: int = 0
    failing: int = 10**9
    lie: int = 0  # added to each range's start
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                wanted = self.headers.get("Range", "")
                server.asked.append(wanted)
                body = server.files.get(self.path.lstrip("/"))
                if (server.status and len(server.asked) <= server.failing) or body is None:
                    self.send_response(server.status or 404)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                span = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
                size = len(body)
                if span and server.ranges:
                    first = int(span[1]) + server.lie
                    last = min(int(span[2] or size), size - 1)
                    self.send_response(206)
                    self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
                    body = body[first : last + 1]
                else:
                    self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if server.budget and len(body) > 1:
                    self.wfile.write(body[: server.budget.pop(0)])
                    self.close_connection = True
                    return
                self.wfile.write(body)

        return Handler


class QuietServer(ThreadingHTTPServer):
    """A server that does not mind a client that hangs up."""

    def handle_error(self, *_: object) -> None:
        pass


@contextmanager
def serving(state: Server) -> Iterator[Server]:
    """Run the server, and put its address into `state.url`."""
    with QuietServer(("127.0.0.1", 0), state.handler()) as http:
        state.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield state
        finally:
            http.shutdown()
            thread.join()
