"""Parameters of the ops on the sheet: lines, shade, other sheets, and how they are drawn."""

import base64
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, get_args

import cv2
import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from pipelines.errors import InvalidRecordError, MissingPapersError
from pipelines.files import expanded
from pipelines.ops.gray import GrayImage
from pipelines.ops.paper import Corner, paper_of
from pipelines.ops.paper import background as on_paper
from pipelines.parameters.base import (
    DIGITS,
    Bounded,
    Drawn,
    Ordered,
    Parameters,
    Share,
    Subject,
    pick,
    seed,
)

_PNG_HEADER: Final = 24  # bytes, up to the image's height
_PIXEL_LIMIT: Final = 25_000_000  # as everywhere: above a telephone's usual photo

CORNERS: Final[tuple[Corner, ...]] = get_args(Corner)

Spacing = Annotated[float, Field(ge=0.03, le=2)]
Spacings = Annotated[tuple[Spacing, Spacing], Bounded, Ordered]
Tilt = Annotated[float, Field(ge=-30, le=30)]
Tilts = Annotated[tuple[Tilt, Tilt], Bounded, Ordered]
Thin = Annotated[float, Field(ge=0, le=0.05)]
Thins = Annotated[tuple[Thin, Thin], Bounded, Ordered]
Shares = Annotated[tuple[Share, Share], Bounded, Ordered]


class RuledPaper(Parameters):
    """Parallel lines.

    Attributes:
        spacing: between lines, share of the shorter side.
        tilt: degrees.
        thickness: of a line, share of the shorter side; at least one pixel.
        darkness: of a line; at 0.5 half of its length survives the scan.
        upright: share of sheets turned by 90°.
    """

    spacing: Spacings = (0.2, 0.7)
    tilt: Tilts = (-2.0, 2.0)
    thickness: Thins = (0.008, 0.018)
    darkness: Shares = (0.42, 0.58)
    upright: Share = 0.5

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw a sheet."""
        return {
            "spacing": pick(self.spacing, rng),
            "offset": pick((0.0, 1.0), rng),
            "tilt": pick(self.tilt, rng),
            "thickness": pick(self.thickness, rng),
            "darkness": pick(self.darkness, rng),
            "seed": seed(rng),
            "upright": bool(rng.random() < self.upright),
        }


class GridPaper(Parameters):
    """Squared paper.

    Attributes:
        spacing: between lines, share of the shorter side.
        tilt: degrees.
        thickness: of a line, share of the shorter side; at least one pixel.
        darkness: of a line; at 0.5 half of its length survives the scan.
    """

    spacing: Spacings = (0.3, 0.6)
    tilt: Tilts = (-2.0, 2.0)
    thickness: Thins = (0.008, 0.018)
    darkness: Shares = (0.42, 0.58)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw a sheet; its squares are within 5 % of square."""
        spacing = pick(self.spacing, rng)
        return {
            "spacing": [spacing, round(spacing * rng.uniform(0.95, 1.05), DIGITS)],
            "offset": [pick((0.0, 1.0), rng), pick((0.0, 1.0), rng)],
            "tilt": pick(self.tilt, rng),
            "thickness": pick(self.thickness, rng),
            "darkness": pick(self.darkness, rng),
            "seed": seed(rng),
        }


class ShadowCorner(Parameters):
    """A corner in the shade.

    Attributes:
        corners: which, one of these.
        reach: share of the diagonal.
        darkness: in the corner itself; above 0.5 the scan turns it black.
        grain: deviation of the paper's darkness.
    """

    corners: Annotated[tuple[Corner, ...], Field(min_length=1)] = CORNERS
    reach: Shares = (0.3, 0.8)
    darkness: Shares = (0.35, 0.6)
    grain: Shares = (0.08, 0.16)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw a shade."""
        return {
            "corner": self.corners[rng.integers(len(self.corners))],
            "reach": max(pick(self.reach, rng), 0.01),
            "darkness": pick(self.darkness, rng),
            "grain": pick(self.grain, rng),
            "seed": seed(rng),
        }


class Background(Parameters):
    """Paper of other scans, what was written on them taken away.

    The record holds the sheet itself, as PNG in base64: about 1 kB for a scan of 250×250. Scans
    whose pictures stand in val or in a test set belong in another folder.

    Attributes:
        folder: of scans, PNG, searched in depth.
    """

    folder: Path

    @field_validator("folder")
    @classmethod
    def _resolved(cls, folder: Path, info: ValidationInfo) -> Path:
        """Take a relative path from the folder of the pipeline's file."""
        home = (info.context or {}).get("folder")
        path = expanded(folder)
        return (home / path).resolve() if home else path

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:
        """Draw a sheet, mirrored at random, cut or repeated to the image's size.

        Raises:
            MissingPapersError: the folder holds no readable PNG.
        """
        files = _files(self.folder)
        paper = _paper(files[rng.integers(len(files))])
        turned = paper[:: 1 - 2 * int(rng.integers(2)), :: 1 - 2 * int(rng.integers(2))]
        sheet = on_paper(np.full_like(subject.image, 255), turned)
        return {"png": base64.b64encode(cv2.imencode(".png", sheet)[1].tobytes()).decode()}


def background_from_record(image: GrayImage, png: str) -> GrayImage:
    """Return the ink of `image` on the sheet that a record holds.

    Raises:
        InvalidRecordError: it holds no PNG of one channel.
    """
    try:
        data = np.frombuffer(base64.b64decode(png, validate=True), np.uint8)
    except ValueError as error:
        raise InvalidRecordError(f"the paper in the record is not base64: {error}") from error
    paper = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    if paper is None:
        raise InvalidRecordError("the paper in the record is no PNG")
    return on_paper(image, np.asarray(paper, np.uint8))


@lru_cache(maxsize=8)
def _files(folder: Path) -> tuple[Path, ...]:
    files = tuple(sorted(file for file in folder.rglob("*.png") if file.is_file()))
    if not files:
        raise MissingPapersError(f"{folder} holds no PNG; background needs a folder of scans")
    return files


@lru_cache(maxsize=4096)
def _paper(file: Path) -> GrayImage:
    try:
        with file.open("rb") as stream:
            start = stream.read(_PNG_HEADER)
            width, height = (int.from_bytes(start[k : k + 4], "big") for k in (16, 20))
            sound = start.startswith(b"\x89PNG") and 0 < width * height <= _PIXEL_LIMIT
            data = np.frombuffer(start + stream.read(), np.uint8) if sound else None
        scan = None if data is None else cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    except (OSError, cv2.error):
        scan = None
    if scan is None:
        raise MissingPapersError(
            f"{file} cannot be read as a PNG of up to {_PIXEL_LIMIT:,} pixels; background takes "
            "paper from it"
        )
    return paper_of(np.asarray(scan, np.uint8))
