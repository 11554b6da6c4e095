"""What a search found: the record `search.json`."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.limits import EvaluatorSeed, Seconds, Share, Tally
from datagen.core.models import StrictModel
from datagen.core.pydantic_errors import explain
from datagen.datasets.format import RECIPE
from datagen.files.json_records import read_json
from datagen.files.paths import absolute, real_path
from datagen.searches.importance import Importance
from datagen.searches.space import Value

ANSWER: Final = "search.json"
_REMEDY: Final = "remove it: the `datagen search` that made it then writes it again"
State = Literal["done", "stopped", "failed"]
Signed = Annotated[float, Field(ge=-1, le=1)]


class Tried(StrictModel):
    """One candidate.

    Attributes:
        id, name: see `datagen.searches.begun.Begun`.
        generation: in which it was tried.
        shipped: whether it is a shipped recipe.
        settings: what a search varies.
        state: "done" trained to the end on all folds; "stopped" was worse; "failed" has an error.
        epochs: that it trained.
        folds: accuracy by fold, after these epochs.
        mean: over the folds; None where it failed.
        to_best: its mean minus that of the best, after as many epochs; None of the best itself.
        noise: half the width of the 95 % interval of `to_best`.
        error: why it failed.
    """

    id: str
    name: str
    generation: Tally
    shipped: bool
    settings: dict[str, Value]
    state: State
    epochs: Tally = 0
    folds: dict[int, Share] = Field(default_factory=dict)
    mean: Share | None = None
    to_best: Signed | None = None
    noise: Share | None = None
    error: str | None = None


def in_order(tried: Tried) -> tuple[int, bool, str]:
    """Return what candidates are sorted by, in the order in which they were tried."""
    return tried.generation, not tried.shipped, tried.name.rjust(20)


class Reported(StrictModel):
    """A recipe on the kept part.

    Attributes:
        id, name: of the candidate.
        seeds: of the evaluator.
        accuracies: one per seed.
        mean: of these.
        interval: 95 %, what other images and other seeds would have given.
    """

    id: str
    name: str
    seeds: tuple[EvaluatorSeed, ...]
    accuracies: tuple[Share, ...]
    mean: Share
    interval: tuple[Share, Share]


class SearchAnswer(StrictModel):
    """What a search found.

    Attributes:
        folder: of the search, absolute.
        real: the person's images.
        budget, folds: as asked.
        epochs: of a training to the end.
        official: whether these are the official ones.
        seconds: used, over all runs.
        why: why no more candidates were tried.
        best: id of the best candidate.
        reference: id of the best shipped recipe; None where all failed.
        candidates: best first: those done, those stopped by how far they came, those that failed.
        noise_std: of one accuracy on one fold, beside what candidate and fold decide.
        kept_images: of the kept part's test.
        kept: the best and the reference on it.
        difference: best minus reference there, and its 95 % interval; None where they are one.
        importance: of the settings, most first; empty where too few candidates were tried.
        looks: how often each test was looked at, by its folder.
    """

    command: Literal["search"] = "search"
    schema_version: Literal[1] = 1
    folder: str
    real: str
    budget: Tally
    folds: Tally
    epochs: Tally
    official: bool
    seconds: Seconds
    why: str
    best: str
    reference: str | None
    candidates: tuple[Tried, ...]
    noise_std: Share
    kept_images: Tally
    kept: tuple[Reported, ...]
    difference: tuple[Signed, Signed, Signed] | None
    importance: tuple[Importance, ...]
    looks: dict[str, Tally]

    def named(self, candidate_id: str | None) -> Tried | None:
        """Return a candidate by its id."""
        return next((each for each in self.candidates if each.id == candidate_id), None)

    @property
    def failed(self) -> tuple[Tried, ...]:
        """The candidates that could not be trained, or not to the end, in the order tried."""
        found = [each for each in self.candidates if each.state == "failed"]
        return tuple(sorted(found, key=in_order))

    @property
    def recipe(self) -> Path:
        """The file of the best recipe."""
        return Path(self.folder) / RECIPE


def read_search(folder: Path) -> SearchAnswer:
    """Read what a search found.

    Raises:
        MissingInputError: no search has ended in `folder`.
        CorruptInputError: its record is damaged.
    """
    path = folder / ANSWER
    if not path.is_file():
        raise MissingInputError(f"no {ANSWER} in {folder}: no search has ended there")
    try:
        found = SearchAnswer.model_validate(read_json(path, _REMEDY))
    except ValidationError as error:
        raise CorruptInputError(
            f"{path} is damaged ({explain(error, SearchAnswer)}); {_REMEDY}"
        ) from error
    place = real_path(folder)
    return found.model_copy(update={"folder": str(place), "real": str(absolute(found.real, place))})
