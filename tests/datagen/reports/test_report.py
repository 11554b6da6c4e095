"""The report of a real evaluation: its files, and its page in a browser."""

import csv
import errno
import os
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from datagen.core.errors import EvaluationError, UsageError
from datagen.evaluation.evaluate import Evaluation
from datagen.evaluation.load import read_summaries
from datagen.evaluation.places import located_score
from datagen.evaluation.records import read_score
from datagen.evaluation.summary import NO_TEST, summarise
from datagen.reports.evaluation import check_folder, report_folder, write_report
from datagen.reports.evaluation.page import page

Browse = Callable[[str, int], dict[str, Any]]

VOID = {"meta", "img", "br", "wbr"}


class Outline(HTMLParser):
    """Checks that tags are balanced, and keeps what refers elsewhere and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.references: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.references += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)


def outline(path: Path) -> Outline:
    parsed = Outline()
    parsed.feed(path.read_text("utf-8"))
    assert parsed.open == []
    return parsed


def test_the_files_of_a_report(evaluation: Evaluation, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "score.json").write_text("an earlier report's")
    (folder / "mine.txt").write_text("not ours")
    written = write_report(evaluation, folder, tensorboard=True)
    assert {path.name for path in folder.iterdir()} == {
        "score-123.json",
        "score-124.json",
        "summary.json",
        "history.csv",
        "report.html",
        "mine.txt",
        "tensorboard",
    }
    assert written == folder / "report.html"
    score = read_score(folder / "score-124.json")
    assert located_score(score, folder) == evaluation.scores[1]
    assert read_summaries(folder) == [evaluation.summary]
    for path in folder.iterdir():  # all can be sent, and moved with what they name
        assert path.is_dir() or str(evaluation.request.dataset.parent) not in path.read_text()
    rows = list(csv.DictReader((folder / "history.csv").read_text().splitlines()))
    assert [(row["seed"], row["epoch"]) for row in rows] == [
        (seed, epoch) for seed in ("123", "124") for epoch in "012"
    ]
    assert float(rows[1]["val_loss"]) == evaluation.scores[0].history[0].val_loss
    assert sum(row["chosen"] == "1" for row in rows) == 2
    assert [row["phase"] for row in rows[:3]] == ["", "train", "train"]
    assert float(rows[1]["learning_rate"]) == 1e-4


def test_tensorboard_reads_its_events(evaluation: Evaluation, tmp_path: Path) -> None:
    proto = pytest.importorskip("tensorboard.compat.proto.event_pb2")
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import PyRecordReader_New

    write_report(evaluation, tmp_path, tensorboard=True)
    (file,) = (tmp_path / "tensorboard" / "seed-124" / "val").iterdir()
    reader = PyRecordReader_New(str(file))
    events = []
    for _ in range(3):
        reader.GetNext()
        events.append(proto.Event.FromString(reader.record()))
    assert [event.step for event in events] == [0, 1, 2]
    values = {value.tag: value.simple_value for value in events[2].summary.value}
    epoch = evaluation.scores[1].history[1]
    assert values == pytest.approx({"loss": epoch.val_loss, "accuracy": epoch.val_accuracy})


def test_a_known_report_is_left_as_it_is(evaluation: Evaluation, tmp_path: Path) -> None:
    from dataclasses import replace

    known = replace(evaluation, cached=frozenset({123, 124}))
    written = write_report(known, tmp_path)
    written.write_text("marked")
    write_report(known, tmp_path)
    assert written.read_text() == "marked"
    write_report(evaluation, tmp_path)  # run again
    assert written.read_text() != "marked"
    written.write_text("marked")
    (tmp_path / "history.csv").unlink()
    write_report(known, tmp_path)
    assert written.read_text() != "marked"


def test_a_report_that_cannot_be_written_whole_leaves_nothing(
    evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_text

    def write_some(self: Path, text: str, *args: str, **words: str) -> int:
        if "score" in self.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, text, *args, **words)

    monkeypatch.setattr(Path, "write_text", write_some)
    with pytest.raises(EvaluationError, match=r"No space left .* from the cached score"):
        write_report(evaluation, tmp_path / "deep" / "out")
    assert list(tmp_path.iterdir()) == []


def test_where_a_report_may_go(tmp_path: Path) -> None:
    dataset = tmp_path / "ds"
    dataset.mkdir()
    assert report_folder(dataset, preview=False) == Path("ds-report")
    assert report_folder(dataset, preview=True) == Path("ds-preview")
    check_folder(tmp_path / "deep" / "out", dataset, tensorboard=False)
    assert [path.name for path in tmp_path.iterdir()] == ["ds"]
    with pytest.raises(UsageError, match="inside the dataset"):
        check_folder(dataset / "out", dataset, tensorboard=False)
    with pytest.raises(UsageError, match="is inside the test set; choose another --out"):
        check_folder(tmp_path / "test" / "i", dataset, [tmp_path / "test"], tensorboard=False)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        check_folder(tmp_path / "file", dataset, tensorboard=False)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc, where nobody may write")
def test_a_report_is_refused_where_it_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write in /proc"):
        check_folder(Path("/proc/out"), tmp_path, tensorboard=False)


def test_the_page_tells_all_of_it(evaluation: Evaluation, tmp_path: Path) -> None:
    summary = summarise(evaluation.scores, path="some <ds> & more")
    shown = tmp_path / "report.html"
    shown.write_text(page(evaluation, summary, tmp_path), "utf-8")
    parsed = outline(shown)
    text = " ".join(parsed.text)
    first = evaluation.scores[0].tests[0]
    for expected in (
        "PREVIEW of 2 epochs, not an official score",
        "some <ds> & more",  # escaped, so read back as it was
        f"{summary.tests[0].accuracy.mean:.4f}",
        "Confusion matrix",
        *(confusion.words for confusion in first.metrics.top_confusions),
        "1 of 21",  # leakage
        "leaked: ",
        "roman-datagen, the pen model",
        "80 train + 20 val = 100 images",
        "datagen build --recipe",
        "--seeds 2 --preview 2",
        summary.fingerprint[:16],
        "seed 123",
    ):
        assert expected in text, expected
    pictures = [each for each in parsed.references if each.startswith("data:image/png")]
    (link,) = set(parsed.references) - set(pictures)  # asked for by nobody but a person
    assert link.endswith("-view.html#view=mistakes")
    wrong = sum(not image.hit for image in first.results)
    assert len(pictures) == wrong + 1  # the gallery, the contact sheet
    assert NO_TEST.split(";")[0] not in text


def test_without_a_test_set_the_first_line_says_what_that_is_worth(
    evaluation: Evaluation, tmp_path: Path
) -> None:
    from dataclasses import replace

    scores = tuple(score.model_copy(update={"tests": ()}) for score in evaluation.scores)
    bare = replace(evaluation, scores=scores, request=replace(evaluation.request, tests=()))
    written = write_report(bare, tmp_path)
    body = [text for text in outline(written).text if text.strip()]
    assert body[1].startswith("No test set: ")  # the title comes first


def test_a_dataset_of_unknown_origin_has_a_page_too(evaluation: Evaluation, tmp_path: Path) -> None:
    from dataclasses import replace

    bare = tmp_path / "bare"
    shutil.copytree(evaluation.request.dataset, bare)
    for name in ("dataset.json", "manifest.jsonl", "recipe.yaml"):
        (bare / name).unlink()
    known = replace(evaluation, request=replace(evaluation.request, dataset=bare), images={})
    text = " ".join(outline(write_report(known, tmp_path / "out")).text)
    assert "the dataset has no dataset.json" in text
    assert "not readable" in text  # the test images are gone
    shutil.rmtree(bare)
    text = " ".join(outline(write_report(known, tmp_path / "out")).text)
    assert "No contact sheet: no dataset at" in text


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_overflows_and_nothing_is_asked_for_in_a_browser(
    evaluation: Evaluation, tmp_path: Path, width: int, browse: Browse
) -> None:
    shown = write_report(evaluation, tmp_path).read_text("utf-8")
    found = browse(shown, width)
    assert found["height"] > 2000
    assert (found["scroll"], found["wide"]) == (width, [])
    assert (found["asked"], found["images"]) == ([], 0)
    assert "default-src 'none'" in shown
    assert not re.search(r"url\(|@import|https?:", shown)
