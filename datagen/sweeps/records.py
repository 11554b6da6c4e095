"""`sweep.jsonl`, one `Trial` a line: a candidate with one seed of the evaluator, and its result.

A candidate is a recipe of the sweep. What runs a sweep writes these lines; whoever reads its answer
needs nothing else.
"""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, ValidationError, model_validator

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.limits import EvaluatorSeed, Hits, Seconds, Share, Tally
from datagen.core.models import StrictModel
from datagen.core.pydantic_errors import explain
from datagen.files.leftovers import require_folder
from datagen.files.reading import LINES, read_bytes

TRIALS: Final = "sweep.jsonl"
DATASETS: Final = "datasets"
"""The folder, in a sweep's, that has one dataset per candidate."""

State = Literal["done", "stopped", "failed"]
Setting = bool | float | int | str | None


class Scored(StrictModel):
    """The weights of the chosen epoch on one set of images.

    Attributes:
        images, correct: counted.
        hits: see `datagen.evaluation.records.TestResult.hits`.
        classes: recall per class; None for a class without images.
        leaked: images that the trial's dataset knows; None in the logs of earlier versions.
        leak_free: accuracy without them; None where no image is left.
    """

    path: str
    fingerprint: str
    images: Annotated[int, Field(ge=1, le=10**9)]
    correct: Tally
    hits: Hits
    classes: dict[str, Share | None]
    leaked: Tally | None = None
    leak_free: Share | None = None

    @model_validator(mode="after")
    def _as_many_hits(self) -> Self:
        if len(self.hits) != self.images or self.hits.count("1") != self.correct:
            raise ValueError(
                f"{len(self.hits):,} hits and misses with {self.hits.count('1'):,} hits, for "
                f"{self.correct:,} hits on {self.images:,} images"
            )
        return self

    @property
    def accuracy(self) -> float:
        """Hits among images."""
        return self.correct / self.images


class Reached(StrictModel):
    """How far one candidate came with one seed of the evaluator.

    Attributes:
        point: id of the recipe, equal for all seeds of it (its fingerprint's first 16 digits).
        seed: of the evaluator.
        epochs: how many it trained; a stopped trial's scores are those it had reached.
        official: whether the score is an official one (all epochs, frozen sources).
        dataset: path of its dataset, below the sweep's folder; None where it could not be built.
        fingerprint: of the dataset.
        images: train + val of its dataset; None where it could not be built.
        val_accuracy: of the chosen epoch; None where it failed before one.
        selection: on the held-out selection set, where the sweep has one.
        tests: on the test sets, in the sweep's order; they never decide what is stopped.
        score: path of its `score.json`, below the sweep's folder; None without one.
        build_seconds, evaluate_seconds: spent in this sweep; 0 where a dataset or score was known.
        cached: whether the score was known already.
        error: why it failed, one sentence.
        evaluator: `datagen.evaluation.process.identity` of what scored it; None in the logs of
            earlier versions.
    """

    point: Annotated[str, Field(pattern=r"^[^/\\\x00-\x1f]{1,200}$")]
    seed: EvaluatorSeed
    epochs: Tally = 0
    official: bool = False
    dataset: str | None = None
    fingerprint: str | None = None
    images: Tally | None = None
    val_accuracy: Share | None = None
    selection: Scored | None = None
    tests: tuple[Scored, ...] = ()
    score: str | None = None
    build_seconds: Seconds = 0.0
    evaluate_seconds: Seconds = 0.0
    cached: bool = False
    error: str | None = None
    evaluator: str | None = None

    @property
    def decided(self) -> float | None:
        """What decides between trials: accuracy on the selection set or, without one, on val."""
        return self.val_accuracy if self.selection is None else self.selection.accuracy


class Trial(Reached):
    """A trial whose state is final: a line of `sweep.jsonl`.

    Attributes:
        name: for people: `pen=0.25 emnist=0.75`.
        ratios: share of each varied source, adding up to 1; empty where no ratio varies.
        settings: what else varies, by its key in the recipe: `{"pipeline": "scanned"}`.
        state: "done" ran to the last epoch; "stopped" was worse at a rung; "failed" has an error.
    """

    schema_version: Literal[1] = 1
    name: str
    ratios: dict[str, Share] = Field(default_factory=dict)
    settings: dict[str, Setting] = Field(default_factory=dict)
    state: State

    @model_validator(mode="after")
    def _a_score_unless_failed(self) -> Self:
        if self.state != "failed" and self.decided is None:
            raise ValueError(f"the trial is {self.state} and has no accuracy")
        return self


def read_trials(folder: Path) -> list[Trial]:
    """Read a sweep's trials; of a trial that was recorded again the last line counts.

    A last line without its end is left out: the sweep that writes it was killed, or is writing it.

    Raises:
        MissingInputError: there is no sweep.
        CorruptInputError: a line is not a trial; the message names it.
    """
    path = folder / TRIALS
    try:
        *lines, _ = read_bytes(path, LINES).split(b"\n")
    except MissingInputError:
        require_folder(folder, "that of a sweep, which `datagen sweep --out` makes")
        raise MissingInputError(
            f"no {TRIALS} in {folder}; `datagen sweep --out` makes one"
        ) from None
    trials: dict[tuple[str, int], Trial] = {}
    for number, line in enumerate(lines, 1):
        try:
            trial = Trial.model_validate_json(line)
        except ValidationError as error:
            raise CorruptInputError(
                f"{path} line {number} is damaged ({explain(error, Trial)}); remove the line: its "
                "trial is then run again"
            ) from error
        trials[trial.point, trial.seed] = trial
    return list(trials.values())
