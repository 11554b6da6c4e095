"""Bytes over HTTP into a file, resumed where they broke off.

Enters: a URL and the path of a `.part` file. Leaves: the file complete, or a `DownloadError` and a
`.part` from which the next call goes on. The caller verifies the bytes.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import requests

from datagen.core.errors import DownloadError

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are here and the bytes expected, None where unknown."""

ATTEMPTS: Final = 5  # in a row without a new byte
FIRST_ATTEMPTS: Final = 2  # at a server that has not answered at all
PAUSE: Final = 1.0  # seconds before the second attempt, doubled with each further one
CHUNK: Final = 1 << 14  # bytes that a dropped connection may cost: only whole chunks are written
TIMEOUT: Final = (10.0, 60.0)  # seconds to connect, and without a byte
PASSING: Final = {408, 429, 500, 502, 503, 504}  # HTTP statuses worth another attempt

# Encoding: the bytes themselves are wanted, not a gzip of them.
_HEADERS: Final = {"User-Agent": "roman-datagen", "Accept-Encoding": "identity"}


_NO_URL: Final = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
T = TypeVar("T")


class _BrokenError(Exception):
    """An attempt that ended early and may go on."""


@dataclass(frozen=True)
class Remote:
    """A file on a server.

    Attributes:
        size: in bytes, None where the server does not say.
        ranges: it answers range requests.
    """

    url: str
    size: int | None
    ranges: bool


@dataclass
class Connection:
    """A connection to a server, and the count of what came over it.

    Attributes:
        show: told of progress, if anyone wants to know.
        total: bytes expected in all, None where unknown.
        base: bytes of earlier files of the same job.
        received: bytes that came over the wire, repeated ones included.
    """

    show: Progress | None = None
    total: int | None = None
    base: int = 0
    received: int = 0
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, url: str, first: int | None, last: int | None) -> requests.Response:
        """Ask for bytes `first … last` of `url`, or for all of it; the body is not read yet."""
        headers = dict(_HEADERS)
        if first is not None:
            headers["Range"] = f"bytes={first}-{'' if last is None else last}"
        try:
            response = self.session.get(url, headers=headers, stream=True, timeout=TIMEOUT)
        except _NO_URL as error:
            raise DownloadError(f"{url} is no URL to download from ({error})") from error
        if response.status_code in PASSING:
            response.close()
            raise _BrokenError(f"the server answered {response.status_code} {response.reason}")
        if response.status_code >= 400 and response.status_code != 416:
            response.close()
            raise DownloadError(
                f"{url}: the server answered {response.status_code} {response.reason}, expected "
                "the file; it may have moved"
            )
        return response

    def tell(self, here: int) -> None:
        """Tell of `here` bytes of the present file."""
        if self.show:
            self.show(self.base + here, self.total)


def probe(connection: Connection, url: str) -> Remote:
    """Return what the server says of a file: its size, and whether it sends parts of it.

    Raises:
        DownloadError: no such file, or no connection after `ATTEMPTS` attempts.
    """

    def ask() -> Remote:
        with connection.get(url, 0, 0) as response:
            if response.status_code == 206:
                size = re.search(r"/(\d+)$", response.headers.get("Content-Range", ""))
                return Remote(url, int(size[1]) if size else None, ranges=size is not None)
            length = response.headers.get("Content-Length", "")
            return Remote(url, int(length) if length.isdigit() else None, ranges=False)

    return _insist(ask, lambda: 0, url)


def transfer(
    connection: Connection, remote: Remote, part: Path, first: int = 0, last: int | None = None
) -> None:
    """Fill `part` with bytes `first … last` (inclusive) of a file, going on where it ends.

    Raises:
        DownloadError: the server refuses, or `ATTEMPTS` attempts in a row brought nothing new;
            `part` keeps what came.
    """
    if last is None and remote.size is not None:
        last = remote.size - 1
    part.parent.mkdir(parents=True, exist_ok=True)
    _insist(
        lambda: _receive(connection, remote, part, first, last), lambda: _size(part), remote.url
    )


def _insist(attempt: Callable[[], T], here: Callable[[], int], url: str) -> T:
    """Call `attempt` until it succeeds, or brings nothing new `ATTEMPTS` times in a row."""
    furthest, failures = here(), 0
    while True:
        try:
            return attempt()
        except (requests.RequestException, _BrokenError) as error:
            failures = 0 if here() > furthest else failures + 1
            furthest = max(furthest, here())
            silent = furthest == 0 and isinstance(error, requests.exceptions.ConnectionError)
            attempts = FIRST_ATTEMPTS if silent else ATTEMPTS
            if failures >= attempts:
                if silent:
                    raise DownloadError(
                        f"{url}: no answer in {failures} attempts ({_reason(error)}); check the "
                        "connection and run the same command again"
                    ) from error
                raise DownloadError(
                    f"{url}: gave up after {failures} attempts with {furthest:,} bytes here "
                    f"({_reason(error)}); check the connection and run the same command again: it "
                    "resumes from there"
                ) from error
            time.sleep(PAUSE * 2**failures)


def _reason(error: Exception) -> str:
    """Return what went wrong without the wrappings of urllib3."""
    if isinstance(error, requests.exceptions.Timeout):
        return "the server did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate could not be verified"
    if isinstance(
        error, (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)
    ):
        return "no connection, or it was dropped"
    return str(error)


def _receive(
    connection: Connection, remote: Remote, part: Path, first: int, last: int | None
) -> None:
    """Make one attempt to complete `part`."""
    want = None if last is None else last - first + 1
    have = _size(part)
    if want is not None and have > want:
        part.unlink()
        have = 0
    if have == want:
        part.touch()  # an empty file is complete before it begins
        connection.tell(have)
        return
    piece = remote.ranges and (have > 0 or (first, last) != (0, (remote.size or 0) - 1))
    with connection.get(remote.url, first + have if piece else None, last) as response:
        goes_on = _goes_on(response, first + have)
        if not goes_on:
            part.unlink(missing_ok=True)  # it cannot be continued
            have = 0
            if response.status_code != 200 or first:
                raise _BrokenError("the server sent another range than was asked for")
        with part.open("ab" if goes_on else "wb") as file:
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                have += len(chunk)
                connection.received += len(chunk)
                connection.tell(have)
    if want is not None and have != want:
        if have > want:
            part.unlink()
        raise _BrokenError(f"{have:,} bytes came, expected {want:,}")


def _goes_on(response: requests.Response, start: int) -> bool:
    """Return whether the body begins at byte `start` of the file because we asked for that."""
    given = response.headers.get("Content-Range", "")
    return response.status_code == 206 and given.startswith(f"bytes {start}-")


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
