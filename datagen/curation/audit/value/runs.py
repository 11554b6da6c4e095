"""Many small trainings of the frozen network, a few at a time, remembered: a stop loses little."""

import hashlib
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from datagen.evaluation.process import evaluator_digest
from datagen.evaluation.subsets import TellEpochs, train_on_subsets
from datagen.files.cache_dir import cache_folder, cache_key, read_cached, write_cached

Probabilities = npt.NDArray[np.float32]

RATE: Final = 1e-3
"""Adam's learning rate: in a few epochs the protocol's own, made for a hundred, learns little."""

_FORMAT: Final = 1
_AT_ONCE: Final = 24  # runs of one process: a minute's work, of which its start takes two seconds


def own_probabilities(
    views: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.integer],
    masks: npt.NDArray[np.bool_],
    seeds: npt.NDArray[np.integer],
    *,
    epochs: int,
    tell: TellEpochs,
) -> Probabilities:
    """Return the probability that each run gives to each image's own label, `float32 R×N`.

    See `datagen.evaluation.subsets.train_on_subsets` for the arguments and errors.
    """
    pool = hashlib.sha256(views.tobytes() + labels.astype("<i4").tobytes()).hexdigest()
    found = np.empty(masks.shape, np.float32)
    for start in range(0, len(seeds), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        which = hashlib.sha256(np.packbits(masks[part]).tobytes()).hexdigest()
        parts = [_FORMAT, evaluator_digest(), pool, which, seeds[part].tolist(), epochs, RATE]
        place = cache_folder() / "value" / f"{cache_key(parts)}.npy"
        known = read_cached(place, _read)
        if known is None or known.shape != masks[part].shape:

            def told(done: int, _: int, start: int = start) -> None:
                tell(start * epochs + done, len(seeds) * epochs)

            logs = train_on_subsets(
                views, labels, masks[part], seeds[part], epochs=epochs, rate=RATE, tell=told
            )
            known = np.exp(logs[:, np.arange(len(labels)), labels])
            _keep(place, known)
        found[part] = known
        tell(min(start + _AT_ONCE, len(seeds)) * epochs, len(seeds) * epochs)
    return found


def _keep(place: Path, found: Probabilities) -> None:
    def write(temporary: Path) -> None:
        with temporary.open("wb") as stream:
            np.save(stream, found)

    write_cached(place, write)


def _read(path: Path) -> Probabilities:
    with path.open("rb") as stream:
        return np.asarray(np.load(stream, allow_pickle=False), np.float32)
