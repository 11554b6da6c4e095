"""Dataset cards: the header is read as Hugging Face reads it, the numbers are the dataset's."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import datagen
from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.numerals import CLASSES
from datagen.datasets.publishing.forms import FORMS
from datagen.evaluation.summary import Summary
from datagen.reports.cards.markdown import code, escaped, table
from tests.datagen.evaluation.test_compare import summary


def header(card: str) -> dict[str, Any]:
    """Return the YAML that a card begins with."""
    empty, text, _ = card.split("---\n", 2)
    assert not empty
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def scored(dataset: Path, **changes: object) -> Summary:
    """Return a made-up evaluation of a dataset: 3 of 4 right, 1 of 4 with the next seed."""
    fingerprint = datagen.open_dataset(dataset).read_info().fingerprint
    return summary("/home/kim/ds", "1110", "0100").model_copy(
        update={"fingerprint": fingerprint, **changes}
    )


def written(path: Path, *summaries: Summary) -> Path:
    path.write_text("".join(each.model_dump_json() + "\n" for each in summaries))
    return path


def test_the_header_is_one_that_the_hub_reads(dataset: Path) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    card = hub.DatasetCard(datagen.dataset_card(dataset, name="ten numerals"))
    assert card.data.license == "mit"
    assert card.data.pretty_name == "ten numerals"
    assert card.data.task_categories == ["image-classification"]
    assert card.data.size_categories == ["n<1K"]
    assert card.text.lstrip().startswith("# ten numerals\n")


@pytest.mark.parametrize("form", FORMS)
def test_each_form_says_where_its_parts_are(dataset: Path, form: Any) -> None:
    folder, _ = datagen.publish(dataset, form=form)
    found = header((folder / "README.md").read_text())
    (config,) = found["configs"]
    assert [each["split"] for each in config["data_files"]] == ["train", "validation"]
    assert all(list(folder.glob(each["path"])) for each in config["data_files"])
    if form == "parquet":
        (label,) = (c for c in found["dataset_info"]["features"] if c["name"] == "label")
        assert list(label["dtype"]["class_label"]["names"].values()) == list(CLASSES)


def test_every_section_is_there_and_says_what_is_known(dataset: Path) -> None:
    card = datagen.dataset_card(dataset)
    info = datagen.open_dataset(dataset).read_info()
    titles = [line[3:] for line in card.splitlines() if line.startswith("## ")]
    assert titles == [
        "How to open it",
        "How it was made",
        "Licences and citations",
        "Budget",
        "Splits",
        "Scores",
        "Known limits",
        "How to reproduce it",
    ]
    assert "| train | 8 | 8 | 8 | 8 | 8 | 8 | 8 | 8 | 8 | 8 | 80 |" in card
    assert info.fingerprint in card
    assert "counted in whole batches of 8, as the published script does: 104" in card
    assert "| `pen` | MIT | roman-datagen, the pen model |" in card
    assert "None is known." in card
    assert "datagen build --recipe recipe.yaml --out ds" in card


def test_scores_stand_with_interval_and_mark(dataset: Path, tmp_path: Path) -> None:
    preview = scored(dataset, official=False, preview=5, label="PREVIEW of 5 epochs")
    preview = preview.model_copy(update={"warnings": ("/home/kim/ds knows images of tests/t",)})
    card = datagen.dataset_card(dataset, scores=[written(tmp_path / "s.jsonl", preview)])
    assert (
        "| cutoff-resnet50 (PREVIEW of 5 epochs) | `tests/t` | 4 | 0.5000 | 0.0000 – 1.0000 | "
        "all are | 2 |" in card
    )
    assert "datagen evaluate ds --test tests/t --seeds 2 --preview 5" in card
    assert "- kim/ds knows images of tests/t" in card
    assert "/home" not in card
    assert "not scored on handwriting" not in card


def test_a_score_of_another_dataset_is_refused(dataset: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "s.jsonl", scored(dataset, fingerprint="other"))
    with pytest.raises(CorruptInputError, match="s.jsonl is the score of another dataset"):
        datagen.dataset_card(dataset, scores=[other])
    with pytest.raises(MissingInputError, match="nothing at"):
        datagen.dataset_card(dataset, scores=[tmp_path / "none.json"])


def test_what_others_built_has_a_card_too(dataset: Path) -> None:
    for record in ("dataset.json", "manifest.jsonl", "recipe.yaml"):
        (dataset / record).unlink()
    next((dataset / "train" / "v").iterdir()).unlink()
    card = datagen.dataset_card(dataset)
    assert header(card)["license"] == "other"
    assert "Unknown: `datagen` did not build it." in card
    assert "**Not to be published as it is:** source `images` has no licence" in card
    assert "Classes are not equally frequent: 7 to 8 images in train." in card
    assert header(datagen.dataset_card(dataset, licences={"images": "CC0"}))["license"] == "cc0-1.0"


def test_text_from_outside_stays_text() -> None:
    assert table(("a",), [(escaped("x|y\n# z"),)]).splitlines()[2] == r"| x\|y \# z |"
    assert code("a`|b\n") == "`a' b`"
