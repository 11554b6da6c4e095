"""`datagen sweep`: which recipe is best, answered cheaply."""

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.views.output import Json, Quiet, console, cores
from datagen.core.errors import SweepError, UsageError

if TYPE_CHECKING:
    from datagen.sweeps.candidates import Candidate
    from datagen.sweeps.estimate import CostEstimate
    from datagen.sweeps.executors.local import Executor
    from datagen.sweeps.spec import Spec

DEFAULT_OUT = Path("sweeps")


class StrategyName(enum.StrEnum):
    """What may follow `--strategy`."""

    grid = "grid"
    halving = "halving"
    tpe = "tpe"


class PointsName(enum.StrEnum):
    """What may follow `--points`."""

    simplex = "simplex"
    product = "product"


class ExecutorName(enum.StrEnum):
    """What may follow `--executor`."""

    local = "local"
    ray = "ray"


def sweep(
    spec: Annotated[
        Path | None, typer.Argument(metavar="SPEC.yaml", help="A sweep; flags override its keys.")
    ] = None,
    mix: Annotated[
        list[str] | None,
        typer.Option(
            "--mix",
            metavar="NAME[:PATH]=START:STOP:STEP",
            help="A source and its ratios, or one fixed ratio; repeatable.",
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="SOURCE.KEY=VALUE", help="Set an option of a source."),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="KEY=a,b,c", help="A recipe's key and values; repeatable."),
    ] = None,
    points: Annotated[
        PointsName | None,
        typer.Option(help="Mixes that add up to the whole (simplex), or every combination."),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option("--recipe", metavar="FILE|NAME", help="What all points share.")
    ] = None,
    images: Annotated[int | None, typer.Option(min=1, help="Images of each dataset.")] = None,
    budget: Annotated[int | None, typer.Option(min=1, help="Most images allowed.")] = None,
    test: Annotated[
        list[Path] | None,
        typer.Option("--test", metavar="DIR", help="Class folders to score on; repeatable."),
    ] = None,
    select: Annotated[
        str | None,
        typer.Option(metavar="val|DIR", help="What decides: val, or held-out class folders."),
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Evaluations of each dataset.")] = None,
    strategy: Annotated[
        StrategyName | None,
        typer.Option(help="All to the end; stop the worse part at rungs; or let Optuna propose."),
    ] = None,
    rungs: Annotated[
        str | None, typer.Option(metavar="10,30,100", help="Epochs at which halving compares.")
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Most points that tpe tries.")] = None,
    preview: Annotated[
        int | None,
        typer.Option(min=1, metavar="EPOCHS", help="A short look; its scores are not official."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The sweep's folder (sweeps/NAME).")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Trials at once (one per core; Ray decides itself).")
    ] = None,
    executor: Annotated[
        ExecutorName, typer.Option(help="Processes on this machine, or a Ray cluster.")
    ] = ExecutorName.local,
    address: Annotated[
        str | None, typer.Option(help="Of the Ray cluster: auto, HOST:PORT, ray://HOST:PORT.")
    ] = None,
    best: Annotated[
        Path | None,
        typer.Option("--best", metavar="DIR", help="Print the best recipe of a sweep and stop."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
    timing: Annotated[
        bool, typer.Option("--timing/--no-timing", help="Time 20 steps for the plan's hours.")
    ] = True,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run failed trials again.")
    ] = False,
    extend: Annotated[
        bool, typer.Option("--extend", help="Add to the sweep in the folder.")
    ] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write TensorBoard event files of each trial.")
    ] = False,
    mlflow: Annotated[bool, typer.Option("--mlflow", help="Log each trial to MLflow.")] = False,
    wandb: Annotated[
        bool, typer.Option("--wandb", help="Log each trial to Weights & Biases.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the best recipe: build and evaluate every point of a sweep, nothing twice.

    A sweep that was stopped goes on with the same command.

    Example: `datagen sweep --mix pen=0:1:0.25 --mix emnist=0:1:0.25 --test DIR --seeds 2`
    """
    if best is not None:
        _print_best(best, as_json=as_json)
        return
    from datagen.cli.views.sweep_progress import sweep_progress
    from datagen.sweeps.callbacks import callbacks
    from datagen.sweeps.candidates import candidates_of
    from datagen.sweeps.folder import check_folder
    from datagen.sweeps.run import run_sweep

    given = {
        "mix": mix,
        "vary": vary,
        "points": points and points.value,
        "recipe": recipe,
        "images": images,
        "budget": budget,
        "tests": test,
        "select": select,
        "seeds": seeds,
        "strategy": strategy and strategy.value,
        "rungs": rungs,
        "trials": trials,
        "preview": preview,
    }
    asked = _spec(spec, given, option or [])
    found = candidates_of(asked)
    folder = (out or DEFAULT_OUT / asked.name).absolute()
    check_folder(folder, asked, extend=extend)
    hooks = callbacks(folder, tensorboard=tensorboard, mlflow=mlflow, wandb=wandb)
    _check_executor(executor, address)
    planned = _plan(asked, found, folder, workers or cores(), timing=timing, quiet=quiet)
    console_ = console(as_json=as_json, quiet=quiet)
    _print_plan(asked, planned, folder, console_)
    if dry_run:
        return
    with (
        _executor(executor, address, workers or cores()) as runs,
        sweep_progress(planned, hooks, as_json=as_json, quiet=quiet) as view,
    ):
        ended = run_sweep(asked, found, folder, runs, view, retry_failed=retry_failed)
    if ended:
        _show_answer(folder, console_)
    failed = [trial for trial in ended if trial.state == "failed"]
    if failed:
        raise SweepError(
            f"{len(failed)} of {len(ended)} trials failed, the first ({failed[0].name}, seed "
            f"{failed[0].seed}): {failed[0].error}; --retry-failed runs them again"
        )


def _spec(path: Path | None, given: dict[str, Any], options: list[str]) -> "Spec":
    """Return the spec of a file, of flags, or of a file overridden by flags."""
    from datagen.sweeps import flags as parse
    from datagen.sweeps import spec as specs

    plain: dict[str, Any] = {} if path is None else specs.read_plain(path)
    if path is not None:
        plain.setdefault("name", path.stem)
    flags = {key: value for key, value in given.items() if value not in (None, [])}
    if "mix" in flags:
        flags["mix"] = [parse.swept_ingredient(text) for text in flags["mix"]]
    if "vary" in flags:
        flags["vary"] = dict(parse.varied_key(text) for text in flags["vary"])
    if "tests" in flags:
        flags["tests"] = [str(folder) for folder in flags["tests"]]
    if "rungs" in flags:
        flags["rungs"] = _whole_numbers(flags["rungs"])
    plain |= specs.located(flags, Path.cwd())
    if options:
        mix = parse.with_options(plain.get("mix", []), options)
        plain |= specs.located({"mix": mix}, Path.cwd())
    return specs.validate(plain, origin=str(path) if path else "the flags")


def _whole_numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"--rungs {text!r} is not epochs such as 10,30,100") from None


def _check_executor(name: ExecutorName, address: str | None) -> None:
    """Refuse what cannot run, before anything is planned."""
    if name is ExecutorName.ray:
        from datagen.sweeps.executors.ray import check_installed

        check_installed()
    elif address is not None:
        raise UsageError("--address is of a Ray cluster; say --executor ray")


@contextmanager
def _executor(name: ExecutorName, address: str | None, workers: int) -> "Iterator[Executor]":
    if name is ExecutorName.local:
        from datagen.sweeps.executors.local import LocalExecutor

        with LocalExecutor(workers) as executor:
            yield executor
    else:
        from datagen.sweeps.executors.ray import RayExecutor

        yield RayExecutor(address)


def _plan(
    spec: "Spec",
    points: "tuple[Candidate, ...]",
    folder: Path,
    workers: int,
    *,
    timing: bool,
    quiet: bool,
) -> "CostEstimate":
    """Find out what the sweep will cost, and whether it can be run at all."""
    from datagen.cli.views.output import progress_bar
    from datagen.sweeps import estimate as estimates
    from datagen.sweeps.records import TRIALS, read_trials

    test_images = estimates.check_folders(spec)
    counts = estimates.counts(spec, points, folder)
    wanted = {(point.id, seed) for point in points for seed in spec.seed_list}
    trials = read_trials(folder) if (folder / TRIALS).is_file() else []
    known = sum((trial.point, trial.seed) in wanted for trial in trials)
    timed = None
    if timing and known < len(wanted):
        with progress_bar("timing the evaluator", None, quiet=quiet):
            timed = estimates.time_evaluator(spec)
    planned = estimates.estimate(
        spec,
        counts,
        folder,
        known=known,
        workers=workers,
        timing=timed,
        test_images=test_images,
    )
    estimates.check_disk(planned, folder)
    return planned


def _print_plan(spec: "Spec", plan: "CostEstimate", folder: Path, out: Any) -> None:
    from datagen.cli.views.evaluation_progress import duration

    seeds = f"{spec.seeds} seed" + ("s" if spec.seeds > 1 else "")
    most = "at most " if spec.strategy != "grid" else ""
    ends = {
        "grid": "all to the end",
        "halving": f"compared after {_and(spec.pauses)}",
        "tpe": "TPE",
    }
    known = f"; {plan.known} have ended already" if plan.known else ""
    built = f"; {plan.built} stand already" if plan.built else ""
    rows = {
        "sweep": f"{spec.name} in {folder}",
        "datasets": f"{most}{plan.datasets} of up to {plan.images:,} images{built}",
        "evaluations": f"{plan.datasets} × {seeds} = {plan.evaluations}{known}",
        "epochs": f"{most}{plan.epochs:,} ({ends[spec.strategy]}; selected by {spec.select})",
        "time": f"about {duration(plan.seconds)} with {plan.workers} at once"
        if plan.seconds is not None
        else "not timed",
        "disk": f"up to {plan.disk / 1e6:,.0f} MB of {plan.free / 1e9:,.1f} GB free",
    }
    for name, text in rows.items():
        out.print(f"{name:12} {text}", soft_wrap=True)
    if spec.preview is not None:
        from datagen.evaluation.summary import label

        out.print(label(official=False, preview=spec.preview), style="bold", soft_wrap=True)


def _and(pauses: tuple[int, ...]) -> str:
    return "epoch " + " and ".join(map(str, pauses)) if pauses else "no epoch"


def _show_answer(folder: Path, out: Any) -> None:
    """Print what the sweep found, and write its page."""
    from datagen.cli.views.sweep_answer import print_answer
    from datagen.sweeps.page import write_page
    from datagen.sweeps.results.ranking import read

    answer = read(folder)
    page = write_page(answer)
    print_answer(answer, out)
    out.print(f"page    {page}", soft_wrap=True, markup=False)


def _print_best(folder: Path, *, as_json: bool) -> None:
    """Print the best recipe of a sweep, or all of its answer as one JSON object."""
    from datagen.cli.views.output import emit
    from datagen.cli.views.sweep_answer import plain, print_best
    from datagen.sweeps.results.ranking import read

    answer = read(folder)
    if as_json:
        emit(plain(answer))
    else:
        print_best(answer)
