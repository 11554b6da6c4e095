"""Which values of a recipe are paths, and from where they are taken.

The one set of rules, for recipes and for all that holds parts of one, such as a sweep's file. Only
a pipe is read here, for it can be read once: its text is kept in the cache, and that file named.
"""

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from datagen.files import reading
from datagen.files.atomic import staged_file
from datagen.files.cache_dir import cache_folder
from datagen.files.paths import absolute, real_path, recorded

_FILES: Final = {".yaml", ".yml", ".json"}
_PATH_KEYS: Final = {"path", "folder"}


def _is_pipe(path: str | Path) -> bool:
    """Return whether a path is a pipe, such as `/dev/stdin`, whose text comes only once."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - of text, as it was given
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)


def _kept(pipe: Path, folder: Path, *, pipeline: bool) -> Path:
    """Keep the text of a pipe in the cache, and return the file.

    Args:
        pipe: read to its end.
        folder: from which relative paths in it are taken.
        pipeline: it holds a pipeline, whose relative paths must not start at the cache; else JSON
            of strokes or weights, or a review, each read later by the bound of its kind.

    Raises:
        InputError, PipelineError: it cannot be read, or is no pipeline.
    """
    text = reading.read_text(pipe, reading.YAML if pipeline else reading.RECORD, pipes=True)
    if pipeline:
        from pipelines.pipeline import parse  # noqa: PLC0415 - loads OpenCV

        text = parse(text, origin=f"pipeline {pipe}", folder=folder).to_yaml()
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    kept = cache_folder() / "pipes" / f"{digest}.yaml"
    with staged_file(kept) as temporary:
        temporary.write_text(text, "utf-8", newline="\n")
    return real_path(kept)


def absolute_value(key: str, value: Any, folder: Path) -> Any:
    """Return the value of a recipe's key, made absolute where a recipe takes it for a path.

    That are `path` of an ingredient, `folder` of val, a pipeline that is a file (no preset's name
    has an ending or a folder), and a source's option that ends like a file.

    Args:
        key: its name, below others with a dot, such as `val.folder` or `options.file`.
        value: text or a `Path`, and of that type in the answer; all else is returned as it is.
        folder: from which relative paths are taken.
    """
    if not isinstance(value, str | Path):
        return value
    last = key.rsplit(".", maxsplit=1)[-1]
    is_path = _is_path(key, value)
    if (is_path or _is_option(key)) and last != "folder" and _is_pipe(value):
        return type(value)(_kept(Path(value), folder, pipeline=last == "pipeline"))
    return type(value)(absolute(value, folder)) if is_path else value


def recorded_recipe(plain: Any, folder: Path, key: str = "") -> Any:
    """Return a recipe's plain keys with its paths as a file in `folder` says them.

    The reverse of `absolute_value` for all of them; see `datagen.files.paths.recorded`.
    """
    if isinstance(plain, Mapping):
        return {
            name: recorded_recipe(value, folder, f"{key}.{name}" if key else str(name))
            for name, value in plain.items()
        }
    if isinstance(plain, list):
        return [recorded_recipe(value, folder, key) for value in plain]
    is_path = isinstance(plain, str) and _is_path(key, plain) and Path(plain).is_absolute()
    return recorded(plain, folder) if is_path else plain


def without_folders(plain: Any, key: str = "") -> Any:
    """Return a recipe's plain keys with its paths cut down to their last name.

    So it is the same wherever its data lie.
    """
    if isinstance(plain, Mapping):
        return {
            name: without_folders(value, f"{key}.{name}" if key else str(name))
            for name, value in plain.items()
        }
    if isinstance(plain, list):
        return [without_folders(value, key) for value in plain]
    return Path(plain).name if isinstance(plain, str) and _is_path(key, plain) else plain


def _is_option(key: str) -> bool:
    return key.split(".")[-2:-1] == ["options"]


def _is_path(key: str, value: str | Path) -> bool:
    """Return whether a recipe takes the value of a key for a path; see `absolute_value`."""
    last = key.rsplit(".", maxsplit=1)[-1]
    if _is_option(key):
        return isinstance(value, str) and _ends_like_a_file(value)
    if last == "pipeline":
        return _ends_like_a_file(value) or str(value) != Path(value).name
    return last in _PATH_KEYS


def absolute_ingredient(part: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return an ingredient's keys, with its path, and what else is a file, made absolute.

    Args:
        part: keys of an ingredient; they need not be valid.
        folder: from which relative paths are taken.
    """
    found = {key: absolute_value(str(key), value, folder) for key, value in part.items()}
    if isinstance(options := part.get("options"), Mapping):
        found["options"] = {
            key: absolute_value(f"options.{key}", value, folder) for key, value in options.items()
        }
    return found


def _ends_like_a_file(value: str | Path) -> bool:
    return Path(value).suffix in _FILES
