"""Which values of a recipe are paths, and from where they are taken. Nothing is read here.

The one set of rules, for recipes and for all that holds parts of one, such as a sweep's file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_FILES: Final = {".yaml", ".yml", ".json"}
_PATH_KEYS: Final = {"path", "folder"}


def absolute(path: str | Path, folder: Path) -> Path:
    """Return a path, taken from `folder` where it is relative; `~` is the user's home."""
    return (folder / Path(path).expanduser()).resolve()


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
    *above, last = key.split(".")
    option = bool(above) and above[-1] == "options"
    if option:
        is_path = isinstance(value, str) and _ends_like_a_file(value)
    elif last == "pipeline":
        is_path = _ends_like_a_file(value) or str(value) != Path(value).name
    else:
        is_path = last in _PATH_KEYS
    return type(value)(absolute(value, folder)) if is_path else value


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
