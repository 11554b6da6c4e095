"""What a search is asked to do: `spec.yaml` in its folder, and whether it may run there."""

from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from datagen.core.budget import ELIGIBLE_BUDGET
from datagen.core.errors import RecipeError, UsageError
from datagen.core.evaluator_facts import OFFICIAL_EPOCHS, OFFICIAL_SEED
from datagen.core.limits import MOST_IMAGES, MOST_PROCESSES, MOST_RUNS, Epochs
from datagen.core.models import StrictModel
from datagen.core.pydantic_errors import explain
from datagen.core.text import is_unicode
from datagen.curation.holdout.divide import MOST_FOLDS
from datagen.evaluation.process import Engine
from datagen.files.atomic import staged_file
from datagen.files.paths import absolute, recorded_place
from datagen.files.presets import plain_yaml, read_text
from datagen.sweeps.store import differences, shown
from datagen.sweeps.trial import SPEC
from pipelines.plain import write_yaml
from pipelines.text import quoted

LEAST_BUDGET: Final = 100
"""Ten images of each class: with fewer no fold can tell one recipe from another."""
MOST_HOURS: Final = 10_000.0
LOCK: Final = "lock"


class SearchSpec(StrictModel):
    """A search.

    Attributes:
        real: class folders of the person's images, absolute.
        budget: the most images of a dataset.
        folds: how many choose. One part more is kept for the end, so that the images are divided
            in `folds + 1` parts of about equal size.
        seeds: trainings of the best recipe, and of the best shipped one, on the kept part.
        seed: of the division, of the recipes and of the proposals.
        rungs: epochs after which candidates are compared and the worse ones are stopped.
        reduction: n: one in n goes on after a rung.
        width: candidates that are begun together.
        preview: epochs instead of the official 100; its scores are not official.
        review: a list of bad images, by name or as a file, for what is trained on.
        skip_bad: pass over unusable files instead of refusing.
        engine, threads: of the evaluator.
    """

    search: Literal[1] = 1  # version of this format
    real: Path
    budget: Annotated[int, Field(ge=LEAST_BUDGET, le=MOST_IMAGES)] = ELIGIBLE_BUDGET
    folds: Annotated[int, Field(ge=2, le=MOST_FOLDS - 1)] = 3
    seeds: Annotated[int, Field(ge=1, le=MOST_RUNS)] = 2
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    rungs: Annotated[tuple[Epochs, ...], Field(max_length=100)] = (10, 30)
    reduction: Annotated[int, Field(ge=2, le=100)] = 3
    width: Annotated[int, Field(ge=3, le=1000)] = 9
    preview: Epochs | None = None
    review: str | None = None
    skip_bad: bool = False
    engine: Engine = "auto"
    threads: Annotated[int, Field(ge=1, le=MOST_PROCESSES)] | None = None

    @field_validator("rungs")
    @classmethod
    def _rising(cls, rungs: tuple[int, ...]) -> tuple[int, ...]:
        if list(rungs) != sorted(set(rungs)):
            raise ValueError(f"rungs {list(rungs)} do not rise; expected such as [10, 30]")
        return rungs

    @model_validator(mode="after")
    def _absolute(self) -> Self:
        if not self.real.is_absolute():
            raise ValueError("real is not absolute")
        return self

    @property
    def epochs(self) -> int:
        """Epochs of a training that runs to the end."""
        return self.preview or OFFICIAL_EPOCHS

    @property
    def stages(self) -> tuple[int | None, ...]:
        """Epochs at which candidates are compared, as tasks name them: None is the end."""
        return (*(rung for rung in self.rungs if rung < self.epochs), None)

    def length(self, until: int | None) -> int:
        """Return the epochs of a stage."""
        return until or self.epochs

    @property
    def seed_list(self) -> tuple[int, ...]:
        """Seeds of the evaluator at the end; the first one chooses."""
        return tuple(range(OFFICIAL_SEED, OFFICIAL_SEED + self.seeds))

    @property
    def images_options(self) -> dict[str, Any]:
        """Options of every ingredient of real images."""
        review = {} if self.review is None else {"review": self.review}
        return review | ({"skip_bad": True} if self.skip_bad else {})


def made_spec(**keys: Any) -> SearchSpec:
    """Return a spec of what was asked, paths from the working folder; None asks for the default.

    Raises:
        UsageError: `real` is empty, `review` is no Unicode, or no training is stopped by the rungs
            that are asked for.
        RecipeError: a value is out of range; the message names its key.
    """
    given = {key: value for key, value in keys.items() if value is not None}
    # as `read_spec` returns them, or a link or `..` would make the same search another one
    given["real"] = absolute(given["real"], Path.cwd())
    review = given.get("review")
    if isinstance(review, str) and not is_unicode(review):
        raise UsageError(f"--review {quoted(review)}: expected a name or a file, text in Unicode")
    if isinstance(review, str) and Path(review).is_file():
        given["review"] = str(absolute(review, Path.cwd()))
    spec = _validated(given, "the search")
    if given.get("rungs") and len(spec.stages) == 1:
        raise UsageError(
            f"--rungs {','.join(map(str, spec.rungs))}: a training ends after {spec.epochs} "
            f"epochs, so nothing stops early; give numbers below {spec.epochs}, or leave it out"
        )
    return spec


def check_hours(hours: float) -> float:
    """Return hours that make sense.

    Raises:
        UsageError: they do not.
    """
    if not 0 < hours <= MOST_HOURS:  # also of NaN
        raise UsageError(
            f"hours is {hours:g}; expected more than 0 and at most {MOST_HOURS:,.0f}, such as 4"
        )
    return hours


def _validated(plain: dict[str, Any], origin: str) -> SearchSpec:
    try:
        return SearchSpec.model_validate(plain)
    except ValidationError as error:
        raise RecipeError(f"{origin}: {explain(error, SearchSpec)}") from error


def read_spec(folder: Path) -> SearchSpec | None:
    """Return the spec of the search in a folder; None where the folder is empty or not there.

    Raises:
        UsageError: it holds something else.
        RecipeError: its spec is damaged.
    """
    path = folder / SPEC
    if path.is_file():
        text = read_text(path, "search")
        plain = plain_yaml(text.text, str(path))
        if isinstance(plain, dict) and "search" in plain and "real" in plain:
            for key in ("real", "review"):
                value = plain.get(key)
                if isinstance(value, str) and (key == "real" or (folder / value).is_file()):
                    plain[key] = str(absolute(value, folder.absolute()))
            return _validated(plain, str(path))
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; choose another --out")
    if folder.is_dir() and any(entry.name != LOCK for entry in folder.iterdir()):
        raise UsageError(f"{folder} holds no search; choose another --out, new or empty")
    return None


def write_spec(spec: SearchSpec, folder: Path) -> None:
    """Write the spec, its paths as a file in `folder` says them."""
    plain = spec.model_dump(mode="json")
    plain["real"] = recorded_place(plain["real"], folder)
    if spec.review is not None and Path(spec.review).is_absolute():
        plain["review"] = recorded_place(spec.review, folder)
    with staged_file(folder / SPEC) as temporary:
        temporary.write_text(write_yaml(plain), "utf-8")


def check_folder(folder: Path, spec: SearchSpec) -> bool:
    """Return whether this very search has begun in `folder`.

    Raises:
        UsageError: the folder holds another search, or something else.
    """
    old = read_spec(folder)
    if old is None:
        return False
    if differing := differences(old, spec):
        raise UsageError(
            f"{folder} holds a search that was asked for something else ({shown(differing)}); ask "
            "for the same, or choose another --out"
        )
    return True
