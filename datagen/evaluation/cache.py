"""Scores remembered by what they depend on: data, evaluator, settings, seed.

Enters: folders to evaluate. Leaves: keys, and the scores kept under them. Only official scores are
kept, one file each, below a folder named by the dataset's fingerprint.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from datagen.datasets.content import Content
from datagen.evaluation.process import EvaluationJob
from datagen.evaluation.records import Score, read_score
from datagen.files.cache_dir import (
    cache_folder,
    cache_key,
    read_cached,
    set_aside,
    write_cached,
)
from datagen.files.hashing import file_hash

FORMAT: Final = 2
"""Raised when what a key covers changes, so that old files are never misread."""

_AUTO: Final = ("native", "fast")

LOCK: Final = "lock"
"""In the folder of a run's state: held by who runs it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one run in the cache.

    Attributes:
        dataset, tests: fingerprints; None where the evaluator will refuse the job anyway.
        score: the file of the finished score.
        run: the folder of the resumable state. Test sets are no part of its name: an interrupted
            run goes on although another one is asked for.
        named: that of the same job for each engine that `auto` may stand for. What it is on this
            machine only the evaluator can tell, so a score is kept under both names.
    """

    dataset: str | None
    tests: tuple[str | None, ...]
    score: Path
    run: Path
    named: dict[str, Path] = field(default_factory=dict)


def slot(
    job: EvaluationJob,
    dataset: str | None,
    tests: Sequence[str | None],
    evaluator: str,
    extra: Sequence[str] = (),
) -> Slot:
    """Return where `job` is cached.

    Args:
        job: what to run.
        dataset: its fingerprint.
        tests: theirs, in the job's order.
        evaluator: see `datagen.evaluation.process.identity`.
        extra: fingerprints of the further folders that are trained on.
    """
    data = dataset or str(job.dataset.absolute())
    weights = weights_identity(job.weights)  # once: it may read a large file

    def training(engine: str) -> list[object]:
        of_protocol = [job.protocol, engine, list(extra), weights]
        return [FORMAT, data, evaluator, of_protocol, job.preview, job.seed]

    def score(engine: str) -> Path:
        scored = [*training(engine), sorted(map(str, tests))]
        return _scores_of(data) / f"{cache_key(scored)}.json"

    # The evaluator tells states of different engines in one folder apart by itself.
    run = "native" if job.engine == "auto" else job.engine
    return Slot(
        dataset=dataset,
        tests=tuple(tests),
        score=score(job.engine),
        named={engine: score(engine) for engine in _AUTO if job.engine == "auto"},
        run=cache_folder() / "runs" / cache_key(training(run)),
    )


def weights_identity(weights: str | None) -> str | None:
    """Return what tells weights apart: their name, or the hash of their file's content."""
    path = Path(weights) if weights else None
    return file_hash(path) if path and path.is_file() else weights


def _scores_of(dataset: str) -> Path:
    return cache_folder() / "scores" / dataset[:24] if "/" not in dataset else cache_folder()


def recall(place: Slot, job: EvaluationJob) -> Score | None:
    """Return the score kept for `job`, its paths and the order of its tests as asked for now."""
    if place.dataset is None or None in place.tests or job.preview is not None:
        return None
    score = read_cached(place.score, read_score)
    if score is None:
        return None
    kept = {test.fingerprint: test for test in score.tests}
    right = (score.dataset.fingerprint, score.seed, score.official) == (
        place.dataset,
        job.seed,
        True,
    )
    if not right or set(kept) != set(place.tests):
        set_aside(place.score, "it is not the score of its name")
        return None
    tests = tuple(kept[str(content)] for content in place.tests)
    return located(score.model_copy(update={"tests": tests}), job)


def located(score: Score, job: EvaluationJob) -> Score:
    """Return `score` with the folders of `job` as absolute paths."""
    tests = tuple(
        test.model_copy(update={"path": str(folder.absolute())})
        for test, folder in zip(score.tests, job.tests, strict=True)
    )
    dataset = score.dataset.model_copy(update={"path": str(job.dataset.absolute())})
    return score.model_copy(update={"tests": tests, "dataset": dataset})


def remember(place: Slot, score: Score) -> None:
    """Keep an official score. Failing to is a warning: the score itself is not lost."""
    if not score.official or place.dataset is None:
        return
    text = score.model_dump_json()
    for path in {place.score, place.named.get(score.protocol.engine, place.score)}:
        write_cached(path, lambda temporary: temporary.write_text(text, "utf-8"))


def clear(run: Path) -> None:
    """Forget the state of a run, but not who holds it."""
    for path in run.iterdir():
        if path.name != LOCK:
            path.unlink()


def known_scores(content: Content) -> list[Score]:
    """Return every score kept for a dataset, one of each run, damaged ones left out."""
    found: dict[tuple[object, ...], Score] = {}
    for path in sorted(_scores_of(content.fingerprint).glob("*.json")):
        score = read_cached(path, read_score)
        if score is None or score.dataset.fingerprint != content.fingerprint:
            continue
        # Asked for as `auto` and by the engine's name, one run is kept twice; run again by --force
        # under one of the names, the two differ in their seconds.
        tests = frozenset(test.fingerprint for test in score.tests)
        found.setdefault((score.protocol.fingerprint, score.seed, tests), score)
    return list(found.values())
