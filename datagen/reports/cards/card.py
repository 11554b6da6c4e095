"""A dataset card: what it is, how it was made, under which licences, its scores and its limits.

Enters: what is known of a dataset. Leaves: Markdown with a header of YAML, as Hugging Face reads it
(https://huggingface.co/docs/hub/datasets-cards). Every number is of the dataset or of its scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from datagen.datasets.format import DatasetInfo
from datagen.datasets.inspect import Inspection
from datagen.datasets.publishing.forms import Form, data_files, features
from datagen.datasets.publishing.licences import OTHER
from datagen.datasets.publishing.terms import SourceTerms
from datagen.evaluation.summary import Summary
from datagen.reports.cards import sections
from pipelines.plain import write_yaml

_SIZES: Final = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))
_MOST: Final = "100K<n<1M"


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card is made of.

    Attributes:
        name: of the dataset.
        found: what `inspect` says of it.
        info: its `dataset.json`; None where `datagen` did not build it.
        terms: of its sources.
        summaries: its evaluations, if there are any.
        form: that the card goes with; None for the dataset's own folder.
    """

    name: str
    found: Inspection
    info: DatasetInfo | None
    terms: Sequence[SourceTerms]
    summaries: Sequence[Summary] = ()
    form: Form | None = None


def dataset_card(facts: CardFacts) -> str:
    """Return the card of a dataset."""
    header = write_yaml(_header(facts), allow_unicode=True)
    form, found, info = facts.form, facts.found, facts.info
    parts = (
        sections.what(facts.name, found, info),
        sections.loading(form),
        sections.making(info),
        sections.licences(facts.terms),
        sections.budget(found, info),
        sections.splits(found, info),
        sections.scores(facts.summaries),
        sections.limits(found, info, facts.summaries),
        sections.again(found, info, facts.summaries),
    )
    return f"---\n{header}---\n\n" + "\n\n".join(parts) + "\n"


def _header(facts: CardFacts) -> dict[str, Any]:
    """Return the keys of the header."""
    tags = list(dict.fromkeys(each.tag for term in facts.terms for each in term.known))
    refused = any(term.refusal for term in facts.terms)
    licences = [OTHER] if refused or not tags else tags
    images = facts.found.count.exact + facts.found.count.test
    header: dict[str, Any] = {
        "pretty_name": facts.name,
        "license": licences[0] if len(licences) == 1 else licences,
    }
    if OTHER in licences:
        header["license_name"] = "see-licences-below"
    header |= {
        "task_categories": ["image-classification"],
        "size_categories": [next((tag for most, tag in _SIZES if images < most), _MOST)],
        "tags": ["roman-numerals", "handwriting", "data-centric-ai", "datagen"],
        "configs": [
            {
                "config_name": "default",
                "data_files": data_files(facts.form or "hf", list(facts.found.counts)),
            }
        ],
    }
    if facts.form and (columns := features(facts.form)) is not None:
        header["dataset_info"] = {"features": columns}
    return header
