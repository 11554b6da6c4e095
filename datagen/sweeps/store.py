"""The sweep's folder: its lock, its spec, and its logs, to which lines are only ever added.

`sweep.jsonl` has one line per `Trial` whose state is final: it ran to the end, failed or was
stopped. `rungs.jsonl` has one line per `TrialOutcome` at a rung, so that only a halving sweep has
it. (Earlier versions wrote every outcome there.) A result is on the disk before anything follows
from it.
"""

import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from datagen.core.errors import InputError, UsageError
from datagen.core.nested import changed_keys
from datagen.files.atomic import staged_file
from datagen.files.lines import append_line, cut_torn_line, read_lines, refuse_other_than_file
from datagen.files.locks import try_lock
from datagen.files.presets import read_text
from datagen.files.reading import LINES, YAML, read_bytes
from datagen.sweeps.records import TRIALS, Reached, Trial, read_trials
from datagen.sweeps.spec import Spec, located, own_keys, parse_yaml, validate
from datagen.sweeps.trial import SPEC, TrialOutcome

RUNGS: Final = "rungs.jsonl"
JOURNAL: Final = "optuna.journal"
LOCK: Final = "lock"

Key = tuple[str, int]
"""Candidate and seed."""


class Store:
    """The open folder of a sweep, which this process alone writes to, once it has begun."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._waiting: list[tuple[Path, BaseModel]] | None = []  # lines; None: it has begun
        for name in (TRIALS, RUNGS):
            refuse_other_than_file(folder / name)  # before trials run
        self.outcomes = _read_outcomes(folder)
        self.trials: dict[Key, Trial] = {}
        if (folder / TRIALS).is_file():
            self.trials = {(trial.point, trial.seed): trial for trial in read_trials(folder)}
        for trial in self.trials.values():
            self._take(trial)

    def _take(self, trial: Trial) -> None:
        """Derive the last outcome of a trial that is done or failed from its line in the log."""
        key = (trial.point, trial.seed, None)
        if trial.state == "stopped" or key in self.outcomes:  # earlier versions logged it twice
            return
        build, evaluate = self.seconds(trial.point, trial.seed)
        reached = trial.model_dump(include=set(Reached.model_fields))
        self.outcomes[key] = TrialOutcome(
            **reached
            | {
                "build_seconds": max(0.0, round(trial.build_seconds - build, 3)),
                "evaluate_seconds": max(0.0, round(trial.evaluate_seconds - evaluate, 3)),
            },
            until=None,
            complete=trial.state == "done",
            value=None if trial.state == "failed" else trial.decided,
        )

    @property
    def journal(self) -> Path:
        """Where Optuna keeps its study."""
        return self.folder / JOURNAL

    @property
    def begun(self) -> bool:
        """Whether the folder was written to."""
        return self._waiting is None

    def begin(self, spec: Spec) -> None:
        """Let the folder be this spec's: nothing can refuse it any more. Once is enough.

        What a kill left half-written at the end of a log is cut off.
        """
        if self._waiting is None:
            return
        for name in (TRIALS, RUNGS):
            cut_torn_line(self.folder / name)
        with staged_file(self.folder / SPEC) as temporary:
            temporary.write_text(spec.to_yaml(self.folder), "utf-8")
        waiting, self._waiting = self._waiting, None
        for path, record in waiting:
            append_line(path, record)

    def _log(self, name: str, record: BaseModel) -> None:
        if self._waiting is None:
            append_line(self.folder / name, record)
        else:
            self._waiting.append((self.folder / name, record))

    def outcome(self, candidate: str, seed: int, until: int | None) -> TrialOutcome | None:
        """Return a trial's outcome at a rung or at the end, or the failure that came before."""
        found = self.outcomes.get((candidate, seed, until))
        if found is None:
            ran = self._of(candidate, seed)
            return next((outcome for outcome in ran if outcome.error is not None), None)
        return found

    def last(self, candidate: str, seed: int) -> TrialOutcome | None:
        """Return the outcome of a trial with the most epochs."""
        return max(self._of(candidate, seed), key=lambda outcome: outcome.epochs, default=None)

    def seconds(self, candidate: str, seed: int) -> tuple[float, float]:
        """Return what a trial took to build and to evaluate, over all its rungs."""
        ran = self._of(candidate, seed)
        return (
            round(sum(outcome.build_seconds for outcome in ran), 3),
            round(sum(outcome.evaluate_seconds for outcome in ran), 3),
        )

    def _of(self, candidate: str, seed: int) -> list[TrialOutcome]:
        return [found for key, found in self.outcomes.items() if key[:2] == (candidate, seed)]

    def forget_failed(self) -> None:
        """Forget the failures, so that those trials run again; the log keeps their lines."""
        failed = [key for key, outcome in self.outcomes.items() if outcome.error is not None]
        for key in failed:
            del self.outcomes[key]

    def add_outcome(self, outcome: TrialOutcome) -> None:
        """Take an outcome; one at a rung is logged here, any other with its trial."""
        self.outcomes[outcome.point, outcome.seed, outcome.until] = outcome
        if outcome.until is not None and outcome.error is None:
            self._log(RUNGS, outcome)

    def add_trial(self, trial: Trial) -> bool:
        """Log a trial; return whether it was not known in this state."""
        key = (trial.point, trial.seed)
        known = self.trials.get(key)
        if known is not None and trial in (known, _as_scored(known, trial)):
            return False
        self.trials[key] = trial
        self._log(TRIALS, trial)
        self._take(trial)
        return True


def _as_scored(known: Trial, trial: Trial) -> Trial:
    """Return a known trial with the evaluator of `trial` where its line does not name one."""
    return known.model_copy(update={"evaluator": known.evaluator or trial.evaluator})


def read_spec(folder: Path) -> Spec | None:
    """Return the spec of the sweep in a folder; None where there is none.

    Raises:
        UsageError: the folder holds something else.
        RecipeError: its spec is damaged, or cannot be read.
    """
    path = folder / SPEC
    if path.is_file():
        text = read_text(path, "sweep").text
        plain = located(own_keys(parse_yaml(text, str(path))), folder.absolute())
        return validate(plain, origin=str(path))
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; choose another --out")
    if folder.is_dir() and any(entry.name != LOCK for entry in folder.iterdir()):
        raise UsageError(f"{folder} holds no {SPEC}, so it is no sweep; choose another --out")
    return None


def differences(old: BaseModel, new: BaseModel) -> dict[str, tuple[Any, Any]]:
    """Return the nested keys in which two specs differ, with both values."""
    return changed_keys(*(spec.model_dump(mode="json") for spec in (old, new)))


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """Make or open a sweep's folder, and keep other sweeps out of it.

    Where the block ends before `Store.begin`, the folder's files are left byte for byte as they
    were.

    Raises:
        UsageError: another sweep runs there, or the folder cannot be written.
        CorruptInputError: a log is damaged.
    """
    descriptor, owner = _lock(folder)
    journal = folder / JOURNAL
    before = read_bytes(journal, LINES) if journal.is_file() else None
    store = None
    try:
        store = Store(folder)
        cut_torn_line(journal)  # Optuna would write on in the middle of it
        yield store
    finally:
        if store is None or not store.begun:
            _restore(journal, before)
            _write_owner(descriptor, owner)
        os.close(descriptor)


def _restore(path: Path, content: bytes | None) -> None:
    """Give a file the content that it had, None where there was none."""
    if content is None:
        path.unlink(missing_ok=True)
    elif read_bytes(path, LINES) != content:
        with staged_file(path) as temporary:
            temporary.write_bytes(content)


def _lock(folder: Path) -> tuple[int, bytes]:
    """Take the folder's lock; return what holds it, and who held it last."""
    path = folder / LOCK
    try:
        descriptor = try_lock(path)
        if descriptor is None:
            raise UsageError(
                f"another sweep runs in {folder} ({_owner(path)}); wait for it, or choose another "
                "--out"
            )
        last = os.read(descriptor, 4096)
        _write_owner(descriptor, f"process {os.getpid()} on {platform.node()}".encode())
    except OSError as error:
        raise UsageError(
            f"cannot write in {folder}: {error.strerror}; choose another --out"
        ) from error
    return descriptor, last


def _write_owner(descriptor: int, owner: bytes) -> None:
    """Write into the lock's file who holds it; without a rename, which would lose the lock."""
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, owner)


def _owner(path: Path) -> str:
    try:
        return read_bytes(path, YAML).decode("utf-8", "replace") or "it has just begun"
    except InputError:
        return "its owner cannot be read"


def _read_outcomes(folder: Path) -> dict[tuple[str, int, int | None], TrialOutcome]:
    outcomes = read_lines(folder / RUNGS, TrialOutcome)
    return {(each.point, each.seed, each.until): each for each in outcomes}


def shown(differing: Mapping[str, tuple[Any, Any]]) -> str:
    """Return differences in one line, the first few."""
    parts = [
        f"{key}: {json.dumps(old, ensure_ascii=False)} → {json.dumps(new, ensure_ascii=False)}"
        for key, (old, new) in list(differing.items())[:5]
    ]
    more = len(differing) - len(parts)
    return "; ".join(parts) + (f"; and {more} more" if more else "")
