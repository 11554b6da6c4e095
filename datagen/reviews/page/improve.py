"""Training again while a person goes on: what the decisions have done, and a new order.

Enters: the images and the decisions so far. Leaves: how far the work is, what the decisions do to a
held-out score, and the images in a new order. One work at a time, in a thread of its own; the
training itself is another process.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from datagen.core.errors import DatagenError, InputError
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.text import how_many
from datagen.files.decode import decode_gray
from datagen.files.leftovers import require_folder
from datagen.files.paths import refusal
from datagen.reviews.page.effect import Effect, Views, measure, sentence
from datagen.reviews.page.suspects import Decisions, Suspect
from datagen.reviews.page.unchanged import read_unchanged

Phase = Literal["idle", "running", "done", "failed"]
Tell = Callable[[str, int, int | None], None]
Rank = Callable[[Sequence[Suspect], Decisions, Tell], Sequence[Suspect]]
"""Returns the images in a new order, from an audit that knows the decisions."""
Take = Callable[[Sequence[Suspect]], None]

_NO_EFFECT: Final = (
    "A held-out score needs at least 60 images, and a drop or a relabel among those trained on."
)

_IMAGES: Final = "the images of this review"

_PATIENCE: Final = 20  # seconds until the work has noticed that it is to end

_log = logging.getLogger(__name__)


class _EndedError(Exception):
    """The page is closed."""


class Improver:
    """Trains again when asked to.

    Args:
        root: the folder.
        rank: see `Rank`; None where the images stay in their order.
    """

    def __init__(self, root: Path, rank: Rank | None = None) -> None:
        self._root, self._rank = root, rank
        self._lock = threading.Lock()
        self._views: dict[str, Views] = {}
        self._state: dict[str, Any] = {"phase": "idle"}
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def state(self) -> dict[str, Any]:
        """Return how far it is, as the page reads it."""
        with self._lock:
            return dict(self._state)

    def start(self, images: Sequence[Suspect], decisions: Decisions, take: Take) -> bool:
        """Begin, unless it is at work; return whether it began.

        Args:
            images: of the folder.
            decisions: so far.
            take: called with the images in their new order.
        """
        with self._lock:
            if self._state["phase"] == "running":
                return False
            self._state = {"phase": "running", "step": "Reading the images"}
        self._thread = threading.Thread(
            target=self._work, args=(images, decisions, take), name="training again", daemon=True
        )
        self._thread.start()
        return True

    def close(self) -> None:
        """End the work, and the process that trains, at its next step."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def _tell(self, step: str, done: int, total: int | None) -> None:
        if self._ended.is_set():
            raise _EndedError
        with self._lock:
            self._state = {"phase": "running", "step": step, "done": done, "total": total}

    def _work(self, images: Sequence[Suspect], decisions: Decisions, take: Take) -> None:
        try:
            found = self._improve(images, decisions, take)
        except _EndedError:
            found = {"phase": "idle"}
        except OSError as error:
            message = str(refusal(error) or error)
            found = {"phase": "failed", "message": message}
        except (DatagenError, MemoryError) as error:
            found = {"phase": "failed", "message": str(error)}
        except Exception as error:  # the page goes on without it, and says so
            _log.exception("training again failed")
            found = {"phase": "failed", "message": repr(error)}
        with self._lock:
            self._state = found

    def _improve(
        self, images: Sequence[Suspect], decisions: Decisions, take: Take
    ) -> dict[str, Any]:
        require_folder(self._root, _IMAGES)
        effect, unread = self._effect(images, decisions)
        if self._rank is not None:
            take(self._rank(images, decisions, self._tell))
        found: dict[str, Any] = {"phase": "done", "decisions": len(decisions)}
        if effect is None:
            return found | {"message": f"{_NO_EFFECT}{unread}"}
        return found | {"effect": sentence(effect), "numbers": asdict(effect)}

    def _effect(self, images: Sequence[Suspect], decisions: Decisions) -> tuple[Effect | None, str]:
        """Return what the decisions do to a score, and what is to be said of unreadable images."""
        failures = [error for error in map(self._look, images) if error is not None]
        unread = (
            f" {len(failures):,} of {how_many(len(images), 'image')} cannot be read: {failures[0]}."
            if failures
            else ""
        )
        usable = [image for image in images if image.sha256 in self._views]
        if not usable:
            return None, unread
        views = np.stack([self._views[image.sha256] for image in usable])
        tell = partial(self._tell, "Training with and without your decisions")
        return measure(usable, views, decisions, tell), unread

    def _look(self, image: Suspect) -> InputError | None:
        """Read an image as the evaluator sees it, once; return why it cannot be read."""
        if image.sha256 not in self._views:
            try:
                data = read_unchanged(self._root, image.path, image.sha256)
                gray = decode_gray(data, str(self._root / image.path))
                self._views[image.sha256] = evaluator_view(gray)
            except InputError as error:
                return error
        return None
