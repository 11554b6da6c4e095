"""Every key of every record has a line in the page on file formats, and no line is of another."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import cv2
import pytest
from pydantic import TypeAdapter

from datagen.cli.commands.mine import _plain as mined
from datagen.cli.views.dataset_diff import plain_score
from datagen.cli.views.merged_reviews import plain_merged
from datagen.cli.views.sweep_answer import plain as answered
from datagen.composition.classic import ClassicChars74k, ClassicEmnist
from datagen.composition.handwritten.parameters import Hand
from datagen.curation.audit.record import AuditImage
from datagen.curation.hard_examples.record import Hard
from datagen.curation.holdout.record import Holdout
from datagen.curation.rare_styles.find import Rare
from datagen.datasets.doctor.fix import FixRecord
from datagen.datasets.flatten import Flattened
from datagen.datasets.format import DatasetInfo, ManifestEntry
from datagen.datasets.publishing.publish import Published
from datagen.downloads.fetch import Fetched
from datagen.evaluation.compare import Comparison
from datagen.evaluation.compare_models import ModelComparison
from datagen.evaluation.models import (
    ModelDescription,
    ModelLayer,
    ModelPhase,
    ModelPlateau,
    ModelSpeed,
    PhaseSpeed,
)
from datagen.evaluation.predict import Prediction, TrainedModel
from datagen.evaluation.records import Accuracy, Metrics, Score
from datagen.evaluation.summary import Summary
from datagen.guide import text
from datagen.letters.reader import LettersResult, Reading
from datagen.letters.vet import Verdict
from datagen.receipts.records import Verification
from datagen.recipes.schema import Ingredient, Recipe
from datagen.reviews.merge import merge
from datagen.searches.answer import SearchAnswer
from datagen.searches.begun import Begun
from datagen.searches.clock import Used
from datagen.searches.looks import Look
from datagen.searches.spec import SearchSpec
from datagen.sources.images.review import Review, load
from datagen.sweeps.records import Scored, Trial
from datagen.sweeps.results.ranking import read
from datagen.sweeps.spec import Spec
from datagen.sweeps.tracker import Logged
from datagen.sweeps.trial import TrialOutcome
from datagen.viewing.diff_scores import score_changes
from tests.datagen.evaluation.test_compare import summary
from tests.datagen.sweeps.results.conftest import made

RECORDS: dict[str, type] = {
    "`manifest.jsonl`": ManifestEntry,
    "Composition `hand`": Hand,
    "Composition `classic-emnist`": ClassicEmnist,
    "Composition `classic-chars74k`": ClassicChars74k,
    "`dataset.json`": DatasetInfo,
    "`recipe.yaml`": Recipe,
    "Ingredient of a mix": Ingredient,
    "`score.json`": Score,
    "Metrics": Metrics,
    "Accuracy": Accuracy,
    "Sweep spec": Spec,
    "`sweep.jsonl`": Trial,
    "Accuracy on a set of images": Scored,
    "`rungs.jsonl`": TrialOutcome,
    "`trackers.jsonl`": Logged,
    "Search spec": SearchSpec,
    "`search.json`": SearchAnswer,
    "`looks.jsonl`": Look,
    "`candidates.jsonl`": Begun,
    "`clock.json`": Used,
    "`holdout.json`": Holdout,
    "`export.json`": Published,
    "`flatten.json`": Flattened,
    "`audit.jsonl`": AuditImage,
    "`hard.json`": Hard,
    "`rare.json`": Rare,
    "`doctor.json`": FixRecord,
    "Review": Review,
    "`datagen compare --json`": Comparison,
    "`models.json`": ModelComparison,
}
_SHARED = frozenset(record.__name__ for record in RECORDS.values())


def documented(heading: str) -> set[str]:
    """Return the keys in the first column of the table below a heading."""
    (section,) = re.findall(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text("file-formats"), re.DOTALL | re.MULTILINE
    )
    return set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE))


def keys(record: type) -> set[str]:
    """Return the keys of a record by its JSON schema: `list[].key`, `map.*.key`."""
    schema = TypeAdapter(record).json_schema(by_alias=True)
    return set(_keys(schema, "", schema.get("$defs", {}), record.__name__))


def _keys(node: dict[str, Any], prefix: str, definitions: Any, own: str) -> Iterator[str]:
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        if name == own or name not in _SHARED:  # a shared record has a section of its own
            yield from _keys(definitions[name], prefix, definitions, own)
    deeper = [
        *((each, prefix) for each in (*node.get("anyOf", ()), *node.get("oneOf", ()))),
        *((each, f"{prefix}[]") for each in (node.get("items"), *node.get("prefixItems", ()))),
        (node.get("additionalProperties"), f"{prefix}.*"),
        *((each, f"{prefix}.*") for each in node.get("patternProperties", {}).values()),
    ]
    for name, each in node.get("properties", {}).items():
        key = f"{prefix}.{name}" if prefix else name
        yield key
        deeper.append((each, key))
    for each, place in deeper:
        if isinstance(each, dict):
            yield from _keys(each, place, definitions, own)


@pytest.mark.parametrize("heading", RECORDS)
def test_every_key_of_a_record_has_a_line(heading: str) -> None:
    assert documented(heading) == keys(RECORDS[heading])


def test_the_summary_of_an_evaluation() -> None:
    assert documented("`datagen evaluate --json`") == keys(Summary) | {"report", "model"}


def test_what_a_verification_prints() -> None:
    assert documented("`datagen verify --json`") == keys(Verification) | {"whole", "verdict"}


def test_what_commands_add_to_a_record() -> None:
    assert documented("`datagen build --json`") == {"command", "path", "seconds"}
    assert documented("`datagen compare-models --json`") == {"command", "report"}
    assert documented("`datagen fetch --json`") == {"command", "name", *keys(Fetched)}


def test_the_answer_of_a_sweep(tmp_path: Path) -> None:
    trials = [made({"pen": share, "emnist": 1 - share}, share) for share in (0.3, 0.6)]
    lines = "".join(trial.model_dump_json() + "\n" for trial in trials)
    (tmp_path / "sweep.jsonl").write_text(lines)
    assert documented("`datagen sweep --best --json`") == set(answered(read(tmp_path)))


def test_what_letters_and_vetting_print() -> None:
    added = {"command", "path", "accuracy"}
    assert documented("`datagen letters train --json`") == keys(LettersResult) | added
    verdict = {f"bad[].{key}" for key in keys(Verdict)}
    wanted = {"command", "sheet", "source", "letters", "bad", *verdict}
    assert documented("`datagen build --vet list --json`") == wanted
    wanted = {"command", *(field.name for field in fields(Reading))}
    assert documented("`datagen letters predict --json`") == wanted


def test_what_models_prints() -> None:
    wanted = {"command", *ModelDescription.model_fields}
    wanted |= {f"phases[].{key}" for key in ModelPhase.model_fields}
    wanted |= {f"speed.{key}" for key in ModelSpeed.model_fields}
    assert documented("`datagen models --json`") == wanted
    page = text("file-formats")
    for record in (ModelLayer, ModelPlateau, PhaseSpeed):
        assert all(f"`{key}`" in page for key in record.model_fields)


def test_what_predict_prints() -> None:
    assert documented("`datagen predict --json`") == {"command", *Prediction.model_fields}


def test_what_an_exported_model_says_of_itself() -> None:
    heading = "The member `fixed_eval.json` of an exported model"
    # the record is the evaluator's, which nothing here imports: its tests read it
    assert documented(heading) >= set(TrainedModel.model_fields)


def test_what_diff_says_of_scores() -> None:
    one = summary("a", "1100")
    (change,) = score_changes([one], [one])
    wanted = {f"scores[].{key}" for key in plain_score(change)}
    assert {key for key in documented("`datagen diff --json`") if "[]" in key} == wanted


def test_what_a_merge_of_reviews_prints() -> None:
    printed = plain_merged(merge(load("competition-2021"), load("competition-2021")))
    assert documented("`datagen review --merge --json`") == {"command", "path", *printed}


def test_what_mine_prints() -> None:
    record = Hard(
        dataset="ds",
        fingerprint="f",
        folder="/photos",
        protocol="cutoff-resnet50",
        preview=None,
        seeds=(123,),
        top=0,
        images=(),
    )
    found = mined(record, Path("hard.json"), Path("hard.png"))
    assert documented("`datagen mine --json`") == set(found)


@pytest.mark.parametrize(
    ("command", "calls"),
    [
        ("inspect", ["inspect ds"]),
        ("export", ["export ds --zip", "export ds flat --flatten", "export ds --hf"]),
        ("card", ["card ds"]),
        ("diff", ["diff ds numerals"]),
        ("doctor", ["doctor numerals"]),
        ("preview", ["preview ds", "preview --pipeline scanned ds/train/v/any.png"]),
        ("view", ["view ds"]),
        ("sources", ["sources pen"]),
        ("recipes", ["recipes default"]),
        ("pipelines", ["pipelines scanned", "pipelines --ops", "pipelines --labels"]),
        ("holdout", ["holdout numerals --out sides --fraction 0.5"]),
        ("rare", ["rare numerals"]),
        ("review", ["review numerals --no-audit --html page.html"]),
        ("guide", ["guide commands"]),
    ],
)
def test_what_a_command_prints(
    command: str,
    calls: list[str],
    dataset: Path,
    numeral_folder: Path,
    datagen_here: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    assert dataset.parent == numeral_folder.parent == Path.cwd()
    if command == "preview":
        image = next((dataset / "train" / "v").iterdir())
        cv2.imwrite(str(image.with_name("any.png")), cv2.imread(str(image)))
    if command == "doctor":
        (numeral_folder / ".DS_Store").write_text("")
    printed: set[str] = set()
    for call in calls:
        done = datagen_here(*call.split(), "--json")
        assert done.returncode in (0, None), done.stderr
        printed |= set().union(*map(json.loads, done.stdout.splitlines()))
    found = documented(f"`datagen {command} --json`")
    assert {key for key in found if command != "diff" or "[]" not in key} == printed
