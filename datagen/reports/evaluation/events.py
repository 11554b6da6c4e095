"""TensorBoard event files of an evaluation, written without TensorFlow."""

import time
from collections.abc import Sequence
from pathlib import Path

from datagen.core.errors import UsageError
from datagen.evaluation.records import Score
from datagen.files.atomic import staged_file


def check_installed() -> None:
    """Refuse where TensorBoard is missing.

    Raises:
        UsageError: it is.
    """
    try:
        import tensorboard.compat.proto.event_pb2  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise UsageError(
            "--tensorboard needs the package tensorboard; in the clone, run "
            "pip install '.[tensorboard]'"
        ) from None


def write_events(scores: Sequence[Score], folder: Path) -> None:
    """Write one run per seed and split below `folder`, replacing those of an earlier report.

    Raises:
        OSError: a file cannot be written.
    """
    for score in scores:
        for split, prefix in (("train", ""), ("val", "val_")):
            values = [
                (row.epoch, {name: getattr(row, prefix + name) for name in ("loss", "accuracy")})
                for row in score.history
            ]
            _write_run(folder / f"seed-{score.seed}" / split, values, score)


def _write_run(folder: Path, rows: Sequence[tuple[int, dict[str, float]]], score: Score) -> None:
    from tensorboard.compat.proto.event_pb2 import Event  # noqa: PLC0415
    from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: PLC0415
    from tensorboard.summary.writer.record_writer import RecordWriter  # noqa: PLC0415

    # when each epoch ended, as if the run had ended now
    ends = time.time() - sum(row.seconds for row in score.history)
    with (
        staged_file(folder / "events.out.tfevents.0.datagen") as temporary,
        temporary.open("wb") as raw,
    ):
        writer = RecordWriter(raw)
        writer.write(Event(wall_time=ends, file_version="brain.Event:2").SerializeToString())
        for (step, values), epoch in zip(rows, score.history, strict=True):
            ends += epoch.seconds
            summary = Summary(
                value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
            )
            event = Event(wall_time=ends, step=step, summary=summary)
            writer.write(event.SerializeToString())
        writer.flush()
