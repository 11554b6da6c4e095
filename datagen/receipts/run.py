"""The evaluator, run apart from the cache: nothing known is answered, and nothing is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

from datagen.core.errors import CorruptInputError, StoppedError
from datagen.evaluation.process import Engine, EvaluationJob, EvaluatorProcess, Event
from datagen.evaluation.records import Score


def job_again(
    score: Score, dataset: Path, tests: tuple[Path, ...], *, until: int | None, threads: int
) -> EvaluationJob:
    """Return the run of a score, on a dataset and test sets of this machine.

    Raises:
        CorruptInputError: the score names no engine that there is.
    """
    for engine in get_args(Engine):
        if engine == score.protocol.engine:
            return EvaluationJob(
                dataset=dataset,
                tests=tests,
                seed=score.seed,
                protocol=score.protocol.name,
                engine=engine,
                preview=score.preview,
                threads=threads,
                until=until,
            )
    raise CorruptInputError(
        f"the receipt names the engine {score.protocol.engine!r}; expected one of "
        f"{', '.join(get_args(Engine))}"
    )


def run_apart(job: EvaluationJob, folder: Path, tell: Callable[[Event], None]) -> Score:
    """Run an evaluation whose files all lie in `folder`, and return its score.

    Where `tell` raises, the evaluator is stopped, and what it raised goes on.

    Raises:
        StoppedError: Ctrl-C.
        DatagenError: what the evaluator refused.
    """
    run = EvaluatorProcess(job, folder / "score.json", folder / "state")
    try:
        run.start()
        return run.listen(tell)
    except KeyboardInterrupt:
        _end(run)
        where = f"after epoch {run.epoch} of {run.epochs}" if run.epoch else "before an epoch ended"
        raise StoppedError(
            f"interrupted {where}; nothing is kept, the same command begins again"
        ) from None
    except BaseException:
        _end(run)
        raise


def _end(run: EvaluatorProcess) -> None:
    run.interrupt()
    run.reap()
