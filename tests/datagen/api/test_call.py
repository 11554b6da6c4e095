import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import datagen
from datagen.api.call import public
from datagen.core.errors import CorruptInputError, DatagenError, MissingInputError, UsageError


@public
def counted(images: int, *, share: float = 0.5, name: str | None = None, yes: bool = False) -> Any:
    """Return what it was given."""
    return images, share, name, yes


def test_numbers_of_numpy_become_pythons_own() -> None:
    given = counted(np.int64(3), share=np.float32(0.5), yes=np.bool_(True))
    assert given == (3, 0.5, None, True)
    assert [type(value) for value in given] == [int, float, type(None), bool]
    assert counted(1, share=1) == (1, 1, None, False)
    assert counted(1, yes=1)[3] is True  # type: ignore[arg-type]
    assert counted(1, share=Fraction(1, 4)) == (1, 0.25, None, False)


@public
def twice(names: Sequence[str], tests: str | Sequence[str] = ()) -> Any:
    """Read both twice."""
    return [*names, *names], [*tests, *tests]


def test_what_is_read_once_may_be_read_twice() -> None:
    assert twice((name for name in "ab"), tests=iter("c")) == (["a", "b"] * 2, ["c"] * 2)  # type: ignore[arg-type]
    assert twice({"a": 1}, tests="c") == (["a"] * 2, ["c"] * 2)  # type: ignore[arg-type]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a working folder")
def test_a_working_folder_that_was_removed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datagen_here: Any
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(MissingInputError, match="the working folder is not there any more"):
        datagen.plan({"images": 100})
    done = datagen_here("build", "--images", 100, "--out", tmp_path / "ds")
    assert (done.returncode, done.stderr) == (
        4,
        "datagen: the working folder is not there any more; change to another\n",
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"images": "3"}, "images is '3'; expected a whole number"),
        ({"images": 3.0}, "images is 3.0; expected a whole number"),
        ({"images": True}, "images is True; expected a whole number"),
        ({"images": None}, "images is None; expected a whole number"),
        ({"images": np.arange(3)}, "images is array([0, 1, 2]); expected a whole number"),
        ({"images": 3, "share": "0.2"}, "share is '0.2'; expected a number"),
        ({"images": 3, "name": 7}, "name is 7; expected text or None"),
        ({"images": 3, "yes": "no"}, "yes is 'no'; expected True or False"),
        ({"images": 3, "yes": 2}, "yes is 2; expected True or False"),
    ],
)
def test_a_wrong_type_is_refused_by_its_name(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        counted(**given)
    assert str(refused.value) == said


def test_python_itself_refuses_arguments_that_there_are_not() -> None:
    with pytest.raises(TypeError, match=r"^counted\(\): missing a required argument: 'images'"):
        counted()  # type: ignore[call-arg]


ARRAY = np.array([1, 2])


def compared(api: Any, models: Any, **keys: Any) -> object:
    return api.compare_models("d", models, test="t", preview=1, **keys)


CALLS: list[tuple[str, Callable[[Any, Path], object]]] = [
    ("recipe is None; expected a datagen Recipe", lambda api, out: api.build(None, out)),
    ("recipe is 3; expected a datagen Recipe", lambda api, _: api.plan(3)),
    ("what is 3; expected a datagen Recipe", lambda api, _: api.preview(3)),
    ("licences is 3; expected a mapping", lambda api, _: api.dataset_card("ds", licences=3)),
    ("rungs is 3; expected several", lambda api, out: api.search("r", out, hours=1, rungs=3)),
    ("out is None; expected a path", lambda api, _: api.build({"images": 60}, None)),
    ("workers is '2'", lambda api, out: api.build({"images": 60}, out, workers="2")),
    ("workers is 1.5", lambda api, out: api.build({"images": 60}, out, workers=1.5)),
    ("overwrite is 'no'", lambda api, out: api.build({"images": 60}, out, overwrite="no")),
    ("progress is None", lambda api, out: api.build({"images": 60}, out, progress=None)),
    ("per_cell is '2'", lambda api, _: api.preview(per_cell="2")),
    ("test is None; expected a path or several", lambda api, out: api.evaluate(out, test=None)),
    ("seeds is [1, 2]", lambda api, out: api.evaluate(out, seeds=[1, 2])),
    ("seeds is 2.0", lambda api, out: api.evaluate(out, seeds=2.0)),
    ("['a']", lambda api, out: api.find_leaks(out, ["a"])),
    ("['a', 'b'] is no path", lambda api, _: api.compare(["a", "b"])),
    (
        "is 'ds'; expected a datagen Evaluation",
        lambda api, _: api.write_report("ds", "r"),
    ),
    ("form is array([1, 2]); expected 'hf' or", lambda api, _: api.publish("d", form=ARRAY)),
    ("form is ['hf']; expected 'hf' or", lambda api, _: api.publish("d", form=["hf"])),
    ("by is array([1, 2]); expected 'style' or", lambda api, o: api.hold_out("d", o, by=ARRAY)),
    ("engine is array([1, 2])", lambda api, _: api.evaluate("d", engine=ARRAY)),
    ("prefer is 1; expected 'A' or 'B' or None", lambda api, _: api.merge_reviews(*"ab", prefer=1)),
    ("net is array([1, 2]); expected 'a' or", lambda api, _: api.train_letters(net=ARRAY)),
    ("nets holds ['a']; expected 'a' or", lambda api, _: api.compare_letters(nets=[["a"]])),
    ("models holds ['a']; expected text", lambda api, _: compared(api, [["a"]])),
    ("models holds 1; expected text", lambda api, _: compared(api, [1])),
    ("view is 3; expected a function", lambda api, _: compared(api, ["simple-cnn"], view=3)),
    (
        "rungs holds 'a'; expected a whole",
        lambda api, o: api.search("r", o, hours=1, rungs=["a"]),
    ),
    ("licences holds 1; expected text", lambda api, _: api.dataset_card("d", licences={"pen": 1})),
    ("executor is 'x'; expected a datagen Executor", lambda api, o: api.sweep({}, o, executor="x")),
    ("callbacks is 3; expected several", lambda api, o: api.sweep({}, o, callbacks=3)),
    ("callbacks holds 3; expected a datagen", lambda api, o: api.sweep({}, o, callbacks=[3])),
    ("overwrite has no effect without fix", lambda api, _: api.doctor("d", overwrite=True)),
    (
        "overwrite has no effect without out",
        lambda api, _: api.merge_reviews(*["competition-2021"] * 2, overwrite=True),
    ),
    ("audit is 'dd'; expected what datagen.audit returned", lambda api, _: api.value_images("dd")),
]


@pytest.mark.parametrize(("said", "call"), CALLS, ids=[said for said, _ in CALLS])
def test_every_function_says_which_argument_has_a_wrong_type(
    tmp_path: Path, said: str, call: Callable[[Any, Path], object]
) -> None:
    with pytest.raises(DatagenError) as refused:
        call(datagen, tmp_path / "out")
    assert isinstance(refused.value, UsageError)
    assert said in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_path_of_no_unicode_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(CorruptInputError, match="has a name that is no Unicode"):
        datagen.build({"images": 60}, tmp_path / "nu\udcff" / "ds")
    assert list(tmp_path.iterdir()) == []
