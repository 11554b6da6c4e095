"""The flags of the commands that train many candidates, and what they mean."""

import enum
from typing import TYPE_CHECKING, Annotated

import typer

from datagen.cli.unused_flags import refuse_unused
from datagen.core.errors import UsageError

if TYPE_CHECKING:
    from datagen.sweeps.executors import local


class ExecutorName(enum.StrEnum):
    """What may follow `--executor`."""

    local = "local"
    ray = "ray"


Executor = Annotated[
    ExecutorName, typer.Option(help="Where to train: processes on this machine, or a Ray cluster.")
]
Address = Annotated[
    str | None, typer.Option(help="Address of the Ray cluster: auto, HOST:PORT or ray://HOST:PORT.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Run failed trials again.")]


def whole_numbers(text: str) -> list[int]:
    """Return the epochs in `10,30`.

    Raises:
        UsageError: it is not of that form, or a number is below 1.
    """
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or min(found) < 1:
        raise UsageError(f"--rungs {text!r}: expected numbers of epochs, such as 10,30")
    return found


def refuse_address(context: typer.Context, name: ExecutorName) -> None:
    """Refuse the address of a cluster where none is asked for, before any work.

    Raises:
        UsageError: it is given.
    """
    if name is not ExecutorName.ray:
        refuse_unused(context, ("address",), "without --executor ray", "add --executor ray")


def chosen_executor(name: ExecutorName, address: str | None) -> "local.Executor | None":
    """Return where the trials run; None: on this machine.

    Raises:
        UsageError: Ray is not installed.
        SweepError: no cluster answers.
    """
    if name is not ExecutorName.ray:
        return None
    from datagen.sweeps.executors.ray import RayExecutor

    return RayExecutor(address)
