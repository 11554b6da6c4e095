"""The frozen evaluator, reached as a process: `python -m fixed_eval`, never imported.

Enters: what to evaluate, with one seed. Leaves: events while it runs, then its `Score`, or its one
sentence of refusal as an error of ours.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from datagen.core.errors import DatagenError, EvaluationError, InputError, RuleError, UsageError
from datagen.core.evaluator_facts import PROTOCOL
from datagen.core.machine import child_environment
from datagen.evaluation.fork_server import ForkedEvaluation, fork, gpus
from datagen.evaluation.records import Score, read_score, sources_digest
from datagen.files.cache_dir import CACHE_VARIABLE, cache_folder
from datagen.files.paths import require_working_folder

Engine = Literal["auto", "native", "fast", "reference", "keras"]
"""`auto`: what suits the protocol and the device. A score names what it was."""
Event = Mapping[str, Any]
"""A line of the evaluator's `--progress jsonl`; `event`: start, resume, epoch, warning, done."""

PACKAGE: Final = "fixed_eval"
REFUSALS: Final[dict[int, type[DatagenError]]] = {2: UsageError, 3: RuleError, 4: InputError}
"""What a refusal of the evaluator is here, by its exit code; else an `EvaluationError`."""
_COMPUTING: Final = ("tensorflow", "keras")  # of images that are not plain PNGs, and some engines
PARTS: Final = "its sources, TensorFlow, Keras or GPU"
"""What `identity` tells apart, for messages."""
_STOPPING: Final = 10  # seconds that a stopped tool gets
_PATIENCE: Final = 60  # seconds that an interrupted evaluator has to end by itself


@dataclass(frozen=True, slots=True)
class EvaluationJob:
    """One run of the evaluator: a dataset, test sets, a way of evaluating, one seed.

    Attributes:
        preview: epochs of a shorter run; None is the official one.
        threads: of the CPU; None shares the cores with the evaluations that run beside it.
        until: epoch after which to pause, if its state is not past it; a later job without it goes
            on, bit for bit.
        extra_train: further folders to train on, for protocols that know them.
        weights: what the base of a pretrained protocol begins with: `imagenet`, `none`, or a file;
            None is the protocol's own choice.
        export_model: a `.keras` file to write the trained network to.
    """

    dataset: Path
    tests: tuple[Path, ...]
    seed: int
    protocol: str
    engine: Engine
    preview: int | None
    threads: int | None
    until: int | None = None
    extra_train: tuple[Path, ...] = ()
    weights: str | None = None
    export_model: Path | None = None

    def arguments(self, out: Path, state: Path) -> list[str]:
        """Return the evaluator's command line."""
        tests = [part for test in self.tests for part in ("--test", word_of(test))]
        preview = [] if self.preview is None else ["--preview", str(self.preview)]
        until = [] if self.until is None else ["--until", str(self.until)]
        return [
            word_of(self.dataset),
            *tests,
            *("--out", str(out), "--state", str(state), "--seed", str(self.seed)),
            *("--protocol", self.protocol, "--engine", self.engine),
            *("--progress", "jsonl"),
            *self._threads(),
            *preview,
            *until,
            *(part for folder in self.extra_train for part in ("--extra-train", word_of(folder))),
            *([] if self.weights is None else ["--weights", self.weights]),
            *self._export(),
        ]

    def _export(self) -> list[str]:
        # absolute: a warm evaluator may have another working folder
        return (
            [] if self.export_model is None else [f"--export-model={self.export_model.absolute()}"]
        )

    def _threads(self) -> list[str]:
        if self.threads is None:
            return ["--share", str(cache_folder() / "running")]
        return ["--threads", str(self.threads)]


def word_of(path: Path) -> str:
    """Return a path as a word of a command line, where a leading dash would make it an option."""
    text = str(path)
    return f".{os.sep}{text}" if text.startswith("-") else text


def package_folder() -> Path:
    """Return the evaluator's folder, found without importing it.

    Raises:
        EvaluationError: it is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise EvaluationError(f"the package {PACKAGE} is not installed; install datagen again")
    return Path(found.submodule_search_locations[0])


def evaluator_environment() -> dict[str, str]:
    """Return the environment of a process that runs the evaluator.

    Raises:
        EvaluationError: it is not installed.
    """
    paths = [str(package_folder().parent), os.environ.get("PYTHONPATH", "")]
    return child_environment(PYTHONPATH=os.pathsep.join(filter(None, paths)))


def start_module(
    tool: str, words: Sequence[object], *, stdout: int, stderr: int, pass_fds: Sequence[int] = ()
) -> "subprocess.Popen[str]":
    """Start the evaluator, or a tool of its package, in a session of its own: Ctrl-C is ours.

    Args:
        tool: the module; empty for the evaluator itself.
        words: the command line.
        stdout: as for `subprocess.Popen`.
        stderr: as for `subprocess.Popen`.
        pass_fds: descriptors that it holds too.

    Raises:
        EvaluationError: the evaluator is not installed.
        MissingInputError: the working folder was removed; a new process cannot begin there.
        OSError: the system refuses another process.
    """
    require_working_folder()
    return subprocess.Popen(
        # -P: a file in the user's folder must not shadow a module
        [sys.executable, "-P", "-m", ".".join(filter(None, (PACKAGE, tool))), *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=evaluator_environment(),
        start_new_session=True,
        pass_fds=tuple(pass_fds),
    )


@contextmanager
def running(
    tool: str, words: Sequence[object], *, stderr: int
) -> "Iterator[subprocess.Popen[str]]":
    """Start a tool of the evaluator's package, and end it where we are interrupted before it.

    Args:
        tool: the module.
        words: its command line.
        stderr: as for `subprocess.Popen`; its output can be read from `stdout`.

    Raises:
        EvaluationError: it cannot be started.
    """
    try:
        process = start_module(tool, words, stdout=subprocess.PIPE, stderr=stderr)
    except OSError as error:
        raise EvaluationError(f"cannot start {PACKAGE}.{tool}: {error.strerror}") from error
    with process:
        try:
            yield process
        except BaseException:
            process.terminate()
            try:
                process.wait(_STOPPING)
            except subprocess.TimeoutExpired:
                process.kill()
            raise


def identity(protocol: str = PROTOCOL) -> str:
    """Return the hash of what a score depends on besides data, seed and settings.

    These are the parts of the evaluator's own fingerprint that are known without starting
    TensorFlow: the protocol's frozen sources, as they are now, the versions of what computes, and
    what decides whether TensorFlow sees a GPU.

    Raises:
        EvaluationError: the evaluator or TensorFlow is not installed.
    """
    sources = _sources(protocol)
    try:
        versions = [importlib.metadata.version(name) for name in _COMPUTING]
    except importlib.metadata.PackageNotFoundError as error:
        raise EvaluationError(
            f"the evaluator is incomplete ({error}); install datagen again"
        ) from error
    device = [*gpus(), os.environ.get("CUDA_VISIBLE_DEVICES")]
    parts = [list(sources), list(sources.values()), versions, device]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def evaluator_digest(protocol: str = PROTOCOL) -> str:
    """Return `records.sources_digest` of the evaluator that is installed here.

    Raises:
        EvaluationError: it is not installed.
    """
    return sources_digest(_sources(protocol))


def _sources(protocol: str) -> dict[str, str]:
    """Return the SHA-256 of every frozen file of a protocol, as it is now; none of an unknown one.

    An unknown protocol is refused by the evaluator, which names those that there are.
    """
    folder = package_folder()
    frozen = folder / "frozen" / f"{protocol}.sha256"
    try:
        if protocol != PROTOCOL and not frozen.is_file():
            return {}
        names = [line.split("  ", 1)[1] for line in frozen.read_text("ascii").splitlines()]
        return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    except (OSError, IndexError) as error:
        raise EvaluationError(
            f"the evaluator in {folder} is incomplete ({error}); install datagen again"
        ) from error


@dataclass
class EvaluatorProcess:
    """One evaluator process; `listen` follows it to its end.

    Attributes:
        job: what it evaluates.
        out: the file it writes its score to.
        state: the folder of its resumable state.
        lock: a descriptor that the process holds too, so that the state stays its own even when we
            are killed before it.
        epoch: the last epoch it finished.
        epochs: all of them; 0 before it has said so.
    """

    job: EvaluationJob
    out: Path
    state: Path
    lock: int | None = None
    epoch: int = 0
    epochs: int = 0
    _process: "subprocess.Popen[str] | ForkedEvaluation | None" = None
    _said: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Start the process, in a session of its own: Ctrl-C reaches it through `interrupt`.

        Raises:
            EvaluationError: the system refuses another process.
        """
        arguments = self.job.arguments(self.out, self.state)
        try:
            self._process = fork(arguments, self.lock) or self._fresh(arguments)
        except OSError as error:
            raise EvaluationError(
                f"cannot start the evaluator of seed {self.job.seed}: {error.strerror}; "
                "--workers 1 starts one at a time"
            ) from error

    def _fresh(self, arguments: list[str]) -> "subprocess.Popen[str]":
        return start_module(
            "",
            arguments,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=() if self.lock is None or os.name != "posix" else (self.lock,),
        )

    def listen(self, tell: Callable[[Event], None]) -> Score:
        """Hand on every event until the process ends, and read its score.

        Raises:
            DatagenError: what the evaluator refused, by its exit code.
        """
        process = self._process
        if process is None or process.stderr is None:
            raise EvaluationError("the evaluator was not started")
        with process.stderr as lines:
            for line in lines:
                event = _event(line)
                if event is None:
                    self._said.append(line.strip())
                    continue
                if event["event"] in ("epoch", "resume"):
                    self.epoch = int(event["epoch"])
                self.epochs = int(event.get("epochs", self.epochs))
                tell(event)
        code = process.wait()
        if code:
            raise self._refusal(code)
        return read_score(self.out)

    def interrupt(self) -> None:
        """Stop the process; its finished epochs are on disk.

        With SIGTERM: a shell that starts us in the background makes our children ignore SIGINT.
        """
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def reap(self) -> None:
        """Wait for an interrupted process, and kill it where that takes too long."""
        if self._process is None:
            return
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _refusal(self, code: int) -> DatagenError:
        """Return the evaluator's sentence as an error with its exit code."""
        if code < 0:
            return EvaluationError(
                f"the evaluator of seed {self.job.seed} was killed by "
                f"{signal.Signals(-code).name} after epoch {self.epoch}, whose state is kept; run "
                "again, it resumes there (--workers 1 needs the least memory)"
            )
        message = last_words(self._said, code)
        if code == 1 and str(self.state) in message:
            message += f"; free some space there, or name another folder with {CACHE_VARIABLE}"
        return REFUSALS.get(code, EvaluationError)(message)


def last_words(said: Sequence[str], code: int) -> str:
    """Return why the evaluator ended, by its exit code and the lines that it printed on stderr."""
    if code < 0:
        return (
            f"the evaluator's process was killed by {signal.Signals(-code).name}; where nobody did "
            "that, memory ran out: close other programs and try again"
        )
    last = next((line for line in reversed(said) if line), f"exit code {code}")
    # "fixed_eval: …" is its own voice, "…: error: …" argparse's
    return last.partition(": error: ")[2] or last.removeprefix(f"{PACKAGE}: ")


def _event(line: str) -> Event | None:
    """Return the event in a line, or None where the line is something else."""
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None
