"""Publishing from Python: a dataset in the forms that others open, with its card."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datagen.api.call import public
from datagen.api.progress import Progress, counted, no_progress
from datagen.core.errors import CorruptInputError, UnknownNameError
from datagen.datasets.format import info_if_any
from datagen.datasets.publishing.forms import Form
from datagen.files.paths import real_path, user_path, user_paths

if TYPE_CHECKING:
    from datagen.datasets.inspect import Inspection
    from datagen.datasets.publishing.publish import Published
    from datagen.datasets.publishing.terms import SourceTerms
    from datagen.evaluation.summary import Summary

PathLike = str | os.PathLike[str]


@public
def publish(
    dataset: PathLike,
    out: PathLike | None = None,
    *,
    form: Form = "hf",
    licences: Mapping[str, str] | None = None,
    scores: PathLike | Sequence[PathLike] = (),
    name: str | None = None,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> tuple[Path, "Published"]:
    """Write a dataset in a form that others open, with a card; images, labels and parts stay.

    What a source does not let be passed on is refused. Of what was given to a source, such as
    images or fonts, only who gives it knows the licence: state it.

    Args:
        dataset: its folder.
        out: the new folder; None is the dataset's name with `-hf` or the like, beside it.
        form: "hf" is Hugging Face's imagefolder, "parquet" (needs pyarrow) a table that Hugging
            Face opens as images with class labels, "webdataset" tar files.
        licences: source → licence, such as `{"images": "CC-BY-4.0"}`.
        scores: reports, or files of scores, to name in the card beside those that are known.
        name: of the dataset in the card; None takes the recipe's, or the folder's.
        overwrite: replace what was published there.
        progress: told of the step "images".

    Returns:
        The folder, and what is in it.

    Raises:
        UsageError: the folder is there already, or what the form needs is not installed.
        LicenceError: a source does not let its images be published; a `RuleError`.
        RuleError: the dataset breaks a rule.
        InputError: there is no dataset, or a file of it or a score cannot be read.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> ds = datagen.build({"images": 100}, pathlib.Path(tempfile.mkdtemp(), "ds"))
        >>> folder, published = datagen.publish(ds)
        >>> folder.name, published.counts, published.sources[0].licence
        ('ds-hf', {'train': 80, 'val': 20}, 'MIT')
    """
    from datagen.datasets.inspect import inspect  # noqa: PLC0415 - loads OpenCV
    from datagen.datasets.publishing import publish as publishing  # noqa: PLC0415
    from datagen.datasets.publishing.forms import FORMS, check_form  # noqa: PLC0415
    from datagen.datasets.publishing.terms import (  # noqa: PLC0415
        require_publishable,
        source_terms,
    )
    from datagen.reports.cards.records import published_records  # noqa: PLC0415

    if form not in FORMS:
        raise UnknownNameError("form", form, FORMS)
    check_form(form)
    root = user_path(dataset)
    target = Path(f"{real_path(root)}-{form}") if out is None else user_path(out)
    place = publishing.require_target(root, target, overwrite=overwrite)
    terms = source_terms(root, licences)
    require_publishable(root, terms)
    found = inspect(root)
    publishing.require_sound(found)
    card = _card(found, terms, _summaries(found, scores), name, form)
    record = publishing.publish(
        found,
        place,
        form,
        terms,
        {**published_records(root), "README.md": card},
        overwrite=overwrite,
        progress=lambda total: counted(progress, "images", total),
    )
    return target, record


@public
def dataset_card(
    dataset: PathLike,
    *,
    licences: Mapping[str, str] | None = None,
    scores: PathLike | Sequence[PathLike] = (),
    name: str | None = None,
) -> str:
    """Describe a dataset in Markdown: what it is, how made, licences, scores, limits, commands.

    It begins with the header that Hugging Face reads. A source that may not be published is named.

    Args:
        dataset: its folder.
        licences: source → licence, as of `publish`.
        scores: reports, or files of scores, beside those that are known.
        name: of the dataset; None takes the recipe's, or the folder's.

    Raises:
        InputError: there is no dataset, or a file of it or a score cannot be read.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> ds = datagen.build({"images": 100}, pathlib.Path(tempfile.mkdtemp(), "ds"))
        >>> card = datagen.dataset_card(ds, name="Hundred numerals")
        >>> [line for line in card.splitlines() if line.startswith("# ")]
        ['# Hundred numerals']
    """
    from datagen.datasets.inspect import inspect  # noqa: PLC0415 - loads OpenCV
    from datagen.datasets.publishing.terms import source_terms  # noqa: PLC0415

    root = user_path(dataset)
    found = inspect(root)
    terms = source_terms(root, licences)
    return _card(found, terms, _summaries(found, scores), name, None)


def _card(
    found: "Inspection",
    terms: "Sequence[SourceTerms]",
    summaries: "Sequence[Summary]",
    name: str | None,
    form: Form | None,
) -> str:
    from datagen.reports.cards.card import CardFacts  # noqa: PLC0415
    from datagen.reports.cards.card import dataset_card as card  # noqa: PLC0415

    info = info_if_any(found.path)
    named = name or (info.name if info else real_path(found.path).name)
    return card(CardFacts(named, found, info, terms, summaries, form))


def _summaries(found: "Inspection", given: PathLike | Sequence[PathLike]) -> "list[Summary]":
    """Return the evaluations of a dataset: those that are known, and those in files.

    Raises:
        MissingInputError: a file is not there.
        CorruptInputError: a file holds no score, or that of another dataset.
    """
    from datagen.evaluation.load import cached_summaries, read_summaries  # noqa: PLC0415

    summaries = cached_summaries(found.path)
    for path in user_paths(given):
        for summary in read_summaries(path):
            if summary.fingerprint != found.fingerprint:
                raise CorruptInputError(
                    f"{path} is the score of another dataset than {found.path}, or of what it was "
                    "before it changed; evaluate it again"
                )
            summaries.append(summary)
    return list({summary.model_dump_json(): summary for summary in summaries}.values())
