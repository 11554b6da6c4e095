"""What a dataset's images were made from, by how it looks: the pictures that its manifest names.

Enters: a dataset's folder. Leaves: `Parents`, which test sets are compared with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from datagen.core.errors import DatagenError
from datagen.datasets.compared_pictures import views_of
from datagen.datasets.format import INFO, MANIFEST, TEST, read_info, read_manifest
from datagen.files.paths import absolute


@dataclass(frozen=True, slots=True)
class Parents:
    """Pictures that images of train and val were made from.

    Attributes:
        made: `view_hash` of each → paths below the dataset of the images made from it.
        unknown: how many more there are, of which it is not known how they look.
    """

    made: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unknown: int = 0


def parents_of(dataset: Path) -> Parents:
    """Return what a dataset's images were made from; nothing where its record is damaged.

    In datasets of earlier versions, which do not record how parents look, the parents' files are
    read where they still are.
    """
    if not (dataset / MANIFEST).is_file():
        return Parents()
    try:
        entries = [e for e in read_manifest(dataset) if e.parent is not None and e.split != TEST]
        missing = {(e.source, e.parent) for e in entries if e.parent_pixels is None and e.parent}
        folders = {}
        if missing and (dataset / INFO).is_file():
            folders = {source.key: source.path for source in read_info(dataset).sources}
    except DatagenError:
        return Parents()  # `datagen inspect` reports a damaged record
    files = {
        f"{key}/{parent}": absolute(folder, dataset.absolute()) / parent
        for key, parent in missing
        if (folder := folders.get(key))
    }
    views, _ = views_of(files)
    made: dict[str, list[str]] = {}
    for entry in entries:
        view = entry.parent_pixels or views.get(f"{entry.source}/{entry.parent}")
        if view:
            made.setdefault(view, []).append(entry.path)
    return Parents(made, len(missing) - len(views))
