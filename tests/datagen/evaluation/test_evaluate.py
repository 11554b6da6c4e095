import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import fixed_eval.__main__
import fixed_eval.predict
from datagen.core.errors import (
    DatasetError,
    EvaluationError,
    InputError,
    MissingInputError,
    RuleError,
    UsageError,
)
from datagen.datasets.content import dataset_content
from datagen.datasets.content import test_content as content_of_test
from datagen.evaluation.cache import Slot, known_scores, remember, slot
from datagen.evaluation.compare import compare
from datagen.evaluation.evaluate import (
    Evaluation,
    evaluate_dataset,
    recall_scores,
)
from datagen.evaluation.load import read_summaries
from datagen.evaluation.prepare import prepare
from datagen.evaluation.process import (
    EvaluationJob,
    EvaluatorProcess,
    Event,
    identity,
    package_folder,
    word_of,
)
from datagen.evaluation.records import Score
from datagen.evaluation.request import EvaluationRequest
from datagen.evaluation.summary import summarise, wilson
from datagen.files.cache_dir import cache_folder
from tests.datagen.conftest import Started
from tests.datagen.evaluations import Official


def test_an_evaluation_has_a_score_per_seed_and_finds_the_leak(evaluation: Evaluation) -> None:
    assert [score.seed for score in evaluation.scores] == [123, 124]
    assert [len(score.history) for score in evaluation.scores] == [2, 2]
    summary = summarise(evaluation.scores, path="ds")
    (test,) = summary.tests
    assert (test.images, test.leaked) == (21, 1)
    assert not summary.official
    assert summary.label.startswith("PREVIEW of 2 epochs")
    accuracies = [run.tests[0].accuracy for run in summary.runs]
    assert test.accuracy.mean == pytest.approx(sum(accuracies) / 2)
    assert test.accuracy.std == pytest.approx(abs(accuracies[0] - accuracies[1]) / 2**0.5)
    for run in summary.runs:
        assert run.tests[0].hits.count("1") == run.tests[0].correct
        assert len(run.tests[0].hits) == 21
    # every image of the test set is found again by its content
    shown = {image.sha256 for image in evaluation.scores[0].tests[0].results}
    assert shown == evaluation.images.keys()


def test_wilson_is_the_evaluators_interval(evaluation: Evaluation) -> None:
    for score in evaluation.scores:
        found = score.tests[0].metrics.accuracy
        assert found.accuracy is not None
        assert wilson(found.accuracy, found.images) == pytest.approx(found.interval)


def test_an_official_score_is_remembered(
    official: Official,
    evaluable: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    request = EvaluationRequest(
        evaluable / "tiny", (evaluable / "test", evaluable / "tiny" / "val")
    )
    first, events, _ = official
    warned, *told = [event["event"] for event in events]
    assert (warned, told) == ("warning", ["launch", "start", *["epoch"] * 100, "done"])
    assert "10 of 10 images of " in events[0]["message"]  # val is a test set too
    assert first.scores[0].official
    assert not first.all_cached
    content = dataset_content(request.dataset)
    assert content is not None
    (kept,) = known_scores(content)
    (found,) = first.scores
    assert found.receipt is not None
    assert kept == found.model_copy(update={"origin": None})  # which is the folder's own

    def refuse(run: EvaluatorProcess) -> None:
        raise Started(run.job.seed)

    monkeypatch.setattr(EvaluatorProcess, "start", refuse)
    again = evaluate_dataset(first.request)
    assert again.all_cached
    assert again.scores == first.scores
    assert evaluate_dataset(request).all_cached  # equal images in another place

    # moved, and the tests in another order: the content is what counts
    (evaluable / "tiny").rename(evaluable / "moved")
    moved = EvaluationRequest(
        evaluable / "moved", (evaluable / "moved" / "val", evaluable / "test")
    )
    (score,) = evaluate_dataset(moved).scores
    assert score.dataset.path == str(evaluable / "moved")
    assert [test.path for test in score.tests] == [str(test) for test in moved.tests]
    assert score.tests[1].metrics == first.scores[0].tests[0].metrics

    for other in (
        EvaluationRequest(moved.dataset, moved.tests, force=True),
        EvaluationRequest(moved.dataset, moved.tests, seed=124),
        EvaluationRequest(moved.dataset, moved.tests, engine="reference"),
        EvaluationRequest(moved.dataset, moved.tests[:1]),
        EvaluationRequest(moved.dataset, moved.tests, preview=1),
    ):
        with pytest.raises(Started):
            evaluate_dataset(other)
    extra = evaluable / "test" / "v" / "9.png"
    shutil.copy(evaluable / "test" / "x" / "0.png", extra)
    with pytest.raises(Started):
        evaluate_dataset(moved)
    extra.unlink()

    # kept by the name asked for, `auto`, and by that of the engine it was
    first_engine = first.scores[0].protocol.engine
    assert first_engine in {"native", "fast"}
    named = EvaluationRequest(moved.dataset, moved.tests, engine=first_engine)  # type: ignore[arg-type]
    assert evaluate_dataset(named).all_cached
    place = _place(moved)
    entry = place.score
    (place.named[first_engine]).unlink()
    assert list((cache_folder() / "scores").glob("*/*.json")) == [entry]
    for damage in (entry.read_text()[:-9], entry.read_text().replace('"seed":123', '"seed":7')):
        entry.write_text(damage)
        caplog.clear()
        with pytest.raises(Started):
            evaluate_dataset(moved)
        assert "kept as" in caplog.text
        assert entry.with_name(entry.name + ".corrupt").read_text() == damage


def _place(request: EvaluationRequest) -> Slot:
    """Where the cache keeps the only run of a request."""
    tested = (content_of_test(folder, roman=True) for folder in request.tests)
    contents = [dataset_content(request.dataset), *tested]
    data, *tests = (content.fingerprint for content in contents if content)
    (job,) = request.jobs()
    return slot(job, data, tests, identity())


@pytest.mark.slow
@pytest.mark.usefixtures("forked_here")
def test_the_evaluators_refusals_are_our_errors(evaluable: Path) -> None:
    tiny, test = evaluable / "tiny", evaluable / "test"
    with pytest.raises(InputError, match="^nowhere is not a folder"):
        evaluate_dataset(EvaluationRequest(Path("nowhere")))
    with pytest.raises(UsageError, match=r"^argument --protocol: invalid choice: 'other'"):
        evaluate_dataset(EvaluationRequest(tiny, protocol="other"))
    shutil.rmtree(tiny / "train" / "ix")
    with pytest.raises(RuleError, match="no image of class ix"):
        evaluate_dataset(EvaluationRequest(tiny, (test,)))
    assert not list((cache_folder() / "runs").glob("*/*"))


@pytest.mark.parametrize("name", ["seeds", "workers", "threads", "preview"])
def test_numbers_start_at_one(evaluable: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is 0; expected 1 … "):
        evaluate_dataset(EvaluationRequest(evaluable / "tiny", **{name: 0}))  # type: ignore[arg-type]


@pytest.mark.usefixtures("no_start")
def test_a_test_set_twice_is_refused(evaluable: Path) -> None:
    test = evaluable / "test"
    with pytest.raises(UsageError, match="is given twice"):
        evaluate_dataset(EvaluationRequest(evaluable / "tiny", (test, test / ".." / "test")))


@pytest.mark.usefixtures("no_start")
def test_several_bad_test_sets_are_named_at_once(evaluable: Path) -> None:
    empty = evaluable / "empty"
    empty.mkdir()
    tests = (evaluable / "nowhere", evaluable / "test", empty)
    with pytest.raises(MissingInputError, match=r"no folder at .*nowhere;.*; .*empty has no im"):
        evaluate_dataset(EvaluationRequest(evaluable / "tiny", tests))


@pytest.mark.usefixtures("no_start")
def test_what_the_evaluator_refuses_is_never_answered_from_the_cache(evaluable: Path) -> None:
    (evaluable / "tiny" / "train" / "xi").mkdir()
    assert dataset_content(evaluable / "tiny") is None
    assert dataset_content(evaluable / "nowhere") is None
    with pytest.raises(Started):
        evaluate_dataset(EvaluationRequest(evaluable / "tiny"))


@pytest.mark.usefixtures("no_start")
def test_a_score_of_another_evaluator_is_not_answered_and_said(
    evaluable: Path, score: Score
) -> None:
    root, events = evaluable / "tiny", []
    content = dataset_content(root)
    assert content is not None
    kept = score.dataset.model_copy(update={"fingerprint": content.fingerprint})
    (job,) = EvaluationRequest(root).jobs()
    old = slot(job, content.fingerprint, (), "the identity of an earlier evaluator")
    remember(old, score.model_copy(update={"dataset": kept}))
    with pytest.raises(Started):
        evaluate_dataset(EvaluationRequest(root), lambda _, event: events.append(event))
    assert "by another version of the evaluator" in events[0]["message"]
    (summary,) = read_summaries(root)
    (table,) = compare([summary])
    assert [row.mark for row in table.rows] == ["OTHER EVALUATOR"]


@pytest.mark.usefixtures("forked")
def test_data_changed_before_the_evaluator_reads_them_have_no_score(
    evaluable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = EvaluatorProcess.start

    def meddle(run: EvaluatorProcess) -> None:
        train = evaluable / "tiny" / "train"
        shutil.copy(train / "v" / "0.png", train / "x" / "1.png")
        start(run)

    monkeypatch.setattr(EvaluatorProcess, "start", meddle)
    with pytest.raises(DatasetError, match="changed while it was evaluated"):
        evaluate_dataset(EvaluationRequest(evaluable / "tiny", preview=1))


@pytest.mark.tensorflow
def test_a_killed_evaluator_is_named_and_goes_on(evaluable: Path) -> None:
    request = EvaluationRequest(evaluable / "tiny", preview=20)
    pids = _children()

    def kill(_: int, event: Event) -> None:
        if event["event"] == "epoch":
            for pid in _children() - pids:
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(EvaluationError, match=r"killed by SIGKILL after epoch \d+.*resumes"):
        evaluate_dataset(request, kill)
    events: list[Event] = []
    (score,) = evaluate_dataset(request, lambda _, event: events.append(event)).scores
    told = [event["event"] for event in events if event.get("of") != "dataset"]
    assert told[:3] == ["launch", "start", "resume"]
    assert len(score.history) == 20


def test_two_equal_evaluations_at_once_run_once(official: Official, evaluable: Path) -> None:
    shutil.rmtree(official.cache / "scores")  # the trained state is left, to be tested once
    request = EvaluationRequest(evaluable / "tiny")
    first: list[Event] = []
    second: list[Event] = []
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(evaluate_dataset, request, lambda _, event: first.append(event))
        two = pool.submit(evaluate_dataset, request, lambda _, event: second.append(event))
        scores = [one.result().scores, two.result().scores]
    assert scores[0] == scores[1]
    said = [event["event"] for event in (*first, *second) if event.get("of") != "dataset"]
    assert said.count("done") == 1
    assert said.count("warning") == 1  # the other one says what it waits for
    assert len(list((cache_folder() / "runs").glob("*/state-*"))) == 1


@pytest.mark.usefixtures("forked")
def test_another_test_set_takes_no_training(official: Official, evaluable: Path) -> None:
    (alone,) = official.evaluation.scores
    events: list[Event] = []
    request = EvaluationRequest(evaluable / "tiny", (evaluable / "test",))
    (score,) = evaluate_dataset(request, lambda _, event: events.append(event)).scores
    assert [event["event"] for event in events] == ["launch", "start", "resume", "done"]
    assert score.official
    assert (score.history, score.val) == (alone.history, alone.val)
    assert score.tests[0].images > 0


@pytest.mark.usefixtures("forked")
def test_a_paused_evaluation_keeps_its_state_and_no_score(evaluable: Path) -> None:
    paused = evaluate_dataset(EvaluationRequest(evaluable / "tiny", until=1))
    assert (len(paused.scores[0].history), paused.scores[0].complete) == (1, False)
    assert not paused.scores[0].official
    content = dataset_content(evaluable / "tiny")
    assert content is not None
    assert known_scores(content) == []
    whole = EvaluationRequest(evaluable / "tiny")
    assert recall_scores(whole, prepare(whole, whole.jobs())) is None
    assert len(list((cache_folder() / "runs").glob("*/state-*"))) == 1
    with pytest.raises(UsageError, match="until is 0"):
        evaluate_dataset(EvaluationRequest(evaluable / "tiny", until=0))


def _children() -> set[int]:
    listing = Path(f"/proc/{os.getpid()}/task")
    if not listing.is_dir():
        pytest.skip("finds child processes through /proc")
    texts = (task / "children" for task in listing.iterdir())
    return {int(pid) for text in texts for pid in text.read_text().split()}


def test_the_identity_follows_the_evaluators_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = identity()
    assert before == identity()
    copy = shutil.copytree(package_folder(), tmp_path / "fixed_eval")
    monkeypatch.setattr("datagen.evaluation.process.package_folder", lambda: copy)
    assert identity() == before
    with (copy / "training.py").open("a") as file:
        file.write("# changed\n")
    assert identity() != before
    (copy / "training.py").unlink()
    with pytest.raises(EvaluationError, match="is incomplete"):
        identity()


def test_our_records_lose_nothing_of_the_evaluators(evaluation: Evaluation) -> None:
    score = evaluation.scores[0]
    assert Score.model_validate_json(score.model_dump_json()) == score
    assert score.model_extra == {}
    assert score.tests[0].model_extra == {}


def test_names_that_begin_with_a_dash_reach_the_evaluator() -> None:
    job = EvaluationJob(
        dataset=Path("-ds"),
        tests=(Path("-test"),),
        seed=1,
        protocol="model-s",
        engine="auto",
        preview=1,
        threads=1,
        extra_train=(Path("-more"),),
    )
    read = fixed_eval.__main__._parser().parse_args(job.arguments(Path("out"), Path("state")))
    assert (read.dataset, read.test, read.extra_train) == (
        Path("-ds"),
        [Path("-test")],
        [Path("-more")],
    )
    asked = fixed_eval.predict._parser().parse_args([word_of(Path("-m.keras")), "--json"])
    assert asked.model == Path("-m.keras")
