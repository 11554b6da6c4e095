"""Scores beside each other: which is best, and which differences are more than noise.

Enters: summaries of evaluations, wherever they come from. Leaves: one table per test set.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from datagen.core.errors import CorruptInputError, UsageError
from datagen.evaluation.process import evaluator_digest
from datagen.evaluation.summary import SeedTest, Spread, Summary, mark, spread, wilson

ALPHA: Final = 0.05
"""A difference with a smaller corrected p-value is more than noise."""
OTHER_EVALUATOR: Final = "OTHER EVALUATOR"
"""The mark of a score that the evaluator installed here has not made: an older one, as a rule."""
OTHER_PROTOCOLS: Final = (
    "not all by the same evaluator: protocol, engine, versions or device differ"
)
"""The note beside rows whose scores were made in different ways."""
FLIPS: Final = 10_000
"""Random sign flips of the permutation test over several seeds."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row against the best row, on the same test images.

    Attributes:
        accuracy: mean over the common seeds of this row minus the best, and its spread.
        best_only, row_only: with one common seed, the images that only the best, and only this
            row, got right (McNemar's discordant pairs); None with several.
        p_images: could other test images have given another order? Exact McNemar test with one
            seed; with several a sign-flip test of the hits per image, averaged over the seeds.
        p_seeds: could other seeds have given another order? Paired t-test over the common seeds;
            None with fewer than two.
        p: the larger of the two, for both have to tell, corrected for `compared`; see `holm`.
        compared: how many rows were compared with the best.
    """

    accuracy: Spread
    best_only: int | None
    row_only: int | None
    p_images: float
    p_seeds: float | None
    p: float
    compared: int = 1

    @property
    def real(self) -> bool:
        """Whether it is more than noise by every test there is."""
        return self.p < ALPHA


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One dataset on one test set.

    Attributes:
        mark: shown beside a score that is not official, or of another evaluator; else "".
        difference: None for the best row, and where no seed is common with it.
    """

    path: str
    fingerprint: str
    protocol_fingerprint: str
    official: bool
    mark: str
    seeds: tuple[int, ...]
    accuracy: Spread
    interval: tuple[float, float] | None
    leak_free: float | None
    leaked: int
    val: Spread
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rows on one test set, best first: by accuracy, without the images that a dataset knows.

    Attributes:
        test: its path; None gathers what was scored on no test set, by val accuracy.
        notes: what to know before believing it.
    """

    test: str | None
    fingerprint: str | None
    images: int | None
    rows: tuple[ComparisonRow, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Scored:
    """One dataset on one test set, before rows are compared: its seeds, one by one.

    Attributes:
        alike: paths of other datasets with the same images.
    """

    summary: Summary
    tests: Mapping[int, SeedTest]
    vals: Mapping[int, float]
    leaked: int
    alike: tuple[str, ...] = ()


def compare(summaries: Sequence[Summary]) -> list[Comparison]:
    """Return one table per test set, in order of appearance, then one of untested datasets.

    Evaluations of the same images under one protocol count as seeds of the same row; the same seed
    counts once, the later one. A note names datasets that share a row.

    Raises:
        UsageError: there is nothing to compare.
    """
    if not summaries:
        raise UsageError("nothing to compare; name datasets, score.json or scores.jsonl files")
    prints = dict.fromkeys(test.fingerprint for each in summaries for test in each.tests)
    tables = [_tested(summaries, fingerprint) for fingerprint in prints]
    untested = [each for each in summaries if not each.tests]
    return tables + ([_untested(untested)] if untested else [])


def _tested(summaries: Sequence[Summary], fingerprint: str) -> Comparison:
    entries = _gather(summaries, fingerprint)
    in_order = sorted(entries, key=lambda entry: -_decides(entry))
    best = in_order[0]
    test = next(t for each in summaries for t in each.tests if t.fingerprint == fingerprint)
    _refuse_other_images(entries, test.images)
    others = holm([difference(_all_hits(entry), _all_hits(best)) for entry in in_order[1:]])
    rows = tuple(
        _row(entry, test.images, found)
        for entry, found in zip(in_order, [None, *others], strict=True)
    )
    notes = (*_shared_rows(entries), *_notes(rows))
    return Comparison(test.path, fingerprint, test.images, rows, notes)


def _refuse_other_images(entries: Iterable[_Scored], images: int) -> None:
    """Refuse rows of one test set that count different numbers of images in it.

    Raises:
        CorruptInputError: one of the records is damaged.
    """
    for entry in entries:
        if other := [len(t.hits) for t in entry.tests.values() if len(t.hits) != images]:
            raise CorruptInputError(
                f"the score of {entry.summary.path} has {other[0]:,} test images, another of the "
                f"same test set {images:,}; one of the records is damaged: evaluate again"
            )


def _untested(summaries: Sequence[Summary]) -> Comparison:
    entries = _gather(summaries, None)
    rows = [_row(entry, None, None) for entry in entries]
    rows.sort(key=lambda row: -row.val.mean)
    note = "val accuracies on each dataset's own split: they cannot be compared"
    notes = (note, *_shared_rows(entries), *_notes(rows))
    return Comparison(None, None, None, tuple(rows), notes)


def _gather(summaries: Iterable[Summary], fingerprint: str | None) -> list[_Scored]:
    """Bring the seeds of equal datasets under equal protocols together."""
    entries: dict[tuple[str, str, bool], _Scored] = {}
    for summary in summaries:
        position = _position(summary, fingerprint)
        if fingerprint is not None and position is None:
            continue
        tests = {} if position is None else {run.seed: run.tests[position] for run in summary.runs}
        leaked = 0 if position is None else summary.tests[position].leaked
        key = (summary.fingerprint, summary.protocol_fingerprint, summary.official)
        known = entries.get(key)
        entries[key] = _Scored(
            summary=known.summary if known else summary,
            tests={**(known.tests if known else {}), **tests},
            vals={
                **(known.vals if known else {}),
                **{run.seed: run.val_accuracy for run in summary.runs},
            },
            leaked=leaked,
            alike=() if known is None else _with_path(known, summary.path),
        )
    return list(entries.values())


def _with_path(known: _Scored, path: str) -> tuple[str, ...]:
    """Return the other paths of a row with one more, if it is new."""
    named = (known.summary.path, *known.alike)
    return known.alike if path in named else (*known.alike, path)


def _shared_rows(entries: Iterable[_Scored]) -> list[str]:
    """Name the datasets that have no row of their own."""
    return [
        f"{path} has the same images as {entry.summary.path}: they share a row"
        for entry in entries
        for path in entry.alike
    ]


def _position(summary: Summary, fingerprint: str | None) -> int | None:
    prints = [test.fingerprint for test in summary.tests]
    return prints.index(fingerprint) if fingerprint in prints else None


def _accuracy(entry: _Scored) -> Spread:
    return spread([test.accuracy for test in entry.tests.values()])


def _decides(entry: _Scored) -> float:
    """Return the accuracy that rows are ordered by: on images that the dataset does not know."""
    if not entry.leaked:
        return _accuracy(entry).mean
    clean = _leak_free(entry)
    return -1.0 if clean is None else clean


def _leak_free(entry: _Scored) -> float | None:
    clean = [test.leak_free for test in entry.tests.values() if test.leak_free is not None]
    return spread(clean).mean if clean else None


def _all_hits(entry: _Scored) -> dict[int, str]:
    return {seed: test.hits for seed, test in entry.tests.items()}


def _row(entry: _Scored, images: int | None, difference: Difference | None) -> ComparisonRow:
    ours = entry.summary.evaluator == evaluator_digest(entry.summary.protocol)
    accuracy = _accuracy(entry) if images else spread(list(entry.vals.values()))
    return ComparisonRow(
        path=entry.summary.path,
        fingerprint=entry.summary.fingerprint,
        protocol_fingerprint=entry.summary.protocol_fingerprint,
        official=entry.summary.official,
        mark=", ".join(
            filter(
                None,
                (
                    mark(official=entry.summary.official, preview=entry.summary.preview),
                    "" if ours else OTHER_EVALUATOR,
                ),
            )
        ),
        seeds=tuple(sorted(entry.vals)),
        accuracy=accuracy,
        interval=wilson(accuracy.mean, images) if images else None,
        leak_free=_leak_free(entry),
        leaked=entry.leaked,
        val=spread(list(entry.vals.values())),
        difference=difference,
    )


def difference(row: Mapping[int, str], best: Mapping[int, str]) -> Difference | None:
    """Compare the hits of a row with those of the best; None where no seed is common.

    Args:
        row: per seed, `1` or `0` for every image of one test set.
        best: the same of the best row, its images in the same order.
    """
    common = sorted(row.keys() & best.keys())
    if not common:
        return None
    ours = np.array([_hits(row[seed]) for seed in common])
    theirs = np.array([_hits(best[seed]) for seed in common])
    accuracies = (ours - theirs).mean(axis=1)
    best_only: int | None = None
    row_only: int | None = None
    if len(common) == 1:
        best_only, row_only = int((theirs > ours).sum()), int((ours > theirs).sum())
        p_images, p_seeds = mcnemar(best_only, row_only), None
    else:
        p_images = sign_flip(ours.sum(axis=0) - theirs.sum(axis=0))
        p_seeds = paired_t(accuracies.tolist())
    return Difference(
        accuracy=spread(accuracies.tolist()),
        best_only=best_only,
        row_only=row_only,
        p_images=p_images,
        p_seeds=p_seeds,
        p=max(p_images, p_seeds or 0.0),
    )


def holm(differences: Sequence[Difference | None]) -> list[Difference | None]:
    """Correct the p-values of all rows against the best for how many they are.

    Holm (1979), "A simple sequentially rejective multiple test procedure": the smallest of n
    p-values counts n times, the next n − 1 times, and none becomes smaller than one before it. A
    table whose rows are all equally good then calls one of them worse with a chance of `ALPHA`,
    instead of one that grows with the rows.

    That the best was chosen by the same scores is not counted. For best against next it need not
    be (Gutmann and Maymin, 1987, "Is the selected population the best?"); for best against last
    the correction is a little too kind. Among 15 made-up points, all equally good, with 2, 3 and 5
    seeds some point was called worse in 1, 1 and 10 % of 200 sweeps (uncorrected: 35, 58 and
    77 %), the next one in none. With one seed, chance and dataset cannot be separated: 40 % (93 %).

    Args:
        differences: one per row, uncorrected; None where there is none to be told.
    """
    found = sorted((each for each in differences if each is not None), key=lambda each: each.p)
    largest = 0.0
    corrected: dict[int, Difference] = {}
    for place, each in enumerate(found):
        largest = max(largest, min(1.0, (len(found) - place) * each.p))
        corrected[id(each)] = replace(each, p=largest, compared=len(found))
    return [None if each is None else corrected[id(each)] for each in differences]


def _hits(hits: str) -> list[int]:
    return [int(hit) for hit in hits]


def mcnemar(first_only: int, second_only: int) -> float:
    """Return the two-sided p-value of McNemar's exact test.

    Args:
        first_only: images that only the first of two classifiers got right.
        second_only: images that only the second got right.
    """
    pairs, fewer = first_only + second_only, min(first_only, second_only)
    tail = sum(math.comb(pairs, k) for k in range(fewer + 1))
    return min(1.0, float(2 * tail / 2**pairs))


def sign_flip(differences: np.ndarray) -> float:
    """Return the two-sided p-value of a permutation test that paired differences have mean 0.

    Under the hypothesis each image's difference could as well have had the other sign. With
    differences of −1, 0, 1 this is McNemar's test, by `FLIPS` random draws instead of exactly.

    Args:
        differences: `int n`, one per test image.
    """
    rng = np.random.default_rng(0)  # fixed: the same scores give the same answer
    moved = differences[differences != 0]
    seen = abs(int(moved.sum()))
    flips = rng.integers(0, 2, (FLIPS, len(moved)), dtype=np.int8) * 2 - 1
    as_far = int((np.abs(flips @ moved) >= seen).sum())
    return (1 + as_far) / (1 + FLIPS)


def paired_t(differences: Sequence[float]) -> float:
    """Return the two-sided p-value of a t-test that differences, one per seed, have mean 0."""
    from scipy import special  # noqa: PLC0415 - one seed does not need it; stats takes 0.5 s

    around = spread(differences)
    if not around.std:  # equal differences: the test's statistic is infinite, or 0/0
        return 0.0 if around.mean else 1.0
    t = around.mean / (around.std / math.sqrt(len(differences)))
    return float(2 * special.stdtr(len(differences) - 1, -abs(t)))


def _notes(rows: Sequence[ComparisonRow]) -> list[str]:
    notes = []
    if len([row for row in rows if row.difference]) > 1:
        notes.append("p is corrected (Holm) for how many are compared with the best")
    if any(row.difference and row.seeds != rows[0].seeds for row in rows):
        notes.append(
            "a difference is over the seeds that both rows have, so it can be another than that of "
            "the accuracies shown"
        )
    if len({row.protocol_fingerprint for row in rows}) > 1:
        notes.append(OTHER_PROTOCOLS)
    marks = {row.mark for row in rows}
    if len(rows) > 1 and len(marks) == 1 and rows[0].mark.startswith("PREVIEW"):
        notes.append(
            "all are previews of the same length: compare them with each other, not with "
            "official scores"
        )
    elif any(not row.official for row in rows):
        notes.append("rows that are not official (such as previews) are for a first look only")
    if len(rows) > 1 and any(len(row.seeds) == 1 for row in rows):
        notes.append("one seed does not show how far a score moves from run to run; try --seeds 3")
    if any(OTHER_EVALUATOR in row.mark for row in rows):
        notes.append(
            f"{OTHER_EVALUATOR}: scored by another version of the evaluator than the one "
            "installed, which counted leaked images differently; evaluate again before you use it"
        )
    notes += _leak_notes([row for row in rows if row.leaked])
    return notes


def _leak_notes(rows: Sequence[ComparisonRow]) -> list[str]:
    """Say which accuracies rest on images that their dataset knows."""
    if not rows:
        return []
    most = max(rows, key=lambda row: row.leaked)
    others = f", {len(rows) - 1} more fewer or as many" if len(rows) > 1 else ""
    return [
        f"some test images are leaked: {most.path} contains or was made from {most.leaked:,} of "
        f"them{others}; rows are ordered by leak-free accuracy; accuracies and p-values include "
        "the leaked images"
    ]
