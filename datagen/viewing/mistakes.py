"""What the scores of a dataset said of each test image.

Enters: a dataset, and where its scores may lie: the cache, reports. Leaves: `ScoredSet`s, and the
test images that are not in the dataset. A score keeps no single results of val.
"""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datagen.core.errors import InputError, MissingInputError, UsageError
from datagen.core.numerals import SPLITS
from datagen.datasets.content import dataset_content
from datagen.datasets.format import TEST
from datagen.evaluation.cache import known_scores
from datagen.evaluation.places import located_score
from datagen.evaluation.records import ImageResult, Score, TestResult, read_score
from datagen.evaluation.summary import label, short_path
from datagen.files.leftovers import is_folder
from datagen.files.paths import real_path
from datagen.reports.evaluation.files import PAGE, report_folder
from datagen.viewing.rows import ViewImage


@dataclass(frozen=True, slots=True)
class ImagePrediction:
    """What the networks of one evaluation said of one image.

    Attributes:
        said: the class that they named; where they differ, the wrong one that most named, and of
            several of these the one they were surest of.
        probability: the mean of its probability where it was named, 0 … 1.
        wrong: seeds that did not say the given class.
        leak: how the dataset knows the picture; None where it does not.
    """

    said: str
    probability: float
    wrong: int
    leak: str | None = None


@dataclass(frozen=True, slots=True)
class ScoredSet:
    """One evaluation on one test set, with all its seeds.

    Attributes:
        name: of the test set.
        how: protocol, and whether the scores are official.
        seeds: number of seeds.
        accuracy: mean over the seeds.
        predictions: by the name of the image; see `ViewImage`.
        report: the page of the evaluation, where its folder holds one.
    """

    name: str
    how: str
    seeds: int
    accuracy: float
    predictions: Mapping[str, ImagePrediction]
    report: Path | None = None


@dataclass(frozen=True, slots=True)
class KnownScores:
    """What is known of a dataset's scores: the sets, and the test images from elsewhere."""

    sets: tuple[ScoredSet, ...] = ()
    images: tuple[ViewImage, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """One score, and the page of its report."""

    score: Score
    report: Path | None = None


def read_scored(root: Path, given: Sequence[Path] = ()) -> KnownScores:
    """Read the scores of a dataset.

    Args:
        root: the dataset; scores in the cache, and of its report and preview in the working
            folder, are found by themselves.
        given: further `score.json` files, or folders of reports.

    Raises:
        MissingInputError: nothing is there.
        CorruptInputError: a file is no score.
        UsageError: a score is of another dataset, or of this one before it changed.
    """
    is_dataset = all((root / split).is_dir() for split in SPLITS)
    content = dataset_content(root) if is_dataset else None
    if content is None:
        if given:
            raise UsageError(
                f"{root} is no dataset that can be scored, with train/ and val/; leave --score out"
            )
        return KnownScores()
    named = [each for path in given for each in _read(path)]
    for each in named:
        if each.score.dataset.fingerprint != content.fingerprint:
            raise UsageError(
                f"{each.score.dataset.path} was scored, not {root} as it is now; name a score of "
                "it, or evaluate it again"
            )
    by_default = [_Found(score) for score in known_scores(content)]
    for preview in (False, True):
        by_default += _if_any(report_folder(root, preview=preview))
    right = [each for each in by_default if each.score.dataset.fingerprint == content.fingerprint]
    return _gathered(root, [*named, *right])


def _if_any(folder: Path) -> list[_Found]:
    try:
        return _read(folder) if is_folder(folder) else []
    except InputError:  # somebody else's folder of that name
        return []


def _read(path: Path) -> list[_Found]:
    """Read a score, or all of a report."""
    if not is_folder(path):
        return [_Found(located_score(read_score(path), path.parent), _page(path.parent))]
    files = sorted(path.glob("score*.json"))
    if not files:
        raise MissingInputError(
            f"{path} holds no score; expected score.json, or the folder of a report"
        )
    return [_Found(located_score(read_score(file), path), _page(path)) for file in files]


def _page(folder: Path) -> Path | None:
    return folder / PAGE if (folder / PAGE).is_file() else None


def _gathered(root: Path, found: Iterable[_Found]) -> KnownScores:
    """Put the seeds of one evaluation together, test set by test set."""
    seeds: dict[tuple[object, ...], dict[int, tuple[_Found, TestResult]]] = defaultdict(dict)
    for each in found:
        score = each.score
        for test in score.tests:
            key = (score.protocol.fingerprint, score.preview, score.official, test.fingerprint)
            known = seeds[key].get(score.seed)
            if known is None or known[0].report is None:  # what has a page is rather kept
                seeds[key][score.seed] = each, test
    sets, images = [], {}
    labels = _labels(test.path for runs in seeds.values() for _, test in runs.values())
    for runs in seeds.values():
        first, test = next(iter(runs.values()))
        name = labels[test.path]
        names = {image.name: image for image in _images(root, test, name)}
        by_path = dict(zip([result.path for result in test.results], names, strict=True))
        results = [test.results for _, test in runs.values()]
        sets.append(
            ScoredSet(
                name=name,
                how=_how(first.score),
                seeds=len(runs),
                accuracy=statistics.mean(_accuracy(test) for _, test in runs.values()),
                predictions=dict(_predictions(by_path, results)),
                report=first.report,
            )
        )
        images.update({name: image for name, image in names.items() if image.part != TEST})
    return KnownScores(tuple(sets), tuple(images.values()))


def _labels(paths: Iterable[str]) -> dict[str, str]:
    """Return path → its end: as many parts as tell the folder from the others, at least two."""
    folders = {path: real_path(Path(path)) for path in paths}
    found = {}
    for path, folder in folders.items():
        others = {other for other in folders.values() if other != folder}
        parts = 2
        while any(other.parts[-parts:] == folder.parts[-parts:] for other in others):
            parts += 1
        found[path] = short_path(path) if parts == 2 else "/".join(folder.parts[-parts:])
    return found


def _how(score: Score) -> str:
    said = label(official=score.official, preview=score.preview)
    return score.protocol.name + ("" if score.official else f", {said}")


def _accuracy(test: TestResult) -> float:
    return test.metrics.accuracy.accuracy or 0.0


def _images(root: Path, test: TestResult, name: str) -> Iterator[ViewImage]:
    """Yield the images of the test set `name`, which may be the dataset's own third part."""
    folder = Path(test.path)
    own = real_path(folder) == real_path(root / TEST)
    part = TEST if own else name
    for result in test.results:
        yield ViewImage(f"{part}/{result.path}", folder / result.path, part, result.true)


def _predictions(
    names: Mapping[str, str], runs: Sequence[Sequence[ImageResult]]
) -> Iterator[tuple[str, ImagePrediction]]:
    said: dict[str, list[ImageResult]] = defaultdict(list)
    for results in runs:
        for result in results:
            if result.path in names:
                said[names[result.path]].append(result)
    for name, results in said.items():
        yield name, _together(results)


def _together(results: Sequence[ImageResult]) -> ImagePrediction:
    telling = [result for result in results if not result.hit] or results
    votes = Counter(result.predicted for result in telling)
    sure: dict[str, float] = defaultdict(float)
    for result in telling:
        sure[result.predicted] += max(result.probabilities)
    said = max(votes, key=lambda name: (votes[name], sure[name]))
    return ImagePrediction(
        said,
        round(sure[said] / votes[said], 4),
        sum(not result.hit for result in results),
        next((result.leak for result in results if result.leak is not None), None),
    )
