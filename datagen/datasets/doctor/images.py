"""Findings about single images: unreadable, blank, too small, light on dark."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from datagen.datasets.doctor.finding import Finding, Severity
from datagen.datasets.doctor.pictures import Picture
from datagen.images.polarity import MIN_CONTRAST
from datagen.sources.images.read import MIN_SIDE

Role = Literal["dataset", "images"]

_ADVICE: Final = {
    "alpha": "lay it over white paper",
    "depth": "write it with 8 bits",
    "format": "convert it to PNG",
    "orientation": "rotate it as EXIF says",
    "polarity": "invert it to dark ink on white paper",
}


def image_findings(pictures: Sequence[Picture], role: Role) -> Iterator[Finding]:
    """Yield what is wrong with each image by itself.

    Args:
        pictures: of the files that the evaluator takes for images.
        role: the source `images` refuses blank and tiny images, which a dataset only suffers from.
    """
    severity: Severity = "warning" if role == "dataset" else "broken"
    for picture in pictures:
        if picture.unusable is not None:
            message, advice = picture.unusable
            yield Finding("unreadable", "broken", picture.name, message, advice)
        elif min(picture.width, picture.height) < MIN_SIDE:
            yield Finding(
                "too-small",
                severity,
                picture.name,
                f"is {picture.width}×{picture.height} pixels, expected at least "
                f"{MIN_SIDE}×{MIN_SIDE}",
                "replace or remove it",
            )
        elif picture.contrast < MIN_CONTRAST:
            yield Finding(
                "blank",
                severity,
                picture.name,
                f"has no ink: its gray levels differ by {picture.contrast}",
                "replace or remove it",
            )
        yield from _trap_findings(picture, role)


def _trap_findings(picture: Picture, role: Role) -> Iterator[Finding]:
    """Yield what makes an image another picture for the evaluator than for us."""
    for trap in picture.traps:
        severity: Severity = "warning"
        if trap.kind == "format" or (trap.kind == "polarity" and role == "images"):
            severity = "broken"  # the evaluator, or the source `images`, refuses it
        yield Finding(trap.kind, severity, picture.name, trap.detail, _ADVICE[trap.kind])


def other_findings(others: Sequence[Picture], role: Role) -> Iterator[Finding]:
    """Yield what is wrong with files that the evaluator passes over for their names."""
    for picture in others:
        if picture.unusable is None:
            yield Finding(
                "unread-image",
                "warning",
                picture.name,
                "is an image, but the evaluator reads only .png .jpg .jpeg .gif .bmp",
                "convert it to PNG",
            )
        else:
            yield Finding(
                "no-image",
                "note" if role == "dataset" else "broken",
                picture.name,
                "is no image"
                + ("" if role == "dataset" else "; the source images refuses the folder for it"),
                "move it elsewhere",
            )


def is_sound(picture: Picture) -> bool:
    """Return whether a picture can be compared with others: readable, and with ink."""
    return (
        picture.unusable is None
        and picture.contrast >= MIN_CONTRAST
        and min(picture.width, picture.height) >= MIN_SIDE
    )
