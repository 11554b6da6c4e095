"""An audit in the terminal: how many suspects, of which classes, and the worst with thumbnails."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from datagen.core.numerals import CLASSES
from datagen.core.text import how_many

if TYPE_CHECKING:
    from datagen.core.arrays import GrayImage
    from datagen.curation.audit.find import Audit
    from datagen.curation.audit.record import AuditImage

_LINES: Final = 5  # of a thumbnail


def summarise(audit: "Audit", out: Path, top: int, terminal: Any) -> None:
    """Print what was found: numbers, suspects by class, the worst images."""
    from datagen.evaluation.summary import short_path

    count = len(audit.images)
    dropped, moved = (_count(audit, suggestion) for suggestion in ("drop", "relabel"))
    terminal.print(
        f"{how_many(len(audit.suspects), 'suspect')} among {how_many(count, 'image')} of "
        f"{short_path(str(audit.folder))}: drop {dropped:,}, relabel {moved:,}",
        style="bold",
        soft_wrap=True,
    )
    if audit.suspects:
        terminal.print(_classes(audit))
    if top:
        terminal.print(_worst(audit, top))
    terminal.print(
        f"networks     {how_many(audit.settings.seeds, 'seed')}, {audit.settings.folds} folds, "
        f"{how_many(audit.settings.epochs, 'epoch')}{_beside(audit)}; out of sample they agree "
        f"with {audit.agreement:.1%} of the labels",
        soft_wrap=True,
    )
    terminal.print(f"record       {out}", soft_wrap=True)


def plain(audit: "Audit", out: Path, top: int) -> dict[str, Any]:
    """Return what `--json` prints."""
    return {
        "command": "audit",
        "path": str(out),
        "images": len(audit.images),
        "suspects": len(audit.suspects),
        "drop": _count(audit, "drop"),
        "relabel": _count(audit, "relabel"),
        "source": audit.settings.source,
        "folds": audit.settings.folds,
        "epochs": audit.settings.epochs,
        "seeds": audit.settings.seeds,
        "seed": audit.settings.seed,
        "agreement": round(audit.agreement, 6),
        "joint": [[round(share, 6) for share in row] for row in audit.joint],
        "worst": [image.model_dump(mode="json", by_alias=True) for image in audit.images[:top]],
    }


def _count(audit: "Audit", suggestion: str) -> int:
    return sum(image.suggestion == suggestion for image in audit.images)


def _beside(audit: "Audit") -> str:
    settings = audit.settings
    if settings.source is None:
        return ""
    return f", with {settings.synthetic:,} numerals of {settings.source}"


def _classes(audit: "Audit") -> Any:
    """Return a `FittedTable` with a row per class."""
    from datagen.cli.views.tables import Column, FittedTable

    titles = ("images", "suspects", "drop", "relabel")
    table = FittedTable(
        Column("class", "word", "bold"), *map(Column, titles), Column("likelier", "text")
    )
    for numeral in CLASSES:
        images = [image for image in audit.images if image.numeral == numeral]
        if not images:
            continue
        numbers = Counter(image.suggestion for image in images)
        likelier = Counter(i.likelier for i in images if i.suggestion == "relabel")
        table.add_row(
            numeral,
            f"{len(images):,}",
            f"{len(images) - numbers['keep']:,}",
            f"{numbers['drop']:,}",
            f"{numbers['relabel']:,}",
            ", ".join(f"{name} {number:,}" for name, number in likelier.most_common(4)),
        )
    return table


def _worst(audit: "Audit", top: int) -> Any:
    """Return a `FittedTable` of the most suspicious images, each with a thumbnail."""
    from datagen.cli.views.tables import Column, FittedTable

    table = FittedTable(
        Column("", "number"), Column("the worst", "word"), Column("what, and why", "text"), below=1
    )
    for image in audit.images[:top]:
        table.add_row(str(image.rank), _thumbnail(audit.folder, image), _words(image))
    return table


def _words(image: "AuditImage") -> str:
    what = f"relabel to {image.likelier}" if image.suggestion == "relabel" else image.suggestion
    return f"{image.path}\n{what} ({image.suspicion:.2f}): {image.reason}"


def _thumbnail(folder: Path, image: "AuditImage") -> str:
    """Return an image as lines of Braille; empty where it cannot be read any more."""
    from datagen.core.errors import InputError
    from datagen.curation.audit.measure import load_gray
    from datagen.previews.contact_sheet import braille

    try:
        sheet = load_gray(folder, image.path)
    except InputError:
        return ""
    return "\n".join(braille(_around_ink(sheet), _LINES))


def _around_ink(sheet: "GrayImage") -> "GrayImage":
    """Return the part of a sheet that holds its ink, and a little paper: dots are few."""
    from pipelines.ops.gray import ink_box

    box = ink_box(sheet)
    if box is None:
        return sheet
    left, top, width, height = box
    rim = max(width, height) // 8
    return sheet[max(0, top - rim) : top + height + rim, max(0, left - rim) : left + width + rim]
