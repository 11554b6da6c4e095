import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from datagen.core.errors import CorruptInputError, MissingInputError, UsageError
from datagen.core.evaluator_facts import PROTOCOL
from datagen.evaluation.cache import Slot, remember
from datagen.evaluation.compare import Difference, compare, holm, mcnemar, paired_t, sign_flip
from datagen.evaluation.evaluate import Evaluation
from datagen.evaluation.load import read_summaries
from datagen.evaluation.process import evaluator_digest
from datagen.evaluation.summary import SeedRun, SeedTest, Spread, Summary, TestSummary
from datagen.reports.evaluation import write_report


def summary(
    path: str,
    *hits: str,
    test: str = "t",
    preview: int | None = None,
    leaked: int = 0,
    leak_free: float | None = 0.5,
) -> Summary:
    """One seed per string of hits, from 123 on; without any, one seed and no test set."""
    tests = [
        SeedTest(accuracy=h.count("1") / len(h), correct=h.count("1"), leak_free=leak_free, hits=h)
        for h in hits
    ]
    mean = sum(each.accuracy for each in tests) / len(tests) if tests else 0.5
    spread = Spread(mean=mean, std=None)
    return Summary(
        path=path,
        fingerprint=path,
        official=preview is None,
        preview=preview,
        label="",
        protocol=PROTOCOL,
        protocol_fingerprint=f"p{preview}",
        engine="fast",
        device="cpu",
        images=20,
        val=spread,
        tests=tuple(
            TestSummary(
                path=f"tests/{test}",
                fingerprint=test,
                images=len(hits[0]),
                accuracy=spread,
                interval=(0, 1),
                leaked=leaked,
                leak_free=spread,
            )
            for _ in hits[:1]
        ),
        runs=tuple(
            SeedRun(seed=123 + k, chosen_epoch=1, val_accuracy=0.5, tests=(each,), seconds=1)
            for k, each in enumerate(tests)
        )
        or (SeedRun(seed=123, chosen_epoch=1, val_accuracy=0.25, tests=(), seconds=1),),
        warnings=(),
        seconds=1,
        evaluator=evaluator_digest(),
    )


def test_scores_of_another_evaluator_and_on_leaked_images_are_marked() -> None:
    old = summary("old", "1110", leaked=3).model_copy(update={"evaluator": None})
    (table,) = compare([old, summary("new", "1100", leaked=1)])
    assert [row.mark for row in table.rows] == ["OTHER EVALUATOR", ""]
    notes = "\n".join(table.notes)
    assert "evaluate again before you use it" in notes
    assert "some test images are leaked: old contains or was made from 3 of them" in notes
    (table,) = compare([summary("a", "1110"), summary("b", "1100")])
    assert "leaked" not in "\n".join(table.notes)
    assert {row.mark for row in table.rows} == {""}


def test_rows_are_ordered_by_what_their_datasets_do_not_know() -> None:
    rows = [
        summary("all known", "1111", leaked=4, leak_free=None),
        summary("flattered", "1111", leaked=2, leak_free=0.4),
        summary("honest", "1100"),
        summary("better", "1110", leaked=1, leak_free=0.7),
    ]
    (table,) = compare(rows)
    assert [row.path for row in table.rows] == ["better", "honest", "flattered", "all known"]
    assert "rows are ordered by leak-free accuracy" in "\n".join(table.notes)


@given(st.integers(0, 200), st.integers(0, 200))
def test_mcnemar_is_the_exact_binomial_test(first: int, second: int) -> None:
    expected = stats.binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar(first, second) == pytest.approx(expected)


@pytest.mark.parametrize(("plus", "minus"), [(0, 0), (3, 3), (9, 2), (30, 10), (0, 40)])
def test_sign_flips_are_mcnemars_test_for_one_seed(plus: int, minus: int) -> None:
    differences = np.array([1] * plus + [-1] * minus + [0] * 50)
    assert sign_flip(differences) == pytest.approx(mcnemar(plus, minus), abs=0.02)


def test_the_t_test_over_seeds_is_scipys() -> None:
    values = [0.01, 0.03, -0.005, 0.02]
    assert paired_t(values) == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
    assert (paired_t([0.1, 0.1]), paired_t([0.0, 0.0])) == (0, 1)


def found_with(p: float) -> Difference:
    return Difference(Spread(mean=-0.1, std=None), 5, 1, p_images=p, p_seeds=None, p=p)


def test_holm_counts_the_comparisons() -> None:
    # as R's p.adjust(c(0.02, 0.01, 0.04, 0.03), "holm")
    found = holm([found_with(0.02), None, found_with(0.01), found_with(0.04), found_with(0.03)])
    assert [each and pytest.approx(each.p) for each in found] == [0.06, None, 0.04, 0.06, 0.06]
    assert [each and each.real for each in found] == [False, None, True, False, False]
    assert {each.compared for each in found if each} == {4}
    assert holm([found_with(0.03), None]) == [found_with(0.03), None]
    _, last = holm([found_with(0.6), found_with(0.7)])
    assert last == replace(found_with(0.7), p=1.0, compared=2)
    assert holm([]) == []


@pytest.mark.slow
def test_many_equal_rows_are_seldom_called_worse() -> None:
    """Seeded: of 60 tables of 10 rows, all equally good with 3 seeds."""
    rng = np.random.default_rng(0)
    worse, corrected = 0, 0
    for _ in range(60):
        # images are of different difficulty, a seed moves a whole score a little
        ease = rng.normal(0.5, 1.5, 80) + rng.normal(0, 0.1, (10, 3, 1))
        hits = (ease + rng.normal(0, 1, (10, 3, 80)) > 0).astype(int)
        seeds = [["".join(map(str, seed)) for seed in row] for row in hits]
        (table,) = compare([summary(str(k), *row) for k, row in enumerate(seeds)])
        found = [row.difference for row in table.rows[1:] if row.difference]
        worse += any(max(each.p_images, each.p_seeds or 0) < 0.05 for each in found)
        corrected += any(each.real for each in found)
    assert worse > 15
    assert corrected <= 4


def test_rows_come_best_first_with_their_difference_to_the_best() -> None:
    (table,) = compare(
        [
            summary("low", "0" * 30 + "1" * 10),
            summary("high", "1" * 40),
            summary("mid", "1" * 38 + "00"),
        ]
    )
    assert (table.test, table.images) == ("tests/t", 40)
    assert [row.path for row in table.rows] == ["high", "mid", "low"]
    assert table.rows[0].difference is None
    mid, low = (row.difference for row in table.rows[1:])
    assert mid is not None
    assert low is not None
    assert (mid.best_only, mid.row_only, mid.real) == (2, 0, False)
    assert low.accuracy.mean == pytest.approx(-0.75)
    assert low.p_images == pytest.approx(2 / 2**30)
    assert (low.p_seeds, low.real) == (None, True)
    assert (low.p, low.compared) == (pytest.approx(4 / 2**30), 2)
    assert any("one seed" in note for note in table.notes)
    assert any("corrected (Holm)" in note for note in table.notes)


def test_several_seeds_need_both_tests() -> None:
    good, bad = "1" * 30 + "0" * 10, "0" * 30 + "1" * 10
    steady = compare([summary("a", good, good, good), summary("b", bad, bad, bad)])[0].rows[1]
    assert steady.difference is not None
    assert (steady.difference.p_seeds, steady.difference.real) == (0, True)
    assert steady.difference.best_only is None
    # the same images decide, but the seeds disagree about the size of the difference
    unsteady = compare([summary("a", good, good, good), summary("b", bad, bad, good)])[0].rows[1]
    assert unsteady.difference is not None
    assert unsteady.difference.p_images < 0.05 < (unsteady.difference.p_seeds or 0)
    assert not unsteady.difference.real


def test_seeds_of_one_dataset_make_one_row_and_previews_another() -> None:
    first, second = summary("a", "1100"), summary("a", "1111")
    later = second.model_copy(update={"runs": (second.runs[0].model_copy(update={"seed": 124}),)})
    (table,) = compare([first, later, summary("a", "1111", preview=1)])
    assert [(row.seeds, row.mark) for row in table.rows] == [
        ((123,), "PREVIEW, 1 epoch"),
        ((123, 124), ""),
    ]
    assert table.rows[1].accuracy.mean == 0.75
    assert len([note for note in table.notes if "official" in note or "evaluator" in note]) == 2


def test_datasets_with_the_same_images_share_a_row_and_are_named() -> None:
    anna = summary("anna", "1110")
    ben = anna.model_copy(update={"path": "ben"})
    (table,) = compare([anna, ben, ben, summary("cleo", "1000")])
    assert [row.path for row in table.rows] == ["anna", "cleo"]
    shared = [note for note in table.notes if "share a row" in note]
    assert shared == ["ben has the same images as anna: they share a row"]


def test_a_difference_over_fewer_seeds_than_are_shown_is_told() -> None:
    (table,) = compare([summary("three", "1110", "1110", "0000"), summary("one", "1000")])
    best, row = table.rows
    assert (best.path, best.seeds, row.seeds) == ("three", (123, 124, 125), (123,))
    assert row.difference is not None
    assert row.difference.accuracy.mean != row.accuracy.mean - best.accuracy.mean
    assert any(note.startswith("a difference is over the seeds that both") for note in table.notes)
    (same,) = compare([summary("a", "1110"), summary("b", "1000")])
    assert not any("both rows have" in note for note in same.notes)


def test_each_test_set_has_its_table_and_untested_datasets_theirs() -> None:
    tables = compare([summary("a", "10"), summary("b", "11", test="u"), summary("c"), summary("d")])
    assert [table.test for table in tables] == ["tests/t", "tests/u", None]
    assert [row.path for row in tables[2].rows] == ["c", "d"]
    assert tables[2].rows[0].interval is None
    assert "cannot be compared" in tables[2].notes[0]
    with pytest.raises(UsageError, match="nothing to compare"):
        compare([])


def test_scores_are_read_from_wherever_they_lie(evaluation: Evaluation, tmp_path: Path) -> None:
    expected = evaluation.summary
    write_report(evaluation, tmp_path / "out")
    assert read_summaries(tmp_path / "out") == [expected]
    single = read_summaries(tmp_path / "out" / "score-124.json")[0]
    assert single.runs == expected.runs[1:]
    lines = tmp_path / "scores.jsonl"
    lines.write_text(f"{expected.model_dump_json()}\n\n{expected.model_dump_json()}\n")
    assert read_summaries(lines) == [expected] * 2

    ds = evaluation.request.dataset
    with pytest.raises(MissingInputError, match=r"no official score yet.* `datagen evaluate"):
        read_summaries(ds)
    for score in evaluation.scores:
        official = score.model_copy(update={"official": True})
        place = (
            tmp_path / "cache" / "scores" / score.dataset.fingerprint[:24] / f"{score.seed}.json"
        )
        remember(Slot(score.dataset.fingerprint, (), place, tmp_path), official)
    (found,) = read_summaries(ds)
    assert found.path == str(ds)
    assert found.runs == expected.runs


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.json", "", "is empty"),
        ("a.json", "{", "line 1 is not JSON"),
        ("a.json", "[1]", "is no score"),
        ("a.jsonl", '{"command": "build"}', "is no score"),
        ("a.jsonl", '{"command": "evaluate"}\n{}', "line 1 is not what"),
        ("a.json", json.dumps({"protocol": 1, "history": []}), "not a score of schema version 1"),
        ("a.json", b"\xff\xfe\x00", "is no text"),
    ],
)
def test_other_files_are_refused(
    tmp_path: Path, name: str, content: str | bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CorruptInputError, match=says):
        read_summaries(path)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.json", tmp_path):
        with pytest.raises(MissingInputError, match="expected a dataset"):
            read_summaries(path)
