"""The reader of letters from Python: train it, ask it, compare its networks, judge letters."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from datagen.api.call import public
from datagen.api.progress import Progress, fetched, folds, no_progress
from datagen.api.recipes import RecipeLike, as_recipe
from datagen.files.paths import user_path, user_paths
from datagen.letters.reader import Net, Optimiser

if TYPE_CHECKING:
    from datagen.letters.reader import LettersResult, Reading
    from datagen.letters.vet import Vetted
    from datagen.recipes.schema import Recipe

PathLike = str | os.PathLike[str]


@public
def train_letters(
    source: str = "emnist",
    *,
    out: PathLike = "letters.keras",
    net: Net = "final",
    optimiser: Optimiser = "adamw",
    rate: float | None = None,
    warm_up: int | None = None,
    epochs: int | None = None,
    seed: int = 0,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> "LettersResult":
    """Train a reader of EMNIST's 36 characters: digits and letters, case merged.

    Args:
        source: `emnist[:PATH]`, with the splits `digits` and `letters`.
        out: the model, in Keras' format; every epoch is kept beside it, in a file `.state`.
        net: "a", "b" or "final".
        optimiser: "sgd", "adagrad", "adam" or "adamw".
        rate: learning rate, above 0; None: 1e-3 for SGD and Adagrad, 1e-4 for Adam and AdamW.
        warm_up: steps at a tenth of the rate, at most one pass; None: 502.
        epochs: None: 30.
        seed: of weights, dropout and order.
        resume: go on after the last epoch that was kept.
        overwrite: begin again, and replace a model and kept epochs that are there.
        progress: told of the step "epochs".

    Raises:
        UsageError: a setting makes no sense, what was kept is of another training, or `out` cannot
            be written or may not be replaced.
        InputError: EMNIST is not there, lacks a split or is corrupt; with `resume` also where
            nothing is kept.
        EvaluationError: the training failed.
        StoppedError: Ctrl-C; what was finished is kept.

    Example:
        >>> import datagen
        >>> try:
        ...     datagen.train_letters("pen")
        ... except datagen.DatagenError as error:
        ...     print(error)
        --source 'pen' has no characters; expected emnist[:PATH]
    """
    from datagen.letters.reader import train_letters as train  # noqa: PLC0415 - loads OpenCV

    return train(
        source,
        out=user_path(out),
        net=net,
        optimiser=optimiser,
        rate=rate,
        warm_up=warm_up,
        epochs=epochs,
        seed=seed,
        resume=resume,
        overwrite=overwrite,
        tell=lambda event: progress("epochs", int(event["epoch"]), epochs or 30),
    )


@public
def read_letters(*inputs: PathLike, model: PathLike = "letters.keras") -> list["Reading"]:
    """Say what character each image shows.

    Args:
        inputs: images, and folders of images: gray, colour or transparent, dark ink on light paper
            or light on dark, one character each.
        model: of `train_letters`.

    Raises:
        MissingInputError: an image, a folder's images or the model is not there.
        CorruptInputError: the model is none. An image that cannot be read has an `error`.

    Example:
        >>> import datagen
        >>> try:
        ...     datagen.read_letters("letter.png", model="none.keras")
        ... except datagen.DatagenError as error:
        ...     print(error)
        no model none.keras; make one with `datagen letters train`
    """
    from datagen.letters.reader import read_letters as read  # noqa: PLC0415 - as above

    return read(user_paths(inputs), model=user_path(model))


@public
def compare_letters(
    source: str = "emnist",
    *,
    nets: Sequence[Net] = ("a", "b", "final"),
    rate: float | None = None,
    published_rates: bool = False,
    epochs: int | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> list["LettersResult"]:
    """Compare the three networks with four optimisers: the published comparison.

    Args:
        source: see `train_letters`.
        nets: which networks.
        rate: the one learning rate of all; None: 1e-3.
        published_rates: give Adam and AdamW a tenth of the others' rate, as the published one did.
        epochs: of each; None: 30.
        seed: of weights, dropout and order.
        progress: told of a step per network and optimiser, in epochs.

    Raises:
        UsageError, InputError, EvaluationError: see `train_letters`.

    Example:
        >>> import datagen
        >>> try:
        ...     datagen.compare_letters(rate=0.01, published_rates=True)
        ... except datagen.DatagenError as error:
        ...     print(error)
        --rate and --published-rates exclude each other
    """
    from datagen.letters.reader import compare_letters as compare  # noqa: PLC0415 - as above

    def tell(event: Any) -> None:
        progress(" ".join(event["which"]), int(event["epoch"]), epochs or 30)

    return compare(
        source,
        nets=tuple(nets),
        rate=rate,
        published_rates=published_rates,
        epochs=epochs,
        seed=seed,
        tell=tell,
    )


@public
def vet_letters(
    recipe: RecipeLike,
    *,
    sheet: PathLike | None = None,
    offline: bool = False,
    progress: Progress = no_progress,
) -> tuple["Recipe", list["Vetted"]]:
    """Find the letters of a recipe's sources that are not what their label says.

    Every letter is judged by a network that has learnt from other writers only, or from other
    letters where the source names no writers. Look-alikes count as right: an I may look like 1, l
    or J, and case is not judged. The letters of the embedded pen are not judged.

    Args:
        recipe: a recipe, as `build` takes it.
        sheet: a picture of the letters found, to look at.
        offline: fetch nothing, as `build` does.
        progress: told of a step per source and fold, in epochs.

    Returns:
        The recipe with the ids in `left_out`, ready to build, and what was found in each source.

    Raises:
        UsageError, InputError: a source cannot be opened.
        EvaluationError: the reader failed.

    Example:
        >>> import datagen
        >>> recipe, found = datagen.vet_letters({"images": 100})
        >>> recipe.mix[0].left_out, found
        ((), [])
    """
    from datagen.building.fetch_missing import fetching  # noqa: PLC0415 - as above
    from datagen.letters.vet import vet_recipe, vet_sheet  # noqa: PLC0415
    from datagen.previews.picture_file import check_picture, write_picture  # noqa: PLC0415

    picture = None if sheet is None else user_path(sheet)
    if picture is not None:
        check_picture(picture, "--sheet")
    fetch = fetching(offline=offline, progress=fetched(progress))
    vetted, found = vet_recipe(as_recipe(recipe), fetch=fetch, tell=folds(progress))
    if picture is not None:
        write_picture(lambda: vet_sheet(found), picture, "--sheet")
    return vetted, found
