"""The application behind the page: images, decisions, and training again in the background.

Enters: requests that `datagen.serving.guard` has let through. Leaves: JSON and pictures. Functions
that read files or decode run in threads, so that the page answers meanwhile.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from datagen.core.errors import DatagenError, InputError, UsageError
from datagen.reviews.page.as_file import as_file
from datagen.reviews.page.improve import Improver
from datagen.reviews.page.messages import Decided, plain_change, read_decided
from datagen.reviews.page.neighbours import Neighbours
from datagen.reviews.page.page import page
from datagen.reviews.page.pictures import SIZES, Kind, Pictures
from datagen.reviews.page.session import Session
from datagen.reviews.page.suspects import Suspect, plain_suspects
from datagen.sources.images.review import LabelCorrection, utc_text

MOST_BODY: Final = 64 << 20
"""Bytes of a request: a step that decides every image of a large folder has 10 MB and more."""
_KINDS: Final = (*SIZES, "network")
_KEEP: Final = "private, max-age=86400, immutable"  # a picture is named by its content

Answer = Callable[[Request], Awaitable[Response]]


@dataclass
class Sitting:
    """What one page is about.

    Attributes:
        title: what is reviewed.
        images: the most urgent first.
        pictures: of these images.
        session: the decisions.
        improver: trains again.
        neighbours: of the images.
        file: where the decisions are kept, as a person reads it.
        about: what the review is of, for a copy of it.
        who: decides; None where nobody said.
        ranking: raised with every new order of `images`.
    """

    title: str
    images: Sequence[Suspect]
    pictures: Pictures
    session: Session
    improver: Improver
    neighbours: Neighbours
    file: str
    about: str
    who: str | None = None
    ranking: int = 1

    def __post_init__(self) -> None:
        self._paths = {image.sha256: image.path for image in self.images}

    def path(self, sha256: str) -> str | None:
        """Return where an image with these bytes lies."""
        return self._paths.get(sha256)

    def close(self) -> None:
        """End what goes on in threads."""
        self.neighbours.close()
        self.improver.close()

    def decided(self) -> int:
        """Return how many of the images are decided."""
        known = self.session.decisions()
        return sum(
            image.sha256 in known and known[image.sha256].was == image.numeral
            for image in self.images
        )

    def everything(self) -> dict[str, Any]:
        """Return all that a tab needs to begin with."""
        version, _ = self.session.since(0)
        ranking = self.ranking  # before the images, which are replaced first: see `_take`
        return {
            "title": self.title,
            "file": self.file,
            "about": self.about,
            "who": self.who,
            "items": plain_suspects(self.images),
            "decisions": plain_change(self.session.decisions()),
            "ranking": ranking,
            "version": version,
            "job": self.improver.state(),
        }

    def news(self, since: int) -> dict[str, Any]:
        """Return what a tab has to be told."""
        version, change = self.session.since(since)
        return {
            "version": version,
            "decisions": plain_change(change),
            "ranking": self.ranking,
            "job": self.improver.state(),
        }

    def near(self, path: str, sha256: str) -> dict[str, Any]:
        """Return the look-alikes of an image, the same writing, and what to know of its file."""
        found = self.neighbours.of(path)._asdict()
        return found | {"file": as_file(self.pictures.root, path, sha256)}

    def decide(self, step: Decided) -> dict[str, Any]:
        """Keep one step of a tab."""
        now = utc_text(datetime.now(UTC))
        signed = {
            sha256: None if one is None else self._signed(one, now)
            for sha256, one in step.decisions.items()
        }
        outcome = self.session.decide(signed, step.seen)
        return {"decisions": plain_change(signed), "overruled": plain_change(outcome.overruled)}

    def _signed(self, one: LabelCorrection, now: str) -> LabelCorrection:
        return one.model_copy(update={"who": self.who, "when": now})

    def undo(self) -> dict[str, Any]:
        """Take the last step back."""
        undone = self.session.undo()
        return {"decisions": plain_change(undone.decisions), "since": plain_change(undone.since)}

    def improve(self) -> dict[str, Any]:
        """Begin to train again, unless that goes on already."""
        self.improver.start(self.images, self.session.decisions(), self._take)
        return {"job": self.improver.state()}

    def _take(self, images: Sequence[Suspect]) -> None:
        self.images = images
        self.ranking += 1


def app(sitting: Sitting) -> Starlette:
    """Return the application; see `datagen.serving.server.served`."""
    answers = _Answers(sitting)
    routes = [
        Route("/", answers.home),
        Route("/everything", _told(answers.everything)),
        Route("/news", _told(answers.news)),
        Route("/decide", _told(answers.decide), methods=["POST"]),
        Route("/undo", _told(answers.undo), methods=["POST"]),
        Route("/improve", _told(answers.improve), methods=["POST"]),
        Route("/near/{sha256}", _told(answers.near)),
        Route("/picture/{kind}/{sha256}", _told(answers.picture)),
    ]
    return Starlette(routes=routes)


class _Answers:
    """What is answered to each request."""

    def __init__(self, sitting: Sitting) -> None:
        self._sitting = sitting
        self._page = page(sitting.title)

    async def home(self, _: Request) -> Response:
        headers = {"Content-Security-Policy": self._page.policy}
        return Response(self._page.html, media_type="text/html", headers=headers)

    async def everything(self, _: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._sitting.everything))

    async def news(self, request: Request) -> Response:
        since = request.query_params.get("since", "")
        number = int(since) if since.isdecimal() and len(since) < 16 else 0
        return JSONResponse(await run_in_threadpool(self._sitting.news, number))

    async def decide(self, request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return JSONResponse({"error": "this is too much at once"}, 413)
        try:
            step = await run_in_threadpool(read_decided, body)
        except UsageError as error:  # it will never be one: other refusals may end
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(await run_in_threadpool(self._sitting.decide, step))

    async def undo(self, _: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._sitting.undo))

    async def improve(self, _: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._sitting.improve))

    async def near(self, request: Request) -> Response:
        sha256 = request.path_params["sha256"]
        path = self._sitting.path(sha256)
        if path is None:
            return Response(status_code=404)
        return JSONResponse(await run_in_threadpool(self._sitting.near, path, sha256))

    async def picture(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        sha256 = request.path_params["sha256"]
        path = self._sitting.path(sha256)
        if kind not in _KINDS or path is None:
            return Response(status_code=404)
        png = await run_in_threadpool(self._sitting.pictures.png, path, sha256, cast("Kind", kind))
        return Response(png, media_type="image/png", headers={"Cache-Control": _KEEP})


def _told(answer: Answer) -> Answer:
    """Return a function that answers with the sentence of an error."""

    async def tell(request: Request) -> Response:
        try:
            return await answer(request)
        except InputError as error:
            return JSONResponse({"error": str(error)}, 404)
        except DatagenError as error:
            return JSONResponse({"error": str(error)}, 409)

    return tell


async def _body(request: Request) -> bytes | None:
    """Return the body of a request; None where it is too long."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BODY:
            return None
        parts.append(part)
    return b"".join(parts)
