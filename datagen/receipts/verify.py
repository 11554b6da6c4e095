"""A score made again from its receipt: build, train, compare, stop at the first difference.

Enters: a `VerifyRequest`. Leaves: a `Verification`. Everything is made in a temporary folder.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from datagen.building.fetch_missing import FetchMissing
from datagen.core.errors import MissingInputError
from datagen.core.limits import MOST_EPOCHS, MOST_PROCESSES, require
from datagen.core.machine import cores
from datagen.core.text import how_many
from datagen.core.version import installed_version
from datagen.datasets.content import Content, required_test_content
from datagen.datasets.format import DatasetInfo, fingerprint
from datagen.datasets.inputs import refuse_repeated
from datagen.evaluation.process import Event, evaluator_digest
from datagen.evaluation.records import Receipt, Score, TestResult, sources_digest
from datagen.evaluation.summary import label, short_path
from datagen.files.paths import user_path
from datagen.files.scratch import scratch
from datagen.receipts.compare import (
    epoch_difference,
    images_difference,
    leak_free_difference,
    mark_difference,
    order_difference,
    score_difference,
)
from datagen.receipts.read import find_score, read_receipt
from datagen.receipts.rebuild import (
    dataset_difference,
    dataset_images,
    rebuild,
    receipt_recipe,
    recipe_difference,
)
from datagen.receipts.records import (
    DIFFERENT,
    NOT_CHECKED,
    SAME,
    Check,
    Mismatch,
    Verification,
)
from datagen.receipts.run import job_again, run_apart

Tell = Callable[[int, Event], None]

_MOST_THREADS: Final = 8  # more gain nothing with a batch of eight images


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """What to verify, and with what of this machine.

    Attributes:
        score: a `score.json`, or a report with one.
        tests: class folders that the score was measured on.
        quick: train only so many epochs; None trains all.
        paths: source, and where its files are here.
        val_dir: where the class folders are here that the recipe takes for val.
        dataset: the dataset itself, instead of building it from the recipe.
        workers: processes that make images; None: one per core, where starting them is worth it.
        threads: of the evaluator; None: one per core, for they do not move bits, up to eight. Of
            an engine that promises no bits as many as the score had.
    """

    score: Path
    tests: tuple[Path, ...] = ()
    quick: int | None = None
    paths: tuple[tuple[str, Path], ...] = ()
    val_dir: Path | None = None
    dataset: Path | None = None
    workers: int | None = 1
    threads: int | None = None


class _DiffersError(Exception):
    """Ends the work at the first difference."""

    def __init__(self, difference: Mismatch) -> None:
        super().__init__(str(difference))
        self.difference = difference


@dataclass
class _Work:
    """What was compared so far."""

    path: Path
    score: Score
    receipt: Receipt
    checks: list[Check] = field(default_factory=list)
    missing: list[TestResult] = field(default_factory=list)  # not given
    epochs: int = 0

    def check(self, what: str, difference: Mismatch | None, detail: str) -> None:
        """Note a check; one that differs is the last.

        Raises:
            _DiffersError: it differs.
        """
        if difference is None:
            self.checks.append(Check(what=what, state=SAME, detail=detail))
            return
        self.checks.append(Check(what=what, state=DIFFERENT, detail=str(difference)))
        raise _DiffersError(difference)

    def skip(self, what: str, why: str) -> None:
        """Note what is not compared."""
        self.checks.append(Check(what=what, state=NOT_CHECKED, detail=why))


def verify_score(
    request: VerifyRequest,
    *,
    progress: Callable[[int], None],
    tell: Tell,
    fetch: FetchMissing | None,
) -> Verification:
    """Make a score again, and compare it with its receipt.

    Args:
        request: what to verify.
        progress: told how many images are made.
        tell: told the evaluator's events.
        fetch: fetches an archive that a source lacks; None: that is an error.

    Raises:
        UsageError: several scores lie there, a number is out of range, or see a build.
        InputError: the score has no receipt, or what it needs is not on this machine.
        DatagenError, PipelineError: what building or evaluating refuses.
        StoppedError: Ctrl-C in the training.
    """
    require("quick", request.quick, 1, MOST_EPOCHS)
    require("workers", request.workers, 1, MOST_PROCESSES)
    require("threads", request.threads, 1, MOST_PROCESSES)
    refuse_repeated(request.tests)
    began = time.monotonic()
    path = find_score(request.score)
    score, receipt = read_receipt(path)
    work = _Work(path, score, receipt)
    difference = None
    try:
        _check_claims(work)
        tests = _check_tests(work, request.tests)
        with scratch("datagen-verify") as place:
            dataset = _check_dataset(work, request, place, progress, fetch)
            _check_run(work, request, dataset, tests, place, tell)
        for test in work.missing:
            work.skip("test set", f"{short_path(test.path)}: not given with --test")
    except _DiffersError as error:
        difference = error.difference
    return Verification(
        path=str(path),
        same=difference is None,
        difference=difference,
        epochs=work.epochs,
        of=len(score.history),
        checks=tuple(work.checks),
        official=score.official,
        label=label(official=score.official, preview=score.preview),
        protocol=score.protocol.name,
        engine=score.protocol.engine,
        bits=receipt.bits,
        seed=score.seed,
        notes=tuple(_notes(score, receipt, same=difference is None)),
        seconds=round(time.monotonic() - began, 3),
    )


def _check_claims(work: _Work) -> None:
    claims = {
        "mark": mark_difference(work.score),
        "leak-free accuracy": leak_free_difference(work.score),
    }
    for what, difference in claims.items():
        if difference is not None:
            work.check(what, difference, "")


def _check_tests(work: _Work, folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """Find out which test set of the score each folder is; return them in the score's order."""
    found = [(folder, required_test_content(folder)) for folder in folders]
    left = list(work.score.tests)
    matched: dict[str, Path] = {}
    for folder, content in _exact_first(found, work.score.tests):
        known = next((t for t in left if t.fingerprint == content.fingerprint), None)
        if known is None and not left:
            raise MissingInputError(
                f"--test {folder} is none of the {how_many(len(work.score.tests), 'test set')} "
                f"that {work.path} was measured on; leave it out"
            )
        known = known or left[0]
        left.remove(known)
        detail = f"{short_path(str(folder))}: {how_many(known.images, 'image')}"
        work.check("test set", images_difference(known, content), detail)
        matched[known.fingerprint] = folder
    work.missing = left
    return tuple(
        matched[test.fingerprint] for test in work.score.tests if test.fingerprint in matched
    )


def _exact_first(
    found: list[tuple[Path, Content]], tests: tuple[TestResult, ...]
) -> list[tuple[Path, Content]]:
    """Return the folders, those first that are one of the tests to the byte."""
    known = {test.fingerprint for test in tests}
    return sorted(found, key=lambda each: each[1].fingerprint not in known)


def _check_dataset(
    work: _Work,
    request: VerifyRequest,
    place: Path,
    progress: Callable[[int], None],
    fetch: FetchMissing | None,
) -> Path:
    """Build the dataset again, or take the one that is given, and compare it."""
    info: DatasetInfo | None = None
    if request.dataset is not None:
        root = user_path(request.dataset)
        work.skip("recipe", f"not built again: {root} was given")
    else:
        root = place / "dataset"
        recipe = receipt_recipe(work.score.origin, work.path)
        origin = work.score.origin
        if origin is None:  # `receipt_recipe` refuses it
            raise MissingInputError(f"{work.path} has no recipe")
        named = f"{recipe.name}; fingerprint {(origin.recipe_fingerprint or '')[:16]}"
        work.check("recipe", recipe_difference(recipe, origin), named)
        info = rebuild(
            recipe,
            origin,
            root,
            paths=request.paths,
            val_dir=request.val_dir,
            workers=request.workers,
            progress=progress,
            fetch=fetch,
        )
    images = dataset_images(root)
    found = fingerprint((each.split, each.numeral, each.sha256) for each in images)
    how = how_many(len(images), "image") + ("" if info is None else ", built again")
    work.check(
        "dataset",
        dataset_difference(work.score, found, info, images),
        f"{how}; fingerprint {found[:16]}",
    )
    return root


def _check_run(
    work: _Work,
    request: VerifyRequest,
    dataset: Path,
    tests: tuple[Path, ...],
    place: Path,
    tell: Tell,
) -> None:
    """Train again, and compare every epoch as it comes, then all that was scored."""
    score, receipt = work.score, work.receipt
    last = min(request.quick or len(score.history), len(score.history))
    until = None if last == len(score.history) and score.complete else last
    threads = request.threads or (min(cores(), _MOST_THREADS) if receipt.bits else score.threads)
    job = job_again(score, dataset, tests, until=until, threads=threads)

    def follow(event: Event) -> None:
        tell(score.seed, event)
        if receipt.bits is not None:  # else the end tells more than the first difference
            _check_event(work, event)

    ran = run_apart(job, place, follow)
    whole = last == len(score.history)
    difference = score_difference(score, receipt, ran, whole=whole)
    if difference is None:
        work.epochs = len(ran.history)
    scored = difference is not None and difference.kind in ("predictions", "accuracy")
    how = f"{work.epochs} of {how_many(len(score.history), 'epoch')}, and the initial weights"
    work.check("training", None if whole and scored else difference, how)
    if not whole:
        work.skip("predictions", "only after the last epoch")
        return
    names = ["val", *(short_path(str(test)) for test in tests)]
    work.check("predictions", difference, f"on {' and '.join(names)}; accuracies follow from them")


def _check_event(work: _Work, event: Event) -> None:
    """Compare what the training tells at its start and after an epoch."""
    if event["event"] == "start":
        difference = order_difference(work.score, work.receipt, event)
        work.check("order", difference, "in which the images are read")
    if event["event"] == "epoch":
        difference = epoch_difference(work.score, work.receipt, event)
        if difference is not None:
            work.check("training", difference, "")
        work.epochs = int(event["epoch"])


def _notes(score: Score, receipt: Receipt, *, same: bool) -> list[str]:
    """Return what else a person should know: sentences."""
    notes = []
    if sources_digest(score.protocol.sources) != evaluator_digest(score.protocol.name):
        notes.append("the score is by an evaluator of other files than the one that is installed")
    made = score.origin.versions.get("datagen") if score.origin else None
    if made and made != installed_version():
        notes.append(f"made with datagen {made}, verified with {installed_version()}")
    if receipt.bits is None:
        notes.append(
            f"the engine {score.protocol.engine} promises no bits; a difference tells little"
        )
    if score.tests and same:
        notes.append("leak counts are not verified; `datagen evaluate` counts them")
    return notes
