"""Files looked at: in order, in batches, in threads where it is slow, without Pillow's warnings."""

import itertools
import threading
import warnings

import pytest

from datagen.files import threads
from datagen.files.threads import look_at_all


def test_results_come_in_order_and_progress_by_batches() -> None:
    told: list[int] = []
    assert look_at_all(lambda k: k * k, range(10), told.append, 4) == [k * k for k in range(10)]
    assert told == [4, 8, 10]
    assert look_at_all(str, [], told.append) == []
    assert told == [4, 8, 10]


@pytest.mark.parametrize("seconds", [0.0001, 0.01])
def test_it_is_done_a_batch_at_a_time_and_in_threads_if_the_first_item_is_slow(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "perf_counter", itertools.count(0, seconds).__next__)
    seen: list[int] = []

    def look(k: int) -> bool:
        seen.append(k)
        return threading.current_thread() is not threading.main_thread()

    batches = threads.batches_of(look, range(7), 3)
    assert next(batches) == [False, *[seconds > 0.001] * 2]
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
