"""What a trained network reads in images, from Python."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from datagen.api.call import public
from datagen.api.progress import Progress, no_progress
from datagen.files.paths import user_path, user_paths

if TYPE_CHECKING:
    from datagen.evaluation.predict import Prediction

PathLike = str | os.PathLike[str]


@public
def predict(
    model: PathLike,
    images: PathLike | Sequence[PathLike],
    *,
    progress: Progress = no_progress,
) -> list["Prediction"]:
    """Read images with a network that `evaluate(export_model=…)` has written.

    Images may be RGB, grey or transparent, upright or turned by EXIF, dark ink on light paper or
    the reverse: they are made like those that the network has learnt from.

    Args:
        model: the `.keras` file.
        images: an image, a folder in which images are looked for at any depth, or several of both.
        progress: told of the step "images".

    Returns:
        One prediction per file, in order, folders by path. A file that cannot be read has its
        `error`, and ends nothing.

    Raises:
        MissingInputError: something is not there, or a folder holds no image.
        InputError: the model cannot be read, or is none that `evaluate` wrote.
        EvaluationError: the evaluator failed.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> work = pathlib.Path(tempfile.mkdtemp())
        >>> ds = datagen.build({"images": 100}, work / "ds")
        >>> kept = {"protocol": "simple-cnn", "export_model": work / "ds.keras"}
        >>> found = datagen.evaluate(ds, preview=1, **kept)
        >>> predictions = datagen.predict(work / "ds.keras", work / "ds" / "val" / "iv")
        >>> len(predictions), predictions[0].error
        (2, None)
    """
    from datagen.evaluation.predict import predict_images  # noqa: PLC0415 - OpenCV, a process

    return predict_images(
        user_path(model), user_paths(images), lambda done, total: progress("images", done, total)
    )
