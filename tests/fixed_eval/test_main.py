"""`python -m fixed_eval` as others call it: exit codes, score.json, stops and resumes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fixed_eval import __main__ as command
from fixed_eval import score as scoring
from fixed_eval.cores import Cores
from fixed_eval.data import list_split, load_split
from fixed_eval.decoding import Decoder
from fixed_eval.errors import ChangedError
from fixed_eval.heldout import score_test
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50 as PROTOCOL
from fixed_eval.records import Leakage

REPOSITORY = Path(__file__).parents[2]


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "fixed_eval", *map(str, arguments)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def call(*arguments: object) -> tuple[int, str, str]:
    process = start(*arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def without_times(score: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {key: value for key, value in row.items() if "seconds" not in key}
        for row in score["history"]
    ]
    return {**score, "seconds": None, "history": rows, "warnings": None}


@pytest.fixture(scope="module")
def finished(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One unbroken run of three epochs, with val given once more as a test set."""
    out = tmp_path_factory.mktemp("out") / "deep" / "score.json"
    code, stdout, stderr = call(
        dataset, "--test", dataset / "val", "--out", out, "--preview", 3, "--progress", "jsonl"
    )
    assert (code, stdout) == (0, ""), stderr
    return {
        "score": json.loads(out.read_text(encoding="utf-8")),
        "events": [json.loads(line) for line in stderr.splitlines()],
    }


def test_a_run_tells_its_events_and_nothing_else(finished):
    events = [event for event in finished["events"] if event["event"] != "notice"]  # of compiling
    assert [event["event"] for event in events] == ["start", "epoch", "epoch", "epoch", "done"]
    assert (events[0]["train"], events[0]["val"], events[0]["official"]) == (30, 20, False)
    assert {"epoch", "epochs", "val_accuracy", "best_epoch", "steps_per_second", "eta_seconds"} <= (
        events[1].keys()
    )
    assert events[3]["eta_seconds"] == 0


def test_the_score_holds_the_contract(finished):
    score = finished["score"]
    assert (score["schema_version"], score["official"], score["complete"]) == (1, False, True)
    assert score["preview"] == score["protocol"]["epochs"] == 3
    assert score["protocol"]["constants"]["epochs"] == 100
    assert (score["dataset"]["train"], score["dataset"]["val"]) == (30, 20)
    assert score["dataset"]["budget_used"] == 56
    assert score["dataset"]["classes"]["val"] == dict.fromkeys(PROTOCOL.classes, 2)
    assert [row["epoch"] for row in score["history"]] == [1, 2, 3]
    chosen = score["history"][score["chosen_epoch"] - 1]
    accuracies = [row["val_accuracy"] for row in score["history"]]
    assert chosen["val_accuracy"] == max(accuracies) == score["val"]["accuracy"]["accuracy"]
    assert accuracies.index(max(accuracies)) == score["chosen_epoch"] - 1
    assert score["val"]["loss"] == pytest.approx(chosen["val_loss"], rel=1e-5)
    assert {"import", "load", "compile", "train", "score", "total"} <= score["seconds"].keys()
    assert score["note"] is None
    assert (score["device"], score["seed"]) == ("cpu", 123)
    assert 1 <= score["threads"] <= 8


def test_a_test_set_equal_to_val_is_all_leak(finished):
    (test,) = finished["score"]["tests"]
    assert test["leakage"] == {"images": 20, "decoded_identical": 20, "input_identical": 20}
    assert test["leak_free"] == {"images": 0, "correct": 0, "accuracy": None, "interval": None}
    assert test["metrics"]["confusion"] == finished["score"]["val"]["confusion"]
    assert len(test["results"]) == 20
    row = test["results"][0]
    assert (row["path"], row["true"], row["leaked"]) == ("i/000.png", "i", True)
    assert sum(row["probabilities"]) == pytest.approx(1, abs=1e-5)
    best = int(np.argmax(row["probabilities"]))
    assert row["predicted"] == PROTOCOL.classes[best]


def test_a_dataset_stored_small_knows_its_larger_pictures(tmp_path: Path, encode, strokes, load):
    """The dataset holds the network's inputs, rounded; the test set the pictures themselves."""
    rng = np.random.default_rng(2)
    decode = Decoder(PROTOCOL.image_size)
    for split in ("train", "val", "test"):
        for label, name in enumerate(PROTOCOL.classes):
            folder = tmp_path / split / name
            folder.mkdir(parents=True, exist_ok=True)
            large = encode(strokes(label, rng))
            small = np.rint(decode(large)[0]).astype(np.uint8)
            (folder / "0.png").write_bytes(large if split == "test" else encode(small))
            if split == "train":
                (tmp_path / "test" / name).mkdir(parents=True)
                (tmp_path / "test" / name / "known.png").write_bytes(large)
    splits = load(tmp_path)
    test = load_split("test", list_split(tmp_path / "test", PROTOCOL, None), PROTOCOL)

    class Blind:
        def predict(self, _: object, images: np.ndarray) -> np.ndarray:
            return np.zeros((len(images), 10), np.float32)

    found = score_test(tmp_path, test, splits, engine=Blind(), weights=(), protocol=PROTOCOL)
    assert found.leakage == Leakage(images=10, decoded_identical=0, input_identical=10)
    assert [row.path for row in found.results if row.leaked] == [
        f"{name}/known.png" for name in PROTOCOL.classes
    ]
    assert found.leak_free.images == 10


def test_stopped_between_epochs_then_killed_then_damaged_ends_the_same(
    finished, dataset, tmp_path: Path
):
    out, state = tmp_path / "score.json", tmp_path / "state"
    options = (dataset, "--test", dataset / "val", "--out", out, "--preview", 3, "--state", state)
    assert call(*options, "--until", 1)[0] == 0
    rung = json.loads(out.read_text(encoding="utf-8"))
    assert (rung["complete"], rung["official"], len(rung["history"])) == (False, False, 1)
    assert rung["history"][0]["loss"] == finished["score"]["history"][0]["loss"]

    process = start(*options, "--progress", "jsonl")
    assert process.stderr is not None
    for line in process.stderr:
        if json.loads(line)["event"] == "epoch":
            break
    process.kill()
    process.communicate()

    code, _, stderr = call(*options)
    assert code == 0
    assert "going on after epoch" in stderr
    whole = without_times(finished["score"])
    assert without_times(json.loads(out.read_text(encoding="utf-8"))) == whole

    (kept,) = state.glob("state-*.bin")
    kept.write_bytes(kept.read_bytes()[:-1])
    code, _, stderr = call(*options)
    assert code == 0
    assert "damaged" in stderr
    assert kept.with_suffix(".damaged").exists()
    again = json.loads(out.read_text(encoding="utf-8"))
    assert without_times(again) == whole
    assert "set aside" in again["warnings"][0]


def test_ctrl_c_says_where_it_stopped_and_how_to_go_on(dataset, tmp_path: Path):
    state = tmp_path / "state"
    many = ("--preview", 5_000)  # a busy machine may run a hundred before the signal comes
    places = ("--out", tmp_path / "s.json", "--state", state)
    process = start(dataset, *places, *many, "--progress", "jsonl")
    assert process.stderr is not None
    for line in process.stderr:
        if json.loads(line)["event"] == "epoch":
            break
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    last = stderr.splitlines()[-1]
    assert last.startswith("fixed_eval: interrupted in epoch")
    assert f"kept in {state}" in last
    assert not (tmp_path / "s.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nowhere",), 4, "is not a folder"),
        (("{root}", "--preview", "0"), 2, "not between 1"),
        (("{root}", "--until", "3"), 2, "--state DIR"),
        (("{root}", "--seed", "-1"), 2, "not between 0"),
        (("{root}", "--seed", "many"), 2, "invalid"),
        (("{root}", "--protocol", "other"), 2, "invalid choice"),
        (("{root}/train",), 4, "no train/ and no val/"),
    ],
)
def test_refusals_come_at_once_with_one_line_and_their_code(
    dataset, capsys, arguments, code, words
):
    given = [argument.format(root=dataset) for argument in arguments]
    try:
        returned: object = command.main([*given, "--out", "never-written.json"])
    except SystemExit as stop:  # argparse
        returned = stop.code
    err = capsys.readouterr().err
    assert returned == code
    assert words in err.splitlines()[-1]


def test_no_score_takes_the_place_of_a_device(dataset, capsys):
    with pytest.raises(SystemExit):
        command.main([str(dataset), "--out", os.devnull])
    assert "expected a file name" in capsys.readouterr().err
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--extra-train", "more"], "trains on one folder: leave --extra-train more out"),
        (["--weights", "imagenet"], "has no pretrained base: leave --weights out"),
        (["--engine", "keras"], "there is native or fast or reference"),
    ],
)
def test_an_option_that_the_protocol_does_not_know_is_refused(
    dataset: Path, tmp_path: Path, capsys, words: list[str], said: str
):
    (tmp_path / "more").mkdir()
    given = [word.replace("more", str(tmp_path / "more")) for word in words]
    assert command.main([str(dataset), "--out", str(tmp_path / "s.json"), *given]) == 2
    assert said.replace("more", str(tmp_path / "more")) in capsys.readouterr().err
    assert not (tmp_path / "s.json").exists()


def test_a_budget_over_the_limit_exits_3_with_both_counts(tmp_path: Path, capsys):
    for split, count in (("train", 976), ("val", 25)):
        for name in PROTOCOL.classes:
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            for number in range(count if name != "x" else count - 10 * (split == "train")):
                (folder / f"{number}.png").touch()
    assert command.main([str(tmp_path), "--out", str(tmp_path / "s.json")]) == 3
    err = capsys.readouterr().err
    assert "10,000 images" in err
    assert "10,008" in err


def test_an_unknown_folder_in_a_test_set_and_a_broken_image_are_named(dataset, tmp_path: Path):
    shutil.copytree(dataset / "val", tmp_path / "test")
    (tmp_path / "test" / "xi").mkdir()
    code, _, stderr = call(dataset, "--test", tmp_path / "test", "--out", tmp_path / "s.json")
    assert (code, stderr.count("\n")) == (3, 1)
    assert "'xi'" in stderr
    (tmp_path / "test" / "xi").rmdir()
    (tmp_path / "test" / "x" / "000.png").write_bytes(b"")
    code, _, stderr = call(dataset, "--test", tmp_path / "test", "--out", tmp_path / "s.json")
    assert (code, stderr.count("\n")) == (4, 1)
    assert "x/000.png: the file is empty" in stderr


def test_a_dataset_changed_meanwhile_has_no_score(make_dataset, write_split, tmp_path: Path):
    root = make_dataset(train=1, val=1)
    write_split(tmp_path / "test", {"v": 2}, np.random.default_rng(5))
    request = scoring.Request(
        dataset=root,
        tests=(tmp_path / "test",),
        protocol=PROTOCOL,
        engine="fast",
        seed=1,
        cores=Cores(1),
        device="cpu",
        preview=1,
    )
    score = scoring.evaluate(request, lambda *_, **__: None, import_seconds=0)
    assert score.tests[0].leakage.images == 0
    assert score.tests[0].leak_free == score.tests[0].metrics.accuracy
    assert score.tests[0].metrics.classes[0].recall is None  # no image of class i

    def meddle(event: str, **_: object) -> None:
        if event == "epoch":
            (root / "train" / "ii" / "000.png").rename(root / "train" / "iii" / "new.png")

    with pytest.raises(ChangedError, match="changed while it was evaluated"):
        scoring.evaluate(request, meddle, import_seconds=0)


def test_an_evaluation_of_pngs_with_native_imports_no_tensorflow(dataset: Path, tmp_path: Path):
    code = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None  # an import of them fails
from fixed_eval.__main__ import main
sys.exit(main())
"""
    out = tmp_path / "score.json"
    options = ("--out", out, "--preview", "1", "--engine", "native", "--progress", "none")
    done = subprocess.run(
        [sys.executable, "-c", code, dataset, "--test", dataset / "val", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(out.read_text("utf-8"))["complete"]
