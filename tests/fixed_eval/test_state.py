"""The state file: whole or not there, damaged ones noticed, ties keep the first best."""

import dataclasses
import errno
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from fixed_eval.errors import StateError
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50
from fixed_eval.state import (
    load_state,
    read_groups,
    save_state,
    set_aside,
    state_path,
    write_groups,
)
from fixed_eval.training import EpochRecord, Snapshot, TrainingState

PHASE = CUTOFF_RESNET50.phases[0]


def snapshot(value: float) -> Snapshot:
    arrays = (np.full((2, 3), value, np.float32), np.full(4, value, np.float32))
    generators = (np.array([7, int(value)], np.uint32),)
    return Snapshot(arrays, arrays, arrays, step=int(value), generators=generators)


def record(epoch: int, val_accuracy: float) -> EpochRecord:
    return EpochRecord(
        epoch,
        1.0,
        0.5,
        1.1,
        val_accuracy,
        seconds=2.0,
        train_seconds=1.5,
        state="ab12",
        phase=PHASE.name,
        learning_rate=1e-4,
    )


@pytest.fixture
def state() -> TrainingState:
    begun = TrainingState(snapshot(0), "cd34", 2.3, 0.1, (), 0, snapshot(0).weights)
    return begun.advance(record(1, 0.4), snapshot(1), PHASE)


def test_a_state_comes_back_as_it_was(state, tmp_path: Path):
    path = state_path(tmp_path, "dataset", 123)
    state = dataclasses.replace(state, finished=(snapshot(5).weights, snapshot(6).weights))
    assert load_state(path) is None
    save_state(path, state)
    back = load_state(path)
    assert back is not None
    nothing = {"best_weights": (), "finished": ()}
    assert dataclasses.replace(back, snapshot=state.snapshot, **nothing) == (
        dataclasses.replace(state, **nothing)
    )
    assert [weights[0][0, 0] for weights in back.finished] == [5, 6]
    np.testing.assert_array_equal(back.snapshot.generators, state.snapshot.generators)
    assert back.snapshot.generators[0].dtype == np.uint32
    np.testing.assert_array_equal(back.best_weights[0], state.best_weights[0])
    assert back.snapshot.step == state.snapshot.step
    assert [path.name for path in tmp_path.iterdir()] == [path.name]


@given(
    st.lists(
        arrays(
            st.sampled_from([np.float32, np.int64, np.uint8, np.dtype(">f8")]),
            array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=4),
        ),
        max_size=4,
    )
)
def test_arrays_of_any_type_and_shape_come_back(tmp_path_factory, members: list[np.ndarray]):
    path = tmp_path_factory.mktemp("groups") / "state"
    turned = tuple(array.T for array in members)  # their rows are not one after the other
    write_groups(path, {"epoch": 3}, {"a": turned, "none": (), "b": tuple(members)})
    record, groups = read_groups(path)
    assert record == {"epoch": 3}
    assert list(groups) == ["a", "none", "b"]
    for before, after in zip((*turned, *members), (*groups["a"], *groups["b"]), strict=True):
        assert (before.dtype, before.shape) == (after.dtype, after.shape)
        assert before.tobytes() == after.tobytes()
        assert after.flags.writeable


def test_the_first_best_epoch_is_kept(state):
    later = state.advance(record(2, 0.4), snapshot(2), PHASE)
    later = later.advance(record(3, 0.3), snapshot(3), PHASE)
    assert (later.epoch, later.best) == (3, 1)
    assert later.best_weights[0][0, 0] == 1
    better = later.advance(record(4, 0.41), snapshot(4), PHASE)
    assert (better.best, better.best_weights[0][0, 0]) == (4, 4)


def test_another_identity_is_another_file(tmp_path: Path):
    paths = {state_path(tmp_path, *key) for key in [("a", 1), ("a", 2), ("b", 1), ("a1",)]}
    assert len(paths) == 4


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "empty"])
def test_a_damaged_state_is_noticed_and_set_aside(state, tmp_path: Path, damage: str):
    path = tmp_path / "state.npz"
    save_state(path, state)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle] ^= 0xFF
    path.write_bytes(
        {
            "cut": bytes(content[:middle]),
            "flipped": bytes(content),
            "foreign": b"not a state",
            "empty": b"",
        }[damage]
    )
    with pytest.raises(ValueError, match="is damaged"):
        load_state(path)
    aside = set_aside(path)
    assert aside.exists()
    assert load_state(path) is None


def test_a_full_disk_is_one_clear_error_and_leaves_the_last_state(
    state, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "state.npz"
    save_state(path, state)
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("fixed_eval.state.os.fsync", full)
    with pytest.raises(StateError, match="No space left on device; epoch 2 is not saved"):
        save_state(path, state.advance(record(2, 0.5), snapshot(2), PHASE))
    assert path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [path.name]
