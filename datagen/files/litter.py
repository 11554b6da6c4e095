"""Litter: what systems, file managers, archivers and editors leave in folders, by name alone.

Every command passes over it, at any depth, and so does the evaluator (`fixed_eval/data.py`).
"""

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

HIDDEN: Final = "."
"""What the names of hidden files and folders begin with: `.DS_Store`, `._a.png`, `.git`."""

LITTER_FOLDERS: Final = frozenset(
    {
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "@eadir",
        "@recently-snapshot",
        "@recycle",
        "@tmp",
        "__macosx",
        "__pycache__",
        "cvs",
        "lost+found",
        "recycler",
        "system volume information",
    }
)
"""Names of folders in small letters; what lies in them is passed over too."""

_FILES: Final = frozenset(
    {
        "desktop.ini",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "icon\r",
        "picasa.ini",
        "syno_index_media_info",
        "synofile_thumb.db",
        "thumbs.db",
        "thumbs.db:encryptable",
    }
)
# Editors' backups and swap files, half-written downloads, what Windows notes beside a download.
_ENDINGS: Final = (
    "~",
    ".bak",
    ".crdownload",
    ".orig",
    ".part",
    ".partial",
    ".swo",
    ".swp",
    ".tmp",
    ":zone.identifier",
)

_log = logging.getLogger(__name__)


def is_litter(name: str, *, folder: bool) -> bool:
    """Return whether a file or folder of this name is passed over.

    Example:
        >>> is_litter("Thumbs.db", folder=False), is_litter("00001.png", folder=False)
        (True, False)
    """
    if name.startswith(HIDDEN):
        return True
    small = name.casefold()
    if folder:
        return small in LITTER_FOLDERS
    return small in _FILES or small.endswith(_ENDINGS) or (name[0] == name[-1] == "#" != name)


def say_litter(root: Path, found: Sequence[Path]) -> None:
    """Warn once in a process of the litter that was passed over below `root`, if there is any."""
    if found:
        _say(root, len(found), found[0])


@cache
def _say(root: Path, count: int, first: Path) -> None:
    what = "1 file or folder" if count == 1 else f"{count:,} files and folders"
    _log.warning(
        "%s: passed over %s that systems and editors leave behind, such as %s; "
        "`datagen doctor` lists them",
        root,
        what,
        first.relative_to(root).as_posix(),
    )
