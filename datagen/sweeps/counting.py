"""What a sweep would build and score, counted before anything is built.

Every source is opened and every candidate planned here, so that what is missing or impossible is
found before any work is spent.
"""

import json
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from datagen.building.build import plan_recipe
from datagen.building.fetch_missing import FetchMissing
from datagen.building.open_sources import open_pool
from datagen.building.render import ImageRenderer
from datagen.core.budget import Count
from datagen.core.errors import CorruptInputError, DatagenError, UsageError
from datagen.core.numerals import CLASSES
from datagen.datasets.content import test_content
from datagen.datasets.format import INFO, read_info
from datagen.files.leftovers import require_folder
from datagen.planning.split import Pool
from datagen.recipes.schema import Ingredient
from datagen.sources.registry import require_shipped
from datagen.sweeps.candidates import Candidate
from datagen.sweeps.records import DATASETS
from datagen.sweeps.spec import Spec
from pipelines.errors import PipelineError

_MADE: Final = 30
"""Images that are made to time a candidate's building."""
_PLANNED: Final = 50
"""Candidates of tpe that are planned: planning one takes up to a second."""


def check_folders(spec: Spec) -> int:
    """Check the test sets and the selection set; return how many images they hold.

    Raises:
        MissingInputError: one is not there.
        CorruptInputError: one holds a folder that is no class, or no image.
        UsageError: one is given twice, or a test set would decide.
    """
    folders = [*spec.tests, *([spec.selection] if spec.selection else [])]
    seen: dict[str, Path] = {}
    images = 0
    for folder in folders:
        require_folder(folder, f"class folders {' '.join(CLASSES)}")
        content = test_content(folder, roman=True)
        if content is None or not content.files:
            raise CorruptInputError(
                f"{folder} cannot be scored on; expected only class folders {' '.join(CLASSES)} "
                "with images"
            )
        if content.fingerprint in seen:
            other = seen[content.fingerprint]
            raise UsageError(
                f"{other} and {folder} hold the same images; give each test set once, and select "
                "on images that are in none, or the test would decide"
            )
        seen[content.fingerprint] = folder
        images += len(content.files)
    return images


def counts(
    spec: Spec,
    candidates: Sequence[Candidate],
    folder: Path,
    fetch: FetchMissing | None = None,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Count]:
    """Return how many images each candidate has: planned, or as built.

    Of the many candidates that tpe may choose from, some of every part are planned.

    Args:
        spec: the sweep.
        candidates: all of it.
        folder: of the sweep, which may not be there yet.
        fetch: fetches an archive that is missing; None: that is an error.
        tell: told how many candidates are counted, of how many.

    Raises:
        DatagenError: a source is missing, or a plan cannot be; the message names the candidate.
        PipelineError: a pipeline is unknown, or would make a label wrong.
    """
    pools: dict[str, Pool] = {}
    most = max(_PLANNED, spec.trials) if spec.strategy == "tpe" else len(candidates)
    some = candidates[:: math.ceil(len(candidates) / most)]
    found: dict[str, Count] = {}
    for candidate in some:
        found[candidate.id] = _built(candidate, folder) or _planned(candidate, pools, fetch)
        tell(len(found), len(some))
    return found


def time_building(candidate: Candidate, fetch: FetchMissing | None = None) -> tuple[float, float]:
    """Return how many seconds a candidate's dataset takes here: to plan, and per image.

    Some of its images are made, and thrown away.

    Raises:
        DatagenError, PipelineError: as building it would.
    """
    began = time.monotonic()
    planned = plan_recipe(candidate.recipe, fetch=fetch)
    renderer = ImageRenderer(planned.sources)
    ready = time.monotonic()
    some = planned.items[:: max(1, len(planned.items) // _MADE)]
    for item in some:
        renderer.make(item)
    return ready - began, (time.monotonic() - ready) / len(some)


def _built(candidate: Candidate, folder: Path) -> Count | None:
    return (
        read_info(folder / DATASETS / candidate.id).count if is_built(candidate, folder) else None
    )


def is_built(candidate: Candidate, folder: Path) -> bool:
    """Return whether the dataset of a candidate stands in a sweep's folder."""
    return (folder / DATASETS / candidate.id / INFO).is_file()


def _planned(candidate: Candidate, pools: dict[str, Pool], fetch: FetchMissing | None) -> Count:
    try:
        opened = partial(_open, pools=pools)
        return plan_recipe(candidate.recipe, opened=opened, fetch=fetch).count
    except (DatagenError, PipelineError) as error:
        error.args = (f"candidate {candidate.name}: {error}",)
        raise


def _open(part: Ingredient, pools: dict[str, Pool]) -> Pool:
    """Open a source once for all candidates."""
    key = json.dumps([part.source, str(part.path), part.options], sort_keys=True, default=str)
    if key not in pools:
        require_shipped(part.source)
        pools[key] = open_pool(part)
    return pools[key]
