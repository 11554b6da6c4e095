"""Everything that a review begins with: the images, an audit of them, the decisions so far.

Enters: a folder and what was asked for. Leaves: a `Sitting`. Auditing again, with the decisions so
far, is here too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from datagen.core.errors import CorruptInputError, InputError, MissingInputError, SplitError
from datagen.core.numerals import Numeral
from datagen.curation.audit.find import audit_folder
from datagen.curation.audit.record import AuditImage, read_audit, write_audit
from datagen.files.paths import real_path
from datagen.files.scratch import scratch
from datagen.reviews.page.app import Sitting
from datagen.reviews.page.improve import Improver, Rank
from datagen.reviews.page.neighbours import Neighbours
from datagen.reviews.page.pictures import Pictures
from datagen.reviews.page.session import Session
from datagen.reviews.page.suspects import Decisions, Suspect, fits, listing, require_fit, suspects
from datagen.reviews.page.unchanged import read_unchanged
from datagen.reviews.record import ReviewFile

AUDIT: Final = "audit.jsonl"
"""Where an audit is looked for, and written, where none is named."""

Tell = Callable[[str, int, int | None], None]
Note = Callable[[str], None]

_AUDITING: Final = {
    "images": "Looking at the images again",
    "near-duplicates": "Looking for near-duplicates",
    "synthetic": "Writing synthetic numerals",
    "networks": "Training networks that judge what they did not learn from",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a review is asked to begin with.

    Attributes:
        folder: class folders, or `train/` and `val/` that hold them.
        out: the review file; an existing one is gone on with.
        audit: an audit of the folder; None looks for `audit.jsonl`, else makes one.
        without_audit: the images come in the folder's order.
        who: decides.
    """

    folder: Path
    out: Path
    audit: Path | None = None
    without_audit: bool = False
    who: str | None = None

    @property
    def title(self) -> str:
        """What the folder is called."""
        return real_path(self.folder).name or str(self.folder)


def prepare(wanted: Wanted, tell: Tell, note: Note) -> Sitting:
    """Return what a page is about.

    Args:
        wanted: what was asked for.
        tell: told how far an audit is.
        note: told what a person should know: which audit is used, or why none.

    Raises:
        MissingInputError, CorruptInputError: folder or audit are not there, or are none.
        RecipeError: the review file is none.
        EvaluationError: the evaluator that an audit needs cannot run here.
    """
    listed = listing(wanted.folder)
    file = ReviewFile(wanted.out, about=f"{len(listed):,} images of {wanted.title}")
    session = Session(file)
    audit = () if wanted.without_audit else _audit(wanted, listed, tell, note)
    images = suspects(wanted.folder, listed, audit)
    if audit and len(audit) < len(listed):
        note(f"{len(listed) - len(audit):,} images are not in the audit; they come last")
    return Sitting(
        title=wanted.title,
        images=images,
        pictures=Pictures(wanted.folder),
        session=session,
        improver=Improver(wanted.folder, _rank(wanted.folder, listed) if audit else None),
        neighbours=Neighbours(wanted.folder, images),
        file=str(wanted.out),
        about=file.review().about,
        who=wanted.who,
    )


def _audit(
    wanted: Wanted, listed: Mapping[str, tuple[str, str]], tell: Tell, note: Note
) -> tuple[AuditImage, ...]:
    if wanted.audit is not None:
        found = read_audit(wanted.audit)
        require_fit(wanted.audit, wanted.folder, listed, found)
        return found
    places = _places(wanted.title)
    for place in places:
        known = _known(place)
        if known and fits(listed, known):
            note(f"the order is that of {place}")
            return known
    try:
        made = audit_folder(wanted.folder, skip_bad=True, tell=tell).images
    except SplitError as error:
        note(f"no audit, so the order is the folder's: {error}")
        return ()
    place = next(place for place in places if not place.exists())
    try:
        write_audit(place, made)
    except OSError as error:  # the review can go on with what took minutes
        note(f"audited, but {place} cannot be written ({error.strerror})")
    else:
        note(f"audited; written to {place}, which the next review uses")
    return made


def _places(title: str) -> list[Path]:
    """Return where an audit of the folder may lie; the last place is free."""
    own = [Path(f"audit-{title}.jsonl")]
    while own[-1].exists():
        own.append(Path(f"audit-{title}-{len(own) + 1}.jsonl"))
    return [Path(AUDIT), *own]


def _known(place: Path) -> tuple[AuditImage, ...]:
    """Return an audit that lies where nobody named it; none where it is no audit."""
    try:
        return read_audit(place)
    except (MissingInputError, CorruptInputError):
        return ()


def _rank(root: Path, listed: Mapping[str, tuple[str, str]]) -> Rank:
    """Return what audits the folder anew, as if the decisions so far were carried out."""

    def rank(images: Sequence[Suspect], decisions: Decisions, tell: Tell) -> tuple[Suspect, ...]:
        def told(step: str, done: int, total: int | None) -> None:
            tell(_AUDITING.get(step, step), done, total)

        before = {image.path: image.found for image in images}
        with scratch("datagen-review") as folder:
            names = _carried_out(root, listed, decisions, folder)
            audit = audit_folder(folder, skip_bad=True, tell=told).images
        found = {names[image.path]: image for image in audit}
        again = [
            _as_given(path, numeral, found.get(path), names, before.get(path))
            for path, (numeral, _) in listed.items()
        ]
        return suspects(root, listed, [image for image in again if image is not None])

    return rank


def _carried_out(
    root: Path, listed: Mapping[str, tuple[str, str]], decisions: Decisions, folder: Path
) -> dict[str, str]:
    """Copy the images into class folders as decided; return path there → path below `root`."""
    names: dict[str, str] = {}
    for number, (path, (numeral, sha256)) in enumerate(listed.items()):
        one = decisions.get(sha256)
        shown = numeral if one is None or one.was != numeral else one.shows
        if shown is None:
            continue
        try:
            data = read_unchanged(root, path, sha256)
        except InputError:  # it keeps what an earlier audit says of it
            continue
        name = f"{shown}/{number:06d}{Path(path).suffix}"
        (folder / shown).mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
        names[name] = path
    return names


def _as_given(
    path: str,
    numeral: str,
    found: AuditImage | None,
    names: Mapping[str, str],
    before: AuditImage | None,
) -> AuditImage | None:
    """Return what an audit of the copies says of an image, under its own path and class.

    What it is worth to the score stays as estimated before; a dropped image keeps all it had.
    """
    if found is None:
        return before
    worth = (
        {}
        if before is None
        else {name: getattr(before, name) for name in ("value", "value_low", "value_high")}
    )
    update = {
        "path": path,
        "numeral": cast("Numeral", numeral),
        "alike": tuple(names[other] for other in found.alike),
        **worth,
    }
    return found.model_copy(update=update)
