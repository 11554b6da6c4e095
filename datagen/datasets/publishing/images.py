"""The images of a dataset as they are published: each with its label and where it comes from."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from datagen.core.numerals import CLASSES, Numeral, Split
from datagen.datasets.format import (
    ManifestEntry,
    all_image_files,
    manifest_if_any,
)
from datagen.files.paths import require_unicode
from datagen.files.reading import IMAGE, read_bytes

COLUMNS: Final = ("sha256", "source", "style", "pipeline", "parent", "writers", "glyphs")
"""What is told of an image beside its label, as text. A list is joined by `; `, nothing is ""."""

HUB_NAMES: Final[dict[Split, str]] = {"train": "train", "val": "validation", "test": "test"}
"""What Hugging Face calls the parts."""


@dataclass(frozen=True, slots=True)
class PublishedImage:
    """One image.

    Attributes:
        name: its path below the dataset, with `/`.
        data: the file's bytes.
        columns: each of `COLUMNS`.
    """

    split: Split
    numeral: Numeral
    name: str
    data: bytes
    columns: dict[str, str]

    @property
    def label(self) -> int:
        """Its place in the order of the classes, 0 … 9."""
        return CLASSES.index(self.numeral)


class PublishedImages:
    """The images of a dataset, part by part, read from the disk when they are asked for.

    Args:
        root: the dataset.

    Raises:
        InputError: there is no dataset, its manifest is damaged, or a file's name is no Unicode.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[Split, list[tuple[Numeral, Path]]] = {}
        for split, numeral, path in all_image_files(root):
            require_unicode(root, path.relative_to(root))
            self._files.setdefault(split, []).append((numeral, path))
        entries = manifest_if_any(root)
        self._entries = {entry.path: entry for entry in entries}

    @property
    def counts(self) -> dict[Split, int]:
        """Images of each part that has any."""
        return {split: len(files) for split, files in self._files.items()}

    @property
    def endings(self) -> set[str]:
        """How the files' names end, such as `png`, in small letters."""
        paths = (path for files in self._files.values() for _, path in files)
        return {path.suffix.lstrip(".").lower() for path in paths}

    def of(self, split: Split) -> Iterator[PublishedImage]:
        """Yield the images of a part, by class, then by name.

        Raises:
            InputError: a file cannot be read.
        """
        for k in range(len(self._files[split])):
            yield self.one(split, k)

    def one(self, split: Split, position: int) -> PublishedImage:
        """Return the image at a position of its part.

        Raises:
            InputError: its file cannot be read.
        """
        numeral, path = self._files[split][position]
        name = path.relative_to(self._root).as_posix()
        data = read_bytes(path, IMAGE)
        return PublishedImage(split, numeral, name, data, _columns(data, self._entries.get(name)))


def _columns(data: bytes, entry: ManifestEntry | None) -> dict[str, str]:
    sha256 = hashlib.sha256(data).hexdigest()
    if entry is None:
        return {**dict.fromkeys(COLUMNS, ""), "sha256": sha256}
    return {
        "sha256": sha256,
        "source": entry.source,
        "style": entry.style,
        "pipeline": entry.pipeline or "",
        "parent": entry.parent or "",
        "writers": "; ".join(entry.writers),
        "glyphs": "; ".join(entry.glyphs),
    }
