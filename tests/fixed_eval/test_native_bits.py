"""The native engine promises bits: for every CPU with FMA and every number of threads."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from fixed_eval import score as scoring
from fixed_eval.cores import Cores
from fixed_eval.engines.native import build, compiled, network, plan, team
from fixed_eval.engines.native.engine import NativeEngine
from fixed_eval.errors import DivergedError, EvaluatorError
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50 as PROTOCOL
from fixed_eval.training import EpochRecord

# Of `python tests/fixed_eval/bits.py`. It moves when bits do: then raise `engine.BITS` with it.
GOLDEN = "b34a82d20553965b"
CPUS = (
    pytest.param({}, id="this one"),
    pytest.param({"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""}, id="haswell"),
    pytest.param({"NUMBA_CPU_NAME": "x86-64-v3", "NUMBA_CPU_FEATURES": ""}, id="x86-64-v3"),
)


@pytest.mark.parametrize("cpu", CPUS)
def test_every_cpu_and_any_team_gives_the_same_bits(cpu):
    """30 steps with a partial batch, a validation and a prediction, by 1, 2, 3 and 8 threads."""
    script = Path(__file__).with_name("bits.py")
    ran = subprocess.run(
        [sys.executable, script, "1", "2", "3", "8"],
        env={**os.environ, **cpu},
        check=True,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert ran.stdout.split() == [GOLDEN] * 4


@pytest.fixture(scope="module")
def splits(make_dataset, load):
    return load(make_dataset(train=3, val=2))


@pytest.mark.parametrize("images", range(1, plan.IMAGES + 1))
def test_a_batch_of_any_size_gives_the_same_bits(splits, images):
    """Where a member works on before the others have come, it must need nothing of theirs."""
    order = np.tile(np.arange(images, dtype=np.int32), (15, 1))
    left = set()
    for threads in (1, 2, 3, 5, 8):
        engine = NativeEngine(*splits, PROTOCOL, 1, Cores(threads))
        for batch in order:
            engine.train_epoch(batch)
        left.add(b"".join(weight.tobytes() for weight in engine.snapshot().weights))
    assert len(left) == 1


def test_a_cpu_without_fused_multiply_adds_is_refused(splits, monkeypatch):
    monkeypatch.setattr(compiled, "fuses", lambda: False)
    with pytest.raises(EvaluatorError, match=r"fused multiply-adds.*take --engine fast"):
        NativeEngine(*splits, PROTOCOL, 1)


def test_what_a_cpu_can_is_asked_of_the_compiler():
    ask = (
        "from fixed_eval.engines.native.compiled import fuses, wide_registers\n"
        "print(fuses(), wide_registers())"
    )
    for name, answer in (("generic", "False False"), ("haswell", "True False")):
        ran = subprocess.run(
            [sys.executable, "-c", ask],
            env={**os.environ, "NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": ""},
            check=True,
            capture_output=True,
            text=True,
        )
        assert ran.stdout.strip() == answer


def test_first_runs_side_by_side_compile_once(tmp_path, monkeypatch):
    """The second waits, and finds the code there."""
    told, compiling = [], threading.Semaphore(0)
    monkeypatch.setattr(compiled, "folder", lambda: tmp_path / "code")

    def compile_slowly():
        compiling.release()
        time.sleep(0.2)

    monkeypatch.setattr(build, "_compile", compile_slowly)
    runs = [
        threading.Thread(target=build.prepare, args=(lambda: told.append("compiling"),))
        for _ in range(3)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert told == ["compiling"]


# The team -----------------------------------------------------------------------------------------


def test_a_member_that_fails_ends_the_run_with_its_error():
    """The others wait for it in a meeting, and are let go."""

    def member(gate, me, size):
        if me == 1:
            raise MemoryError("no more")
        for _ in range(1000):
            team.meet(gate, size)

    with pytest.raises(MemoryError, match="no more"):
        team.run_team(3, member)


def test_members_share_all_pieces_once():
    for pieces in range(1, 20):
        for size in range(1, 9):
            shares = [team.share(pieces, me, size) for me in range(size)]
            taken = [piece for begin, end in shares for piece in range(begin, end)]
            assert taken == list(range(pieces))


def test_a_team_larger_than_the_cores_does_not_crawl():
    def member(gate, me, size):  # noqa: ARG001
        for _ in range(200):
            team.meet(gate, size)

    began = time.monotonic()
    team.run_team(8, member)
    assert time.monotonic() - began < 60  # seconds; without yielding it is minutes


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_ctrl_c_stops_an_epoch(splits):
    engine = NativeEngine(*splits, PROTOCOL, 1, Cores(2))
    order = np.zeros(8 * 20_000, np.int32)  # a minute, at least
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        engine.train_epoch(order)
    assert time.monotonic() - began < 30
    assert engine.snapshot().step < 20_000


def test_a_training_that_diverges_has_no_score(splits):
    """A ReLU that took the larger of NaN and 0 would hide it."""
    engine = NativeEngine(*splits, PROTOCOL, 1)
    state = engine.snapshot()
    kernel = state.weights[0].copy()
    kernel[0, 0, 0, 0] = np.nan
    weights = (kernel, *state.weights[1:])
    engine.restore(dataclasses.replace(state, weights=weights))
    assert np.isnan(engine.predict(weights, splits[1].images)).all()
    loss, _ = engine.train_epoch(np.arange(16, dtype=np.int32))
    val_loss, _ = engine.evaluate(np.arange(20, dtype=np.int32))
    assert np.isnan([loss, val_loss]).all()
    record = EpochRecord(3, loss, 0.1, val_loss, 0.1, 1.0, 1.0, "", "train", 1e-4)
    with pytest.raises(DivergedError, match=r"loss of epoch 3 is no number .* diverged"):
        scoring._check_finite(record)


def test_the_float_control_of_the_caller_comes_back(splits):
    """A thread that flushes denormal numbers to zero gets the same bits, and keeps its setting."""
    from fixed_eval.engines.native.compiled import compiled as compile_it
    from fixed_eval.engines.native.intrinsics import set_float_control

    @compile_it
    def flush(value: int) -> int:
        return set_float_control(value)

    engine = NativeEngine(*splits, PROTOCOL, 1)
    begin = engine.snapshot()
    digests, controls = [], []
    for control in (network.FLOAT_CONTROL, network.FLOAT_CONTROL | 0x8040):
        engine.restore(begin)
        gate, losses, result = np.zeros(80, np.int64), np.zeros((8, 2)), np.zeros(3)
        before = flush(control)
        network.learn(
            *(engine._memory.ctypes.data, engine._which, engine._images, engine._labels),
            np.arange(16, dtype=np.int32),
            *(engine._means, engine._grey, engine._settings, 0, losses, result, gate, 0, 1),
        )
        controls.append(flush(before))
        digests.append(plan.weight(engine._memory, "conv1_conv/kernel").tobytes())
    assert controls[1] & 0x8040 == 0x8040
    assert digests[0] == digests[1]


# The cores ----------------------------------------------------------------------------------------


def test_evaluations_side_by_side_share_the_cores(tmp_path, monkeypatch):
    monkeypatch.setattr("fixed_eval.cores.cores", lambda: 6)
    first, second = Cores(folder=tmp_path / "running"), Cores(folder=tmp_path / "running")
    assert first.threads() == 6
    assert second.threads() == 3
    assert first.threads() == 3
    second._own.close()  # it ends, and the other has all again
    assert first.threads() == 6
    (tmp_path / "running" / "run-of-a-killed-one").touch()
    assert first.threads() == 6
    assert Cores(5, tmp_path).threads() == 5
    assert Cores(64).threads() == team.LARGEST
