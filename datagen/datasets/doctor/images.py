"""Findings about single images: unreadable, blank, too small, light on dark."""

from collections.abc import Iterator, Sequence
from typing import Literal

from datagen.datasets.doctor.finding import Finding, Severity
from datagen.datasets.doctor.pictures import Picture
from datagen.sources.images.source import MIN_CONTRAST, MIN_SIDE

Role = Literal["dataset", "images"]


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
