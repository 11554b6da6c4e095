"""What is known before an evaluator runs: where scores are kept, and what the dataset knows.

Enters: an `EvaluationRequest`. Leaves: a `Prepared`, and warnings that are told at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from datagen.core.errors import InputError, all_named
from datagen.core.evaluator_facts import ROMAN_PROTOCOLS
from datagen.datasets.compared_pictures import Held
from datagen.datasets.content import (
    Content,
    dataset_content,
    required_test_content,
    test_content,
)
from datagen.datasets.leakage import Leaks, find_leaks
from datagen.datasets.parents import Parents, parents_of
from datagen.evaluation.cache import Slot, known_scores, slot
from datagen.evaluation.process import EvaluationJob, Event, evaluator_digest, identity
from datagen.evaluation.records import sources_digest
from datagen.evaluation.request import EvaluationRequest

Tell = Callable[[int, Event], None]
"""Told every event of every run, and before them `launch`, from the caller's own thread."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known before anything runs.

    Attributes:
        dataset: its images; None where the evaluator will refuse it.
        slots: where each job is cached, by seed.
        images: a file of each SHA-256 in the test sets.
        leaks: what the dataset knows of each test set; None where the evaluator will refuse one.
    """

    dataset: Content | None
    slots: dict[int, Slot]
    images: dict[str, Path]
    leaks: tuple[Leaks | None, ...]


def prepare(request: EvaluationRequest, jobs: Sequence[EvaluationJob]) -> Prepared:
    """Hash dataset and test sets, and compare them with each other.

    Raises:
        EvaluationError: the evaluator is not installed.
        InputError: several test sets are bad; it names all of them.
    """
    roman = request.protocol in ROMAN_PROTOCOLS
    dataset = dataset_content(request.dataset, roman=roman)
    tests = [test_content(folder, roman=roman) for folder in request.tests]
    extra = [test_content(folder, roman=roman) for folder in request.extra_train]
    if roman:
        _refuse_several(request.tests, tests)
    data = dataset.fingerprint if dataset else None
    prints = [test.fingerprint if test else None for test in tests]
    further = [
        each.fingerprint if each else str(folder)
        for each, folder in zip(extra, request.extra_train, strict=True)
    ]
    evaluator = identity(request.protocol)
    images = {digest: path for test in tests if test for digest, path in test.files.items()}
    held = Held(dataset, several=len(tests) > 1) if dataset else None
    parents = parents_of(request.dataset) if held and any(tests) else Parents()
    leaks = tuple(
        find_leaks(held, parents, test, folder, near=request.near_duplicates)
        if held and test
        else None
        for folder, test in zip(request.tests, tests, strict=True)
    )
    slots = {job.seed: slot(job, data, prints, evaluator, further) for job in jobs}
    return Prepared(dataset, slots, images, leaks)


def _refuse_several(folders: Sequence[Path], found: Sequence[Content | None]) -> None:
    """Refuse test sets of which more than one is bad; of a single one the evaluator says it.

    Raises:
        InputError: it names all of them.
    """
    known = zip(folders, found, strict=True)
    bad = [folder for folder, test in known if not test or not test.files]
    errors: list[InputError] = []
    for folder in bad if len(bad) > 1 else ():
        try:
            required_test_content(folder)
        except InputError as error:
            errors.append(error)
    if errors:
        raise all_named(errors)


def warn_of_leaks(found: Sequence[Leaks | None], request: EvaluationRequest, tell: Tell) -> None:
    """Tell which test sets the dataset knows."""
    for leaks in found:
        if leaks is None:
            continue
        for text in filter(None, (leaks.warning, *leaks.notes)):
            tell(request.seed, {"event": "warning", "message": text, "of": "dataset"})


def warning_of_no_test(request: EvaluationRequest, tell: Tell) -> Tell:
    """Return `tell`, which says as the first training begins that nothing but val is scored."""
    if request.tests:
        return tell
    message = (
        "no test set is given, so the result will be the accuracy on val, which says little; "
        "--test DIR names class folders of real images"
    )
    waiting = [{"event": "warning", "message": message, "of": "dataset"}]

    def telling(seed: int, event: Event) -> None:
        if event["event"] == "start" and waiting:
            tell(seed, waiting.pop())
        tell(seed, event)

    return telling


def tell_of_other_scores(dataset: Content | None, request: EvaluationRequest, tell: Tell) -> None:
    """Tell why kept scores of other evaluators, as a rule earlier ones, are not answered."""
    if dataset is None or request.preview is not None or request.force:
        return
    ours = evaluator_digest(request.protocol)
    others = [
        score
        for score in known_scores(dataset)
        if score.protocol.name == request.protocol
        and sources_digest(score.protocol.sources) != ours
    ]
    if others:
        message = (
            f"{len(others):,} cached scores of this dataset are by another version of the "
            "evaluator, which counted leaked images differently; they are not used"
        )
        tell(request.seed, {"event": "warning", "message": message, "of": "dataset"})
