"""A `View` as the plain data that the page's scripts read. Pure.

Enters: a view. Leaves: what JSON can hold. What is None or empty is left out, for a page has
thousands of images.
"""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from datagen.core.numerals import PARTS
from datagen.files.paths import real_path
from datagen.viewing.collect import View
from datagen.viewing.making import Making
from datagen.viewing.measured import Measured
from datagen.viewing.rows import ViewImage, class_order

_DIGITS: Final = 4  # of a parameter's number


def page_data(view: View, folder: Path | None) -> dict[str, Any]:
    """Return what the page's scripts read.

    Args:
        view: the dataset.
        folder: in which the page will stand, for its links; None for a served page, which has none.
    """
    root = view.request.root
    predictions: dict[str, dict[int, list[Any]]] = {}
    for number, scored in enumerate(view.scored.sets):
        for name, each in scored.predictions.items():
            plain = [each.said, each.probability, each.wrong, each.leak or ""]
            predictions.setdefault(name, {})[number] = plain
    return {
        "name": root.absolute().name or str(root),
        "live": folder is None,
        "command": shlex.join(["datagen", "view", _argument(root)]),
        "total": view.listing.total,
        "own": len(view.listing.images),
        "manifest": view.listing.has_manifest,
        "parts": _in_order([image.part for image in view.images]),
        "classes": sorted({image.numeral for image in view.images}, key=class_order),
        "styles": list(view.looks.style_words),
        "notes": list(view.notes),
        "about": _about(view),
        "scores": [
            {
                "name": scored.name,
                "how": scored.how,
                "seeds": scored.seeds,
                "accuracy": round(scored.accuracy, 4),
                "wrong": sum(each.wrong > 0 for each in scored.predictions.values()),
                "images": len(scored.predictions),
                "report": _link(scored.report, folder),
            }
            for scored in view.scored.sets
        ],
        "images": [
            _image(view, place, predictions.get(image.name, {}))
            for place, image in enumerate(view.images)
        ],
        "makings": {name: plain_making(made) for name, made in view.makings.items()},
    }


def plain_making(made: Making) -> dict[str, Any]:
    """Return how an image was made as plain data."""
    return {
        "steps": [
            {
                "name": step.name,
                "parameters": parameters_text(step.parameters),
                "picture": step.picture,
                "size": f"{step.width}×{step.height}",
                "numeral": step.numeral,
            }
            for step in made.steps
        ],
        "letters": [list(letter) for letter in made.letters],
        "equal": made.equal,
        "note": made.note,
    }


def parameters_text(parameters: Mapping[str, Any]) -> str:
    """Return an op's parameters for people to read.

    Example:
        >>> parameters_text({"rotate": 8.85881, "scale": [1.05, 0.844], "fill": "white"})
        'rotate 8.859, scale 1.05 × 0.844, fill white'
    """
    return ", ".join(f"{name} {_value(value)}" for name, value in parameters.items())


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return " × ".join(map(_value, value)) if len(value) <= 4 else f"{len(value)} values"
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    return f"{len(value)} values" if isinstance(value, dict) else str(value)


def _image(view: View, place: int, predictions: Mapping[int, list[Any]]) -> dict[str, Any]:
    image, found, looks = view.images[place], view.measured[place], view.looks
    plain = {
        "name": image.name,
        "class": image.numeral,
        "part": image.part,
        "source": image.source,
        "thumb": found.thumb,
        "size": [found.width, found.height] if found.thumb else None,
        "reason": found.reason,
        "blank": found.blank or None,
        "style": looks.styles[place],
        "alike": looks.alike[place],
        "copy": looks.copies.get(place),
        "near": looks.near.get(place),
        "said": dict(predictions),
        **_lineage(image, found),
    }
    return {key: value for key, value in plain.items() if value not in (None, "", [], (), {})}


def _lineage(image: ViewImage, found: Measured) -> dict[str, Any]:
    entry = image.entry
    if entry is None:
        return {}
    return {
        "case": "" if entry.style == "unknown" else entry.style,
        "pipeline": entry.pipeline,
        "ops": [[step.op, parameters_text(step.parameters)] for step in entry.ops],
        "glyphs": entry.glyphs,
        "writers": entry.writers,
        "parent": entry.parent,
        "seed": entry.seed,
        "changed": (bool(found.sha256) and found.sha256 != entry.sha256) or None,
    }


def _about(view: View) -> list[list[str]]:
    """Return names and values of what `dataset.json` says."""
    info = view.info
    if info is None:
        return []
    made_by = ", ".join(f"{name} {version}" for name, version in info.versions.items())
    sources = [
        [f"source {each.key}", f"{each.images:,} images; {each.licence}; {each.citation}"]
        for each in info.sources
    ]
    return [
        ["name", info.name],
        ["fingerprint", info.fingerprint[:16]],
        ["stored", "full size" if info.size == "native" else f"{info.size}×{info.size} pixels"],
        *sources,
        ["made with", made_by],
        *(["note", note] for note in info.notes),
    ]


def _in_order(parts: Sequence[str]) -> list[str]:
    """Return the parts that there are: ours in their order, then the test sets of scores."""
    ours = [part for part in PARTS if part in parts]
    return [*ours, *dict.fromkeys(part for part in parts if part not in PARTS)]


def _link(page: Path | None, folder: Path | None) -> str | None:
    """Return a link from a page in `folder` to another page; None where there can be none."""
    if page is None or folder is None:
        return None
    try:
        return quote(Path(os.path.relpath(real_path(page), real_path(folder))).as_posix())
    except ValueError:  # another drive of Windows
        return None


def _argument(path: Path) -> str:
    return f"./{path}" if str(path).startswith("-") else str(path)
