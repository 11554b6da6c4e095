"""YAML files that are named: those that the package ships, by name, and anybody's, by path."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from datagen.core.errors import (
    CorruptInputError,
    MissingInputError,
    RecipeError,
    UnknownNameError,
)
from datagen.files import reading
from datagen.files.paths import named_refusals, real_path, user_path
from pipelines.files import is_readable
from pipelines.plain import read_yaml


@dataclass(frozen=True, slots=True)
class PresetText:
    """A text and where it comes from.

    Attributes:
        origin: for messages.
        folder: from which its relative paths are taken.
    """

    text: str
    origin: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Presets:
    """One kind of file, and the package that ships some of them.

    Attributes:
        kind: what people call it.
        package: that holds the shipped ones.
        file_kind: what is expected in a file.
    """

    kind: str
    package: str
    file_kind: reading.FileKind = reading.YAML

    def shipped(self) -> dict[str, str]:
        """Return the YAML text of every shipped one, by name."""
        return {
            Path(entry.name).stem: entry.read_text("utf-8")
            for entry in sorted(resources.files(self.package).iterdir(), key=lambda e: e.name)
            if entry.name.endswith(".yaml")
        }

    def find(self, name_or_path: str) -> PresetText:
        """Read a shipped one by its name, or a file by its path.

        A file that is called like a shipped one is reached by a path such as `./raw`.

        Raises:
            MissingInputError: no such file.
            UnknownNameError: neither a file nor a shipped one.
            RecipeError: it cannot be read.
        """
        shipped = self.shipped()
        if name_or_path in shipped:
            return PresetText(
                shipped[name_or_path], f"shipped {self.kind} {name_or_path}", Path.cwd()
            )
        path = user_path(name_or_path) if name_or_path else Path(name_or_path)
        with named_refusals():
            if path.suffix in {".yaml", ".yml"} or (name_or_path and is_readable(path)):
                return read_text(path, self.kind, self.file_kind)
        raise UnknownNameError(self.kind, name_or_path, shipped)


def read_text(path: Path, kind: str, file_kind: reading.FileKind = reading.YAML) -> PresetText:
    """Read a file of some kind, or a pipe such as `/dev/stdin`.

    Its relative paths are taken from its folder; those of a pipe from the working folder.

    Raises:
        MissingInputError: no such file.
        RecipeError: it cannot be read.
    """
    try:
        text = reading.read_text(path, file_kind, pipes=True)
        folder = real_path(path).parent if path.is_file() else Path.cwd()
    except MissingInputError:
        raise MissingInputError(f"no {kind} file {path}; expected YAML") from None
    except CorruptInputError as error:
        raise RecipeError(f"{kind} {error}") from error
    return PresetText(text, f"{kind} {path}", folder)


def plain_yaml(text: str, origin: str) -> Any:
    """Return the data that YAML text holds.

    Raises:
        RecipeError: it is not YAML.
    """
    try:
        return read_yaml(text)
    except ValueError as error:
        raise RecipeError(f"{origin} is not YAML: {error}") from error
