"""Reviewing images from Python: the page, served on this machine or as one file."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from datagen.api.call import public
from datagen.api.progress import Progress, no_progress
from datagen.core.errors import UsageError
from datagen.files.paths import named_refusals, user_path

if TYPE_CHECKING:
    from datagen.reviews.page.prepare import Wanted

PathLike = str | os.PathLike[str]

REVIEW: Final = "review.yaml"
"""The review file, where none is named."""


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A page for reviewing.

    Attributes:
        address: to open in the browser on this machine; of a file, its path.
        review: the file that decisions are kept in; of a page in a file, what it began with.
        images: that it shows.
        decided: of them, when it began.
    """

    address: str
    review: Path
    images: int
    decided: int


@public
@contextmanager
def serve_review(
    folder: PathLike,
    *,
    audit: PathLike | bool = True,
    out: PathLike = REVIEW,
    who: str | None = None,
    port: int = 0,
    progress: Progress = no_progress,
    note: Callable[[str], None] = lambda _: None,
) -> Iterator[ReviewPage]:
    """Serve the page on which a person reviews the images of a folder, while the block runs.

    It is reached from this machine alone, and only under the address that this yields. Every
    decision is written to the review file at once.

    Args:
        folder: class folders, or `train/` and `val/` that hold them.
        audit: an audit of the folder, by which the images are ordered; True uses `audit.jsonl` of
            the working folder where it fits, else makes one; False takes the folder's order.
        out: the review file; an existing one is gone on with.
        who: decides; written beside every decision.
        port: 0 takes a free one.
        progress: told of the steps of an audit.
        note: told which audit is used, and what else a person should know.

    Raises:
        MissingInputError, CorruptInputError: folder or audit are not there, or are none.
        RecipeError: `out` is there and is no review.
        UsageError: the port cannot be used, `out` cannot be written, or `who` is no text.

    Example:
        >>> import datagen, pathlib, tempfile
        >>> work = pathlib.Path(tempfile.mkdtemp())
        >>> ds = datagen.build({"images": 100}, work / "ds")
        >>> with datagen.serve_review(ds, audit=False, out=work / "review.yaml") as page:
        ...     print(page.images, page.address[:17])
        100 http://127.0.0.1:
    """
    from datagen.datasets.inputs import refuse_among_inputs  # noqa: PLC0415
    from datagen.reviews.page.app import app  # noqa: PLC0415 - Starlette
    from datagen.reviews.page.prepare import prepare  # noqa: PLC0415
    from datagen.reviews.record import ReviewFile  # noqa: PLC0415
    from datagen.serving.server import require_port, served  # noqa: PLC0415

    wanted = _wanted(folder, audit, out, who)
    with named_refusals():
        require_port(port)  # before an audit, which takes minutes
        refuse_among_inputs(wanted.out, wanted.folder, "--out")
        ReviewFile(wanted.out, about=wanted.title).require_writable()
        sitting = prepare(wanted, progress, note)
    sitting.neighbours.start()
    try:
        with served(app(sitting), port) as address:
            yield ReviewPage(address, wanted.out, len(sitting.images), sitting.decided())
    finally:
        sitting.close()


@public
def write_review_page(
    folder: PathLike,
    file: PathLike,
    *,
    audit: PathLike | bool = True,
    out: PathLike = REVIEW,
    who: str | None = None,
    overwrite: bool = False,
    progress: Progress = no_progress,
    note: Callable[[str], None] = lambda _: None,
) -> ReviewPage:
    """Write the page for reviewing as one HTML file, which holds the images.

    It needs no server and no network: decisions stay in the browser, and a button hands out the
    review file.

    Args:
        folder: see `serve_review`.
        file: the page.
        audit: see `serve_review`.
        out: a review file to begin with, where there is one; it is not written.
        who: see `serve_review`.
        overwrite: replace an existing page, which is no other file.
        progress: see `serve_review`.
        note: see `serve_review`.

    Raises:
        MissingInputError, CorruptInputError, RecipeError: see `serve_review`.
        UsageError: the file is there already, is no such page, or cannot be written; or `who` is no
            text.

    Example:
        >>> import datagen, pathlib, tempfile
        >>> work = pathlib.Path(tempfile.mkdtemp())
        >>> ds = datagen.build({"images": 100}, work / "ds")
        >>> page = datagen.write_review_page(ds, work / "review.html", audit=False)
        >>> page.images
        100
    """
    from datagen.datasets.inputs import refuse_among_inputs  # noqa: PLC0415
    from datagen.files.atomic import require_writable, staged_file  # noqa: PLC0415
    from datagen.files.own_pages import require_own_page  # noqa: PLC0415
    from datagen.reviews.page.alone import page_file  # noqa: PLC0415
    from datagen.reviews.page.prepare import prepare  # noqa: PLC0415

    target = user_path(file)
    refuse_among_inputs(target, user_path(folder), "--html")
    if target.exists() and not overwrite:
        raise UsageError(f"{target} exists; --overwrite replaces it, or choose another file")
    require_writable(target, "another --html", make_folders=True)
    require_own_page(target, "review", "another --html")
    wanted = _wanted(folder, audit, out, who)
    sitting = prepare(wanted, progress, note)
    html = page_file(
        wanted.folder,
        sitting.title,
        sitting.images,
        sitting.session.decisions(),
        sitting.neighbours,
        name=wanted.out.name,
        about=sitting.about,
        who=wanted.who,
    )
    try:
        with staged_file(target) as temporary:
            temporary.write_text(html, "utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot write the page {target}: {error.strerror}; choose another file"
        ) from error
    return ReviewPage(str(target), wanted.out, len(sitting.images), sitting.decided())


def _wanted(folder: PathLike, audit: PathLike | bool, out: PathLike, who: str | None) -> "Wanted":
    from datagen.reviews.page.prepare import Wanted  # noqa: PLC0415
    from datagen.reviews.record import signature  # noqa: PLC0415

    return Wanted(
        folder=user_path(folder),
        out=user_path(out),
        audit=None if isinstance(audit, bool) else user_path(audit),
        without_audit=audit is False,
        who=signature(who),
    )
