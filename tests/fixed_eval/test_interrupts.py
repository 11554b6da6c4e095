"""A Ctrl-C that Python swallows is noticed at the next event."""

import os
import signal
import threading

import pytest

from fixed_eval.interrupts import interrupts_noticed


class Finalised:
    """Python ignores what is raised while one is thrown away."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass  # handlers run between instructions


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_lost_in_a_finaliser_ends_the_run_at_the_next_event() -> None:
    said: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with interrupts_noticed(lambda event, **_: said.append(event)) as say:
        say("start")
        lost = Finalised()
        del lost
        with pytest.raises(KeyboardInterrupt):
            say("epoch", epoch=1)
        say("epoch", epoch=2)  # once is enough
    assert said == ["start", "epoch", "epoch"]
    assert signal.getsignal(signal.SIGINT) is before


def test_another_handler_or_thread_is_left_alone() -> None:
    def say(event: str, **_: object) -> None:
        del event

    found: list[bool] = []

    def elsewhere() -> None:
        with interrupts_noticed(say) as noticing:
            found.append(noticing is say)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_noticed(say) as noticing:
            found.append(noticing is say)
    finally:
        signal.signal(signal.SIGINT, before)
    assert found == [True, True]
