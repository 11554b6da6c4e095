"""Whether a spec may run in a folder: it belongs to its first spec; `--extend` only adds."""

from pathlib import Path
from typing import Final

from datagen.core.errors import UsageError
from datagen.sweeps.candidates import candidates_of
from datagen.sweeps.records import TRIALS, read_trials
from datagen.sweeps.spec import Spec
from datagen.sweeps.store import differences, read_spec, shown

_KEPT: Final = ("tests", "select", "preview", "engine", "threads")
"""Keys that decide how trials are scored."""


def check_folder(folder: Path, spec: Spec, *, extend: bool) -> None:
    """Refuse a folder that holds another sweep, or something else.

    Args:
        folder: of the sweep; it may not be there yet.
        spec: what shall run there.
        extend: the spec may say more than the one in the folder, not less.

    Raises:
        UsageError: the folder is no sweep's, its spec is another (the message shows where), or a
            file that its recipes name was edited since.
    """
    old = read_spec(folder)
    if old is None:
        return
    _check_spec(folder, old, spec, extend=extend)
    ended = read_trials(folder) if (folder / TRIALS).is_file() else []
    now = {candidate.id for candidate in candidates_of(spec, folder)} if ended else set()
    if gone := [trial.name for trial in ended if trial.point not in now]:
        raise UsageError(
            f"a file that the recipes in {folder} name, such as a pipeline, was edited since "
            f"{gone[0]} ended: the answer would rank what it was beside what it is; choose "
            "another --out"
        )


def _check_spec(folder: Path, old: Spec, spec: Spec, *, extend: bool) -> None:
    if not (differing := differences(old, spec)):
        return
    if not extend:
        raise UsageError(
            f"{folder} holds a sweep whose spec differs ({shown(differing)}); choose another "
            "--out, or --extend it"
        )
    changed = {key: pair for key, pair in differing.items() if key.split(".")[0] in _KEPT}
    if changed:
        raise UsageError(
            f"--extend cannot change what the trials in {folder} were scored by "
            f"({shown(changed)}); choose another --out"
        )
    now = {candidate.id for candidate in candidates_of(spec, folder)}
    lost = [candidate.name for candidate in candidates_of(old, folder) if candidate.id not in now]
    more = f" and {len(lost) - 1} more" if lost[1:] else ""
    if lost or spec.seeds < old.seeds:
        what = f"candidates ({lost[0]}{more})" if lost else f"{old.seeds - spec.seeds} of its seeds"
        raise UsageError(
            f"--extend keeps all that is in {folder}, and the new spec lacks {what}; choose "
            "another --out"
        )
