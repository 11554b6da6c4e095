"""`datagen sweep`: which recipe is best, answered cheaply."""

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli import recipe_flags as flags
from datagen.cli import trial_flags as training
from datagen.cli.unused_flags import refuse_unused
from datagen.cli.views.output import Json, Quiet, console, progress_bars
from datagen.core.errors import SweepError, UsageError

if TYPE_CHECKING:
    from datagen.sweeps.results.ranking import Answer
    from datagen.sweeps.spec import Spec


class StrategyName(enum.StrEnum):
    """What may follow `--strategy`."""

    grid = "grid"
    halving = "halving"
    tpe = "tpe"


class PointsName(enum.StrEnum):
    """What may follow `--points`."""

    simplex = "simplex"
    product = "product"


def sweep(
    context: typer.Context,
    spec: Annotated[
        Path | None,
        typer.Argument(metavar="SPEC.yaml", help="A sweep file; options override its keys."),
    ] = None,
    mix: Annotated[
        list[str] | None,
        typer.Option(
            "--mix",
            metavar="NAME[:PATH]=START:STOP:STEP",
            help="A source and the ratios to try, or one fixed ratio; repeatable.",
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option", metavar="SOURCE.KEY=VALUE", help="Set an option of a source; repeatable."
        ),
    ] = None,
    skip_bad: flags.SkipBad = False,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="KEY=a,b,c",
            help="A key of the recipe and the values to try; repeatable.",
        ),
    ] = None,
    points: Annotated[
        PointsName | None,
        typer.Option(
            help="Try mixes whose ratios add up to the largest STOP (simplex), or every "
            "combination (product); default: simplex."
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            metavar="FILE|NAME",
            help="The recipe that all candidates start from (default: `default`).",
        ),
    ] = None,
    images: Annotated[
        int | None, typer.Option(min=1, help="Number of images of each dataset.")
    ] = None,
    budget: Annotated[
        int | None, typer.Option(min=1, help="Largest number of images of a dataset.")
    ] = None,
    test: Annotated[
        list[Path] | None,
        typer.Option(
            "--test", metavar="DIR", help="Test set: class folders to score on; repeatable."
        ),
    ] = None,
    select: Annotated[
        str | None,
        typer.Option(
            metavar="val|DIR",
            help="Images that choose the best candidate: val (default), or held-out class folders.",
        ),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Number of evaluations of each dataset (1).")
    ] = None,
    strategy: Annotated[
        StrategyName | None,
        typer.Option(
            help="Train all to the end (grid), stop the worse ones early (halving), or let Optuna "
            "propose candidates (tpe); default: grid."
        ),
    ] = None,
    rungs: Annotated[
        str | None,
        typer.Option(
            metavar="10,30,100",
            help="Numbers of epochs after which halving stops the worse ones (10,30,100).",
        ),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Largest number of candidates that tpe tries (20).")
    ] = None,
    preview: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="EPOCHS",
            help="Train this many epochs instead of 100; the scores are not official.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the sweep (sweeps/NAME).")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of trials at the same time (default: one per core; Ray decides itself).",
        ),
    ] = None,
    executor: training.Executor = training.ExecutorName.local,
    address: training.Address = None,
    best: Annotated[
        Path | None,
        typer.Option(
            "--best",
            metavar="DIR",
            help="Print the best recipe of the sweep in this folder, and stop.",
        ),
    ] = None,
    dry_run: training.DryRun = False,
    timing: Annotated[
        bool,
        typer.Option(
            "--timing/--no-timing", help="Measure 20 training steps first, to estimate the hours."
        ),
    ] = True,
    retry_failed: training.RetryFailed = False,
    extend: Annotated[
        bool,
        typer.Option("--extend", help="Add new candidates or seeds to the sweep in the folder."),
    ] = False,
    offline: flags.Offline = False,
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
    """Build and evaluate a list of recipes that you name, and rank them.

    Each candidate is one recipe: one mix of the sources and one value of each varied key. For
    recipes that are proposed for you, see `datagen search`.

    The same command resumes a sweep that was stopped.

    Example: `datagen sweep --mix pen=0:1:0.25 --mix emnist=0:1:0.25 --test DIR --seeds 2`
    """
    if best is not None:
        others = set(context.params) - {"best", "as_json", "quiet"}
        refuse_unused(context, others, "with --best", "leave --best out")
        _print_best(best, as_json=as_json)
        return
    from datagen.api.progress import fetched
    from datagen.building.fetch_missing import fetching
    from datagen.cli.views.sweep_answer import print_answer, print_next_trial
    from datagen.cli.views.sweep_progress import sweep_progress
    from datagen.sweeps import run
    from datagen.sweeps.callbacks import callbacks
    from datagen.sweeps.page import PAGE

    training.refuse_address(context, executor)
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
    asked = _spec(spec, given, option or [], skip_bad=skip_bad)
    folder = out or run.default_folder(asked)
    hooks = callbacks(folder.absolute(), tensorboard=tensorboard, mlflow=mlflow, wandb=wandb)
    human = console(as_json=as_json, quiet=quiet)
    with (
        progress_bars(quiet=quiet) as progress,
        sweep_progress(human, as_json=as_json, quiet=quiet) as view,
    ):
        fetch = fetching(offline=offline, progress=fetched(progress))
        if dry_run:
            run.plan_sweep(
                asked,
                folder,
                workers=workers,
                listener=view,
                timed=timing,
                extend=extend,
                fetch=fetch,
            )
            return
        answer = run.sweep(
            asked,
            folder,
            executor=training.chosen_executor(executor, address),
            workers=workers,
            listener=view,
            callbacks=hooks,
            timed=timing,
            extend=extend,
            retry_failed=retry_failed,
            fetch=fetch,
        )
    print_answer(answer, human)
    human.print(f"page    {answer.folder / PAGE}", soft_wrap=True, markup=False)
    print_next_trial(answer, human)
    _refuse_failed(answer)


def _spec(
    path: Path | None, given: dict[str, Any], options: list[str], *, skip_bad: bool = False
) -> "Spec":
    """Return the spec of a file, of flags, or of a file overridden by flags."""
    from datagen.sweeps import flags as parse
    from datagen.sweeps import spec as specs

    plain: dict[str, Any] = {} if path is None else specs.read_plain(path)
    if path is not None:
        plain.setdefault("name", path.stem)
    said = {key: value for key, value in given.items() if value not in (None, [])}
    if "mix" in said:
        said["mix"] = [parse.swept_ingredient(text) for text in said["mix"]]
    if "vary" in said:
        said["vary"] = _by_key([parse.varied_key(text) for text in said["vary"]])
    if "tests" in said:
        said["tests"] = [str(folder) for folder in said["tests"]]
    if "rungs" in said:
        said["rungs"] = training.whole_numbers(said["rungs"])
    if "strategy" in said:  # a flag that overrides the file's strategy overrides all of it
        plain = specs.of_its_strategy(plain | {"strategy": said["strategy"]})
    plain |= specs.located(said, Path.cwd())
    if options:
        mix = parse.with_options(plain.get("mix", []), options)
        plain |= specs.located({"mix": mix}, Path.cwd())
    if skip_bad:
        plain["mix"] = parse.without_bad_images(plain.get("mix", []))
    return specs.validate(plain, origin=str(path) if path else "the flags")


def _by_key(varied: "list[tuple[str, list[Any]]]") -> dict[str, list[Any]]:
    """Return the values of each key that is varied.

    Raises:
        UsageError: a key is named twice.
    """
    found: dict[str, list[Any]] = {}
    for key, values in varied:
        if key in found:
            raise UsageError(f"--vary {key} is given twice; name all its values in one, in a list")
        found[key] = values
    return found


def _refuse_failed(answer: "Answer") -> None:
    """End with an error where trials failed.

    Raises:
        SweepError: some did.
    """
    if failed := answer.failed:
        why = str(failed[0].error)
        how = "" if "--retry-failed" in why else "; --retry-failed runs them again"
        raise SweepError(
            f"{len(failed)} of {answer.cost.trials} trials failed, the first ({failed[0].name}, "
            f"seed {failed[0].seed}): {why}{how}"
        )


def _print_best(folder: Path, *, as_json: bool) -> None:
    """Print the best recipe of a sweep, or all of its answer as one JSON object."""
    from datagen.cli.views.output import emit
    from datagen.cli.views.sweep_answer import plain, print_best
    from datagen.sweeps.run import read_sweep

    answer = read_sweep(folder)
    if as_json:
        emit(plain(answer))
    else:
        print_best(answer)
