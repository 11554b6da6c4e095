"""An evaluation in few numbers: the object that `datagen evaluate --json` prints, one per call.

Enters: scores of one dataset, one per seed. Leaves: a `Summary`, which also carries the hits and
misses on every test image, so that two of them can be compared image by image.
"""

import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from datagen.core.intervals import Z_95
from datagen.core.limits import EvaluatorSeed, Hits, Seconds, Share, Tally
from datagen.core.models import StrictModel
from datagen.core.notebook import table
from datagen.datasets.leakage import leak_warning
from datagen.evaluation.records import Score, TestResult, sources_digest

NO_TEST: Final = (
    "no test set: a val accuracy says little, because val images are made like train images and "
    "chose the epoch; a dataset that scored 0.994 on its own split scored 0.27 on real handwriting"
)


IN_SPLIT: Final = (
    "{path} is the dataset's own test part: made like train and from the same sources, so its "
    "accuracy is too high; score on handwriting of another origin too"
)


class Spread(StrictModel):
    """Mean over the seeds, of accuracies or of their differences, and sample standard deviation.

    The deviation is None with one seed.
    """

    mean: Annotated[float, Field(ge=-1, le=1)]
    std: Annotated[float, Field(ge=0, le=2)] | None

    def __str__(self) -> str:
        """Read as `0.6538` or `0.6538 ± 0.0110`."""
        return f"{self.mean:.4f}" + ("" if self.std is None else f" ± {self.std:.4f}")


def _of_accuracies(found: Spread) -> Spread:
    if found.mean < 0:
        raise ValueError(f"a mean accuracy is {found.mean}; expected 0 … 1")
    return found


Accuracies = Annotated[Spread, AfterValidator(_of_accuracies)]


class SeedTest(StrictModel):
    """One seed on one test set.

    Attributes:
        hits: see `datagen.evaluation.records.TestResult.hits`.
        leak_free: accuracy without the leaked images; None where all leaked.
    """

    accuracy: Share
    correct: Tally
    leak_free: Share | None
    hits: Hits


class SeedRun(StrictModel):
    """One seed; `tests` in the order of `Summary.tests`."""

    seed: EvaluatorSeed
    chosen_epoch: Tally
    val_accuracy: Share
    tests: tuple[SeedTest, ...]
    seconds: Seconds
    cached: bool = False


class TestSummary(StrictModel):
    """One test set over all seeds.

    Attributes:
        interval: 95 % Wilson interval of the mean accuracy: what other images would have given.
        leaked: images that leaked: the dataset holds them, or images made from them.
        same_picture, parents: the two kinds of them.
        near_duplicates: images that are only like one in train or val; None: not looked for.
        near_note: why not, although that was asked.
        own_part: whether it is the dataset's own third part, `test/`.
    """

    __test__ = False  # pytest: no class of tests

    path: str
    fingerprint: str
    images: Annotated[int, Field(ge=1, le=10**9)]
    accuracy: Accuracies
    interval: tuple[Share, Share]
    leaked: Tally
    leak_free: Accuracies | None
    same_picture: Tally = 0
    parents: Tally = 0
    near_duplicates: Tally | None = None
    near_note: str | None = None
    own_part: bool = False

    @property
    def in_split_warning(self) -> str | None:
        """What to know before believing the accuracy; None where the test is of another origin."""
        return IN_SPLIT.format(path=short_path(self.path)) if self.own_part else None

    @property
    def leak_warning(self) -> str | None:
        """What to know before believing the accuracy; None where nothing leaked."""
        return leak_warning(self.path, self.images, leaked=self.leaked, parents=self.parents)


class Summary(StrictModel):
    """One dataset, evaluated.

    Attributes:
        evaluator: which sources computed it; None in what earlier versions wrote. See
            `datagen.evaluation.records.sources_digest`.
    """

    model_config = ConfigDict(extra="ignore")  # `evaluate --json` adds where its report is

    command: Literal["evaluate"] = "evaluate"
    schema_version: Literal[1] = 1
    path: str
    fingerprint: str
    official: bool
    preview: Tally | None
    label: str
    protocol: str
    protocol_fingerprint: str
    engine: str
    device: str
    images: Tally
    val: Accuracies
    tests: tuple[TestSummary, ...]
    runs: Annotated[tuple[SeedRun, ...], Field(min_length=1)]
    warnings: tuple[str, ...]
    seconds: Seconds
    evaluator: str | None = None

    @model_validator(mode="after")
    def _runs_of_all_tests(self) -> Self:
        images = [test.images for test in self.tests]
        for run in self.runs:
            hits = [len(test.hits) for test in run.tests]
            if hits != images:
                raise ValueError(
                    f"the run with seed {run.seed} has {hits} answers for tests of {images} images"
                )
        return self


def label(*, official: bool, preview: int | None) -> str:
    """Return the mark that is shown beside every score."""
    if official:
        return "official"
    if preview is not None:
        return f"PREVIEW of {preview} epoch{'s' if preview != 1 else ''}, not an official score"
    return "NOT OFFICIAL: the evaluator's sources are not the frozen ones, or the run is incomplete"


def mark(*, official: bool, preview: int | None) -> str:
    """Return the label in short, for tables; nothing where it is official."""
    if official:
        return ""
    return (
        "NOT OFFICIAL"
        if preview is None
        else f"PREVIEW, {preview} epoch" + ("s" if preview != 1 else "")
    )


def short_path(path: str) -> str:
    """Return the end of a path, enough to know a folder by: `roman-mnist/label_book`."""
    return "/".join([part for part in Path(path).parts if part != ".."][-2:])


def wilson(share: float, images: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a share, which may be a mean over seeds."""
    weight = Z_95**2 / images
    centre = (share + weight / 2) / (1 + weight)
    half = Z_95 * math.sqrt(share * (1 - share) / images + weight / (4 * images)) / (1 + weight)
    return max(0.0, centre - half), min(1.0, centre + half)


def spread(values: Sequence[float]) -> Spread:
    """Return mean and sample standard deviation of at least one value."""
    return Spread(
        mean=statistics.fmean(values), std=statistics.stdev(values) if len(values) > 1 else None
    )


def summarise(
    scores: Sequence[Score],
    *,
    path: str,
    cached: frozenset[int] = frozenset(),
    traps: Sequence[str] = (),
) -> Summary:
    """Summarise the scores of one dataset under one protocol.

    Args:
        scores: one per seed, at least one, with the same tests in the same order.
        path: the dataset as it was named.
        cached: seeds that were known already.
        traps: which files the network sees otherwise than a person does; sentences.
    """
    first = scores[0]
    official = all(score.official for score in scores)
    return Summary(
        path=path,
        fingerprint=first.dataset.fingerprint,
        official=official,
        preview=first.preview,
        label=label(official=official, preview=first.preview),
        protocol=first.protocol.name,
        protocol_fingerprint=first.protocol.fingerprint,
        engine=first.protocol.engine,
        device=first.device,
        images=first.dataset.train + first.dataset.val,
        val=spread([_share(score.val.accuracy.accuracy) for score in scores]),
        tests=tuple(
            _test([score.tests[position] for score in scores])
            for position in range(len(first.tests))
        ),
        runs=tuple(
            SeedRun(
                seed=score.seed,
                chosen_epoch=score.chosen_epoch,
                val_accuracy=_share(score.val.accuracy.accuracy),
                tests=tuple(_seed_test(test) for test in score.tests),
                seconds=round(score.total_seconds, 3),
                cached=score.seed in cached,
            )
            for score in scores
        ),
        warnings=_warnings(scores, traps),
        evaluator=sources_digest(first.protocol.sources),
        seconds=round(sum(score.total_seconds for score in scores), 3),
    )


def _warnings(scores: Sequence[Score], traps: Sequence[str]) -> tuple[str, ...]:
    """Return what to know before believing the scores: leaks first."""
    tests = [_test([score.tests[k] for score in scores]) for k in range(len(scores[0].tests))]
    leaks = [text for test in tests for text in (test.leak_warning, test.in_split_warning)]
    notes = [note for test in scores[0].tests for note in test.leakage.notes]
    told = [text for score in scores for text in score.warnings]
    return tuple(dict.fromkeys(text for text in (*leaks, *notes, *traps, *told) if text))


def _share(accuracy: float | None) -> float:
    return 0.0 if accuracy is None else accuracy  # None: no images, which the evaluator refuses


def _test(results: Sequence[TestResult]) -> TestSummary:
    """Summarise one test set over the seeds."""
    first = results[0]
    accuracy = spread([_share(result.metrics.accuracy.accuracy) for result in results])
    clean = [r.leak_free.accuracy for r in results if r.leak_free.accuracy is not None]
    return TestSummary(
        path=first.path,
        fingerprint=first.fingerprint,
        images=first.images,
        accuracy=accuracy,
        interval=wilson(accuracy.mean, first.images),
        leaked=first.leakage.images,
        leak_free=spread(clean) if clean else None,
        same_picture=first.leakage.images - first.leakage.parents,
        parents=first.leakage.parents,
        near_duplicates=first.leakage.near_duplicates,
        near_note=first.leakage.near_note,
        own_part=first.own_part,
    )


def _seed_test(test: TestResult) -> SeedTest:
    return SeedTest(
        accuracy=_share(test.metrics.accuracy.accuracy),
        correct=test.metrics.accuracy.correct,
        leak_free=test.leak_free.accuracy,
        hits=test.hits,
    )


def summary_html(summary: Summary) -> str:
    """Return a summary as a table for a notebook, its mark and missing test set in words."""
    rows = [
        (
            short_path(test.path),
            f"{test.images:,}",
            str(test.accuracy),
            f"{test.interval[0]:.3f} – {test.interval[1]:.3f}",
            f"{test.leaked:,}",
        )
        for test in summary.tests
    ]
    rows.append(("val (chose the epoch)", "", str(summary.val), "", ""))
    caption = f"{summary.path}: {summary.images:,} images, {summary.protocol}, {summary.label}"
    titles = ("scored on", "images", "accuracy", "95 % interval", "also in the dataset")
    return table(titles, rows, caption if summary.tests else f"{caption}; {NO_TEST}")
