"""A run that was made again, compared with the receipt of the first: pure functions.

Enters: the evaluator's events and scores. Leaves: the first `Mismatch`, or None.
"""

import math
from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel

from datagen.datasets.content import Content
from datagen.evaluation.leaks import leak_free
from datagen.evaluation.process import Event
from datagen.evaluation.records import Epoch, Receipt, Score, TestResult
from datagen.receipts.records import Kind, Mismatch
from pipelines.text import shortened

_CLOSE: Final = 2e-6  # `exp` and `log` differ from CPU to CPU, and probabilities have six digits


def mark_difference(score: Score) -> Mismatch | None:
    """Say whether a score calls itself official without having run all epochs of the protocol."""
    epochs = score.protocol.constants.get("epochs", len(score.history))
    ended = len(score.history) == epochs or (score.phases and score.phases[-1].ended)
    if not score.official or (score.preview is None and ended):
        return None
    return Mismatch(
        kind="official",
        where="the mark official",
        receipt="official",
        found=f"{len(score.history)} of {epochs} epochs",
        advice="an official score has all epochs, so the mark in the receipt was changed",
    )


def leak_free_difference(score: Score) -> Mismatch | None:
    """Say where the accuracy without leaks is not that of the images marked as not leaked."""
    for test in score.tests:
        where = f"leak-free accuracy on {test.path}"
        found = _unlike(where, test.leak_free, leak_free(test.results))
        if found is not None:
            return found
    return None


def order_difference(score: Score, receipt: Receipt, event: Event) -> Mismatch | None:
    """Compare the event `start`: the order in which the images were read."""
    return _unequal(
        "order",
        "order of the images",
        receipt.order,
        event.get("order"),
        f"seed and file names decide it: the receipt is of another seed than {score.seed}, or the "
        "same images had other names",
    )


def epoch_difference(score: Score, receipt: Receipt, event: Event) -> Mismatch | None:
    """Compare the event `epoch`: the engine, the weights at the start, the state after it."""
    number = int(event["epoch"])
    if number > len(score.history):
        return None
    return (
        _engine(score, receipt, event.get("bits"))
        or _unequal(
            "initial weights",
            "weights before training",
            receipt.initial,
            event.get("initial"),
            f"the receipt is of another seed than {score.seed}, or of another version of the "
            "evaluator",
        )
        or _unequal(
            "epoch",
            f"training state after epoch {number}",
            str(score.history[number - 1].state),
            event.get("state"),
            _why_bits(receipt),
        )
    )


def _engine(score: Score, receipt: Receipt, bits: object) -> Mismatch | None:
    versions = ", ".join(f"{name} {version}" for name, version in score.versions.items())
    return _unequal(
        "engine",
        f"bits of the engine {score.protocol.engine}",
        f"version {receipt.bits}" if receipt.bits else "no promise",
        f"version {bits}" if bits else "no promise",
        "the last bits of what it computes are others; install the version of datagen that made "
        f"the score (with {versions})",
    )


def score_difference(score: Score, receipt: Receipt, ran: Score, *, whole: bool) -> Mismatch | None:
    """Compare a run: every epoch, and of a whole one what was chosen, predicted and counted."""
    again = ran.receipt or Receipt(bits=None, order="", initial="", predictions="")
    found = [
        order_difference(score, receipt, {"order": again.order}),
        *(
            epoch_difference(
                score,
                receipt,
                {"bits": again.bits, "initial": again.initial, **epoch.model_dump()},
            )
            for epoch in ran.history
        ),
        *map(_numbers, score.history, ran.history),
        *(_scored(score, receipt, ran) if whole else ()),
    ]
    return next((each for each in found if each), None)


def _scored(score: Score, receipt: Receipt, ran: Score) -> list[Mismatch | None]:
    """Compare what the chosen epoch's weights gave."""
    tests = {test.fingerprint: test for test in score.tests}
    return [
        _unequal(
            "accuracy",
            "chosen epoch",
            str(score.chosen_epoch),
            str(ran.chosen_epoch),
            _CHANGED,
        ),
        _unequal(
            "predictions",
            "predictions on val",
            receipt.predictions,
            None if ran.receipt is None else ran.receipt.predictions,
            _why_bits(receipt),
        ),
        _unlike("metrics on val", score.val, ran.val),
        _unlike("the network before training", score.before_training, ran.before_training),
        _unlike("dataset", *(each.dataset.model_dump(include=_COUNTED) for each in (score, ran))),
        _protocol(score, ran),
        _unlike("phases", *map(_phases, (score, ran))) if score.phases else None,
        *(_test(tests[test.fingerprint], test, receipt) for test in ran.tests),
    ]


def _test(known: TestResult, test: TestResult, receipt: Receipt) -> Mismatch | None:
    return (
        _unequal(
            "predictions",
            f"predictions on {test.path}",
            str(known.predictions),
            str(test.predictions),
            _why_bits(receipt),
        )
        or _unlike(f"metrics on {test.path}", known.metrics, test.metrics)
        or _unlike(f"results on {test.path}", _results(known), _results(test))
    )


def _results(test: TestResult) -> dict[str, Any]:
    """Return what was predicted of every image, by its class and hash: files may be renamed."""
    return {
        f"{image.true}/{image.sha256[:16]}": [image.predicted, list(image.probabilities)]
        for image in test.results
    }


_COUNTED: Final = {"train", "val", "classes", "budget", "budget_used"}
_FIXED: Final = {"fingerprint", "epochs", "parameters", "constants"}


def _protocol(score: Score, ran: Score) -> Mismatch | None:
    """Compare what the protocol's files decide; those of another version may give the same bits."""
    if score.protocol.sources != ran.protocol.sources:
        return None
    return _unlike("protocol", *(each.protocol.model_dump(include=_FIXED) for each in (score, ran)))


def _phases(score: Score) -> list[dict[str, Any]]:
    """Return what each phase was; its test sets may not all be here."""
    return [phase.model_dump(mode="json", exclude={"tests"}) for phase in score.phases]


_CHANGED: Final = "all that it follows from is the same, so the number in the receipt was changed"
_NO_RESULT: Final = {"epoch", "seconds", "train_seconds", "state"}  # of an epoch


def _numbers(known: Epoch, here: Epoch) -> Mismatch | None:
    """Compare losses and accuracies of one epoch."""
    numbers = (epoch.model_dump(exclude=_NO_RESULT) for epoch in (known, here))
    return _unlike(f"epoch {here.epoch}", *numbers)


def _unlike(where: str, known: Any, here: Any) -> Mismatch | None:
    """Compare plain data or records, numbers up to rounding; name the first key that differs.

    Keys that only one of them has are of another version, and not compared.
    """
    if isinstance(here, BaseModel):
        known, here = known.model_dump(mode="json"), here.model_dump(mode="json")
    pairs: Iterable[tuple[str, Any, Any]] = ()
    if isinstance(known, dict) and isinstance(here, dict):
        pairs = ((f", {key}", known[key], here[key]) for key in here if key in known)
    elif isinstance(known, list) and isinstance(here, list) and len(known) == len(here):
        pairs = ((f"[{k}]", *both) for k, both in enumerate(zip(known, here, strict=True)))
    elif not _equal(known, here):
        return _unequal("accuracy", where, shortened(str(known)), str(here), _CHANGED)
    return next(filter(None, (_unlike(where + key, *both) for key, *both in pairs)), None)


def _equal(known: object, here: object) -> bool:
    if isinstance(known, float) and isinstance(here, float | int):
        both_lost = math.isnan(known) and math.isnan(here)
        return both_lost or math.isclose(known, here, rel_tol=_CLOSE, abs_tol=_CLOSE)
    return known == here


def images_difference(known: TestResult, found: Content) -> Mismatch | None:
    """Compare the images of a test set with those that were scored."""
    if found.fingerprint == known.fingerprint:
        return None
    listed = {image.path: image.sha256 for image in known.results}
    for path in sorted(listed.keys() | found.paths.keys()):
        one, other = listed.get(path), found.paths.get(path)
        if one != other:
            return Mismatch(
                kind="test image",
                where=path,
                receipt="no such file" if one is None else f"SHA-256 {one[:16]}",
                found="no such file" if other is None else f"SHA-256 {other[:16]}",
                advice="it is another test set than the one that was scored, or was changed",
            )
    return _unequal(
        "test image",
        f"fingerprint of the test set {known.path}",
        known.fingerprint[:16],
        found.fingerprint[:16],
        "its images are those of the receipt, so the fingerprint in the receipt was changed",
    )


def _why_bits(receipt: Receipt) -> str:
    if receipt.bits is None:
        return (
            "this engine promises no bits: another machine or version of TensorFlow gives others; "
            "`--engine native` gives a score that can be checked to the bit"
        )
    return (
        "what went in is the same, so this number was changed in the receipt, or the machine that "
        "made it or this one computes wrongly"
    )


def _unequal(kind: Kind, where: str, receipt: str, found: object, advice: str) -> Mismatch | None:
    if receipt == found:
        return None
    return Mismatch(kind=kind, where=where, receipt=receipt, found=str(found), advice=advice)
