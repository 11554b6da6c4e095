"""A corrected copy of a folder: what can be put right without a person's judgement.

Enters: a diagnosis. Leaves: a new folder; the one that was looked at is never changed.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from datagen.core.errors import BuildError, InputError
from datagen.core.models import StrictModel
from datagen.core.numerals import CLASSES
from datagen.datasets.doctor.diagnose import Diagnosis, Fixed, diagnose
from datagen.datasets.doctor.finding import Finding
from datagen.datasets.doctor.layout import Listed
from datagen.files.atomic import apart_target, staged
from datagen.files.class_folders import SOURCE_RULES, files_below
from datagen.files.decode import decode_colour
from datagen.files.encode import encode_png
from datagen.files.names import DistinctNames
from datagen.files.paths import real_path
from datagen.files.reading import IMAGE, read_bytes
from datagen.sources.images.read import read_numeral

RECORD: Final = "doctor.json"
"""The record of what was done, in the copy."""

_OTHER: Final = "another folder for --fix"

LEFT_OUT: Final = {
    "blank": "blank images left out",
    "copy": "copies left out, the first kept",
    "in-both-splits": "pictures left out that a later part holds too",
    "in-test": "pictures of a test set left out",
    "link-to-nowhere": "broken links left out",
    "litter": "files of systems and editors left out",
    "no-image": "files that are not images left out",
    "special-file": "pipes, devices and the like left out",
    "too-small": "images too small for a numeral left out",
    "unreadable": "unreadable files left out",
}
"""Kinds of findings whose files do not go into the copy, in the past tense."""

REDRAWN: Final = {
    "alpha": "laid over white paper",
    "depth": "written with 8 bits",
    "format": "written as PNG",
    "orientation": "rotated as EXIF says",
    "polarity": "inverted to dark ink on light paper",
    "unread-image": "written as PNG",
}
"""Kinds of findings whose files are decoded by our rule and written as PNG."""

RENAMED: Final = {
    "misspelt-class": "class folders renamed",
    "not-unicode": "files renamed",
}
"""Kinds of findings that another name puts right."""

MECHANICAL: Final = frozenset({*LEFT_OUT, *REDRAWN, *RENAMED})
"""Kinds of findings that a copy puts right."""

_ELSEWHERE: Final = "files left out that lie in no class folder"
_NOT_IN_COPY: Final = {"near-duplicate", "near-test", "outside", "unknown-folder"}
_ROUNDS: Final = 4  # a picture that was redrawn may be one that was there already


class LeftOutFile(StrictModel):
    """A file that is not in the copy; `path` is below the folder that was looked at."""

    path: str
    kind: str


class KeptFile(StrictModel):
    """A file that has another name or other bytes in the copy.

    Attributes:
        path: below the copy.
        source: below the folder that was looked at.
        kinds: of the findings that were put right.
    """

    path: str
    source: str
    kinds: tuple[str, ...]


class FixRecord(StrictModel):
    """`doctor.json`: what a copy has otherwise than the folder it was made from."""

    schema_version: Literal[1] = 1
    source: str
    images: int
    left_out: tuple[LeftOutFile, ...]
    changed: tuple[KeptFile, ...]


@dataclass(slots=True)
class _Work:
    """What is to be done, by the findings."""

    out: dict[str, str] = field(default_factory=dict)  # path → kind
    redraw: dict[str, list[str]] = field(default_factory=dict)  # path → kinds


def check_copy(root: Path, out: Path, *, overwrite: bool) -> Path:
    """Return where the copy goes, before work is spent on it.

    Raises:
        UsageError: it exists and may not be replaced, or lies in the folder or around it.
    """
    return apart_target(out, root, overwrite=overwrite, marker=RECORD, other=_OTHER)


def write_fixed(found: Diagnosis, out: Path, *, overwrite: bool = False) -> Fixed:
    """Write a corrected copy of a folder.

    Args:
        found: what is wrong in it.
        out: the copy's folder; it appears whole or not at all.
        overwrite: replace an earlier copy.

    Raises:
        UsageError: see `check_copy`; or it cannot be written.
        BuildError: writing failed, or a file changed meanwhile.
    """
    target = check_copy(found.path, out, overwrite=overwrite)
    work, elsewhere = _work(found.findings), _elsewhere(found)
    with staged(target, overwrite=overwrite, marker=RECORD, other=_OTHER) as staging:
        try:
            kept = _write(found, work, staging)
            again = _weed(staging, work, kept)
            record = _record(found, work, kept, elsewhere)
            (staging / RECORD).write_text(record.model_dump_json(indent=1) + "\n", "utf-8")
        except (OSError, InputError) as error:
            raise BuildError(f"cannot write the copy: {error}; nothing was kept") from error
    clean = all(finding.severity != "broken" for finding in again)
    return Fixed(out, len(kept), _done(found, work, elsewhere), _left(found, again), clean)


def _work(findings: Sequence[Finding]) -> _Work:
    work = _Work()
    for finding in findings:
        if finding.kind == "in-both-splits":
            work.out |= dict.fromkeys(finding.others, finding.kind)  # those of earlier parts
        elif finding.kind in LEFT_OUT:
            work.out.setdefault(finding.path, finding.kind)
        elif finding.kind in REDRAWN:
            work.redraw.setdefault(finding.path, []).append(finding.kind)
    return work


def _write(found: Diagnosis, work: _Work, staging: Path) -> dict[str, str]:
    """Write every file that is kept; return path in the copy → path in the folder."""
    for part in found.layout.parts:
        for numeral in CLASSES:
            (staging / part / numeral).mkdir(parents=True)
    kept: dict[str, str] = {}
    names = DistinctNames()
    for listed, digest in _files(found):
        if listed.name in work.out:
            continue
        redraw = listed.name in work.redraw
        name = names.give(_target(found, listed, redraw), digest[:16])
        source = found.path / listed.name
        data = read_bytes(source, IMAGE)
        (staging / name).parent.mkdir(parents=True, exist_ok=True)
        (staging / name).write_bytes(
            _redrawn(data, source, work.redraw[listed.name]) if redraw else data
        )
        kept[name] = listed.name
    return kept


def _files(found: Diagnosis) -> list[tuple[Listed, str]]:
    """Return every file of a class and the hash of its bytes; those that keep their names first."""
    files = [(picture.file, picture.sha256) for picture in (*found.pictures, *found.others)]
    return sorted(
        files, key=lambda file: any(_in(file[0].name, home) for home in found.layout.misspelt)
    )


def _target(found: Diagnosis, listed: Listed, redraw: bool) -> str:
    """Return where a file goes in the copy."""
    home = next(f for f in found.layout.folders[listed.part, listed.numeral] if _in(listed.name, f))
    rest = PurePosixPath(listed.name).relative_to(home)
    rest = rest.with_suffix(".png") if redraw else rest
    plain = str(rest).encode("utf-8", "replace").decode("utf-8")
    return str(PurePosixPath(listed.part, listed.numeral, plain))


def _in(name: str, folder: str) -> bool:
    return name.startswith(f"{folder}/")


def _redrawn(data: bytes, path: Path, kinds: Sequence[str]) -> bytes:
    """Return an image as a PNG that means the same to everybody."""
    if "polarity" in kinds:
        return encode_png(read_numeral(path, invert="auto"))
    return encode_png(decode_colour(data, path.name))


def _weed(staging: Path, work: _Work, kept: dict[str, str]) -> tuple[Finding, ...]:
    """Look at the copy, take out what now is a copy or blank, and return what is left."""
    again: tuple[Finding, ...] = ()
    for _ in range(_ROUNDS):
        again = diagnose(staging, near_duplicates=False).findings
        out = _work([f for f in again if f.kind in LEFT_OUT]).out
        gone = {name: kind for name, kind in out.items() if name in kept}
        if not gone:
            break
        for name, kind in gone.items():
            (staging / name).unlink()
            work.out[kept.pop(name)] = kind
    return again


def _record(
    found: Diagnosis, work: _Work, kept: dict[str, str], elsewhere: dict[str, str]
) -> FixRecord:
    renamed = {name: source for name, source in kept.items() if name != source}
    changed = {**renamed, **{n: s for n, s in kept.items() if s in work.redraw}}
    return FixRecord(
        source=real_path(found.path).name,
        images=len(kept),
        left_out=tuple(
            LeftOutFile(path=_plain(path), kind=kind)
            for path, kind in sorted((work.out | elsewhere).items())
        ),
        changed=tuple(
            KeptFile(path=name, source=_plain(source), kinds=tuple(work.redraw.get(source, ())))
            for name, source in sorted(changed.items())
        ),
    )


def _elsewhere(found: Diagnosis) -> dict[str, str]:
    """Return the kind of finding of every file that lies in no class folder, by its path."""
    files = {f.path: f.kind for f in found.findings if f.kind == "outside"}
    for folder in (f for f in found.findings if f.kind == "unknown-folder"):
        for file in files_below(found.path / folder.path, SOURCE_RULES):
            files[file.relative_to(found.path).as_posix()] = folder.kind
    return files


def _plain(path: str) -> str:
    return path.encode("utf-8", "replace").decode("utf-8")


def _done(found: Diagnosis, work: _Work, elsewhere: dict[str, str]) -> dict[str, int]:
    out = Counter(LEFT_OUT[kind] for kind in work.out.values())
    drawn = Counter(
        REDRAWN[kind]
        for path, kinds in work.redraw.items()
        if path not in work.out
        for kind in kinds
    )
    renamed = Counter(RENAMED[f.kind] for f in found.findings if f.kind in RENAMED)
    return dict(out + drawn + renamed + Counter({_ELSEWHERE: len(elsewhere)}))


def _left(found: Diagnosis, again: Sequence[Finding]) -> dict[str, int]:
    """Count what the copy still has, and what was not looked for again or not copied."""
    elsewhere = [f for f in found.findings if f.kind in _NOT_IN_COPY]
    return dict(Counter(f.kind for f in (*again, *elsewhere)))
