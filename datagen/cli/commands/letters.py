"""`datagen letters`: a reader of EMNIST's characters, trained, asked and compared."""

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.arguments import with_user_paths
from datagen.cli.views.next_step import print_next
from datagen.cli.views.output import Json, Quiet, console, emit, progress_bars
from datagen.core.errors import CorruptInputError

if TYPE_CHECKING:
    from datagen.letters.reader import LettersResult

app = typer.Typer(
    no_args_is_help=True,
    help="A classifier of single letters and digits: train it, use it, compare networks.",
)


class NetName(enum.StrEnum):
    """What may follow `--net`."""

    A = "a"
    B = "b"
    FINAL = "final"


class OptimiserName(enum.StrEnum):
    """What may follow `--optimiser`."""

    SGD = "sgd"
    ADAGRAD = "adagrad"
    ADAM = "adam"
    ADAMW = "adamw"


Source = Annotated[
    str,
    typer.Option(
        "--source",
        metavar="emnist[:PATH]",
        help="Where EMNIST is (default: the downloaded archive).",
    ),
]
Epochs = Annotated[int, typer.Option(min=1, max=10_000, help="Number of passes over the images.")]
Seed = Annotated[
    int,
    typer.Option(
        "--seed",
        min=0,
        max=2**31 - 1,
        help="Seed of the weights, the dropout and the order of the images.",
    ),
]
Rate = Annotated[float | None, typer.Option("--rate", min=1e-9, max=10, help="Learning rate.")]


def train(
    source: Source = "emnist",
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", help="Model file; the state after each epoch is kept next to it."
        ),
    ] = Path("letters.keras"),
    net: Annotated[NetName, typer.Option(help="Network to train.")] = NetName.FINAL,
    optimiser: Annotated[OptimiserName, typer.Option(help="Optimiser.")] = OptimiserName.ADAMW,
    rate: Rate = None,
    warm_up: Annotated[
        int,
        typer.Option(
            min=0,
            max=1_000_000,
            help="Number of first steps at a tenth of the learning rate; at most one epoch.",
        ),
    ] = 502,
    epochs: Epochs = 30,
    seed: Seed = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue after the last epoch that was kept.")
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace an existing model and the epochs kept with it."),
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a classifier of EMNIST's 36 characters: 10 digits and 26 letters, without case.

    The default learning rate is 1e-3 for SGD and Adagrad, 1e-4 for Adam and AdamW. It needs
    EMNIST's splits `digits` and `letters`: `datagen fetch emnist --whole`.

    Example: `datagen letters train --source emnist:gzip.zip --epochs 5`
    """
    from datagen.api.letters import train_letters

    with progress_bars(quiet=quiet) as progress:
        result = train_letters(
            source,
            out=out,
            net=net.value,
            optimiser=optimiser.value,
            rate=rate,
            warm_up=warm_up,
            epochs=epochs,
            seed=seed,
            resume=resume,
            overwrite=overwrite,
            progress=progress,
        )
    human = console(as_json=as_json, quiet=quiet)
    _print_trained(result, out, human)
    print_next(human, "letters", "predict", "--input", "IMAGE", "--model", str(out))
    if as_json:
        plain = result.model_dump(mode="json")
        emit({"command": "letters train", "path": str(out), "accuracy": result.accuracy} | plain)


def _print_trained(result: "LettersResult", out: Path, human: Any) -> None:
    confused = ", ".join(f"{true} as {read} {count}" for true, read, count in result.confused)
    human.print(f"model        {out}", soft_wrap=True)
    human.print(f"network      {result.net}, {result.parameters:,} parameters")
    human.print(f"trained      {result.images or 0:,} images, {len(result.history)} epochs")
    human.print(f"accuracy     {result.accuracy:.4f} on the test part")
    human.print(f"confused     {confused or 'none'}")


def predict(
    inputs: Annotated[
        list[Path], typer.Option("--input", help="An image, or a folder of them; repeatable.")
    ],
    model: Annotated[
        Path, typer.Option("--model", help="A model file that `letters train` wrote.")
    ] = Path("letters.keras"),
    as_json: Json = False,
) -> None:
    """Print the character that each image shows: one line per image, label and path.

    Images may be grey, in colour or transparent, dark ink on light paper or light on dark. Letters
    are printed as capitals, because the network does not distinguish case. A file that cannot be
    read is reported and skipped; the exit code is then 4.

    Example: `datagen letters predict --input scans --model letters.keras`
    """
    from datagen.api.letters import read_letters

    readings = read_letters(*inputs, model=model)
    for reading in readings:
        if as_json:
            emit(
                {
                    "command": "letters predict",
                    "path": str(reading.path),
                    "label": reading.label,
                    "probability": reading.probability and round(reading.probability, 6),
                    "second": reading.second,
                    "error": reading.error,
                }
            )
        elif reading.error is None:
            console(as_json=False).print(f"{reading.label}  {reading.path}", soft_wrap=True)
    bad = [reading.error for reading in readings if reading.error is not None]
    if bad:
        which = f"{len(bad):,} of {len(readings):,} files cannot be read, the first: "
        raise CorruptInputError((which if len(readings) > 1 else "") + bad[0])


def compare(
    source: Source = "emnist",
    net: Annotated[
        list[NetName] | None,
        typer.Option(help="Compare only this network (default: all three); repeatable."),
    ] = None,
    rate: Rate = None,
    published_rates: Annotated[
        bool,
        typer.Option(
            "--published-rates", help="Adam and AdamW get 1e-4, the others 1e-3, as published."
        ),
    ] = False,
    epochs: Epochs = 30,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare three networks and four optimisers, all with the same learning rate: 1e-3.

    The published comparison used a tenth of that rate for Adam and AdamW, so it compared rates as
    well as optimisers; `--published-rates` repeats that. There is no warm-up.

    Example: `datagen letters compare --source emnist:gzip.zip --epochs 2`
    """
    from datagen.api.letters import compare_letters
    from datagen.cli.views.tables import Column, FittedTable

    with progress_bars(quiet=quiet) as progress:
        results = compare_letters(
            source,
            nets=[each.value for each in net or NetName],
            rate=rate,
            published_rates=published_rates,
            epochs=epochs,
            seed=seed,
            progress=progress,
        )
    table = FittedTable(
        Column("net", "word", "bold"),
        Column("optimiser", "word"),
        *map(Column, ("parameters", "rate", "epochs", "seconds", "accuracy")),
    )
    for each in results:
        seconds = sum(epoch.seconds for epoch in each.history)
        numbers = (f"{each.parameters:,}", f"{each.rate:g}", str(each.epochs), f"{seconds:.0f}")
        table.add_row(each.net, each.optimiser, *numbers, f"{each.accuracy:.4f}")
        if as_json:
            plain = each.model_dump(mode="json", exclude={"images", "confusion"})
            emit({"command": "letters compare", "accuracy": each.accuracy} | plain)
    console(as_json=as_json, quiet=quiet).print(table)


app.command("train")(with_user_paths(train))
app.command("predict")(with_user_paths(predict))
app.command("compare")(with_user_paths(compare))
