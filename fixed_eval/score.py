"""One evaluation from a directory to a score: read, train, choose, score, check, write down.

The steps of `evaluate` are the protocol told in order; they fill the records of `score.json`.
"""

import dataclasses
import math
import time
from collections.abc import Callable
from pathlib import Path

from fixed_eval import data, fingerprint, metrics, state
from fixed_eval.cores import Cores
from fixed_eval.data import ImageFile, Split
from fixed_eval.errors import ChangedError, DivergedError, InputError, StoppedError
from fixed_eval.heldout import score_test, split_fingerprint
from fixed_eval.progress import Say
from fixed_eval.protocols.base import Protocol
from fixed_eval.receipt import order_digest, predictions_digest
from fixed_eval.records import (
    SCHEMA_VERSION,
    DatasetRecord,
    ProtocolRecord,
    Receipt,
    Score,
)
from fixed_eval.training import Engine, EpochRecord, TrainingState, start, train

COMPILING = "compiling the native engine, once on this machine; it takes about half a minute"
IN_SPLIT_NOTE = (
    "no test set: the val accuracy chose the very epoch it is measured on, so it flatters, "
    "and it says nothing about handwriting from elsewhere"
)


@dataclasses.dataclass(frozen=True)
class Request:
    """What to evaluate, and how. `preview` is the number of epochs instead of all of them.

    `until` stops after that epoch, keeping the state in the folder `state`.
    """

    dataset: Path
    tests: tuple[Path, ...]
    protocol: Protocol
    engine: str
    seed: int
    cores: Cores
    device: str
    engine_reason: str = "asked for"
    preview: int | None = None
    until: int | None = None
    state: Path | None = None

    @property
    def epochs(self) -> int:
        """Epochs of the whole run."""
        return self.preview or self.protocol.epochs


def evaluate(request: Request, say: Say, import_seconds: float) -> Score:
    """Train on `request.dataset` and score the best epoch.

    Args:
        request: What to evaluate, and how.
        say: Told every event.
        import_seconds: What the start cost before, for the record.

    Raises:
        RuleError: If the dataset breaks a rule (budget, classes).
        InputError: If something is missing, unreadable, or changed meanwhile.
        StateError: If the resumable state cannot be written.
    """
    protocol, clock = request.protocol, _Clock({"import": import_seconds})
    files = data.list_dataset(request.dataset, protocol, request.seed)
    test_files = [_list_test(folder, protocol) for folder in request.tests]
    warnings = _warn(files, protocol, say)
    splits = (
        data.load_split("train", files[0], protocol),
        data.load_split("val", files[1], protocol),
    )
    tests = [data.load_split("test", each, protocol) for each in test_files]
    order = order_digest(splits)
    clock.mark("load")

    say(
        "start",
        protocol=protocol.name,
        engine=request.engine,
        device=request.device,
        seed=request.seed,
        train=len(splits[0]),
        val=len(splits[1]),
        epochs=request.epochs,
        official=_official(request),
        order=order,
    )
    engine = make_engine(
        request.engine,
        splits,
        protocol,
        request.seed,
        cores=request.cores,
        on_compile=lambda: say("notice", message=COMPILING),
    )
    clock.mark("compile")
    reached = _train(request, engine, splits, say, warnings)
    clock.mark("train")
    val_logits = engine.predict(reached.best_weights, splits[1].images)
    val_metrics = metrics.score(splits[1].labels, val_logits, protocol.classes)
    test_results = tuple(
        score_test(
            folder,
            split,
            splits,
            engine=engine,
            weights=reached.best_weights,
            protocol=protocol,
        )
        for folder, split in zip(request.tests, tests, strict=True)
    )
    clock.mark("score")
    _check_unchanged(request, splits, tests)
    clock.mark("check")

    complete = reached.epoch == request.epochs
    return Score(
        schema_version=SCHEMA_VERSION,
        official=complete and _official(request),
        complete=complete,
        preview=request.preview,
        protocol=_protocol_record(request),
        dataset=_dataset_record(request.dataset, splits, protocol),
        seed=request.seed,
        before_training={"loss": reached.before_loss, "accuracy": reached.before_accuracy},
        history=reached.history,
        chosen_epoch=reached.best,
        val=val_metrics,
        tests=test_results,
        receipt=Receipt(
            bits=engine.bits,
            order=order,
            initial=reached.initial,
            predictions=predictions_digest(val_logits, splits[1]),
        ),
        note=None if tests else IN_SPLIT_NOTE,
        warnings=tuple(warnings),
        seconds=clock.total(),
        threads=request.cores.threads(),
        device=request.device,
        versions=fingerprint.versions(),
    )


def _official(request: Request) -> bool:
    """Whether the run may end in an official score: all epochs, of unchanged sources."""
    return request.preview is None and not fingerprint.changed_sources()


class _Clock:
    """Seconds of each part of a run."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds
        self._last = time.perf_counter()

    def mark(self, part: str) -> None:
        now = time.perf_counter()
        self._seconds[part] = now - self._last
        self._last = now

    def total(self) -> dict[str, float]:
        return {**self._seconds, "total": sum(self._seconds.values())}


def _list_test(folder: Path, protocol: Protocol) -> list[ImageFile]:
    files = data.list_split(folder, protocol, shuffle_seed=None)
    if not files:
        raise InputError(f"{folder} holds no images in class folders {' '.join(protocol.classes)}")
    return files


def _warn(
    files: tuple[list[ImageFile], list[ImageFile]], protocol: Protocol, say: Say
) -> list[str]:
    """What the protocol allows but a person should know."""
    warnings = []
    empty = data.empty_classes(files[1], protocol)
    if empty:
        warnings.append(f"val has no image of class {', '.join(empty)}")
    changed = fingerprint.changed_sources()
    if changed:
        warnings.append(f"not official: changed since frozen: {', '.join(changed)}")
    for message in warnings:
        say("warning", message=message)
    return warnings


def make_engine(
    name: str,
    splits: tuple[Split, Split],
    protocol: Protocol,
    seed: int,
    *,
    cores: Cores,
    on_compile: Callable[[], None],
) -> Engine:
    """The engine called `name`, compiled, holding the data.

    `cores` and `on_compile` are for the native one, which has `on_compile` called before it
    compiles its code, once on a machine.

    Raises:
        ValueError: If there is none of that name.
    """
    # Late, one at a time: what the other engine imports costs start-up time.
    if name == "native":
        from fixed_eval.engines.native.engine import NativeEngine  # noqa: PLC0415

        return NativeEngine(*splits, protocol, seed, cores, on_compile)
    if name == "fast":
        from fixed_eval.engines.fast import FastEngine  # noqa: PLC0415

        return FastEngine(*splits, protocol, seed)
    if name == "reference":
        from fixed_eval.engines.reference import ReferenceEngine  # noqa: PLC0415

        return ReferenceEngine(*splits, protocol, seed)
    raise ValueError(f"no engine is called {name!r}; there are: native, fast, reference")


def _train(
    request: Request, engine: Engine, splits: tuple[Split, Split], say: Say, warnings: list[str]
) -> TrainingState:
    """Begin, or go on where the kept state ends, up to the epoch asked for."""
    path = _state_path(request, splits)
    reached = _resume(path, say, warnings) if path else None
    if reached is None:
        reached = start(engine, splits[1], request.protocol, request.seed)
    else:
        say("resume", epoch=reached.epoch, epochs=request.epochs)
    until = min(request.until or request.epochs, request.epochs)
    steps = request.protocol.batches(len(splits[0]))

    finished = [reached.epoch]

    def on_epoch(now: TrainingState) -> None:
        _check_finite(now.history[-1])
        if path:
            state.save_state(path, now)
        finished.append(now.epoch)
        record = now.history[-1]
        say(
            "epoch",
            **dataclasses.asdict(record),
            epochs=request.epochs,
            bits=engine.bits,
            initial=now.initial,
            best_epoch=now.best,
            best_val_accuracy=now.history[now.best - 1].val_accuracy,
            steps_per_second=round(steps / record.train_seconds, 1),
            eta_seconds=round(record.seconds * (until - now.epoch), 1),
        )

    try:
        return train(
            engine,
            reached,
            splits,
            protocol=request.protocol,
            seed=request.seed,
            until=until,
            on_epoch=on_epoch,
        )
    except KeyboardInterrupt:
        raise StoppedError(_how_to_go_on(request, finished[-1])) from None


def _check_finite(record: EpochRecord) -> None:
    if not (math.isfinite(record.loss) and math.isfinite(record.val_loss)):
        raise DivergedError(
            f"the loss of epoch {record.epoch} is no number (train {record.loss}, val "
            f"{record.val_loss}): the training has diverged, so there is no score"
        )


def _how_to_go_on(request: Request, epoch: int) -> str:
    where = f"interrupted in epoch {epoch + 1} of {request.epochs}"
    if request.state is None:
        return f"{where}; nothing is kept (--state DIR keeps every finished epoch)"
    return f"{where}; {epoch} epochs are kept in {request.state}: the same command goes on there"


def _state_path(request: Request, splits: tuple[Split, Split]) -> Path | None:
    if request.state is None:
        return None
    return state.state_path(
        request.state,
        split_fingerprint(splits, request.protocol),
        _protocol_fingerprint(request),
        request.seed,
    )


def _resume(path: Path, say: Say, warnings: list[str]) -> TrainingState | None:
    """The kept state; a damaged one is set aside, and said."""
    try:
        return state.load_state(path)
    except ValueError as error:
        warnings.append(f"{error}; set aside as {state.set_aside(path).name}, starting again")
        say("warning", message=warnings[-1])
        return None


def _check_unchanged(request: Request, splits: tuple[Split, Split], tests: list[Split]) -> None:
    """Read every file again: a score belongs to the dataset as it was from start to end."""
    folders = [request.dataset / "train", request.dataset / "val", *request.tests]
    for folder, split in zip(folders, [*splits, *tests], strict=True):
        try:
            files = data.list_split(folder, request.protocol, shuffle_seed=None)
            now = {file.relative: fingerprint.hash_file(file.path) for file in files}
        except OSError as error:
            raise ChangedError(f"{folder} changed while it was evaluated: {error}") from error
        before = {
            file.relative: digest
            for file, digest in zip(split.files, split.file_sha256, strict=True)
        }
        changed = sorted(name for name, _ in now.items() ^ before.items())
        if changed:
            raise ChangedError(
                f"{folder} changed while it was evaluated ({changed[0]}"
                + (", and others" if len(set(changed)) > 1 else "")
                + "); there is no score: evaluate it again"
            )


def _protocol_fingerprint(request: Request) -> str:
    return fingerprint.protocol_fingerprint(
        request.protocol, request.engine, request.epochs, request.device
    )


def _protocol_record(request: Request) -> ProtocolRecord:
    return ProtocolRecord(
        name=request.protocol.name,
        version=request.protocol.version,
        fingerprint=_protocol_fingerprint(request),
        engine=request.engine,
        engine_reason=request.engine_reason,
        epochs=request.epochs,
        constants=dataclasses.asdict(request.protocol),
        sources=fingerprint.source_hashes(),
    )


def _dataset_record(path: Path, splits: tuple[Split, Split], protocol: Protocol) -> DatasetRecord:
    train_split, val_split = splits
    counts = {
        split.name: {
            name: int((split.labels == label).sum()) for label, name in enumerate(protocol.classes)
        }
        for split in splits
    }
    return DatasetRecord(
        path=str(path),
        fingerprint=split_fingerprint(splits, protocol),
        train=len(train_split),
        val=len(val_split),
        classes=counts,
        budget=protocol.max_images,
        budget_used=protocol.budget_used(len(train_split), len(val_split)),
    )
