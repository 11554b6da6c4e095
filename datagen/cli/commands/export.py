"""`datagen export`: the competition's zip file, a published dataset, or a corrected copy."""

import enum
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from datagen.cli.views.next_step import as_argument, print_next
from datagen.cli.views.output import Json, console, emit, progress_bars
from datagen.core.errors import UsageError

if TYPE_CHECKING:
    from datagen.datasets.flatten import Flattened


class InvertName(enum.StrEnum):
    """What may follow `--invert`."""

    auto = "auto"
    yes = "yes"
    no = "no"


FORM_FLAGS: Final = ("hf", "parquet", "webdataset")

Licences = Annotated[
    list[str] | None,
    typer.Option(
        "--licence",
        "--license",
        metavar="SOURCE=LICENCE",
        help="Licence of your own images or fonts, such as `images=CC-BY-4.0`; repeatable.",
    ),
]
Scores = Annotated[
    list[Path] | None,
    typer.Option(
        "--score", metavar="FILE", help="A report or score.json for the card; repeatable."
    ),
]
CardName = Annotated[
    str | None, typer.Option("--name", help="Name in the card (default: the recipe's name).")
]


def export(
    dataset: Annotated[
        Path, typer.Argument(help="A dataset; with --flatten any folder of class folders.")
    ],
    file: Annotated[
        Path | None,
        typer.Argument(
            help="The archive or folder to write (default: DATASET.zip, DATASET-flat, …)."
        ),
    ] = None,
    as_zip: Annotated[bool, typer.Option("--zip", help="Write a zip of train/ and val/.")] = False,
    flatten: Annotated[
        bool,
        typer.Option(
            "--flatten",
            help="Write a corrected copy: PNG files with at most 8 bits per channel.",
        ),
    ] = False,
    hf: Annotated[
        bool, typer.Option("--hf", help="Write a Hugging Face imagefolder, with a card.")
    ] = False,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="Write Parquet tables, with a card (needs pyarrow).")
    ] = False,
    webdataset: Annotated[
        bool, typer.Option("--webdataset", help="Write WebDataset tar files, with a card.")
    ] = False,
    licence: Licences = None,
    score: Scores = None,
    name: CardName = None,
    invert: Annotated[
        InvertName,
        typer.Option(
            help="With --flatten: invert images that are light ink on dark paper (auto), or every "
            "image (yes)."
        ),
    ] = InvertName.no,
    skip_bad: Annotated[
        bool,
        typer.Option("--skip-bad", help="With --flatten: leave unreadable files out of the copy."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing archive or folder.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Export a dataset: as a submission zip, in a format for publishing, or as a corrected copy.

    --zip is for the competition. --hf, --parquet and --webdataset are for publishing: they include
    a card (`datagen card`), and exit with code 3 where the licence of a source forbids publishing.
    --flatten writes a copy in which the network sees what a person sees: transparent areas white,
    rotated as EXIF says, at most 8 bits. Labels and names stay; the ending becomes .png.

    Example: `datagen export ds --zip submission.zip`, `datagen export ds ds-hf --hf`,
    `datagen export photos fixed --flatten`
    """
    asked = {"zip": as_zip, "flatten": flatten, "hf": hf, "parquet": parquet}
    asked["webdataset"] = webdataset
    forms = [form for form, wanted in asked.items() if wanted]
    if len(forms) != 1:
        said = " and ".join(f"--{form}" for form in forms) or "no form"
        raise UsageError(
            f"{said} was given; give one of --zip, --flatten, --hf, --parquet, --webdataset"
        )
    if (skip_bad or invert is not InvertName.no) and not flatten:
        raise UsageError(
            f"--invert and --skip-bad belong to --flatten; leave them out with --{forms[0]}"
        )
    if (licence or score or name) and forms[0] not in FORM_FLAGS:
        raise UsageError(
            "--licence, --score and --name are for the card of --hf, --parquet and --webdataset; "
            f"leave them out with --{forms[0]}"
        )
    if flatten:
        _flatten(dataset, file, invert.value, skip_bad, overwrite, as_json=as_json)
    elif as_zip:
        _zip(dataset, file, overwrite, as_json=as_json)
    else:
        stated = read_licences(licence)
        _publish(dataset, file, forms[0], stated, score, name, overwrite, as_json=as_json)


def read_licences(given: Sequence[str] | None) -> dict[str, str]:
    """Read `SOURCE=LICENCE`, each.

    Raises:
        UsageError: one is none, or a source is named twice.

    Example:
        >>> read_licences(["images=CC BY 4.0"])
        {'images': 'CC BY 4.0'}
    """
    found: dict[str, str] = {}
    for text in given or ():
        source, sign, licence = (part.strip() for part in text.partition("="))
        if not (source and sign and licence):
            raise UsageError(
                f"--licence {text!r}: expected SOURCE=LICENCE, such as images=CC-BY-4.0"
            )
        if source in found:
            raise UsageError(f"--licence names source {source!r} twice; give it once")
        found[source] = licence
    return found


def _zip(dataset: Path, file: Path | None, overwrite: bool, *, as_json: bool) -> None:
    from datagen.api.datasets import export as export_dataset
    from datagen.datasets.publishing.terms import refusals

    archive, images = export_dataset(dataset, file, overwrite=overwrite)
    human = console(as_json=as_json)
    human.print(f"{images:,} images in {archive}")
    if (dataset / "test").is_dir():
        human.print("left out   test/: the competition takes train/ and val/")
    refused = refusals(dataset)
    for reason in refused:
        human.print(f"licence    for your own use, may not be published: {reason}", soft_wrap=True)
    print_next(human, "evaluate", as_argument(dataset), why="its official score, 100 epochs")
    if as_json:
        plain = {"path": str(archive), "images": images, "not_publishable": refused}
        emit({"command": "export", **plain})


def _publish(
    dataset: Path,
    out: Path | None,
    form: str,
    licences: dict[str, str],
    scores: Sequence[Path] | None,
    name: str | None,
    overwrite: bool,
    *,
    as_json: bool,
) -> None:
    from datagen.api.publishing import publish
    from datagen.cli.views.published import print_published

    with progress_bars(quiet=False) as progress:
        target, record = publish(
            dataset,
            out,
            form=form,  # type: ignore[arg-type] # one of the flags
            licences=licences,
            scores=scores or (),
            name=name,
            overwrite=overwrite,
            progress=progress,
        )
    print_published(record, target, console(as_json=as_json))
    if as_json:
        images = sum(record.counts.values())
        plain = {"path": str(target), "images": images, **record.model_dump(mode="json")}
        emit({"command": "export", **plain})


def _flatten(
    folder: Path, out: Path | None, invert: str, skip_bad: bool, overwrite: bool, *, as_json: bool
) -> None:
    from datagen.api.datasets import flatten

    target = out or Path(f"{folder}-flat")
    with progress_bars(quiet=False) as progress:
        record = flatten(
            folder,
            target,
            invert=invert,
            skip_bad=skip_bad,
            overwrite=overwrite,
            progress=progress,
        )
    human = console(as_json=as_json)
    _say(record, target, human)
    if (target / "train").is_dir():
        print_next(human, "inspect", as_argument(target))
    else:
        print_next(human, "build", "--source", f"images:{target}", why="or evaluate DS --test it")
    if as_json:
        emit({"command": "export", "path": str(target), **record.model_dump(mode="json")})


def _say(record: "Flattened", target: Path, out: Any) -> None:
    """Print how many files were corrected, and for what."""
    from collections import Counter

    out.print(f"{record.images:,} images in {target}", soft_wrap=True, markup=False)
    kinds = Counter(kind for file in record.corrected for kind in file.corrected)
    counted = ", ".join(f"{kind} {count:,}" for kind, count in kinds.items()) or "none was needed"
    out.print(f"corrected  {len(record.corrected):,} ({counted})", soft_wrap=True, markup=False)
    if record.light:
        out.print(
            f"left       {len(record.light):,} of light ink on dark paper, first "
            f"{record.light[0]}; --invert auto inverts them",
            soft_wrap=True,
            markup=False,
        )
    if record.left_out:
        first = record.left_out[0]
        out.print(
            f"left out   {len(record.left_out):,}, first {first.source}: {first.reason}",
            soft_wrap=True,
            markup=False,
        )
