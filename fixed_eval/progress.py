"""What a run says while it runs: one event at a time, on standard error.

`jsonl` prints one JSON object per event for a program to draw from; `human` one line per epoch;
`none` nothing. Warnings are events too, and `human` shows them.
"""

import json
import math
import sys
from collections.abc import Callable
from typing import Any, Literal

Style = Literal["jsonl", "human", "none"]
Say = Callable[..., None]  # say(event, **fields)


def make_say(style: Style) -> Say:
    """A function `say(event, **fields)` that prints in `style`."""

    def say(event: str, **fields: Any) -> None:
        if style == "jsonl":
            print(json.dumps({"event": event, **fields}), file=sys.stderr, flush=True)  # noqa: T201
        elif style == "human":
            line = _human(event, fields)
            if line:
                print(line, file=sys.stderr, flush=True)  # noqa: T201

    return say


def _human(event: str, fields: dict[str, Any]) -> str:
    match event:
        case "warning" | "notice" | "fetch":
            return ("warning: " if event == "warning" else "") + str(fields["message"])
        case "start":
            preview = "" if fields["official"] else "  NOT an official score"
            return (
                f"{fields['protocol']} ({fields['engine']}, {fields['device']}, seed "
                f"{fields['seed']}): {fields['train']:,} train + {fields['val']:,} val images, "
                f"{fields['epochs']} epochs{preview}"
            )
        case "resume":
            return f"going on after epoch {fields['epoch']} of {fields['epochs']}"
        case "epoch":
            width = len(str(fields["epochs"]))
            return (
                f"epoch {fields['epoch']:{width}}/{fields['epochs']}  "
                f"loss {fields['loss']:.4f}  accuracy {fields['accuracy']:.4f}  "
                f"val loss {fields['val_loss']:.4f}  val accuracy {fields['val_accuracy']:.4f}  "
                f"best {fields['best_val_accuracy']:.4f} (epoch {fields['best_epoch']})  "
                f"{fields['steps_per_second']:.0f} steps/s  {duration(fields['eta_seconds'])} left"
            )
        case "done":
            tests = "".join(f", test {share:.4f}" for share in fields["test_accuracies"])
            kind = "" if fields["official"] else "not official: "
            return (
                f"done in {duration(fields['seconds'])}; {kind}epoch {fields['chosen_epoch']}, "
                f"val {fields['val_accuracy']:.4f}{tests} → {fields['out']}"
            )
    return ""


def duration(seconds: float) -> str:
    """Seconds as `1 h 02 min`, `3 min 20 s` or `12 s`."""
    whole = max(0, math.ceil(seconds))
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 60} min {whole % 60:02} s" if whole >= 60 else f"{whole} s"
