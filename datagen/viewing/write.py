"""The page of a dataset as a file, or served."""

import threading
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from datagen.core.errors import InputError, UsageError
from datagen.files.atomic import require_writable, staged_file
from datagen.files.own_pages import require_own_page
from datagen.files.paths import real_path
from datagen.files.reading import IMAGE, read_bytes
from datagen.serving.thumbnails import picture
from datagen.viewing.collect import View
from datagen.viewing.making import Maker
from datagen.viewing.page import page
from datagen.viewing.page_data import plain_making
from datagen.viewing.rows import ViewImage

_LARGEST: Final = 1600  # pixels: the longer side of a picture that is sent


def check_place(html: Path, root: Path) -> None:
    """Refuse, before anything is read, a file that the page cannot go to.

    Raises:
        UsageError: it is a folder, inside the dataset, a file that is no such page, or the system
            lets none be made there.
    """
    if html.is_dir():
        raise UsageError(f"{html} is a folder; --html names a file, such as view.html")
    if real_path(html).is_relative_to(real_path(root)):
        raise UsageError(f"{html} is inside the dataset; choose another --html")
    require_writable(html, "another --html", make_folders=True)
    require_own_page(html, "view", "another --html")


def write_view(view: View, html: Path) -> None:
    """Write the page; a file that stands there is replaced.

    Raises:
        UsageError: it cannot be written.
    """
    text = page(view, html.absolute().parent).html
    try:
        with staged_file(html) as temporary:
            temporary.write_text(text, "utf-8", newline="")
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"cannot write {html}: {reason}; choose another --html") from error


def application(view: View) -> Starlette:
    """Return what serves the page: each image at full size, and making any of them again."""
    document = page(view, None)
    images = {image.name: image for image in view.images}
    maker, lock = Maker(view.request.root), threading.Lock()

    def show(_: Request) -> Response:
        return HTMLResponse(document.html, headers={"Content-Security-Policy": document.policy})

    def making(request: Request) -> Response:
        image = _asked(request, images)
        if image is None or image.entry is None:
            return PlainTextResponse("how it was made is not known", 404)
        with lock:  # sources are opened once
            made = maker.make(image.entry)
        return JSONResponse(plain_making(made))

    def whole(request: Request) -> Response:
        image = _asked(request, images)
        try:
            data = None if image is None else _picture(image.file)
        except InputError:
            data = None
        return Response(data, 404 if data is None else 200, media_type="image/png")

    # functions that are not coroutines run in threads: the page answers meanwhile
    return Starlette(routes=[Route("/", show), Route("/making", making), Route("/picture", whole)])


def _picture(file: Path) -> bytes:
    return picture(read_bytes(file, IMAGE), str(file), _LARGEST)


def _asked(request: Request, images: dict[str, ViewImage]) -> ViewImage | None:
    """Return the image that a request names: only those of the page are ever read."""
    return images.get(request.query_params.get("image", ""))
