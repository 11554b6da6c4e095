"""A dataset, written in a form that others open, with its records and its card."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from datagen.core.errors import BuildError, RuleError
from datagen.core.limits import Tally
from datagen.core.models import StrictModel
from datagen.core.numerals import Split
from datagen.datasets.format import info_if_any
from datagen.datasets.inspect import Inspection
from datagen.datasets.publishing.forms import Form, Tell, write_form
from datagen.datasets.publishing.images import PublishedImages
from datagen.datasets.publishing.terms import SourceTerms
from datagen.files.atomic import ANOTHER_FOLDER, apart_target, staged

RECORD: Final = "export.json"


class PublishedSource(StrictModel):
    """A source of the dataset, and the licence under which its images are passed on."""

    key: str
    images: Tally
    licence: str
    citation: str


class Published(StrictModel):
    """What was published, written as `export.json`.

    Attributes:
        form: `hf`, `parquet` or `webdataset`.
        fingerprint: of the dataset, which is the same in every form.
        test_fingerprint: of its third part; None where it has none, or `datagen` did not build it.
        counts: images of each part.
        budget: the limit, train + val, and that counted in whole batches.
    """

    export: Literal[1] = 1  # version of this format
    form: Form
    fingerprint: str
    test_fingerprint: str | None = None
    counts: dict[Split, Tally]
    budget: dict[Literal["limit", "exact", "in_batches"], Tally]
    sources: tuple[PublishedSource, ...]


def require_target(root: Path, out: Path, *, overwrite: bool) -> Path:
    """Return where a published dataset goes, before any work is done.

    Raises:
        UsageError: it is there already, is not ours to replace, or not apart from the dataset.
    """
    return apart_target(out, root, overwrite=overwrite, marker=RECORD, other=ANOTHER_FOLDER)


def require_sound(found: Inspection) -> None:
    """Refuse a dataset that breaks a rule.

    Raises:
        RuleError: it does.
    """
    if not found.clean:
        raise RuleError(
            f"{found.path} is not fit to publish: {found.problems[0]}; see `datagen inspect`"
        )


def publish(
    found: Inspection,
    target: Path,
    form: Form,
    terms: Sequence[SourceTerms],
    texts: Mapping[str, str],
    *,
    overwrite: bool = False,
    progress: Callable[[int], Tell] | None = None,
) -> Published:
    """Write a dataset in a form, with its card and its records.

    Args:
        found: what `inspect` says of the dataset.
        target: the new folder; it appears whole or not at all.
        form: which.
        terms: of its sources, none of which is refused.
        texts: name → text of the files beside the images: the card, the dataset's records.
        overwrite: replace what was published there.
        progress: called with the number of images, returns what is told of the progress.

    Raises:
        UsageError: the folder cannot be used.
        InputError: an image or a record cannot be read.
        BuildError: writing failed.
    """
    images = PublishedImages(found.path)
    tell = progress(sum(images.counts.values())) if progress else lambda _: None
    record = _record(found, form, images.counts, terms)
    with staged(target, overwrite=overwrite, marker=RECORD, other=ANOTHER_FOLDER) as folder:
        try:
            write_form(form, images, folder, tell)
            for name, text in texts.items():
                (folder / name).write_text(text, "utf-8", newline="\n")
            (folder / RECORD).write_text(record.model_dump_json(indent=2) + "\n", "utf-8")
        except OSError as error:
            raise BuildError(f"cannot write {target}: {error}; nothing was kept") from error
    return record


def _record(
    found: Inspection, form: Form, images: Mapping[Split, int], terms: Sequence[SourceTerms]
) -> Published:
    info = info_if_any(found.path)
    return Published(
        form=form,
        fingerprint=found.fingerprint,
        test_fingerprint=info.test_fingerprint if info else None,
        counts=dict(images),
        budget={
            "limit": found.budget,
            "exact": found.count.exact,
            "in_batches": found.count.in_batches,
        },
        sources=tuple(
            PublishedSource(
                key=each.key, images=each.images, licence=each.licence, citation=each.citation
            )
            for each in terms
        ),
    )
