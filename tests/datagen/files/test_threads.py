"""Files looked at in threads: in order, in batches, without Pillow's warnings."""

import threading
import warnings

import pytest

from datagen.files.threads import batches_of, look_at_all


def test_results_come_in_order_and_progress_by_batches() -> None:
    told: list[int] = []
    assert look_at_all(lambda k: k * k, range(10), told.append, 4) == [k * k for k in range(10)]
    assert told == [4, 8, 10]
    assert look_at_all(str, [], told.append) == []
    assert told == [4, 8, 10]


def test_it_is_done_in_threads_a_batch_at_a_time() -> None:
    seen: list[int] = []

    def look(k: int) -> bool:
        seen.append(k)
        return threading.current_thread() is not threading.main_thread()

    batches = batches_of(look, range(7), 3)
    assert next(batches) == [True] * 3
    assert sorted(seen) == [0, 1, 2]
    assert [len(batch) for batch in batches] == [3, 1]


def test_warnings_are_silenced_and_errors_are_not() -> None:
    def look(k: int) -> int:
        warnings.warn("odd metadata", stacklevel=1)
        return 1 // k

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert look_at_all(look, [1, 1]) == [1, 1]
        with pytest.raises(ZeroDivisionError):
            look_at_all(look, [1, 0])
