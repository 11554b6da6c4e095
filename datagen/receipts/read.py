"""The score that is to be verified, from what a user has in hand.

Enters: a path of a `score.json` or of a report. Leaves: a `Score` with a receipt, its paths
absolute.
"""

from pathlib import Path

from datagen.core.errors import CorruptInputError, MissingInputError, UsageError
from datagen.evaluation.places import located_score
from datagen.evaluation.records import Receipt, Score, read_score
from datagen.files.json_records import read_json
from datagen.files.leftovers import is_folder

_EXPECTED = "expected score.json, or the folder of a report with one"


def find_score(given: Path) -> Path:
    """Return the file of the one score that a path stands for.

    Args:
        given: a `score.json`, a report's folder, its `summary.json`, or a file with the line that
            `datagen evaluate --json` printed.

    Raises:
        MissingInputError: there is none.
        UsageError: there are several; it names them.
    """
    if is_folder(given):
        return _in_folder(given)
    if not given.exists():
        raise MissingInputError(f"nothing at {given}; {_EXPECTED}")
    plain = _plain_summary(given)
    if plain is None:
        return given
    report = plain.get("report")
    if isinstance(report, str):
        return _in_folder(Path(report).parent)
    if given.name != "summary.json":
        raise MissingInputError(
            f"{given} is of an evaluation without a report, and its line holds no receipt; "
            f"{_EXPECTED}"
        )
    return _in_folder(given.parent)


def _in_folder(folder: Path) -> Path:
    found = sorted(folder.glob("score*.json")) if folder.is_dir() else []
    if not found:
        raise MissingInputError(f"{folder} holds no score.json; {_EXPECTED}")
    if len(found) > 1:
        raise UsageError(
            f"{folder} holds {len(found)} scores, one of each seed; name one of them, such as "
            f"{found[0]}"
        )
    return found[0]


def _plain_summary(path: Path) -> dict[str, object] | None:
    """Return the plain data of a summary; None where the file is none, such as a score."""
    try:
        plain = read_json(path)
    except CorruptInputError:  # `read_score` says it
        return None
    return plain if isinstance(plain, dict) and plain.get("command") == "evaluate" else None


def read_receipt(path: Path) -> tuple[Score, Receipt]:
    """Read a score that can be verified.

    Raises:
        MissingInputError: there is none, or it has no receipt.
        CorruptInputError: it is no score, or has no epoch.
    """
    score = located_score(read_score(path), path.absolute().parent)
    if score.receipt is None:
        raise MissingInputError(
            f"{path} has no receipt: datagen wrote none before this version; "
            "`datagen evaluate` makes the score again, with one"
        )
    if not score.history:
        raise CorruptInputError(f"{path} has no epoch; evaluate the dataset again")
    return score, score.receipt
