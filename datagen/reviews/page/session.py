"""The decisions of one sitting: written at once, taken back one by one, told to every tab.

Enters: decisions of any tab. Leaves: what changed since a tab looked last. The review file is the
only store: what somebody else writes into it, an editor or a second server, is told to the tabs
like a decision of another tab.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from datagen.reviews.record import Decisions, ReviewFile
from datagen.sources.images.review import LabelCorrection

Change: TypeAlias = Decisions

MOST_STEPS: Final = 10_000
"""Decisions that can be taken back one after the other."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a decision.

    Attributes:
        overruled: decisions that the tab did not know of, and has replaced.
    """

    overruled: Change


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of a step that was to be taken back.

    Attributes:
        decisions: what counts again.
        since: of the step's other images: what somebody has decided since, which stands.
    """

    decisions: Change
    since: Change


@dataclass(frozen=True, slots=True)
class _Step:
    before: Change
    after: Change


class Session:
    """The decisions of one sitting, shared by the tabs of a page. Safe to be shared by threads.

    Args:
        file: where they are kept.
    """

    def __init__(self, file: ReviewFile) -> None:
        self._file = file
        self._lock = threading.RLock()
        self._version = 0
        self._known: Mapping[str, LabelCorrection] = {}
        self._changed: dict[str, int] = {}  # hash → the version that brought its last change
        self._steps: list[_Step] = []  # of this sitting and earlier
        self._look()
        for sha256 in self._in_time(self._known):
            self._steps.append(_Step({sha256: None}, {sha256: self._known[sha256]}))

    @staticmethod
    def _in_time(decisions: Mapping[str, LabelCorrection]) -> list[str]:
        """Return those of which is known when they were decided, in that order."""
        timed = {sha256: one.when for sha256, one in decisions.items() if one.when is not None}
        return sorted(timed, key=lambda sha256: timed[sha256])[-MOST_STEPS:]

    def decisions(self) -> dict[str, LabelCorrection]:
        """Return what is decided of each image.

        Raises:
            RecipeError: the file is no review any more.
        """
        with self._lock:
            self._look()
            return dict(self._known)

    def since(self, version: int) -> tuple[int, Change]:
        """Return the present version, and what changed after an earlier one.

        Raises:
            RecipeError: the file is no review any more.
        """
        with self._lock:
            self._look()
            fresh = [sha256 for sha256, at in self._changed.items() if at > version]
            return self._version, {sha256: self._known.get(sha256) for sha256 in fresh}

    def decide(self, decisions: Change, seen: Change) -> Outcome:
        """Keep decisions; the later one counts where two tabs disagree.

        Args:
            decisions: one step, which is taken back as a whole.
            seen: what the tab took for decided until then.

        Raises:
            UsageError: the file cannot be written.
            RecipeError: the file is no review any more.
        """
        with self._lock:
            before = self._file.decide(decisions)
            self._steps = [*self._steps, _Step(before, decisions)][-MOST_STEPS:]
            self._look()
            overruled = {
                sha256: one
                for sha256, one in before.items()
                if not _agree(one, seen.get(sha256)) and not _agree(one, decisions[sha256])
            }
            return Outcome(overruled)

    def undo(self) -> Undone:
        """Take the last decision back, of whichever tab, as far as it still stands.

        Raises:
            UsageError: the file cannot be written.
            RecipeError: the file is no review any more.
        """
        with self._lock:
            if not self._steps:
                return Undone({}, {})
            last = self._steps[-1]
            taken = self._file.decide(last.before, expected=last.after)
            self._steps.pop()
            self._look()
            since = {
                sha256: self._known[sha256]
                for sha256 in last.before.keys() - taken.keys()
                if sha256 in self._known
            }
            return Undone({sha256: last.before[sha256] for sha256 in taken}, since)

    def _look(self) -> None:
        now = self._file.review().images
        if now is self._known:
            return
        different = [s for s in {*now, *self._known} if now.get(s) != self._known.get(s)]
        if different:
            self._version += 1
            self._changed.update(dict.fromkeys(different, self._version))
        self._known = now


def _agree(one: LabelCorrection | None, other: LabelCorrection | None) -> bool:
    """Return whether two decisions come to the same, whatever their words."""
    if one is None or other is None:
        return one is other
    return (one.verdict, one.numeral, one.was) == (other.verdict, other.numeral, other.was)
