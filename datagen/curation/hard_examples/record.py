"""`hard.json`: which images of a folder are hard, and how much more often they should serve.

`datagen mine` writes it; of what it holds the source `images` reads the weights.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from datagen.core.budget import RATIO_LIMIT
from datagen.core.limits import Sha256
from datagen.core.numerals import Numeral
from datagen.sources.images.weights import WeightsRecord


class HardImage(WeightsRecord):
    """One image of the folder.

    Attributes:
        path: below the folder, with `/`.
        sha256: of the file's bytes, hexadecimal.
        numeral: its class as given (key `class` in the file).
        predicted: the class with the highest probability, mean over the seeds.
        probability: of the class as given, mean over the seeds.
        weight: how much more often variants of it should be made; see `GAIN`.
        leaked: whether the dataset contains it, or images made from it.
    """

    path: str
    sha256: Sha256
    numeral: Annotated[Numeral, Field(alias="class")]
    predicted: Numeral
    probability: Annotated[float, Field(ge=0, le=1)]
    weight: Annotated[float, Field(ge=1, le=RATIO_LIMIT)]
    leaked: bool = False

    @property
    def missed(self) -> bool:
        """Whether it is taken for another class."""
        return self.predicted != self.numeral


class Hard(WeightsRecord):
    """`hard.json`.

    Attributes:
        dataset: the path of what was trained on; in the file, paths are relative to its folder.
        fingerprint: of its images.
        folder: the absolute path of the folder that was mined.
        protocol: of the evaluator.
        preview: epochs of a shorter run; None for a whole one.
        seeds: of the runs that the probabilities are means of.
        top: how many of the images, from the first, are called hard.
        images: all of the folder; the missed ones first, then by rising probability.
    """

    places: ClassVar[tuple[str, ...]] = ("dataset", "folder")

    schema_version: Literal[1] = 1
    dataset: str
    fingerprint: str
    folder: str
    protocol: str
    preview: int | None
    seeds: tuple[int, ...]
    top: Annotated[int, Field(ge=0)]
    images: tuple[HardImage, ...]

    @property
    def hardest(self) -> tuple[HardImage, ...]:
        """The images that are called hard."""
        return self.images[: self.top]

    @property
    def leaked(self) -> int:
        """How many of the images the dataset knew."""
        return sum(image.leaked for image in self.images)
