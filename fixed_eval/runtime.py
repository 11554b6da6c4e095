"""The engine of a run, and TensorFlow, started where one needs it: pinned, deterministic, quiet.

The native engine needs none, nor does reading plain PNGs. Nothing here imports TensorFlow before it
is asked for; the environment variables are read at that moment.
"""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fixed_eval.errors import UsageError

AUTO = "auto"  # the engine that suits the device
# What a run sets unless the caller did: errors stay, the greetings of TensorFlow's libraries go.
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "ABSL_MIN_LOG_LEVEL": "2", "GRPC_VERBOSITY": "ERROR"}


def start(asked: str, known: Sequence[str], threads: int) -> tuple[str, str, str]:
    """Start what the engine that was asked for needs.

    Args:
        asked: An engine, or `AUTO`.
        known: The engines that know the protocol.
        threads: TensorFlow's, where it is started.

    Returns:
        The engine, the kind of device that it computes on, and why it is this one.

    Raises:
        UsageError: If the engine does not know the protocol.
    """
    if asked not in (AUTO, *known):
        raise UsageError(
            f"the engine {asked} does not train this protocol; there is {' or '.join(known)}"
        )
    if len(known) == 1:
        why = "asked for" if asked != AUTO else "auto: the only one that trains this protocol"
        return known[0], start_tensorflow(threads), why
    if asked == "native":
        return "native", "cpu", "asked for"
    if asked == AUTO and not may_have_gpu() and _fuses():
        return "native", "cpu", "auto: no GPU, and a CPU with fused multiply-adds"
    return choose_engine(asked, start_tensorflow(threads), fuses=_fuses)


def choose_engine(asked: str, device: str, *, fuses: Callable[[], bool]) -> tuple[str, str, str]:
    """The engine, its device, and why, where TensorFlow has said which device it sees.

    `auto` is the fast engine where that is a GPU, and where the native one, which knows CPUs only,
    would take the place of every fused multiply-add with a call.
    """
    if asked != AUTO:
        return asked, "cpu" if asked == "native" else device, "asked for"
    if device == "gpu":
        return "fast", "gpu", "auto: TensorFlow sees a GPU"
    if fuses():
        return "native", "cpu", "auto: no GPU, and a CPU with fused multiply-adds"
    return "fast", "cpu", "auto: no GPU, and a CPU without fused multiply-adds"


def _fuses() -> bool:
    from fixed_eval.engines.native.compiled import fuses  # noqa: PLC0415

    return fuses()


def may_have_gpu(devices: Path = Path("/dev"), system: str = sys.platform) -> bool:
    """Whether TensorFlow, once imported, might see a GPU. False only where there plainly is none.

    Args:
        devices: The folder of the device files.
        system: As `sys.platform`.
    """
    if system != "linux":
        return system != "win32"  # TensorFlow knows none there; on a Mac a plug-in may
    cuda = [*devices.glob("nvidia[0-9]*"), *devices.glob("dxg")]  # dxg: Linux within Windows
    if os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip() in {"", "-1"}:
        cuda = []
    return bool(cuda) or (devices / "kfd").exists()  # kfd: AMD's


def start_tensorflow(threads: int) -> str:
    """Import TensorFlow with `threads` CPU threads and deterministic operations.

    oneDNN stays on, TensorFlow's default: without it a step takes a third longer.

    Returns:
        The kind of device that will compute: `gpu` where TensorFlow sees one, else `cpu`.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ["KERAS_BACKEND"] = "tensorflow"
    tf = _import_tensorflow()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, enable=True)
    return "gpu" if gpus else "cpu"


_starting = threading.Lock()


def running_tensorflow() -> Any:
    """TensorFlow, started with one thread unless it runs already: for what only it can do."""
    with _starting:
        if "tensorflow" not in sys.modules:
            start_tensorflow(1)
        return sys.modules["tensorflow"]


def _import_tensorflow() -> Any:
    """Import with file descriptor 2 silenced: its libraries write there before they can be told.

    An import that fails still raises, so nothing is hidden but the greetings.
    """
    saved = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silence, 2)
        import tensorflow as tf  # noqa: PLC0415

        tf.config.list_physical_devices()
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(silence)
    return tf
