"""`candidates.jsonl`: the candidates of a search, generation by generation, before they are tried.

A generation is written before any of it runs. A search that was killed runs those generations to
their end, whatever its clock says, and decides the same.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from datagen.core.errors import DatagenError, UsageError
from datagen.core.limits import Tally
from datagen.core.models import StrictModel
from datagen.files.atomic import staged_file
from datagen.files.lines import read_lines
from datagen.recipes import load as recipes
from datagen.recipes.paths import recorded_recipe
from datagen.searches.judge import Values
from datagen.searches.propose import propose
from datagen.searches.space import SPACE, Settings, Value, candidate_of, recipe_of
from datagen.searches.spec import SearchSpec
from datagen.sweeps.candidates import Candidate
from pipelines.errors import PipelineError

CANDIDATES: Final = "candidates.jsonl"
_ATTEMPTS: Final = 30
"""Proposals in a row that are known or cannot be built, after which there is nothing new."""


class Begun(StrictModel):
    """A candidate of a search.

    Attributes:
        generation: from 0 on; the candidates of one are compared with each other.
        id: of the recipe.
        name: a shipped recipe's, or `try 12`.
        shipped: whether it is a shipped recipe.
        settings: what a search varies, see `datagen.searches.space.SPACE`; empty for a recipe
            without real images.
        recipe: its keys, with paths from the search's folder.
    """

    generation: Tally
    id: str
    name: str
    shipped: bool
    settings: dict[str, Value]
    recipe: dict[str, Any]

    def candidate(self, folder: Path) -> Candidate:
        """Return it as a candidate."""
        recipe = recipes.validate(self.recipe, origin=self.name, folder=folder)
        return Candidate(self.id, self.name, {}, dict(self.settings), recipe)


def begun_of(candidate: Candidate, generation: int, folder: Path, *, shipped: bool) -> Begun:
    """Return a candidate's record."""
    plain = candidate.recipe.model_dump(mode="json", exclude_none=True)
    keys = {
        "generation": generation,
        "id": candidate.id,
        "name": candidate.name,
        "shipped": shipped,
        "settings": dict(candidate.settings),
        "recipe": recorded_recipe(plain, folder),
    }
    return Begun.model_validate(keys)


def read_begun(folder: Path) -> list[Begun]:
    """Return the candidates of all generations so far.

    Raises:
        CorruptInputError: a line is damaged.
        UsageError: another version of the program began them, which varied something else.
    """
    begun = read_lines(folder / CANDIDATES, Begun, "the search goes on without it")
    for each in begun:
        if each.settings and each.settings.keys() != SPACE.keys():
            other = ", ".join(sorted(each.settings.keys() ^ SPACE.keys()))
            raise UsageError(
                f"{folder} holds a search by another version of datagen, in which other settings "
                f"vary ({other}); go on with that version, or choose another --out"
            )
    return begun


def write_begun(begun: Sequence[Begun], folder: Path) -> None:
    """Write the candidates of all generations; a generation is there whole or not at all."""
    with staged_file(folder / CANDIDATES) as temporary:
        temporary.write_text("".join(f"{each.model_dump_json()}\n" for each in begun), "utf-8")


def proposed(
    known: Sequence[Begun], values: Values, spec: SearchSpec, folder: Path, number: int
) -> list[Candidate]:
    """Return new candidates that can be made, none twice; fewer where there is nothing new.

    Args:
        known: every candidate so far.
        values: accuracy by fold at the first stage; who is not there failed.
        spec: of the search.
        folder: of the search.
        number: how many.
    """
    results = [
        (each.settings, fmean(values[each.id].values()) if each.id in values else None)
        for each in known
        if each.settings
    ]
    running: list[Settings] = []
    ids = {each.id for each in known}
    found: list[Candidate] = []
    stale = 0
    while len(found) < number and stale < _ATTEMPTS:
        drawn = 1_000 * len(known) + 100 * len(found) + stale
        settings = propose(results, running, spec.seed + drawn)
        stale += 1
        try:
            name = f"try {len(known) + len(found) + 1}"
            candidate = candidate_of(recipe_of(settings, spec, folder, name), settings, folder)
        except (DatagenError, PipelineError):  # a pipeline too strong for a class, say
            continue
        if candidate.id not in ids:
            ids.add(candidate.id)
            found.append(candidate)
            running.append(settings)
            stale = 0
    return found
