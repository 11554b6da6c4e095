"""What to evaluate, and how: the request, and what of it can be refused before a file is read."""

from dataclasses import dataclass
from pathlib import Path

from datagen.core.errors import UsageError
from datagen.core.evaluator_facts import OFFICIAL_SEED, PROTOCOL
from datagen.core.limits import (
    MOST_EPOCHS,
    MOST_EVALUATOR_SEED,
    MOST_PROCESSES,
    MOST_RUNS,
    require,
)
from datagen.datasets.inputs import refuse_among_inputs, refuse_repeated
from datagen.evaluation.models import refuse_letter_reader
from datagen.evaluation.process import Engine, EvaluationJob


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What to evaluate, and how.

    Attributes:
        dataset: a folder with `train/` and `val/`.
        tests: class folders to score on.
        protocol: name of the frozen protocol.
        engine: how it is computed; "auto" takes `native` on a CPU and `fast` on a GPU.
        seed: of the first run; an official score's is 123.
        seeds: how many runs, with consecutive seeds.
        preview: epochs of a shorter run that is no official score.
        until: epoch after which to pause: the scores are those reached there, never cached, and a
            later request without it goes on. Where more is kept, the scores are those of all of it.
        force: run again although the score is known.
        workers: evaluator processes at once.
        threads: of each process; None shares the cores of this machine among those that run.
        extra_train: further folders to train on, for protocols that know them.
        weights: what the base of a pretrained protocol begins with: `imagenet`, `none`, or a file.
        export_model: a `.keras` file to write the trained network to; a known score is made again
            for it, without training where the state of the run is kept.
        near_duplicates: count test pictures that are like one of the dataset, too.
    """

    dataset: Path
    tests: tuple[Path, ...] = ()
    protocol: str = PROTOCOL
    engine: Engine = "auto"
    seed: int = OFFICIAL_SEED
    seeds: int = 1
    preview: int | None = None
    until: int | None = None
    force: bool = False
    workers: int = 1
    threads: int | None = None
    near_duplicates: bool = True
    extra_train: tuple[Path, ...] = ()
    weights: str | None = None
    export_model: Path | None = None

    def jobs(self) -> list[EvaluationJob]:
        """Return one job per seed."""
        return [
            EvaluationJob(
                dataset=self.dataset,
                tests=self.tests,
                seed=seed,
                protocol=self.protocol,
                engine=self.engine,
                preview=self.preview,
                threads=self.threads,
                until=self.until,
                extra_train=self.extra_train,
                weights=self.weights,
                export_model=self.export_model,
            )
            for seed in range(self.seed, self.seed + self.seeds)
        ]


def require_sound(request: EvaluationRequest) -> None:
    """Refuse, before anything is read, what cannot be evaluated whatever the images are.

    Raises:
        UsageError: a number is out of range, a test set is given twice, or the model would be
            written among the images.
    """
    require("seeds", request.seeds, 1, MOST_RUNS)
    require("seed", request.seed, 0, MOST_EVALUATOR_SEED - request.seeds + 1)
    require("workers", request.workers, 1, MOST_PROCESSES)
    require("threads", request.threads, 1, MOST_PROCESSES)
    require("preview", request.preview, 1, MOST_EPOCHS)
    require("until", request.until, 1, MOST_EPOCHS)
    refuse_letter_reader(request.protocol)
    for read in (request.dataset, *request.tests, *request.extra_train):
        refuse_among_inputs(request.export_model, read, "--export-model")
    if request.export_model is not None and request.seeds > 1:
        raise UsageError(
            f"export_model keeps one network and {request.seeds} seeds train {request.seeds}; "
            "evaluate one seed for it"
        )
    refuse_repeated(request.tests)
