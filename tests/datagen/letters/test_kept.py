"""`datagen letters train` replaces nothing that is not its own, and nothing without being asked."""

import os
import subprocess
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import datagen
from datagen.core.errors import (
    CorruptInputError,
    EvaluationError,
    MissingInputError,
    OutOfRangeError,
    StoppedError,
    UnknownNameError,
    UsageError,
)
from datagen.files.locks import locked
from datagen.letters import reader
from datagen.letters.kept import check_out, kept_epochs
from datagen.sources.emnist import Characters
from fixed_eval.letters.state import Kept, save
from fixed_eval.state import write_groups

Run = Callable[..., subprocess.CompletedProcess[str]]


def write_state(path: Path, epochs: int) -> None:
    """Write what the trainer keeps, as it does."""
    history = tuple({"epoch": n + 1} for n in range(epochs))
    some = (np.zeros((2, 3), np.float32),)
    save(path, Kept("abc", history, weights=some, optimiser=some, generators=()))


def write_model(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("metadata.json", "config.json", "model.weights.h5"):
            archive.writestr(name, "x")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "m.keras"


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[object]]:
    """Let a training end at once after two epochs; return the words that it was given."""
    asked: list[Sequence[object]] = []

    def run(_: object, __: object, words: Sequence[object], tell: Callable[..., None]) -> Any:
        asked.append(words)
        for epoch in (1, 2):
            tell({"event": "epoch", "epoch": epoch, "which": ["a", "adamw"]})
        plain = {"net": "a", "optimiser": "adamw", "rate": 1e-4, "warm_up": 0, "epochs": 2}
        return [{**plain, "seed": 0, "parameters": 9, "history": []}]

    monkeypatch.setattr(reader, "training_arrays", lambda _: {})
    monkeypatch.setattr(reader, "run_with_arrays", run)
    return asked


def test_an_empty_file_is_no_model_to_keep(out: Path) -> None:
    out.touch()
    assert check_out(out, resume=False, overwrite=False) == 0


def test_nothing_there_is_a_beginning(out: Path) -> None:
    assert check_out(out, resume=False, overwrite=False) == 0
    assert check_out(out, resume=False, overwrite=True) == 0
    assert not list(out.parent.iterdir())


def test_a_model_is_replaced_only_where_that_is_asked(out: Path) -> None:
    write_model(out)
    with pytest.raises(UsageError, match=r"m\.keras exists; --overwrite replaces it"):
        check_out(out, resume=False, overwrite=False)
    assert check_out(out, resume=False, overwrite=True) == 0
    with pytest.raises(MissingInputError, match=r"there is no .*m\.state; leave --resume out"):
        check_out(out, resume=True, overwrite=False)


def test_kept_epochs_are_replaced_only_where_that_is_asked(out: Path) -> None:
    write_state(out.with_suffix(".state"), 3)
    with pytest.raises(UsageError, match=r"m\.state keeps 3 epochs; --resume goes on, --overwrite"):
        check_out(out, resume=False, overwrite=False)
    assert check_out(out, resume=False, overwrite=True) == 0
    assert check_out(out, resume=True, overwrite=False) == 3
    with pytest.raises(UsageError, match="give one of them"):
        check_out(out, resume=True, overwrite=True)


@pytest.mark.parametrize("content", [b"precious", b"PK\x03\x04 cut off"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_of_another_kind_is_never_replaced(
    out: Path, content: bytes, *, overwrite: bool
) -> None:
    state = out.with_suffix(".state")
    state.write_bytes(content)
    with pytest.raises(UsageError, match=r"m\.state is no state of `letters train`"):
        check_out(out, resume=False, overwrite=overwrite)
    with pytest.raises(CorruptInputError, match=r"m\.state is no state of `letters train`"):
        check_out(out, resume=True, overwrite=False)
    state.unlink()
    out.write_bytes(content)
    with pytest.raises(UsageError, match=r"m\.keras is no Keras model"):
        check_out(out, resume=False, overwrite=overwrite)


def test_the_state_of_something_else_is_none(tmp_path: Path) -> None:
    other = tmp_path / "a.state"
    write_groups(other, {"step": 3, "history": []}, {})  # of an evaluation
    assert kept_epochs(other) is None
    np.savez(other.with_suffix(".npz"), record=np.array("of an earlier version"))
    other.with_suffix(".npz").rename(other)
    assert kept_epochs(other) is None
    write_state(other, 0)
    assert kept_epochs(other) == 0


@pytest.mark.parametrize("name", ["m.keras", "m.state"])
def test_a_place_that_cannot_be_written_is_refused_at_the_start(
    datagen_here: Run, trained: list[Any], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).mkdir()
    done = datagen_here("letters", "train", "--out", "m.keras")
    assert (done.returncode, done.stderr.count("\n"), trained) == (2, 1, [])
    assert name in done.stderr
    assert "--out" in done.stderr


def test_a_folder_that_cannot_be_written_is_refused_at_the_start(
    datagen_here: Run, trained: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*, dir: Path) -> None:  # noqa: A002 - the name in `tempfile`
        raise OSError(30, os.strerror(30), str(dir))

    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    done = datagen_here("letters", "train", "--out", "m.keras")
    assert (done.returncode, trained) == (2, [])
    assert done.stderr == (
        "datagen: cannot write m.keras: Read-only file system; choose another --out\n"
    )


@pytest.mark.usefixtures("trained")
def test_progress_begins_with_what_is_kept(out: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    datagen.train_letters(out=out, epochs=2, progress=lambda *each: told.append(each))
    assert told == [("epochs", 0, 2), ("epochs", 1, 2), ("epochs", 2, 2)]
    write_state(out.with_suffix(".state"), 5)
    told.clear()
    datagen.train_letters(out=out, resume=True, progress=lambda *each: told.append(each))
    assert told[0] == ("epochs", 5, 30)


def test_the_command_line_passes_on_what_was_asked(
    datagen_here: Run, trained: list[Any], out: Path
) -> None:
    done = datagen_here("letters", "train", "--out", "m.keras", "--epochs", 2)
    assert done.returncode == 0, done.stderr
    write_model(out)
    assert datagen_here("letters", "train", "--out", "m.keras").returncode == 2
    assert len(trained) == 1
    assert datagen_here("letters", "train", "--out", "m.keras", "--overwrite").returncode == 0
    write_state(out.with_suffix(".state"), 1)
    done = datagen_here("letters", "train", "--out", "m.keras", "--resume", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--resume" not in trained[1]
    assert "--resume" in trained[2]
    assert "--resume" in datagen_here("letters", "train", "--out", "typo.keras", "--resume").stderr
    assert len(trained) == 3


@pytest.mark.parametrize(
    ("epochs", "kept", "how", "says"),
    [
        ((), 0, {}, "stopped before the first epoch ended, so nothing of it is kept; the same"),
        ((1, 2), 0, {}, "after epoch 2, which is kept; the same command with --resume continues"),
        ((), 2, {"resume": True}, "after epoch 2, which is kept; the same command continues"),
        ((), 2, {"overwrite": True}, "before the first epoch ended, so nothing of it is kept"),
        ((1,), 2, {"overwrite": True}, "command with --resume instead of --overwrite continues"),
    ],
)
def test_a_stop_says_what_is_kept(
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    epochs: Sequence[int],
    kept: int,
    how: Mapping[str, bool],
    says: str,
) -> None:
    def stop(_: object, __: object, ___: object, tell: Callable[..., None]) -> Any:
        for epoch in epochs:
            tell({"event": "epoch", "epoch": epoch, "which": ["a", "adamw"]})
        raise KeyboardInterrupt

    monkeypatch.setattr(reader, "training_arrays", lambda _: {})
    monkeypatch.setattr(reader, "run_with_arrays", stop)
    if kept:
        write_state(out.with_suffix(".state"), kept)
    with pytest.raises(StoppedError) as stopped:
        datagen.train_letters(out=out, **how)
    assert says in str(stopped.value)


@pytest.mark.parametrize(
    "numbers",
    [
        *({"rate": rate} for rate in (-1.0, 0, 11.0, float("nan"), float("inf"))),
        *({"epochs": epochs} for epochs in (0, -1, 10_001)),
        {"seed": -1},
        {"seed": 2**31},
    ],
)
def test_numbers_have_the_limits_of_the_command_line(
    trained: list[Any], out: Path, numbers: Mapping[str, Any]
) -> None:
    (name,) = numbers
    with pytest.raises(OutOfRangeError, match=f"^{name} is "):
        datagen.train_letters(out=out, **numbers)
    with pytest.raises(OutOfRangeError, match=f"^{name} is "):
        datagen.compare_letters(**numbers)
    assert trained == []


def test_names_and_the_warm_up_are_checked_at_the_start(trained: list[Any], out: Path) -> None:
    wrong: Any = "c"
    with pytest.raises(OutOfRangeError, match="^warm_up is -1"):
        datagen.train_letters(out=out, warm_up=-1)
    with pytest.raises(UnknownNameError, match="unknown network 'c'; valid: a, b, final"):
        datagen.train_letters(out=out, net=wrong)
    with pytest.raises(UnknownNameError, match="unknown optimiser 'c'"):
        datagen.train_letters(out=out, optimiser=wrong)
    with pytest.raises(UnknownNameError, match="unknown network 'c'"):
        datagen.compare_letters(nets=[wrong])
    with pytest.raises(UsageError, match="no network to compare"):
        datagen.compare_letters(nets=[])
    with pytest.raises(UsageError, match="the network a is named twice"):
        datagen.compare_letters(nets=["a", "a"])
    assert trained == []


def test_a_part_without_characters_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_: object, __: str, part: str) -> Characters:
        count = 2 if part == "train" else 0
        return Characters(np.zeros((count, 28, 28), np.uint8), ("i", "x")[:count])

    monkeypatch.setattr(reader, "read_characters", read)
    with pytest.raises(CorruptInputError, match="emnist has no characters in its test part"):
        datagen.compare_letters("emnist", nets=["a"])


def test_a_link_stays_and_what_it_names_is_written(
    trained: list[Any], out: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link.keras"
    link.symlink_to(out)
    datagen.train_letters(out=link, epochs=2)
    assert str(out.resolve()) in map(str, trained[0])
    assert link.is_symlink()


def test_two_trainings_write_no_model_at_once(trained: list[Any], out: Path) -> None:
    with (
        locked(out.with_name(f".{out.stem}.lock")),
        pytest.raises(UsageError, match=r"another `letters train` is writing .*m\.keras"),
    ):
        datagen.train_letters(out=out, epochs=2)
    assert trained == []
    assert list(out.parent.iterdir()) == []


def test_a_trainer_that_is_killed_says_what_is_kept(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_: object, __: object, ___: object, tell: Callable[..., None]) -> Any:
        tell({"event": "epoch", "epoch": 3})
        raise EvaluationError("killed")

    monkeypatch.setattr(reader, "training_arrays", lambda _: {})
    monkeypatch.setattr(reader, "run_with_arrays", killed)
    with pytest.raises(EvaluationError, match="^killed; stopped after epoch 3, which is kept; "):
        datagen.train_letters(out=out)


@pytest.mark.parametrize("nets", [iter(["a"]), np.array(["a"]), ["a"]])
def test_networks_to_compare_are_any_sequence(trained: list[Any], nets: Any) -> None:
    datagen.compare_letters(nets=nets, epochs=2)
    assert list(map(str, trained[0][:2])) == ["--nets", "a"]
