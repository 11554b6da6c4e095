"""The review file while it is worked on: written whole, in one order, one line per image.

Two files of equal decisions are equal, and one decision more is one line more, so that
`git diff` shows what was decided.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

import yaml
from pydantic import ValidationError

from datagen.core.errors import UsageError
from datagen.core.numerals import CLASSES
from datagen.files.atomic import require_writable, staged_file
from datagen.files.locks import locked
from datagen.sources.images.review import LOOKED_AT, LabelCorrection, Review, read
from pipelines.text import quoted

_Stamp = tuple[int, int, int] | None
"""Time, size and number of a file: another one where it was written; None where there is none."""

_NUMBER: Final = re.compile(r"[0-9]+(e[0-9]+)?")

Decisions: TypeAlias = Mapping[str, LabelCorrection | None]
"""SHA-256 of a file's bytes → what was decided; None: nothing."""

NO_NAME: Final = "review"
"""The name of a review whose file's name has no letter."""


def review_text(review: Review) -> str:
    """Return a review as YAML: by the class as given, then by hash.

    Example:
        >>> print(review_text(Review(review=1, name="mine", about="my photos", images={})), end="")
        review: 1
        name: "mine"
        about: "my photos"
        images: {}
    """
    lines = ["review: 1", f"name: {_quoted(review.name)}", f"about: {_quoted(review.about)}"]
    lines.append("images:" if review.images else "images: {}")
    for numeral in CLASSES:
        given = sorted(hash_ for hash_, one in review.images.items() if one.was == numeral)
        if given:
            lines.append(f"  # given as {numeral}")
        lines += [f"  {_key(hash_)}: {_line(review.images[hash_])}" for hash_ in given]
    return "\n".join(lines) + "\n"


def write_review(path: Path, review: Review) -> None:
    """Write a review file; it appears whole or not at all. Comments of an earlier one are gone.

    Raises:
        UsageError: it cannot be written.
    """
    text = review_text(review).encode()
    try:
        with staged_file(path) as temporary:
            temporary.write_bytes(text)
    except OSError as error:
        raise _unwritable(path, error) from error


def signature(who: str | None) -> str | None:
    """Return the name of the person who decides, as a review file holds it.

    Raises:
        UsageError: it is no text that a file can hold.
    """
    try:
        keep = {"verdict": "keep", "was": CLASSES[0], "who": who}
        return LabelCorrection.model_validate(keep).who
    except ValidationError as error:
        raise UsageError(
            f"--who {quoted(who)}: expected a name, text in Unicode; give another, or leave it out"
        ) from error


class ReviewFile:
    """A review file to which decisions are added, each written at once.

    Others may write to it meanwhile: an editor, `git`, another process. Every decision is made on
    what the file holds then, under a lock between processes. Safe to be shared by threads.

    Args:
        path: of the YAML file; where there is none, the first decision makes it.
        about: which collection, for a new file.
        name: of the review, for a new file; None takes it from the file's name.

    Raises:
        RecipeError: what is there is no review.

    Example:
        >>> import tempfile
        >>> file = ReviewFile(Path(tempfile.mkdtemp(), "mine.yaml"), about="my photos")
        >>> blank = LabelCorrection(verdict="drop", was="iv", reason="blank", who="kim")
        >>> before = file.decide({64 * "0": blank})
        >>> print(file.path.read_text().splitlines()[-1].split(": ", 1)[1])
        {verdict: drop, was: iv, reason: "blank", who: "kim"}
    """

    def __init__(self, path: Path, *, about: str, name: str | None = None) -> None:
        self.path = path
        named = name or path.stem.strip() or NO_NAME
        self._new = Review(review=1, name=named, about=about, images={})
        self._guard = threading.Lock()
        self._read: tuple[_Stamp, Review] = (None, self._new)
        self.review()

    def review(self) -> Review:
        """Return what the file holds now; it is read again only where it has changed.

        Raises:
            RecipeError: what is there is no review.
        """
        with self._guard:
            return self._current()

    def require_writable(self) -> None:
        """Refuse a file in which no decision could be kept, before a person makes one.

        Raises:
            UsageError: it cannot be written, or its folder is not there.
        """
        require_writable(self.path, "another file", name="the review ")

    def decide(
        self, decisions: Decisions, *, expected: Decisions | None = None
    ) -> dict[str, LabelCorrection | None]:
        """Write decisions into the file, all of them or none.

        Args:
            decisions: SHA-256 of a file's bytes → what was decided; None takes a decision back.
            expected: leave out those of which the file says something else than this.

        Returns:
            What the file said before of each that was written; given to `decide`, it undoes this.

        Raises:
            UsageError: the file cannot be written.
            RecipeError: what is there is no review.
        """
        with self._guard, self._locked():
            before = self._current()
            if expected is not None:
                decisions = {
                    hash_: one
                    for hash_, one in decisions.items()
                    if before.images.get(hash_) == expected[hash_]
                }
                if not decisions:
                    return {}
            images = {**before.images, **decisions}
            after = Review(
                review=1,
                name=before.name,
                about=before.about,
                images={hash_: one for hash_, one in images.items() if one is not None},
            )
            write_review(self.path, after)
            self._read = (_stamp(self.path), after)
        return {hash_: before.images.get(hash_) for hash_ in decisions}

    def _current(self) -> Review:
        stamp = _stamp(self.path)
        if stamp != self._read[0]:
            self._read = (stamp, self._new if stamp is None else read(self.path))
        return self._read[1]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self.path.with_name(f".{self.path.name}.lock")
        try:
            with locked(lock):
                yield
        except OSError as error:
            raise _unwritable(self.path, error) from error


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot write the review {path}: {error.strerror}; choose another file")


def _key(sha256: str) -> str:
    """Return a hash as a key; one in a million million would be read as a number."""
    return f'"{sha256}"' if _NUMBER.fullmatch(sha256) else sha256


def _line(one: LabelCorrection) -> str:
    """Return a decision as a mapping of YAML on one line."""
    parts = [f"verdict: {one.verdict}"]
    if one.numeral is not None:
        parts.append(f"class: {one.numeral}")
    parts.append(f"was: {one.was}")
    if one.verdict != "keep" or one.reason != LOOKED_AT:
        parts.append(f"reason: {_quoted(one.reason)}")
    parts += [
        f"{key}: {_quoted(text)}" for key, text in (("who", one.who), ("when", one.when)) if text
    ]
    return "{" + ", ".join(parts) + "}"


def _quoted(text: str) -> str:
    """Return a text in double quotes, as YAML reads it back."""
    if text.isprintable():  # then JSON's quotes are YAML's, and a hundred times as fast
        return json.dumps(text, ensure_ascii=False)
    written: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))
    return written.rstrip("\n")
