"""Scoring on a test set: metrics, one row per image, and what leaked into it from the dataset.

Only splits in memory, weights and an engine enter. A test image leaks where the dataset holds the
same picture: equal as the network is given it, 32×32×3, rounded to whole levels. A dataset may be
stored at that size, and then is rounded; a test set of larger images is not.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from fixed_eval import fingerprint, metrics
from fixed_eval.data import Split
from fixed_eval.network import Weights
from fixed_eval.protocols.base import Protocol
from fixed_eval.receipt import predictions_digest
from fixed_eval.records import ImageResult, Leakage, TestResult
from fixed_eval.training import Engine


def score_test(
    folder: Path,
    test: Split,
    known: tuple[Split, ...],
    *,
    engine: Engine,
    weights: Weights,
    protocol: Protocol,
) -> TestResult:
    """Metrics and rows of one test set, with what leaked into it counted and left out."""
    logits = engine.predict(weights, test.images)
    decoded = _among(test.pixel_sha256, (key for split in known for key in split.pixel_sha256))
    leaked = _among(_input_keys(test), (key for split in known for key in _input_keys(split)))
    predicted, probabilities = logits.argmax(axis=1), metrics.softmax(logits)
    names = protocol.classes
    return TestResult(
        path=str(folder),
        fingerprint=split_fingerprint((test,), protocol),
        predictions=predictions_digest(logits, test),
        images=len(test),
        metrics=metrics.score(test.labels, logits, names),
        leakage=Leakage(int(leaked.sum()), int(decoded.sum()), int(leaked.sum())),
        leak_free=metrics.score_accuracy((predicted == test.labels)[~leaked]),
        results=tuple(
            ImageResult(
                path=file.relative,
                sha256=test.file_sha256[row],
                true=names[file.label],
                predicted=names[predicted[row]],
                probabilities=tuple(round(float(p), 6) for p in probabilities[row]),
                leaked=bool(leaked[row]),
            )
            for row, file in enumerate(test.files)
        ),
    )


def _among(keys: Iterable[Any], known: Iterable[Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    seen = set(known)
    return np.array([key in seen for key in keys], bool)


def _input_keys(split: Split) -> list[bytes]:
    """A hash of each image as the network sees it, rounded to whole levels."""
    rounded = np.rint(split.images).astype(np.uint8)
    return [hashlib.sha256(image.tobytes()).digest() for image in rounded]


def split_fingerprint(splits: tuple[Split, ...], protocol: Protocol) -> str:
    """The content fingerprint of splits in memory."""
    return fingerprint.content_fingerprint(
        (split.name, protocol.classes[file.label], digest)
        for split in splits
        for file, digest in zip(split.files, split.file_sha256, strict=True)
    )
