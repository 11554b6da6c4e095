"""Summaries from wherever scores lie: files, collected output, reports, the cache of a dataset."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.numerals import SPLITS
from datagen.core.pydantic_errors import explain
from datagen.datasets.content import dataset_content
from datagen.evaluation.cache import known_scores
from datagen.evaluation.places import located_path
from datagen.evaluation.records import Score, parse_score
from datagen.evaluation.summary import Summary, summarise
from datagen.files import reading
from datagen.files.json_records import parse_json
from datagen.files.leftovers import is_folder

_EXPECTED = "expected a dataset, a report's folder, score.json or lines of `evaluate --json`"


def read_summaries(path: Path) -> list[Summary]:
    """Read every evaluation that `path` stands for.

    Args:
        path: a dataset whose scores are cached, a report's folder, a `score.json` or
            `summary.json`, or a file of collected `datagen evaluate --json` lines.

    Raises:
        MissingInputError: there is nothing at `path`, or no score of the dataset.
        CorruptInputError: a file is none of these; the message names the line.
    """
    if is_folder(path):
        if all((path / split).is_dir() for split in SPLITS):
            return _of_dataset(path)
        if (path / "summary.json").is_file():
            return read_summaries(path / "summary.json")
        raise MissingInputError(f"{path} holds neither a dataset nor a report; {_EXPECTED}")
    try:
        text = reading.read_text(path, reading.LINES, pipes=True)
    except MissingInputError:
        raise MissingInputError(f"nothing at {path}; {_EXPECTED}") from None
    except CorruptInputError as error:
        raise CorruptInputError(f"{error}; {_EXPECTED}") from error
    try:
        plain = parse_json(text, path)
    except CorruptInputError:
        return _lines(text, path)
    return [_located(_parse(plain, str(path)), path.parent, plain)]


def cached_summaries(root: Path) -> list[Summary]:
    """Read every evaluation of a dataset that is in the cache: none where it was never evaluated.

    Raises:
        CorruptInputError: a cached score cannot be read.
    """
    try:
        return read_summaries(root)
    except MissingInputError:  # never evaluated here, or no dataset
        return []


def _lines(text: str, path: Path) -> list[Summary]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        origin = f"{path} line {number}"
        found.append(_parse(parse_json(line, origin, _EXPECTED), origin))
    if not found:
        raise CorruptInputError(f"{path} is empty; {_EXPECTED}")
    return found


def _parse(plain: Any, origin: str) -> Summary:
    """Read one object: a summary, or the evaluator's own score."""
    if isinstance(plain, dict) and plain.get("command") == "evaluate":
        try:
            return Summary.model_validate(plain)
        except ValidationError as error:
            raise CorruptInputError(
                f"{origin} is not what `datagen evaluate --json` prints: {explain(error, Summary)}"
            ) from error
    if isinstance(plain, dict) and "protocol" in plain and "history" in plain:
        score = parse_score(plain, origin=origin)
        return summarise([score], path=score.dataset.path)
    raise CorruptInputError(f"{origin} is no score; {_EXPECTED}")


def _located(summary: Summary, folder: Path, plain: Any) -> Summary:
    """Return what a report's file in `folder` says, with paths that lead there from here.

    What `datagen evaluate --json` printed names its report, and paths as they were asked for.
    """
    if "report" in plain:
        return summary
    tests = tuple(
        test.model_copy(update={"path": located_path(test.path, folder)}) for test in summary.tests
    )
    place = Path(located_path(summary.path, folder))
    here = Path.cwd()
    path = str(place.relative_to(here) if place.is_relative_to(here) else place)
    pairs = list(zip(summary.tests, tests, strict=True))
    renamed = {old.leak_warning: new.leak_warning for old, new in pairs}
    renamed |= {old.in_split_warning: new.in_split_warning for old, new in pairs}
    warnings = tuple(renamed.get(text) or text for text in summary.warnings)
    return summary.model_copy(update={"path": path, "tests": tests, "warnings": warnings})


def _of_dataset(root: Path) -> list[Summary]:
    """Return the cached scores of a dataset, the seeds of one evaluation together."""
    content = dataset_content(root)
    scores = known_scores(content) if content else []
    if not scores:
        raise MissingInputError(
            f"{root} has no official score yet, or none since it changed; run "
            f"`datagen evaluate {root} --test DIR`, or compare the folders of previews"
        )
    alike: dict[tuple[str, ...], list[Score]] = defaultdict(list)
    for score in sorted(scores, key=lambda score: score.seed):
        tests = (test.fingerprint for test in score.tests)
        alike[(score.protocol.fingerprint, *tests)].append(score)
    return [summarise(group, path=str(root)) for group in alike.values()]
