"""Finished numerals: images in class folders, such as the competition's data or one's own photos.

Enters: a folder that holds folders `i … x`. Leaves: each distinct picture once, read when asked.
"""

import difflib
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from datagen.errors import CorruptInput, MissingInput
from datagen.glyphs import Gray
from datagen.imagefile import decode_gray
from datagen.numerals import CLASSES
from datagen.pixelhash import hash_files
from datagen.sources.base import NumeralInfo, NumeralPool, Options, Source, register
from pipelines.ops import scan as scan_conversion

MIN_SIDE: Final = 4  # pixels: less cannot hold a numeral
MIN_CONTRAST: Final = 16  # gray levels between ink and paper: less is a blank sheet and its noise
_LITTER: Final = {"Thumbs.db", "desktop.ini"}  # of file managers; hidden files are passed over too

_log = logging.getLogger(__name__)


class ImagesOptions(Options):
    """How to read the images, and what to put up with.

    Attributes:
        scan: pass each through the organisers' scan conversion, `pipelines.ops.scan`.
        partial: some of the ten class folders may be missing or empty.
        skip_bad: pass over unusable files with one warning instead of refusing.
    """

    scan: bool = False
    partial: bool = False
    skip_bad: bool = False


@register
class ImagesSource(Source):
    """Images of numerals, dark ink on light paper, of any size, mode and common format."""

    name = "images"
    summary = "finished numerals in class folders i … x: the competition's data, your own photos"
    licence = "that of the images given"
    citation = "the images given"
    path_hint = "a folder that holds the class folders i ii iii iv v vi vii viii ix x"
    options = ImagesOptions

    def open(self, path: Path | None, options: ImagesOptions) -> NumeralPool:
        """Return every distinct picture once.

        Pictures that are equal pixel by pixel count once, under the first path; where equal
        pictures lie in folders of different classes, one of them is mislabelled and nobody knows
        which, so all of them are left out. Both are told in a warning.

        Raises:
            MissingInput: no folder, no class folders, or not all of them.
            CorruptInput: a folder that is no class, or an unusable image.
        """
        if path is None or not path.is_dir():
            raise MissingInput(
                f"no folder at {path}; expected {self.path_hint}"
                if path
                else f"source 'images' needs a path: {self.path_hint}; say `--source images:PATH`"
            )
        names = _list(path, options.partial)

        def read(file: Path) -> Gray:
            return _read(file, options.scan)

        verdicts = hash_files(path, list(names), f"scan={options.scan}", read)
        bad = [verdict for verdict in verdicts.values() if isinstance(verdict, CorruptInput)]
        if bad:
            _report_bad(bad, options.skip_bad)
        hashes = {name: found for name, found in verdicts.items() if isinstance(found, str)}
        infos = [
            NumeralInfo(id=name, numeral=names[name], identity=hashes[name])
            for name in _distinct(names, hashes)
        ]
        return NumeralPool(self.name, infos, lambda k: read(path / infos[k].id))


def _list(root: Path, partial: bool) -> dict[str, str]:
    """Return path below `root` → class, in the evaluator's class order, then by path."""
    folders = {child.name for child in root.iterdir() if child.is_dir() and not _hidden(child)}
    if not folders & set(CLASSES):
        raise MissingInput(f"{root} has none of the class folders {' '.join(CLASSES)}{_hint(root)}")
    for unknown in sorted(folders - set(CLASSES)):
        near = difflib.get_close_matches(unknown.lower(), CLASSES, n=1, cutoff=0.0)[0]
        raise CorruptInput(
            f"{root / unknown} is not one of the class folders {' '.join(CLASSES)}; rename it "
            f"(nearest: {near!r}) or move it elsewhere"
        )
    found = {numeral: _files(root, root / numeral) for numeral in CLASSES}
    missing = [numeral for numeral in CLASSES if not found[numeral]]
    if missing and (not partial or len(missing) == len(CLASSES)):
        raise MissingInput(
            f"{root} has no images of class {', '.join(missing)}; expected all of "
            f"{' '.join(CLASSES)}; add them, or set the option partial to go without"
        )
    return {name: numeral for numeral in CLASSES for name in found[numeral]}


def _files(root: Path, folder: Path) -> list[str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    names = [file.relative_to(root) for file in files if file.name not in _LITTER]
    for name in names:
        if not _is_unicode(name):
            raise CorruptInput(
                f"{str(root / name)!r} has a name that is no Unicode, which a manifest cannot "
                "hold; rename the file"
            )
    return sorted(name.as_posix() for name in names if not any(map(_hidden, map(Path, name.parts))))


def _is_unicode(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _hidden(path: Path) -> bool:
    return path.name.startswith((".", "__"))


def _hint(root: Path) -> str:
    below = [c.name for c in sorted(root.iterdir()) if c.is_dir() and (c / CLASSES[0]).is_dir()]
    if below:
        return f"; did you mean {' or '.join(below)} below it?"
    return "; put the images into such folders"


def _read(file: Path, scan: bool) -> Gray:
    """Return one usable image.

    Raises:
        CorruptInput: it cannot be read, is too small, or is blank.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CorruptInput(f"{file} cannot be read ({error}); check its permissions") from error
    image = decode_gray(data, str(file))
    height, width = image.shape
    if min(height, width) < MIN_SIDE:
        raise CorruptInput(
            f"{file} is {width}×{height} pixels, expected at least {MIN_SIDE}×{MIN_SIDE}; "
            "replace or remove it"
        )
    scanned = scan_conversion(image) if scan else image
    low, high = int(scanned.min()), int(scanned.max())
    if high - low < MIN_CONTRAST:
        after = " after the scan conversion" if scan else ""
        raise CorruptInput(
            f"{file} is blank{after} (all gray levels within {low} … {high}), expected dark ink on "
            "white paper; replace or remove it"
        )
    return scanned


def _report_bad(bad: list[CorruptInput], skip: bool) -> None:
    more = f", and {len(bad) - 1} more unusable files" if len(bad) > 1 else ""
    if not skip:
        raise CorruptInput(f"{bad[0]}{more}; the option skip_bad passes over such files")
    _log.warning("images: %d unusable files passed over, the first: %s", len(bad), bad[0])


def _distinct(names: dict[str, str], hashes: dict[str, str]) -> Iterable[str]:
    """Return the names to keep: of equal pictures the first, of contradicting ones none."""
    equal: dict[str, list[str]] = {}
    for name, found in hashes.items():
        equal.setdefault(found, []).append(name)
    kept = [group[0] for group in equal.values() if len({names[name] for name in group}) == 1]
    torn = [group for group in equal.values() if len({names[name] for name in group}) > 1]
    repeated = len(hashes) - len(kept) - sum(map(len, torn))
    if repeated:
        _log.warning("images: %d copies of other images of their class count once", repeated)
    if torn:
        _log.warning(
            "images: %d files hold %d pictures that lie under different classes; all left out: %s",
            sum(map(len, torn)),
            len(torn),
            "; ".join(" = ".join(group) for group in torn[:3]) + (" …" if len(torn) > 3 else ""),
        )
    return kept
