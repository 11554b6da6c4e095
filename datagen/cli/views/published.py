"""What was published, on a terminal: how much, under which licences, and how it is opened."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from datagen.cli.views.next_step import from_here

if TYPE_CHECKING:
    from datagen.datasets.publishing.publish import Published

_OPENED: Final = {
    "hf": "datasets.load_dataset({!r})",
    "parquet": "datasets.load_dataset({!r})",
    "webdataset": "webdataset.WebDataset({!r})",
}


def print_published(record: "Published", target: Path, out: Any) -> None:
    """Print what was published.

    Args:
        record: what is in the folder.
        target: the folder.
        out: a `rich.console.Console`.
    """
    parts = ", ".join(f"{split} {count:,}" for split, count in record.counts.items())
    total = sum(record.counts.values())
    out.print(f"{total:,} images in {target} ({parts})", soft_wrap=True)
    for source in record.sources:
        out.print(f"licence      {source.key}: {source.licence}", soft_wrap=True)
    out.print(f"card         {target / 'README.md'}: read it before you publish", soft_wrap=True)
    place = from_here(target)
    if record.form == "webdataset":
        place = f"{place}/train-000000.tar"
    out.print(f"open it      {_OPENED[record.form].format(place)}", soft_wrap=True)
