"""The reader of letters: train it on EMNIST, ask it, compare its networks and optimisers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, get_args

import numpy as np
import numpy.typing as npt

from datagen.core.errors import (
    CorruptInputError,
    EvaluationError,
    InputError,
    MissingInputError,
    StoppedError,
    UnknownNameError,
    UsageError,
)
from datagen.core.limits import MOST_EPOCHS, require
from datagen.core.models import StrictModel
from datagen.evaluation.array_tools import Arrays, Tell, ask_with_arrays, run_with_arrays
from datagen.evaluation.process import word_of
from datagen.files.class_folders import IMAGE_SUFFIXES, FolderRules, files_in
from datagen.files.decode import decode_gray
from datagen.files.locks import locked
from datagen.files.paths import real_path
from datagen.files.reading import IMAGE, read_bytes
from datagen.images.polarity import paper_under
from datagen.letters.characters import CHARACTERS, label_of, picture_of_image
from datagen.letters.kept import check_out
from datagen.sources.emnist import read_characters
from datagen.sources.reference import parse_reference

Net = Literal["a", "b", "final"]
Optimiser = Literal["sgd", "adagrad", "adam", "adamw"]

NETS: Final[tuple[str, ...]] = get_args(Net)
OPTIMISERS: Final[tuple[str, ...]] = get_args(Optimiser)
MOST_CONFUSED: Final = 10
RATES: Final = (1e-9, 10.0)
MOST_WARM_UP: Final = 1_000_000
MOST_SEED: Final = 2**31 - 1  # of Keras' generators

_RULES: Final = FolderRules(suffixes=(*IMAGE_SUFFIXES, ".avif", ".tif", ".tiff", ".webp"))


class LettersEpoch(StrictModel):
    """One epoch of a training.

    Attributes:
        loss, accuracy: mean over the epoch, while it trained.
        test_accuracy: afterwards, on EMNIST's test part.
    """

    epoch: int
    loss: float
    accuracy: float
    test_accuracy: float | None
    seconds: float


class LettersResult(StrictModel):
    """What a training of the reader came to.

    Attributes:
        net: which network.
        rate: learning rate after the warm-up.
        warm_up: steps asked for at a tenth of it; at most one pass is done.
        parameters: that learn.
        images: that it learnt from; None in a comparison.
        confusion: rows by true label, columns by read label, on the test part.
    """

    net: Net
    optimiser: Optimiser
    rate: float
    warm_up: int
    epochs: int
    seed: int
    parameters: int
    history: tuple[LettersEpoch, ...]
    images: int | None = None
    confusion: tuple[tuple[int, ...], ...] = ()

    @property
    def accuracy(self) -> float:
        """On the test part, after the last epoch."""
        last = self.history[-1].test_accuracy if self.history else None
        return 0.0 if last is None else last

    @property
    def confused(self) -> list[tuple[str, str, int]]:
        """The pairs most often confused, true character first, with how often."""
        pairs = [
            (CHARACTERS[true], CHARACTERS[read], count)
            for true, row in enumerate(self.confusion)
            for read, count in enumerate(row)
            if true != read and count
        ]
        return sorted(pairs, key=lambda pair: (-pair[2], pair))[:MOST_CONFUSED]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader takes an image for.

    Attributes:
        path: of the image.
        label: a digit or a capital letter; case is not told. None where it cannot be read.
        probability: of that label.
        second: the next best label.
        error: why it cannot be read.
    """

    path: Path
    label: str | None = None
    probability: float | None = None
    second: str | None = None
    error: str | None = None


def train_letters(
    source: str = "emnist",
    *,
    out: Path,
    net: Net = "final",
    optimiser: Optimiser = "adamw",
    rate: float | None = None,
    warm_up: int | None = None,
    epochs: int | None = None,
    seed: int = 0,
    resume: bool = False,
    overwrite: bool = False,
    tell: Tell = lambda _: None,
) -> LettersResult:
    """Train the reader; see `datagen.train_letters`."""
    _check_names("network", [net], NETS)
    _check_names("optimiser", [optimiser], OPTIMISERS)
    _check_numbers(rate=rate, warm_up=warm_up, epochs=epochs, seed=seed)
    out = real_path(out) if out.is_symlink() else out  # a link stays one
    done = check_out(out, resume=resume, overwrite=overwrite)

    def told(event: Mapping[str, Any]) -> None:
        nonlocal done
        done = int(event["epoch"])
        tell(event)

    words = ["--out", word_of(out), "--net", net, "--optimiser", optimiser, "--seed", seed]
    words += [*_given(rate=rate, warm_up=warm_up, epochs=epochs), *_flag(resume)]
    try:
        with locked(out.with_name(f".{out.stem}.lock"), partial(_refuse_second, out)):
            arrays = training_arrays(source)
            tell({"event": "start", "epoch": done})
            (found,) = run_with_arrays(["letters", "train"], arrays, words, told)
    except KeyboardInterrupt as stop:
        raise StoppedError(_stopped(done, resume=resume, overwrite=overwrite)) from stop
    except EvaluationError as error:
        raise EvaluationError(
            f"{error}; {_stopped(done, resume=resume, overwrite=overwrite)}"
        ) from error
    return LettersResult.model_validate(found)


def _refuse_second(out: Path) -> NoReturn:
    raise UsageError(
        f"another `letters train` is writing {out}; wait until it ends, or choose another --out"
    )


def _stopped(done: int, *, resume: bool, overwrite: bool) -> str:
    """Say what of a training is kept, and how to go on."""
    if not done:
        return (
            "stopped before the first epoch ended, so nothing of it is kept; the same command "
            "begins again"
        )
    given = "" if resume else " with --resume"
    instead = " instead of --overwrite" if overwrite else ""
    return f"stopped after epoch {done}, which is kept; the same command{given}{instead} continues"


def compare_letters(
    source: str = "emnist",
    *,
    nets: Sequence[Net] = ("a", "b", "final"),
    rate: float | None = None,
    published_rates: bool = False,
    epochs: int | None = None,
    seed: int = 0,
    tell: Tell = lambda _: None,
) -> list[LettersResult]:
    """Compare networks and optimisers; see `datagen.compare_letters`."""
    if published_rates and rate is not None:
        raise UsageError("--rate and --published-rates exclude each other")
    if not nets:
        raise UsageError(f"no network to compare; give some of {', '.join(NETS)}")
    _check_names("network", nets, NETS)
    _check_numbers(rate=rate, epochs=epochs, seed=seed)
    words = ["--nets", *nets, "--seed", seed, *_given(rate=rate, epochs=epochs)]
    words += ["--published"] if published_rates else []
    found = run_with_arrays(["letters", "compare"], training_arrays(source), words, tell)
    return [LettersResult.model_validate(each) for each in found]


def read_letters(inputs: Sequence[Path], *, model: Path) -> list[Reading]:
    """Say what character each image shows; see `datagen.read_letters`."""
    if not model.is_file():
        raise MissingInputError(f"no model {model}; make one with `datagen letters train`")
    paths = [path for given in inputs for path in _images(given)]
    if not paths:
        raise UsageError("no images to read; give files, or folders of them")
    pictures: dict[Path, npt.NDArray[np.uint8]] = {}
    errors: dict[Path, str] = {}
    for path in paths:
        try:
            pictures[path] = _picture(path)
        except InputError as error:
            errors[path] = str(error)
    rows = _asked(pictures, model) if pictures else {}
    return [
        Reading(path, error=errors[path]) if path in errors else _reading(path, rows[path])
        for path in paths
    ]


def _asked(
    pictures: Mapping[Path, npt.NDArray[np.uint8]], model: Path
) -> dict[Path, npt.NDArray[np.float32]]:
    images = {"images": np.stack(list(pictures.values()))}
    found = ask_with_arrays(["letters", "predict"], images, ["--model", word_of(model)])
    return dict(zip(pictures, found, strict=True))


def training_arrays(source: str) -> Arrays:
    """Return EMNIST's digits and letters, merged, both parts.

    Raises:
        UsageError: another source.
        InputError: EMNIST is not there, lacks a split or is corrupt.
    """
    name, path = parse_reference(source)
    if name != "emnist":
        raise UsageError(f"--source {name!r} has no characters; expected emnist[:PATH]")
    arrays: dict[str, npt.NDArray[Any]] = {}
    for part, prefix in (("train", ""), ("test", "test_")):
        splits = [read_characters(path, split, part) for split in ("digits", "letters")]  # type: ignore[arg-type]
        arrays[f"{prefix}images"] = np.concatenate([each.images for each in splits])
        characters = [char for each in splits for char in each.characters]
        if not characters:
            raise CorruptInputError(
                f"{source} has no characters in its {part} part; expected EMNIST's splits digits "
                "and letters, whole"
            )
        arrays[f"{prefix}labels"] = np.array([label_of(char) for char in characters], np.int64)
    return arrays


def _check_names(kind: str, given: Sequence[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise UnknownNameError(kind, name, known)
        if given.count(name) > 1:
            raise UsageError(f"the {kind} {name} is named twice; name each one once")


def _check_numbers(
    *, rate: float | None, warm_up: int | None = None, epochs: int | None, seed: int
) -> None:
    """Refuse numbers beyond those of the command line."""
    require("rate", rate, *RATES)
    require("warm_up", warm_up, 0, MOST_WARM_UP)
    require("epochs", epochs, 1, MOST_EPOCHS)
    require("seed", seed, 0, MOST_SEED)


def _given(**numbers: float | None) -> list[object]:
    """Return the words of the numbers that were given."""
    return [
        word
        for name, number in numbers.items()
        if number is not None
        for word in (f"--{name.replace('_', '-')}", number)
    ]


def _flag(resume: bool) -> list[object]:
    return ["--resume"] if resume else []


def _images(given: Path) -> list[Path]:
    if not given.exists():
        raise MissingInputError(f"no image or folder {given}")
    if not given.is_dir():
        return [given]
    found = files_in(given, _RULES)
    if not found:
        raise MissingInputError(f"no images in {given}; expected {' '.join(_RULES.suffixes or ())}")
    return found


def _picture(path: Path) -> npt.NDArray[np.uint8]:
    data = read_bytes(path, IMAGE)
    image = decode_gray(data, str(path))
    if paper_under(data, str(path), image) == "black":
        image = decode_gray(data, str(path), paper="black")
    picture = picture_of_image(image)
    if picture is None:
        raise CorruptInputError(f"{path} is blank; expected one character")
    return picture


def _reading(path: Path, row: npt.NDArray[np.float32]) -> Reading:
    first, second = np.argsort(row)[::-1][:2].tolist()
    return Reading(path, CHARACTERS[first], float(np.exp(row[first])), CHARACTERS[second])
