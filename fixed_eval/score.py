"""One evaluation from a directory to a score: read, train, choose, score, check, write down.

The steps of `evaluate` are the protocol told in order; they fill the records of `score.json`.
"""

import dataclasses
import math
import time
from collections.abc import Callable
from pathlib import Path

from fixed_eval import data, fingerprint, metrics, rules, state
from fixed_eval.cores import Cores
from fixed_eval.data import Split
from fixed_eval.errors import DivergedError, StoppedError
from fixed_eval.heldout import score_test, split_fingerprint
from fixed_eval.inputs import Inputs, Listed, check_unchanged, list_inputs, load_inputs
from fixed_eval.network import Weights
from fixed_eval.progress import Say
from fixed_eval.protocols.base import MAX_IMAGES, Phase, Protocol, budget_used
from fixed_eval.protocols.cutoff_resnet50 import CutoffProtocol
from fixed_eval.protocols.keras_protocol import NO_WEIGHTS, KerasProtocol
from fixed_eval.receipt import order_digest, predictions_digest
from fixed_eval.records import (
    SCHEMA_VERSION,
    DatasetRecord,
    ExtraRecord,
    PhaseRecord,
    ProtocolRecord,
    Receipt,
    Score,
    TestResult,
)
from fixed_eval.training import Engine, EpochRecord, Logits, TrainingState, start, train

COMPILING = "compiling the native engine, once on this machine; it takes about half a minute"
IN_SPLIT_NOTE = (
    "no test set: the val accuracy chose the very epoch it is measured on, so it flatters, "
    "and it says nothing about handwriting from elsewhere"
)


@dataclasses.dataclass(frozen=True)
class Request:
    """What to evaluate, and how. `preview` is the number of epochs instead of all of them.

    `until` stops after that epoch, keeping the state in the folder `state`. `extra` are further
    folders to train on. `weights` are those that a pretrained base begins with, and None where the
    protocol has no such base. `export` is the `.keras` file to write the trained network to.
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
    extra: tuple[Path, ...] = ()
    weights: str | None = None
    export: Path | None = None

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The protocol's, each of at most `preview` epochs."""
        return self.protocol.shortened(self.preview)

    @property
    def epochs(self) -> int:
        """Epochs of the whole run, where no phase ends early."""
        return sum(phase.epochs for phase in self.phases)


def evaluate(request: Request, say: Say, import_seconds: float) -> Score:
    """Train on `request.dataset` and score the best epoch.

    Args:
        request: What to evaluate, and how. Its protocol has its classes.
        say: Told every event.
        import_seconds: What the start cost before, for the record.

    Raises:
        RuleError: If the dataset breaks a rule (budget, classes).
        InputError: If something is missing, unreadable, or changed meanwhile.
        StateError: If the resumable state cannot be written.
    """
    protocol, clock = request.protocol, _Clock({"import": import_seconds})
    files = list_inputs(
        request.dataset, protocol, request.seed, extra=request.extra, tests=request.tests
    )
    warnings = _warn(files, protocol, say)
    inputs = load_inputs(files, protocol)
    order = order_digest((inputs.train, inputs.val, *inputs.extra))
    clock.mark("load")

    say(
        "start",
        protocol=protocol.name,
        engine=request.engine,
        device=request.device,
        seed=request.seed,
        train=sum(inputs.parts),
        val=len(inputs.val),
        epochs=request.epochs,
        official=_official(request),
        order=order,
    )
    engine = make_engine(
        request.engine,
        (inputs.learned(), inputs.val),
        protocol,
        request.seed,
        cores=request.cores,
        on_compile=lambda: say("notice", message=COMPILING),
        weights=request.weights,
    )
    clock.mark("compile")
    reached = _train(request, engine, inputs, say, warnings)
    clock.mark("train")
    scored = score_phases(request, engine, reached, inputs)
    clock.mark("score")
    _check_unchanged(request, inputs)
    clock.mark("check")

    complete = reached.is_over(request.phases)
    final = scored[-1]
    score = Score(
        schema_version=SCHEMA_VERSION,
        official=complete and _official(request),
        complete=complete,
        preview=request.preview,
        protocol=_protocol_record(request, reached),
        dataset=_dataset_record(request, inputs),
        seed=request.seed,
        before_training={"loss": reached.before_loss, "accuracy": reached.before_accuracy},
        history=reached.history,
        chosen_epoch=reached.best,
        phases=tuple(each.record for each in scored),
        val=final.val,
        tests=final.tests,
        receipt=Receipt(
            bits=engine.bits,
            order=order,
            initial=reached.initial,
            predictions=predictions_digest(final.val_logits, inputs.val),
        ),
        note=None if inputs.tests else IN_SPLIT_NOTE,
        warnings=tuple(warnings),
        seconds=clock.total(),
        threads=request.cores.threads(),
        device=request.device,
        versions=fingerprint.versions(),
    )
    if request.export:
        from fixed_eval.export import export_model, facts_of  # noqa: PLC0415

        facts = facts_of(score, protocol, inputs.train.images)
        export_model(request.export, protocol, reached.best_weights, facts)
    return score


def _official(request: Request) -> bool:
    """Whether the run may end in an official score: all epochs, of unchanged sources."""
    return request.preview is None and not fingerprint.changed_sources(request.protocol)


@dataclasses.dataclass(frozen=True)
class ScoredPhase:
    """What the kept weights of a phase score, and what of it stands in `score.json`."""

    record: PhaseRecord
    val: metrics.Metrics
    val_logits: Logits
    tests: tuple[TestResult, ...]


def score_phases(
    request: Request, engine: Engine, reached: TrainingState, inputs: Inputs
) -> tuple[ScoredPhase, ...]:
    """Score the kept weights of every phase that was begun, on val and on the test sets."""
    kept = (*reached.finished, reached.best_weights)
    return tuple(
        _score_phase(request, engine, reached, inputs, phase=phase, weights=weights)
        for phase, weights in zip(request.phases, kept, strict=False)
    )


def _score_phase(
    request: Request,
    engine: Engine,
    reached: TrainingState,
    inputs: Inputs,
    *,
    phase: Phase,
    weights: Weights,
) -> ScoredPhase:
    logits = engine.predict(weights, inputs.val.images)
    val = metrics.score(inputs.val.labels, logits, request.protocol.classes)
    tests = tuple(
        score_test(
            folder,
            split,
            (inputs.train, inputs.val, *inputs.extra),
            engine=engine,
            weights=weights,
            protocol=request.protocol,
        )
        for folder, split in zip(request.tests, inputs.tests, strict=True)
    )
    epochs = reached.epochs_of(phase)
    record = PhaseRecord(
        name=phase.name,
        first_epoch=epochs[0].epoch if epochs else 0,
        last_epoch=epochs[-1].epoch if epochs else 0,
        chosen_epoch=reached.best_of(phase),
        ended=rules.ending(epochs, phase),
        val=val.accuracy,
        tests=tuple(test.metrics.accuracy for test in tests),
    )
    return ScoredPhase(record, val, logits, tests)


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


def _warn(files: Listed, protocol: Protocol, say: Say) -> list[str]:
    """What the protocol allows but a person should know."""
    warnings = []
    empty = data.empty_classes(files.val, protocol)
    if empty:
        warnings.append(f"val has no image of class {', '.join(empty)}")
    changed = fingerprint.changed_sources(protocol)
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
    weights: str | None = None,
) -> Engine:
    """The engine called `name`, compiled, holding the data.

    `cores` and `on_compile` are for the native one, which has `on_compile` called before it
    compiles its code, once on a machine. `weights` are for Keras: what a pretrained base begins
    with.

    Raises:
        ValueError: If there is none of that name.
    """
    # Late, one at a time: what the other engine imports costs start-up time.
    if isinstance(protocol, KerasProtocol):
        from fixed_eval.engines.keras.engine import KerasEngine  # noqa: PLC0415

        return KerasEngine(*splits, protocol, seed, weights or NO_WEIGHTS)
    if not isinstance(protocol, CutoffProtocol):
        raise TypeError(f"no engine knows the protocol {protocol.name}")
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
    request: Request, engine: Engine, inputs: Inputs, say: Say, warnings: list[str]
) -> TrainingState:
    """Begin, or go on where the kept state ends, up to the epoch asked for."""
    path = _state_path(request, inputs)
    reached = _resume(path, say, warnings) if path else None
    if reached is None:
        reached = start(engine, inputs.val, request.protocol, request.seed)
    else:
        say("resume", epoch=reached.epoch, epochs=request.epochs)
    until = min(request.until or request.epochs, request.epochs)
    steps = sum(map(request.protocol.batches, inputs.parts))

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
            inputs.val,
            protocol=request.protocol,
            phases=request.phases,
            parts=inputs.parts,
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


def _state_path(request: Request, inputs: Inputs) -> Path | None:
    if request.state is None:
        return None
    return state.state_path(
        request.state,
        split_fingerprint(inputs.dataset, request.protocol),
        *(split_fingerprint((each,), request.protocol) for each in inputs.extra),
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


def _check_unchanged(request: Request, inputs: Inputs) -> None:
    folders = [request.dataset / "train", request.dataset / "val", *request.extra, *request.tests]
    splits = [inputs.train, inputs.val, *inputs.extra, *inputs.tests]
    for folder, split in zip(folders, splits, strict=True):
        check_unchanged(folder, split, request.protocol)


def _protocol_fingerprint(request: Request) -> str:
    return fingerprint.protocol_fingerprint(
        request.protocol,
        request.engine,
        request.epochs,
        request.device,
        fingerprint.weights_identity(request.weights),
    )


def _protocol_record(request: Request, reached: TrainingState) -> ProtocolRecord:
    return ProtocolRecord(
        name=request.protocol.name,
        version=request.protocol.version,
        fingerprint=_protocol_fingerprint(request),
        engine=request.engine,
        engine_reason=request.engine_reason,
        epochs=request.epochs,
        parameters=sum(weight.size for weight in reached.best_weights),
        weights=request.weights,
        constants=request.protocol.constants(),
        sources=fingerprint.source_hashes(request.protocol),
    )


def _dataset_record(request: Request, inputs: Inputs) -> DatasetRecord:
    protocol = request.protocol
    counts = {
        split.name: {
            name: int((split.labels == label).sum()) for label, name in enumerate(protocol.classes)
        }
        for split in inputs.dataset
    }
    further = zip(request.extra, inputs.extra, strict=True)
    return DatasetRecord(
        path=str(request.dataset),
        fingerprint=split_fingerprint(inputs.dataset, protocol),
        train=len(inputs.train),
        val=len(inputs.val),
        classes=counts,
        extra=tuple(
            ExtraRecord(str(folder), split_fingerprint((split,), protocol), len(split))
            for folder, split in further
        ),
        budget=MAX_IMAGES,
        budget_used=budget_used(sum(inputs.parts), len(inputs.val)),
    )
