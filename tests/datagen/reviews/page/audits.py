"""A folder of few images, and what an audit might say of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from datagen.core.numerals import CLASSES
from datagen.curation.audit.record import AuditImage
from datagen.files.hashing import file_hash
from datagen.sources.images.review import LabelCorrection


def make_folder(root: Path, each: int = 6, seed: int = 5) -> Path:
    """Write class folders with so many different images each."""
    rng = np.random.default_rng(seed)
    for numeral in CLASSES:
        (root / numeral).mkdir(parents=True)
        for k in range(each):
            image = np.full((40, 50), 255, np.uint8)
            image[8:32, 8:40] = rng.integers(0, 2, (24, 32)) * 255
            cv2.imwrite(str(root / numeral / f"{k}.png"), image)
    return root


def audit_of(root: Path, **found: Any) -> list[AuditImage]:
    """Return an audit of class folders: all alike, the suspicion by the order of the paths."""
    paths = [f"{numeral}/{file.name}" for numeral in CLASSES for file in _files(root / numeral)]
    return [
        AuditImage(
            **{
                "path": path,
                "sha256": file_hash(root / path),
                "numeral": path.split("/")[0],
                "rank": rank,
                "suspicion": round(1 - rank / (len(paths) + 1), 4),
                "suggestion": "relabel",
                "likelier": "x",
                "reason": "networks read x, not this",
                "probabilities": (0.0,) * 9 + (1.0,),
                "signals": {"label": 1.0, "blank": 0.1},
                "group": f"group {rank}",
                "style": rank % 3,
                "alike": tuple(paths[:3]),
                **found,
            }
        )
        for rank, path in enumerate(paths, 1)
    ]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


def drop(was: str = "i", **more: Any) -> LabelCorrection:
    return LabelCorrection.model_validate(
        {"verdict": "drop", "was": was, "reason": "scribble", **more}
    )


def keep(was: str = "i") -> LabelCorrection:
    return LabelCorrection.model_validate({"verdict": "keep", "was": was})


def relabel(numeral: str, was: str = "i") -> LabelCorrection:
    given: Mapping[str, str] = {"verdict": "relabel", "class": numeral, "was": was}
    return LabelCorrection.model_validate({**given, "reason": f"reads {numeral}"})
