"""The sections of a dataset card."""

import shlex
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from datagen.core.evaluator_facts import PROTOCOL
from datagen.core.numerals import CLASSES
from datagen.core.text import how_many
from datagen.datasets.format import DatasetInfo
from datagen.datasets.inspect import Inspection
from datagen.datasets.publishing.forms import Form
from datagen.datasets.publishing.images import COLUMNS
from datagen.datasets.publishing.terms import SourceTerms
from datagen.evaluation.summary import Summary, TestSummary, short_path
from datagen.reports.cards.markdown import block, code, escaped, listed, table

_COMPETITION: Final = "2021 Data-Centric AI Competition"
_LOAD: Final[dict[Form | None, str]] = {
    "hf": (
        "from datasets import ClassLabel, load_dataset\n\n"
        'ds = load_dataset("PATH")  # this folder, or where it was uploaded\n'
        f'ds = ds.cast_column("label", ClassLabel(names="{" ".join(CLASSES)}".split()))'
    ),
    "parquet": (
        "from datasets import load_dataset\n\n"
        'ds = load_dataset("PATH")  # this folder, or where it was uploaded'
    ),
    "webdataset": (
        "import webdataset\n\n"
        'ds = webdataset.WebDataset("train-000000.tar").decode("pil").to_tuple("png;jpg", "cls")'
    ),
    None: (
        "from datasets import load_dataset\n\n"
        'ds = load_dataset("imagefolder", data_files={"train": "train/**", "validation": "val/**"})'
    ),
}
_HELD: Final[dict[Form | None, str]] = {
    "hf": "Class folders of image files; `metadata.jsonl` in each part has a line for each image.",
    "parquet": "Parquet tables with the image files' bytes in the column `image`.",
    "webdataset": (
        "Tar files in a drawn order: of each image its file, `cls` (its class, 0 … 9) and `json`."
    ),
    None: "Class folders of image files.",
}
_COLUMNS: Final = {
    "sha256": "of the image file's bytes",
    "source": "what it was made of",
    "style": "case of its letters: lower, upper, mixed or unknown",
    "pipeline": "of augmentation that it went through",
    "parent": "the finished image that it was made from",
    "writers": "who wrote its letters, where the source says",
    "glyphs": "ids of its letters, left to right",
}


def what(name: str, found: Inspection, info: DatasetInfo | None) -> str:
    """Say what the dataset is, with its images by part and class."""
    size = "images of different sizes"
    if info is not None:
        size = "32×32 pixels" if info.size == 32 else "images of different sizes"
    images = how_many(found.count.exact + found.count.test, "image")
    rows = [
        (split, *(f"{row[numeral]:,}" for numeral in CLASSES), f"{sum(row.values()):,}")
        for split, row in found.counts.items()
    ]
    return "\n\n".join(
        (
            f"# {escaped(name)}",
            f"{images} of handwritten Roman numerals from i to x: dark ink on light paper, {size}, "
            f"ten classes in the order {code(' '.join(CLASSES))}. It is made for the frozen "
            f"network of the {_COMPETITION}, in which the model is fixed and only the data "
            "may be changed.",
            table(("", *CLASSES, "all"), rows),
        )
    )


def loading(form: Form | None) -> str:
    """Say what is in the folder and how it is opened."""
    parts = ["## How to open it", _HELD[form], block(_LOAD[form], "python")]
    if form is not None:
        parts.append(table(("column", "meaning"), [(code(c), _COLUMNS[c]) for c in COLUMNS]))
    return "\n\n".join(parts)


def making(info: DatasetInfo | None) -> str:
    """Say what the images were made of, and what was done to them."""
    if info is None:
        return "## How it was made\n\nUnknown: `datagen` did not build it."
    rows = [
        (code(source.key), f"{source.images:,}", code(source.source)) for source in info.sources
    ]
    parts = [
        "## How it was made",
        f"Built by {code('datagen')} {escaped(info.versions.get('datagen', ''))}: numerals "
        "are composed of letters, or finished images are used, and pipelines augment them. "
        f"{code('manifest.jsonl')} says what every image was made of and what was done to "
        f"it; {code('recipe.yaml')} makes the same bytes again.",
        table(("ingredient", "images", "source"), rows),
    ]
    if info.pipelines:
        names = ", ".join(code(PurePosixPath(name).name) for name in info.pipelines)
        parts.append(f"Pipelines: {names}; their steps are in {code('dataset.json')}.")
    if info.notes:
        parts.append(listed(escaped(note) for note in info.notes))
    return "\n\n".join(parts)


def licences(terms: Sequence[SourceTerms]) -> str:
    """Say under which licences the images stand, and whom to cite."""
    rows = [
        (code(term.key), escaped(term.licence), escaped(term.citation or "nobody is named"))
        for term in terms
    ]
    parts = ["## Licences and citations", table(("source", "licence", "please cite"), rows)]
    if len({each for term in terms for each in term.known}) > 1:
        parts.append(f"An image is under the licence of its source, named in {code('source')}.")
    refused = [f"source {code(t.key)} {escaped(t.refusal)}" for t in terms if t.refusal]
    if refused:
        parts.append(f"**Not to be published as it is:** {'; '.join(refused)}.")
    return "\n\n".join(parts)


def budget(found: Inspection, info: DatasetInfo | None) -> str:
    """Say how many images count, both ways, and what tells that it is this dataset."""
    count = found.count
    lines = [
        f"train + val: {count.exact:,} of at most {found.budget:,} images",
        f"counted in whole batches of 8, as the published script does: {count.in_batches:,}",
        f"fingerprint of train and val: {code(found.fingerprint)}",
    ]
    if info is not None and info.test_fingerprint is not None:
        lines.append(f"fingerprint of test, which no budget counts: {code(info.test_fingerprint)}")
    return f"## Budget\n\n{listed(lines)}"


def splits(found: Inspection, info: DatasetInfo | None) -> str:
    """Say how the parts are told apart, as far as it was checked."""
    val = "Validation images choose the epoch that is scored, so they belong to the data."
    lines = [val]
    if found.leaked or found.near_duplicates or found.shared:
        lines.append(
            f"Checked: {how_many(found.leaked, 'picture')} and "
            f"{how_many(len(found.near_duplicates), 'near-duplicate')} are in more than one "
            f"part; letters, writers and parents in more than one part: {len(found.shared)}."
        )
    elif info is not None:
        lines.append(
            "Checked: no picture, near-duplicate, letter, writer's letter or parent is in two "
            "parts."
        )
    else:
        lines.append("Checked: no picture or near-duplicate is in two parts.")
    return "## Splits\n\n" + "\n\n".join(lines)


def scores(summaries: Sequence[Summary]) -> str:
    """Return the scores, each with its interval; what is no official score is called so."""
    if not summaries:
        return (
            "## Scores\n\nNone is known. `datagen evaluate` trains the frozen network on it and "
            "scores it."
        )
    rows = [row for summary in summaries for row in _score_rows(summary)]
    titles = ("protocol", "scored on", "images", "accuracy", "95 % interval", "leak-free", "seeds")
    return "\n\n".join(
        (
            "## Scores",
            table(titles, rows),
            "Accuracy is the mean over the seeds ± their standard deviation; the interval is "
            "Wilson's, for other images of the same kind. Leak-free leaves out test images that "
            "are in the dataset or that images in it were made from.",
        )
    )


def _score_rows(summary: Summary) -> list[tuple[str, ...]]:
    named = escaped(summary.protocol)
    if not summary.official:
        named += f" ({escaped(summary.label)})"
    seeds = str(len(summary.runs))
    rows = [
        (
            named,
            code(short_path(test.path)),
            f"{test.images:,}",
            str(test.accuracy),
            f"{test.interval[0]:.4f} – {test.interval[1]:.4f}",
            _leak_free(test),
            seeds,
        )
        for test in summary.tests
    ]
    return [
        *rows,
        (named, "its own val, which chose the epoch", "", str(summary.val), "", "", seeds),
    ]


def _leak_free(test: TestSummary) -> str:
    if not test.leaked:
        return "all are"
    if test.leak_free is None:
        return "none is"
    return f"{test.leak_free} ({test.leaked:,} leaked)"


def limits(found: Inspection, info: DatasetInfo | None, summaries: Sequence[Summary]) -> str:
    """List what is known to limit it."""
    lines = ["Only the numerals from i to x, one per image."]
    if info is not None:
        real = sum(source.images for source in info.sources if source.source == "images")
        made = sum(source.images for source in info.sources) - real
        lines.append(
            f"{how_many(made, 'image')} of all {made + real:,} are put together from single "
            "letters or drawn by a model; the others were taken as finished images."
        )
        if info.size == 32:
            lines.append(
                "The images are stored as the network sees them, 32×32 pixels: details of the "
                "sheets are gone."
            )
    rows = list(found.counts["train"].values())
    if rows and min(rows) < max(rows):
        lines.append(
            f"Classes are not equally frequent: {min(rows):,} to {max(rows):,} images in train."
        )
    if not summaries or not any(summary.tests for summary in summaries):
        lines.append("It was not scored on handwriting of another origin.")
    lines.append(
        "Val is made like train, so an accuracy on it says little about other handwriting."
    )
    warnings = dict.fromkeys(text for summary in summaries for text in _warnings(summary))
    lines += [escaped(text) for text in warnings]
    lines += [escaped(problem) for problem in found.problems]
    return f"## Known limits\n\n{listed(lines)}"


def _warnings(summary: Summary) -> list[str]:
    """Return what to know before believing the scores, without the folders of whoever ran it."""
    found = []
    for text in summary.warnings:
        told = text
        for path in (summary.path, *(test.path for test in summary.tests)):
            told = told.replace(path, short_path(path))
        found.append(told)
    return found


def again(found: Inspection, info: DatasetInfo | None, summaries: Sequence[Summary]) -> str:
    """Return the commands that make the dataset and its scores again."""
    lines = []
    if info is not None:
        lines += [
            "datagen build --recipe recipe.yaml --out ds",
            f"datagen inspect ds   # fingerprint {found.fingerprint[:16]}…",
        ]
    for summary in summaries:
        words = ["datagen", "evaluate", "ds"]
        for test in summary.tests:
            words += ["--test", short_path(test.path)]
        if summary.protocol != PROTOCOL:
            words += ["--protocol", summary.protocol]
        if len(summary.runs) > 1:
            words += ["--seeds", str(len(summary.runs))]
        if summary.preview is not None:
            words += ["--preview", str(summary.preview)]
        lines.append(shlex.join(words))
    if not lines:
        return "## How to reproduce it\n\nNo recipe is known that makes it."
    parts = ["## How to reproduce it", block("\n".join(dict.fromkeys(lines)), "sh")]
    given = [source for source in info.sources if source.path] if info is not None else []
    if given:
        names = ", ".join(
            f"{code(source.key)}: {code(PurePosixPath(source.path or '').name)}" for source in given
        )
        parts.append(f"The recipe reads from folders or files that are not in here: {names}.")
    if info is not None:
        versions = ", ".join(f"{escaped(k)} {escaped(v)}" for k, v in info.versions.items())
        parts.append(f"Made with {versions}.")
    return "\n\n".join(parts)
