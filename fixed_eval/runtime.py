"""TensorFlow, started for one run: threads pinned, deterministic, quiet.

Enters before anything imports TensorFlow; the environment variables are read at that moment.
"""

import os
import sys
import threading
from typing import Any

AUTO = "auto"  # the engine that suits the device
# What a run sets unless the caller did: errors stay, the greetings of TensorFlow's libraries go.
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "ABSL_MIN_LOG_LEVEL": "2", "GRPC_VERBOSITY": "ERROR"}


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


def choose_engine(asked: str, device: str) -> tuple[str, str]:
    """The engine that `asked` stands for, and the kind of device that it computes on.

    `auto` is the fast engine where TensorFlow sees a GPU, else the native one, which knows CPUs
    only.
    """
    engine = {"cpu": "native", "gpu": "fast"}[device] if asked == AUTO else asked
    return engine, "cpu" if engine == "native" else device


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
