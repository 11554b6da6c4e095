"""Named pipelines: load, check, run, write back. What users of this package import."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np

from pipelines.check import check_steps
from pipelines.errors import (
    InvalidPipelineError,
    MissingPipelineError,
    UnknownPipelineError,
    UnreadablePipelineError,
    nearest,
)
from pipelines.files import expanded, is_readable, read_text
from pipelines.labels import Style
from pipelines.ops.gray import GrayImage
from pipelines.plain import read_yaml
from pipelines.run import Applied, Result, replay, run_steps
from pipelines.spec import PipelineSpec, validate
from pipelines.streams import Streams
from pipelines.text import quoted, shortened

__all__ = [
    "Applied",
    "Pipeline",
    "Result",
    "Streams",
    "check",
    "load",
    "parse",
    "presets",
    "replay",
]

_PRESETS: Final = "pipelines.presets"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A validated pipeline.

    Attributes:
        spec: what its file says.
    """

    spec: PipelineSpec
    _passed: set[tuple[str, Style]] = field(default_factory=set, compare=False, repr=False)

    @property
    def name(self) -> str:
        """What people call it."""
        return self.spec.name

    @property
    def description(self) -> str:
        """What it is."""
        return self.spec.description

    def check(self, numeral: str, style: Style) -> frozenset[str]:
        """Return the classes that an image of `numeral` may have afterwards.

        Raises:
            WrongLabelError: a step would make a label wrong; it names op, class and reason.
            ValueError: no such class or style.
        """
        reached = check_steps(self.spec.steps, numeral, style)
        self._passed.add((numeral, style))
        return reached

    def run(self, image: GrayImage, numeral: str, style: Style, rng: np.random.Generator) -> Result:
        """Send one image through the pipeline.

        Args:
            image: `uint8 H×W`, ink 0 on paper 255; it is not changed.
            numeral: its class.
            style: its case style, "unknown" where nobody knows.
            rng: this image's own, as `Streams` gives it; all randomness comes from it.

        Raises:
            WrongLabelError: the pipeline is not safe for this class and style.
            UnsuitableImageError: the image is not `uint8 H×W`.
            MissingPapersError: a step takes paper from a folder that holds none.
        """
        if (numeral, style) not in self._passed:
            self.check(numeral, style)
        return run_steps(self.spec.steps, image, numeral, style, rng)

    def to_yaml(self) -> str:
        """Return YAML that `parse` reads back to an equal pipeline."""
        return self.spec.to_yaml()


def check(pipeline: Pipeline, numeral: str, style: Style) -> frozenset[str]:
    """Return the classes that an image of `numeral` may have after `pipeline`.

    Raises:
        WrongLabelError: a step would make a label wrong; it names op, class and reason.
    """
    return pipeline.check(numeral, style)


def presets() -> Mapping[str, str]:
    """Return the YAML text of every pipeline in the package, by name."""
    return {
        Path(entry.name).stem: entry.read_text("utf-8")
        for entry in sorted(resources.files(_PRESETS).iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".yaml")
    }


@dataclass(frozen=True, slots=True)
class PipelineText:
    """A pipeline as somebody wrote it.

    Attributes:
        origin: where it comes from, for messages.
        folder: from which its relative paths are taken; None for a preset, which has none.
    """

    text: str
    origin: str
    folder: Path | None


def find(name_or_path: str) -> PipelineText:
    """Read the text of a preset by its name, or of a file or a pipe by its path.

    A file that is called like a preset is reached by a path such as `./scanned`.

    Raises:
        UnknownPipelineError: neither a preset nor a file.
        MissingPipelineError, UnreadablePipelineError: it is not there, or cannot be read.
        InvalidPipelineError: it is no path.
    """
    shipped = presets()
    if name_or_path in shipped:
        return PipelineText(shipped[name_or_path], f"preset {name_or_path}", None)
    try:
        path = expanded(name_or_path)
    except ValueError as error:
        raise InvalidPipelineError(f"pipeline {shortened(name_or_path)}: {error}") from error
    try:
        if path.suffix not in {".yaml", ".yml"} and not is_readable(path):
            raise UnknownPipelineError(
                f"unknown pipeline {quoted(name_or_path)}, no preset and no file; "
                f"{nearest(name_or_path, shipped)}"
            )
        text = read_text(path)
        folder = path.resolve().parent if path.is_file() else Path.cwd()  # of a pipe: here
    except FileNotFoundError:
        raise MissingPipelineError(f"no pipeline file {path}; expected YAML") from None
    except (OSError, ValueError) as error:
        reason = (error.strerror or error) if isinstance(error, OSError) else error
        raise UnreadablePipelineError(
            f"pipeline {shortened(name_or_path)} cannot be read: {reason}"
        ) from error
    return PipelineText(text, str(path), folder)


def load(name_or_path: str) -> Pipeline:
    """Read a pipeline: a preset by its name, or a file by its path, see `find`.

    Relative paths inside a file are taken from the file's own folder.

    Raises:
        UnknownPipelineError: neither a preset nor a file.
        InvalidPipelineError: it is not YAML, or does not validate; the message names the key.
    """
    found = find(name_or_path)
    return parse(found.text, origin=found.origin, folder=found.folder)


def parse(text: str, *, origin: str = "the pipeline", folder: Path | None = None) -> Pipeline:
    """Validate YAML text as a pipeline.

    Args:
        text: YAML.
        origin: where it comes from, for messages.
        folder: from which relative paths are taken; None leaves them as they are.

    Raises:
        InvalidPipelineError: it is not YAML, or does not validate; the message names the key.
    """
    try:
        plain = read_yaml(text)
    except ValueError as error:
        raise InvalidPipelineError(f"{origin} is not YAML: {error}") from error
    return Pipeline(validate(plain, origin, {"folder": folder}))
