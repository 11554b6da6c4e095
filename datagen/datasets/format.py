"""The dataset on disk: its files, its records, its fingerprint, reading it back.

ds/train/<class>/<name>.png  ds/val/<class>/<name>.png   what the evaluator trains with
ds/test/<class>/<name>.png                               a third part, where the recipe asks for it
ds/manifest.jsonl            one `ManifestEntry` a line, in order of index
ds/recipe.yaml               the resolved recipe
ds/dataset.json              one `DatasetInfo`
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_serializer,
)

from datagen.composition import Composition
from datagen.core.budget import Count
from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.limits import Sha256, Tally
from datagen.core.models import StrictModel
from datagen.core.numerals import CLASSES, PARTS, SPLITS, CaseStyle, Numeral, Split, class_name
from datagen.core.pydantic_errors import explain
from datagen.datasets.class_counts import total_count
from datagen.files.class_folders import EVALUATOR_RULES, class_files, has_classes
from datagen.files.leftovers import require_folder
from datagen.files.reading import LINES, RECORD, read_bytes, read_lines
from pipelines.pipeline import Applied
from pipelines.text import quoted

MANIFEST: Final = "manifest.jsonl"
RECIPE: Final = "recipe.yaml"
INFO: Final = "dataset.json"
TEST: Final = "test"
"""The folder of the third part, and its name in the manifest."""


def _plain(path: str) -> str:
    """Refuse what another system may take for a path elsewhere."""
    parts = path.split("/")
    if "\\" in path or "\0" in path or ":" in parts[0] or set(parts) & {"", ".", ".."}:
        raise ValueError("expected a plain path below the dataset, such as train/iv/00001.png")
    return path


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One line of the manifest: where an image is and how to make it again.

    Attributes:
        index: its place in the plan.
        path: below the dataset's folder, with `/`.
        sha256: of the file's bytes, hexadecimal.
        numeral: its class (key `class` in the file).
        pipeline: name or file of the pipeline it went through; what that did is in `ops`.
        source: key of its source in the recipe.
        style: case style, "unknown" for finished images.
        glyphs: ids of the letters used, left to right.
        writers: who wrote them, where the source says.
        composition: the drawn parameters; None for finished images.
        ops: what was done to the image after it was composed or read, in order.
        seed: root seed and spawn key of `numpy.random.SeedSequence`.
        parent: id of the finished image it comes from.
        parent_pixels: `datagen.files.hashing.view_hash` of that image as it was given, before any
            conversion; None where there is no parent, and in datasets of earlier versions.
        group: of that image: equal for near-duplicates; None in datasets of earlier versions.
        twin: `index` of the other image of its pair: of another class, drawn alike, one stroke or
            letter apart; None where it is by itself.
    """

    index: Tally
    path: Annotated[str, AfterValidator(_plain)]
    sha256: Sha256
    numeral: Annotated[str, Field(alias="class"), AfterValidator(class_name)]
    split: Split
    source: str
    style: CaseStyle
    glyphs: tuple[str, ...]
    writers: tuple[str, ...]
    composition: Composition | None
    ops: tuple[Applied, ...]
    seed: tuple[int, ...]
    parent: str | None
    pipeline: str | None = None
    parent_pixels: str | None = None
    group: str | None = None
    twin: Tally | None = None


_entries: Final = TypeAdapter(ManifestEntry)


class BudgetInfo(StrictModel):
    """The budget, counted both ways, and whether the competition would have accepted it."""

    limit: Tally
    exact: Tally
    in_batches: Tally
    eligible: bool


class SourceInfo(StrictModel):
    """A source as it was used: its part of the images, licence and citation.

    Attributes:
        fingerprint: SHA-256 of what it offered: ids, letters and writers, of finished images their
            pixels too; None in datasets of earlier versions.
    """

    key: str
    source: str
    path: str | None
    images: Tally
    licence: str
    citation: str
    fingerprint: str | None = None


class DatasetInfo(StrictModel):
    """`dataset.json`; `pipelines` holds the YAML of each by its name in the recipe.

    Attributes:
        fingerprint: of train and val.
        test_fingerprint: of the third part, as the evaluator computes it of a test set; None, and
            no key in the file, where there is no such part.
        counts: images per part and class.
    """

    schema_version: Literal[1] = 1
    name: str
    fingerprint: str
    test_fingerprint: str | None = None
    size: Literal[32, "native"]
    counts: dict[Split, dict[str, Tally]]
    styles: dict[CaseStyle, Tally]
    budget: BudgetInfo
    sources: tuple[SourceInfo, ...]
    pipelines: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...]
    versions: dict[str, str]

    @field_validator("counts")
    @classmethod
    def _all_classes(cls, counts: dict[Split, dict[str, int]]) -> dict[Split, dict[str, int]]:
        known = (set(SPLITS), set(PARTS))
        if set(counts) not in known or any(set(row) != set(CLASSES) for row in counts.values()):
            raise ValueError("expected the images of each of the ten classes, on both sides")
        return counts

    @model_serializer(mode="wrap")
    def _without_what_is_not_there(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the key of a part that the dataset does not have."""
        found: dict[str, Any] = plain(self)
        if self.test_fingerprint is None:
            found.pop("test_fingerprint", None)
        return found

    @property
    def count(self) -> Count:
        """How many images each part has."""
        return total_count(self.counts)


def fingerprint(files: Iterable[tuple[str, str, str]]) -> str:
    r"""Return the sha256 of the sorted lines `split/class/sha256\n`: content, not names or times.

    Args:
        files: split, class and hexadecimal file hash of every image.
    """
    lines = sorted("/".join(file) + "\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def image_path(split: Split, numeral: str, index: int) -> str:
    """Return the path of an image below the dataset's folder."""
    return f"{split}/{numeral}/{index:05d}.png"


def image_files(
    root: Path, litter: list[Path] | None = None
) -> Iterator[tuple[Split, Numeral, Path]]:
    """Yield split, class and path of every image of a dataset that the evaluator reads, sorted.

    Args:
        root: the dataset's folder.
        litter: gets what was passed over; see `class_files`.

    Raises:
        MissingInputError: a split's folder is not there.
        CorruptInputError: a split holds a folder that is no class.
    """
    require_folder(root, "a folder with train/ and val/", "dataset")
    for split in SPLITS:
        folder = root / split
        if not folder.is_dir():
            plain = "; `datagen doctor` checks plain class folders" if has_classes(root) else ""
            expected = " and ".join(SPLITS)
            raise MissingInputError(f"{root} has no {split}/; expected {expected}{plain}")
        for numeral, path in class_files(folder, EVALUATOR_RULES, litter):
            yield split, numeral, path


def all_image_files(
    root: Path, litter: list[Path] | None = None
) -> Iterator[tuple[Split, Numeral, Path]]:
    """Yield what `image_files` does, then the images of the third part, if there is one.

    Raises:
        MissingInputError: a split's folder is not there.
        CorruptInputError: a part holds a folder that is no class.
    """
    yield from image_files(root, litter)
    if has_classes(root / TEST):
        for numeral, path in class_files(root / TEST, EVALUATOR_RULES, litter):
            yield TEST, numeral, path


def manifest_line(entry: ManifestEntry) -> bytes:
    """Return an entry as its line of the manifest, the line's end included."""
    return _entries.dump_json(entry, by_alias=True) + b"\n"


def write_manifest(root: Path, lines: Iterable[bytes]) -> None:
    """Write the manifest from its lines (see `manifest_line`)."""
    with (root / MANIFEST).open("wb") as file:
        file.writelines(lines)


def read_manifest(root: Path) -> list[ManifestEntry]:
    """Read the manifest.

    Raises:
        MissingInputError: there is none.
        CorruptInputError: a line is not an entry, or names a path that is no plain one below the
            dataset, or that another line names; the message names it.
    """
    entries: dict[str, ManifestEntry] = {}
    try:
        for number, line in enumerate(read_lines(root / MANIFEST, LINES), 1):
            entry = _entry(line, f"{root / MANIFEST} line {number}")
            if entries.setdefault(entry.path, entry) is not entry:
                raise CorruptInputError(
                    f"{root / MANIFEST} line {number} names {quoted(entry.path)} again; build it "
                    "again"
                )
    except MissingInputError:
        raise MissingInputError(f"{root} has no {MANIFEST}; was it built by datagen?") from None
    return list(entries.values())


def _entry(line: bytes, origin: str) -> ManifestEntry:
    try:
        return _entries.validate_json(line)
    except ValidationError as error:
        raise CorruptInputError(
            f"{origin} is not an entry: {explain(error)}; build it again"
        ) from error


def inside(root: Path, path: Path) -> Path:
    """Return the path of an image that a manifest names, which may be another's work.

    Raises:
        CorruptInputError: links lead out of the dataset, or in a circle.
    """
    try:
        is_inside = path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        is_inside = False
    if not is_inside:
        raise CorruptInputError(
            f"{path} leads out of the dataset, by a link; put the image itself there"
        )
    return path


def read_info(root: Path) -> DatasetInfo:
    """Read `dataset.json`.

    Raises:
        MissingInputError: there is none.
        CorruptInputError: it cannot be read, or does not validate.
    """
    try:
        return DatasetInfo.model_validate_json(read_bytes(root / INFO, RECORD))
    except MissingInputError:
        raise MissingInputError(f"{root} has no {INFO}; was it built by datagen?") from None
    except ValidationError as error:
        reason = explain(error, DatasetInfo)
        raise CorruptInputError(f"{root / INFO}: {reason}; build the dataset again") from error


def info_if_any(root: Path) -> DatasetInfo | None:
    """Read `dataset.json`; None where there is none, as with what others built.

    Raises:
        CorruptInputError: see `read_info`.
    """
    return read_info(root) if (root / INFO).is_file() else None


def manifest_if_any(root: Path) -> list[ManifestEntry]:
    """Read the manifest; nothing where there is none, as with what others built.

    Raises:
        CorruptInputError: see `read_manifest`.
    """
    return read_manifest(root) if (root / MANIFEST).is_file() else []
