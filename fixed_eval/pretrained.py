"""ImageNet weights: fetched by Keras into its cache, checked, and loaded into a network's base.

Keras lists a hash for ResNet50 and InceptionV3. For both MobileNets it lists none: there the hash
of the first file that loads is kept beside it, and another file of that name is refused from then
on. Nothing here imports Keras before it is asked for.
"""

import contextlib
import dataclasses
import hashlib
import io
import json
import os
import socket
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from fixed_eval.errors import InputError
from fixed_eval.protocols.keras_protocol import IMAGENET, NO_WEIGHTS

PAGE: Final = "https://storage.googleapis.com/tensorflow/keras-applications/"
PATIENCE: Final = 30.0  # seconds without an answer after which a download has failed
SUFFIXES: Final = (".h5", ".hdf5")  # what Keras tells weight files by
_UNLOADED: Final = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError),
    UserWarning,
)  # what Keras and h5py raise for other weights and for damaged files


@dataclasses.dataclass(frozen=True)
class WeightFile:
    """A file of ImageNet weights, without the top.

    Attributes:
        folder: Below `PAGE`.
        name: In the folder, and in Keras' cache.
        md5: As Keras lists it; None where it lists none.
    """

    folder: str
    name: str
    md5: str | None = None

    @property
    def url(self) -> str:
        """Where Keras fetches it from."""
        return f"{PAGE}{self.folder}/{self.name}"

    @property
    def path(self) -> Path:
        """Where Keras keeps it."""
        home = os.environ.get("KERAS_HOME") or "~/.keras"
        return Path(home).expanduser() / "models" / self.name

    @property
    def note(self) -> Path:
        """Where its hash is kept, if Keras lists none."""
        return self.path.with_name(f"{self.name}.sha256.json")


# The names of Keras' own functions; the MobileNets' are those that it takes for these sides.
FILES: Final = {
    "ResNet50": WeightFile(
        "resnet",
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "4d473c1dd8becc155b73f8504c6f6626",
    ),
    "InceptionV3": WeightFile(
        "inception_v3",
        "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "bcbd6486424b2319ff4ef7d526e38f63",
    ),
    "MobileNet": WeightFile("mobilenet", "mobilenet_1_0_224_tf_no_top.h5"),
    "MobileNetV2": WeightFile(
        "mobilenet_v2", "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_160_no_top.h5"
    ),
}


def build_base(application: str, side: int, weights: str, name: str) -> Any:
    """A Keras application without its top, as a model called `name`.

    Args:
        application: One of `FILES`.
        side: Of its square RGB input, pixels.
        weights: `IMAGENET`, `NO_WEIGHTS` (random), or the path of a weight file.
        name: Of the model.

    Raises:
        InputError: If the weights cannot be had, or do not fit.
    """
    import keras  # noqa: PLC0415

    build = getattr(keras.applications, application)
    base = build(input_shape=(side, side, 3), include_top=False, weights=None, name=name)
    if weights == IMAGENET:
        file = FILES[application]
        load(base, fetch(application), application)
        if file.md5 is None and not file.note.exists():
            _note(file)  # only now: a file that does not load is no first sight
    elif weights != NO_WEIGHTS:
        load(base, Path(weights), application)
    return base


def prepare(application: str, weights: str, on_fetch: Callable[[str], None]) -> None:
    """Refuse weights that cannot be had, before anything that takes long; fetch those of ImageNet.

    Args:
        application: One of `FILES`.
        weights: As for `build_base`.
        on_fetch: Told the address before something is fetched.

    Raises:
        InputError: If the weights cannot be had.
    """
    if weights == IMAGENET:
        fetch(application, on_fetch)
    elif weights != NO_WEIGHTS:
        _check_file(Path(weights))


def load(base: Any, path: Path, application: str) -> None:
    """Load the weights in `path` into `base`.

    Raises:
        InputError: If the file is missing, damaged, or of another network.
    """
    _check_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # Keras warns of layers that it leaves out
            base.load_weights(path)
    except _UNLOADED as error:
        raise InputError(
            f"{path} holds no weights of {application} without its top, or is damaged "
            f"({_first_sentence(error)}); --weights none begins with random ones"
        ) from error


def _check_file(path: Path) -> None:
    if not path.is_file():
        what = "is not a file" if path.exists() else "does not exist"
        raise InputError(f"{path} {what}; expected a file of weights, `imagenet` or `none`")
    if path.suffix not in SUFFIXES:
        raise InputError(f"{path}: the name of a weight file ends in {' or '.join(SUFFIXES)}")


def fetch(application: str, on_fetch: Callable[[str], None] = lambda _: None) -> Path:
    """The file of ImageNet weights in Keras' cache, fetched unless it is there, and checked.

    Args:
        application: One of `FILES`.
        on_fetch: Told the address before something is fetched.

    Raises:
        InputError: If it cannot be fetched, or is not the one that it should be.
    """
    file = FILES[application]
    if not file.path.is_file():
        on_fetch(file.url)
        _download(file, application)
    wanted, algorithm = (file.md5, "md5") if file.md5 else (_noted(file), "sha256")
    if wanted is not None and (found := _hash(file.path, algorithm)) != wanted:
        known = "that Keras lists" if file.md5 else f"at first sight, in {file.note.name}"
        raise InputError(
            f"{file.path} has changed or is damaged: its {algorithm} is {found}, not {wanted} "
            f"({known}); remove it, and it is fetched again"
        )
    return file.path


def _download(file: WeightFile, application: str) -> None:
    """Have Keras fetch `file`, under another name until it is whole."""
    import keras  # noqa: PLC0415

    unfinished = file.path.with_name(f"{os.getpid()}-{file.name}")
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        with _patience(), contextlib.redirect_stdout(io.StringIO()):  # Keras draws a bar there
            keras.utils.get_file(
                unfinished.name,
                file.url,
                cache_dir=str(file.path.parent.parent),
                cache_subdir=file.path.parent.name,
            )
        unfinished.replace(file.path)
    except Exception as error:  # Keras raises no other for a failed download
        why = _first_sentence(error).rpartition(" -- ")[2]  # what Keras says after the address
        raise InputError(
            f"the ImageNet weights of {application} could not be fetched ({why}): put {file.name} "
            f"from {PAGE}{file.folder}/ into {file.path.parent}, or begin with --weights none or "
            "--weights FILE"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """Give up on a server that does not answer: `urlretrieve` would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _noted(file: WeightFile) -> str | None:
    """The hash kept at first sight; None before that."""
    try:
        kept = json.loads(file.note.read_text(encoding="utf-8"))
        return str(kept["sha256"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file.note} is unreadable ({_first_sentence(error)}): it holds the hash of "
            f"{file.name}; remove both, and the weights are fetched again"
        ) from error


def _note(file: WeightFile) -> None:
    """Keep the hash of `file`; where that cannot be written, the next sight is the first."""
    from fixed_eval.state import write_atomically  # noqa: PLC0415

    text = json.dumps({"file": file.name, "sha256": _hash(file.path, "sha256")}, indent=1)
    with contextlib.suppress(OSError):
        write_atomically(file.note, f"{text}\n".encode())


def _hash(path: Path, algorithm: str) -> str:
    """Hex digest of a file's bytes.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, algorithm).hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def _first_sentence(error: Exception) -> str:
    """What `error` says, on one line and without its details."""
    return " ".join(str(error).split()).partition(". ")[0].rstrip(".")
