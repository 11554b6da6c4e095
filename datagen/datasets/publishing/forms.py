"""The forms that a dataset is published in: Hugging Face imagefolder, Parquet, WebDataset.

Each writer gets the images and an empty folder, and fills it. Images keep their bytes; only in a
WebDataset, whose images must all be of one kind, some may be written as PNG, with the same pixels.
"""

import io
import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from PIL import Image

from datagen.core.errors import CorruptInputError, UsageError
from datagen.core.numerals import CLASSES, Split
from datagen.datasets.publishing.images import (
    COLUMNS,
    HUB_NAMES,
    PublishedImage,
    PublishedImages,
)

Form: TypeAlias = Literal["hf", "parquet", "webdataset"]
FORMS: Final[tuple[Form, ...]] = ("hf", "parquet", "webdataset")
Tell: TypeAlias = Callable[[int], None]
"""Called with the number of images written so far."""

SHARD_BYTES: Final = 256 << 20
"""Bytes of images after which a new file of Parquet or WebDataset begins."""

METADATA: Final = "metadata.jsonl"
_ROWS: Final = 1000  # of a row group: what a reader has in memory at once
_JPEG: Final = {"jpg", "jpeg"}
_PNG_MODES: Final = {"1", "L", "LA", "I;16", "P", "RGB", "RGBA"}
_ORDER: Final = 0  # seed of the order in a WebDataset, which is read in order


def write_form(form: Form, images: PublishedImages, folder: Path, tell: Tell) -> None:
    """Write the images of a dataset in a form.

    Args:
        form: which.
        images: of the dataset.
        folder: empty.
        tell: told of the progress.

    Raises:
        UsageError: what the form needs is not installed.
        InputError: an image cannot be read.
        OSError: it cannot be written.
    """
    writers: dict[Form, Callable[[PublishedImages, Path, Tell], None]] = {
        "hf": _write_imagefolder,
        "parquet": _write_parquet,
        "webdataset": _write_webdataset,
    }
    writers[form](images, folder, tell)


def check_form(form: Form) -> None:
    """Refuse a form of which the library is missing.

    Raises:
        UsageError: it is.
    """
    if form == "parquet":
        _pyarrow()


def features(form: Form) -> list[dict[str, Any]] | None:
    """Return the columns of a form as the header of a Hugging Face card says them."""
    if form == "webdataset":
        return None  # its columns are the endings of its members
    names = {str(k): numeral for k, numeral in enumerate(CLASSES)}
    # of an imagefolder with metadata the library itself makes texts of the labels
    label = "string" if form == "hf" else {"class_label": {"names": names}}
    return [
        {"name": "image", "dtype": "image"},
        {"name": "label", "dtype": label},
        *({"name": column, "dtype": "string"} for column in COLUMNS),
    ]


def data_files(form: Form, splits: Sequence[Split]) -> list[dict[str, str]]:
    """Return where each part lies, as the header of a Hugging Face card says it."""
    pattern = {"hf": "{0}/**", "parquet": "data/{1}-*.parquet", "webdataset": "{0}-*.tar"}[form]
    return [
        {"split": HUB_NAMES[split], "path": pattern.format(split, HUB_NAMES[split])}
        for split in splits
    ]


def _write_imagefolder(images: PublishedImages, folder: Path, tell: Tell) -> None:
    """Write the files as they are, and a `metadata.jsonl` into each part."""
    done = 0
    for split in images.counts:
        (folder / split).mkdir()
        with (folder / split / METADATA).open("w", encoding="utf-8", newline="\n") as lines:
            for image in images.of(split):
                path = folder / image.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(image.data)
                name = str(PurePosixPath(image.name).relative_to(split))
                line = {"file_name": name, "label": image.numeral, **image.columns}
                lines.write(json.dumps(line) + "\n")
                done += 1
                tell(done)


def _write_webdataset(images: PublishedImages, folder: Path, tell: Tell) -> None:
    """Write tar files: of each image its file, its label as a number, and the rest as JSON.

    In an order that is drawn once, for a reader takes them as they come.
    """
    kind = "jpg" if images.endings <= _JPEG else "png"
    done = 0
    for split, count in images.counts.items():
        order = np.random.default_rng(_ORDER).permutation(count)
        drawn = (images.one(split, int(k)) for k in order)
        for number, shard in enumerate(_shards(drawn)):
            with tarfile.open(
                folder / f"{split}-{number:06d}.tar", "w", format=tarfile.PAX_FORMAT
            ) as tar:
                for image in shard:
                    for ending, data in _members(image, kind):
                        member = tarfile.TarInfo(f"{split}-{done:06d}.{ending}")
                        member.size = len(data)
                        tar.addfile(member, io.BytesIO(data))
                    done += 1
                    tell(done)


def _members(image: PublishedImage, kind: str) -> list[tuple[str, bytes]]:
    told = {"label": image.numeral, "path": image.name, **image.columns}
    own = PurePosixPath(image.name).suffix.lstrip(".").lower()
    as_it_is = own == kind or (kind == "jpg" and own in _JPEG)
    return [
        (kind, image.data if as_it_is else _as_png(image)),
        ("cls", str(image.label).encode()),
        ("json", json.dumps(told).encode()),
    ]


def _as_png(image: PublishedImage) -> bytes:
    """Return the same pixels, and what EXIF says of them, as PNG.

    Raises:
        CorruptInputError: it is no image.
    """
    out = io.BytesIO()
    try:
        with Image.open(io.BytesIO(image.data)) as found:
            plain = found if found.mode in _PNG_MODES else found.convert("RGB")
            plain.save(out, "PNG", exif=found.getexif())
    except (OSError, ValueError, SyntaxError) as error:
        raise CorruptInputError(f"{image.name} cannot be written as PNG: {error}") from error
    return out.getvalue()


def _write_parquet(images: PublishedImages, folder: Path, tell: Tell) -> None:
    """Write tables whose schema says what Hugging Face makes of them: images and class labels."""
    arrow, parquet = _pyarrow()
    schema = _schema(arrow)
    done = 0
    (folder / "data").mkdir()
    for split in images.counts:
        shards = 0
        name = str(folder / "data" / (HUB_NAMES[split] + "-{:05d}"))
        for shard in _shards(images.of(split)):
            with parquet.ParquetWriter(name.format(shards), schema) as out:
                for rows in _batches(shard):
                    out.write_table(_table(arrow, schema, rows))
                    done += len(rows)
                    tell(done)
            shards += 1
        for k in range(shards):
            written = Path(name.format(k))
            written.rename(f"{written}-of-{shards:05d}.parquet")


def _schema(arrow: Any) -> Any:
    named = {"_type": "ClassLabel", "names": list(CLASSES)}
    text = {"_type": "Value", "dtype": "string"}
    told = {"image": {"_type": "Image"}, "label": named, **dict.fromkeys(COLUMNS, text)}
    image = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    fields = [("image", image), ("label", arrow.int64())]
    fields += [(column, arrow.string()) for column in COLUMNS]
    return arrow.schema(fields, {"huggingface": json.dumps({"info": {"features": told}})})


def _table(arrow: Any, schema: Any, rows: Sequence[PublishedImage]) -> Any:
    plain = [
        {"image": {"bytes": row.data, "path": row.name}, "label": row.label, **row.columns}
        for row in rows
    ]
    return arrow.Table.from_pylist(plain, schema=schema)


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # noqa: PLC0415 - an extra
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        raise UsageError(
            "--parquet needs the package pyarrow; in the clone, run pip install '.[parquet]'"
        ) from None
    return pyarrow, pyarrow.parquet


def _shards(images: Iterator[PublishedImage]) -> Iterator[Iterator[PublishedImage]]:
    """Yield images by the file that they go to; each file is read to its end before the next."""
    held = next(images, None)

    def shard() -> Iterator[PublishedImage]:
        nonlocal held
        size = 0
        while held is not None and size < SHARD_BYTES:
            size += len(held.data)
            yield held
            held = next(images, None)

    while held is not None:
        yield shard()


def _batches(images: Iterator[PublishedImage]) -> Iterator[list[PublishedImage]]:
    rows: list[PublishedImage] = []
    for image in images:
        rows.append(image)
        if len(rows) == _ROWS:
            yield rows
            rows = []
    if rows:
        yield rows
