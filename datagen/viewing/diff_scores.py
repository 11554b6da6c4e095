"""What a change of a dataset did to its scores: seed by seed and image by image, in pairs.

Enters: the evaluations of two datasets. Leaves: a `ScoreChange` for each protocol and test set on
which both were scored, with the statistics of `datagen compare`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from datagen.evaluation.compare import OTHER_PROTOCOLS, Difference, difference
from datagen.evaluation.summary import SeedTest, Spread, Summary, TestSummary, mark, spread


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """Two datasets on one test set, by one protocol.

    Attributes:
        test: the test set's path.
        images: in it.
        protocol: its name.
        mark: shown beside a score that is not official, else "".
        seeds: that both were trained with.
        before, after: accuracy of the first and of the second, over all seeds of each.
        leaked: test images that the first, and that the second, knows.
        difference: second − first over the common seeds; None where there is none. Its
            `best_only` and `row_only` are images that only the first, and only the second, got.
        notes: what to know before believing it.
    """

    test: str
    images: int
    protocol: str
    mark: str
    seeds: tuple[int, ...]
    before: Spread
    after: Spread
    leaked: tuple[int, int]
    difference: Difference | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Scored:
    """One dataset on one test set, by one protocol: its seeds."""

    summary: Summary
    test: TestSummary
    runs: dict[int, SeedTest]


def score_changes(first: Sequence[Summary], second: Sequence[Summary]) -> list[ScoreChange]:
    """Return what changed on every test set on which both were scored by one protocol.

    Args:
        first: evaluations of the first dataset; a later one of the same seed counts.
        second: of the second.
    """
    befores, afters = _scored(first), _scored(second)
    return [_change(befores[key], afters[key]) for key in befores if key in afters]


def _scored(summaries: Sequence[Summary]) -> dict[tuple[str, bool, int | None, str], _Scored]:
    found: dict[tuple[str, bool, int | None, str], _Scored] = {}
    for summary in summaries:
        for position, test in enumerate(summary.tests):
            key = (summary.protocol, summary.official, summary.preview, test.fingerprint)
            runs = {run.seed: run.tests[position] for run in summary.runs}
            known = found[key].runs if key in found else {}
            found[key] = _Scored(summary, test, {**known, **runs})
    return found


def _change(before: _Scored, after: _Scored) -> ScoreChange:
    hits = [{seed: run.hits for seed, run in each.runs.items()} for each in (before, after)]
    return ScoreChange(
        test=before.test.path,
        images=before.test.images,
        protocol=before.summary.protocol,
        mark=mark(official=before.summary.official, preview=before.summary.preview),
        seeds=tuple(sorted(before.runs.keys() & after.runs.keys())),
        before=_accuracy(before),
        after=_accuracy(after),
        leaked=(before.test.leaked, after.test.leaked),
        difference=difference(hits[1], hits[0]),
        notes=tuple(_notes(before, after)),
    )


def _accuracy(scored: _Scored) -> Spread:
    return spread([run.accuracy for run in scored.runs.values()])


def _notes(before: _Scored, after: _Scored) -> Iterator[str]:
    one, other = before.summary, after.summary
    if one.protocol_fingerprint != other.protocol_fingerprint or one.evaluator != other.evaluator:
        yield OTHER_PROTOCOLS
    if before.test.leaked or after.test.leaked:
        yield (
            f"some test images are leaked: A contains or was made from {before.test.leaked:,} of "
            f"them, B {after.test.leaked:,}"
        )
    common = before.runs.keys() & after.runs.keys()
    if not common:
        yield "no seed is common to both, so nothing can be paired"
    elif len(common) == 1:
        yield "one seed does not show how far a score moves from run to run; try --seeds 3"
