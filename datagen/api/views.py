"""Pages of datasets from Python: look at every image."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from datagen.api.call import public
from datagen.api.progress import Progress, no_progress
from datagen.core.errors import UsageError
from datagen.files.paths import user_path, user_paths

if TYPE_CHECKING:
    from datagen.viewing.collect import View

PathLike = str | os.PathLike[str]

STEPS = 100
"""Images of which the pictures of every step are kept on a page by default."""


@public
def view(
    dataset: PathLike,
    html: PathLike | None = None,
    *,
    scores: PathLike | Sequence[PathLike] = (),
    images: Sequence[PathLike] = (),
    steps: int = STEPS,
    most: int | None = None,
    progress: Progress = no_progress,
) -> "View":
    """Write one page on which every image of a dataset can be looked at: one file, no network.

    It shows counts and examples by class, source and style; every image with its letters, writers,
    parent and steps; what scores got wrong; the nearest look-alikes across train, val and test.

    Args:
        dataset: a folder with `train/`, `val/` or `test/`, or with class folders, by anybody.
        html: the file; None is the dataset's name with `-view.html`, in the working folder.
        scores: `score.json` files or folders of reports, beside those that are found: official
            scores in the cache, and the report of the dataset in the working folder.
        images: paths below the dataset of images of which all steps are kept on the page.
        steps: of so many more images they are kept, some of every kind.
        most: images that the page shows, 20,000 by default; of more, an even sample.
        progress: told of the steps "reading", "comparing" and "making again", in images.

    Returns:
        What the page shows; `makings` says of the images made again whether they are `equal`.

    Raises:
        UsageError: a number is out of range, the file cannot be written, or a score is of another
            dataset.
        InputError: there are no images in class folders, or the manifest is damaged.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> place = pathlib.Path(tempfile.mkdtemp())
        >>> ds = datagen.build({"images": 100}, place / "ds")
        >>> seen = datagen.view(ds, place / "ds.html", steps=4)
        >>> len(seen.images), [made.equal for made in seen.makings.values()]
        (100, [True, True, True, True])
    """
    from datagen.viewing.write import check_place, write_view  # noqa: PLC0415 - loads OpenCV

    root = user_path(dataset)
    target = default_page(root) if html is None else user_path(html)
    check_place(target, root)
    found = look_at(root, scores=scores, images=images, steps=steps, most=most, progress=progress)
    write_view(found, target)
    return found


def default_page(dataset: PathLike) -> Path:
    """Return where the page of a dataset goes by default."""
    from datagen.reports.html.view_link import view_page  # noqa: PLC0415 - see `view`

    return view_page(user_path(dataset))


@public
def look_at(
    dataset: PathLike,
    *,
    scores: PathLike | Sequence[PathLike] = (),
    images: Sequence[PathLike] = (),
    steps: int = STEPS,
    most: int | None = None,
    progress: Progress = no_progress,
) -> "View":
    """Collect what `view` shows, and write nothing; the same arguments and errors."""
    from datagen.viewing.collect import ViewRequest, collect  # noqa: PLC0415 - see `view`
    from datagen.viewing.rows import MOST  # noqa: PLC0415 - see `view`

    for name, number, least in (("steps", steps, 0), ("most", most, 1)):
        if number is not None and number < least:
            raise UsageError(f"{name} is {number}; expected {least} or more")
    request = ViewRequest(
        root=user_path(dataset),
        scores=user_paths(scores),
        steps=steps,
        images=tuple(
            image if isinstance(image, str) else Path(image).as_posix() for image in images
        ),
        most=MOST if most is None else most,
    )
    return collect(request, progress)


@contextmanager
def serve_view(found: "View", port: int = 0) -> Iterator[str]:
    """Serve the page of a view on this machine only, while the block runs; yield its address.

    Args:
        found: from `look_at`.
        port: 0 takes a free one.

    Raises:
        UsageError: the port cannot be used.
    """
    from datagen.serving.server import served  # noqa: PLC0415 - loads uvicorn
    from datagen.viewing.write import application  # noqa: PLC0415 - see `view`

    with served(application(found), port) as address:
        yield address
