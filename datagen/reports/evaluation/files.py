"""The files of a report and the folder that they lie in."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from datagen.core.errors import EvaluationError, InputError, UsageError
from datagen.evaluation.evaluate import Evaluation
from datagen.evaluation.places import recorded_score
from datagen.evaluation.records import Score
from datagen.files.atomic import made_folder, require_writable_folder, write_texts
from datagen.files.locks import locked
from datagen.files.own_pages import PageKind, require_own_page
from datagen.files.paths import real_path, recorded_place, recorded_text
from datagen.files.reading import RECORD, read_text, what_is

PAGE: Final = "report.html"
SUMMARY: Final = "summary.json"
_SCORE_FILE: Final = re.compile(r"score(-\d+)?\.json")
_EVENTS: Final = "tensorboard"
_LOCK: Final = ".report.lock"


def report_folder(dataset: Path, *, preview: bool) -> Path:
    """Return where the report of `dataset` goes by default: a folder where the shell stands.

    Not in the dataset, which is a thing to be hashed, exported and sent, and perhaps read-only; and
    a preview's is another one, so that it never stands in the place of an official report.
    """
    return Path(f"{dataset.absolute().name or 'dataset'}-{'preview' if preview else 'report'}")


def check_folder(
    folder: Path, dataset: Path, tests: Sequence[Path] = (), *, tensorboard: bool
) -> None:
    """Refuse, before anything is trained, a folder that a report cannot go to.

    Raises:
        UsageError: see `check_page`; or TensorBoard is missing.
    """
    check_page(folder / PAGE, dataset, tests, "evaluate")
    if tensorboard:
        from datagen.reports.evaluation.events import check_installed  # noqa: PLC0415 - an extra

        check_installed()


def check_page(page: Path, dataset: Path, tests: Sequence[Path], kind: PageKind) -> None:
    """Refuse, before anything is trained, a folder that a page and its records cannot go to.

    Raises:
        UsageError: the folder is a file, inside the dataset or a test set, or cannot be made; or a
            file stands at the page's place that is no such page.
    """
    folder = page.parent
    if folder.exists() and not folder.is_dir():
        found = what_is(folder.stat().st_mode) or "a file"
        raise UsageError(f"{folder} is {found}; --out names a folder")
    for what, read in (("dataset", dataset), *(("test set", test) for test in tests)):
        if real_path(folder).is_relative_to(real_path(read)):
            raise UsageError(f"{folder} is inside the {what}; choose another --out")
    require_writable_folder(folder)
    require_own_page(page, kind, "another --out")


def write_report(evaluation: Evaluation, folder: Path, *, tensorboard: bool = False) -> Path:
    """Write the report's files into `folder`, and return the page.

    `score.json` (`score-SEED.json` each where there are several), `summary.json`, `history.csv`,
    `report.html`, and with `tensorboard` event files below `tensorboard/`. Files of an earlier
    report there are replaced, others are left alone; a report of this very evaluation is left as
    it is. Paths in all of them are relative to the folder; see `datagen.files.paths.recorded`.

    Raises:
        EvaluationError: a file cannot be written; the scores themselves are in the cache.
    """
    evaluation = _recorded(evaluation, folder)
    scores, summary = evaluation.scores, evaluation.summary
    runs = tuple(run.model_copy(update={"cached": False}) for run in summary.runs)
    summary = summary.model_copy(
        update={"runs": runs, "path": recorded_place(evaluation.request.dataset, folder)}
    )
    summary_text = summary.model_dump_json(indent=1) + "\n"
    names = ["score.json"] if len(scores) == 1 else [f"score-{s.seed}.json" for s in scores]
    expected = [*names, "history.csv", PAGE, *([_EVENTS] if tensorboard else [])]
    if evaluation.all_cached and _is_current(folder, summary_text, expected):
        return folder / PAGE
    from datagen.reports.evaluation.page import page  # noqa: PLC0415 - 0.2 s, and a known report needs none

    texts = {
        name: score.model_dump_json(indent=1) + "\n"
        for name, score in zip(names, scores, strict=True)
    }
    texts |= {
        "history.csv": history_csv(scores),
        PAGE: page(evaluation, summary, folder),
        SUMMARY: summary_text,  # last: where it is right, the others are
    }
    try:
        # without the lock two reports at once would leave files of both
        with made_folder(folder), locked(folder / _LOCK):
            write_texts(folder, texts)
            _drop_stale(folder, set(texts))
            if tensorboard:
                from datagen.reports.evaluation.events import write_events  # noqa: PLC0415 - extra

                write_events(scores, folder / _EVENTS)
    except OSError as error:
        raise EvaluationError(
            f"cannot write the report in {folder}: {error.strerror}; the same command with "
            "another --out writes it from the cached score"
        ) from error
    return folder / PAGE


def _recorded(evaluation: Evaluation, folder: Path) -> Evaluation:
    """Return an evaluation whose scores and sentences name all paths as the report's files do."""
    request = evaluation.request
    places = (request.dataset, *request.tests)
    return replace(
        evaluation,
        scores=tuple(recorded_score(score, folder) for score in evaluation.scores),
        traps=tuple(recorded_text(text, places, folder) for text in evaluation.traps),
    )


def _is_current(folder: Path, summary: str, names: list[str]) -> bool:
    """Say whether the report there is of this evaluation, and whole."""
    try:
        known = read_text(folder / SUMMARY, RECORD)
    except InputError:
        return False
    return known == summary and all((folder / name).exists() for name in names)


def _drop_stale(folder: Path, fresh: set[str]) -> None:
    """Remove an earlier report's scores, so that none is taken for this report's."""
    for path in folder.iterdir():
        if _SCORE_FILE.fullmatch(path.name) and path.name not in fresh:
            path.unlink(missing_ok=True)


def history_csv(scores: tuple[Score, ...]) -> str:
    """Return the epochs of every seed as CSV; epoch 0 is the untrained network on val."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    measured = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds", "train_seconds")
    names = (*measured, "phase", "learning_rate")
    writer.writerow(("seed", *names, "chosen"))
    for score in scores:
        before = score.before_training
        writer.writerow(
            (score.seed, 0, "", "", before.get("loss"), before.get("accuracy"), *[""] * 4, 0)
        )
        for epoch in score.history:
            values = [getattr(epoch, name) for name in names]
            writer.writerow((score.seed, *values, int(epoch.epoch == score.chosen_epoch)))
    return text.getvalue()
