"""The one tree of errors. Library code raises these; only the command line prints them.

    DatagenError
    ├── UsageError               what was asked makes no sense                     exit 2
    │   ├── UnknownNameError     a name that no registry holds
    │   ├── OutOfRangeError      a number that is too small or too large
    │   └── RecipeError          a recipe that cannot be read or does not validate
    ├── RuleError                a rule of budget, split or dataset is broken      exit 3
    │   ├── BudgetError          more images than the budget, by either count
    │   ├── SplitError           one identity would be on both sides, or a side has too little
    │   ├── DatasetError         a dataset on disk that breaks its own contract
    │   └── LicenceError         a source whose licence does not let its images be published
    ├── InputError               input is missing or corrupt                       exit 4
    │   ├── MissingInputError    a file, folder or member that is not there
    │   ├── CorruptInputError    a file that is there and cannot be trusted
    │   │   └── LightInkError    an image of light ink on dark paper
    │   └── DownloadError        a fetch that did not end in a verified file
    ├── BuildError               the work itself failed: disk full, worker killed  exit 1
    ├── EvaluationError          the evaluator failed or was killed                exit 1
    ├── SweepError               trials failed, or their storage is out of reach   exit 1
    └── StoppedError             Ctrl-C, with where it stopped and how to go on    exit 130

Every message is one sentence: what was given, what was expected, what to do.
"""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from pipelines.text import QUOTED, message, quoted


class DatagenError(Exception):
    """Anything this package refuses to do, with a sentence that says why.

    Attributes:
        exit_code: what the command line ends with.

    Example:
        >>> import datagen
        >>> try:
        ...     datagen.plan({"images": 100, "budget": 50})
        ... except datagen.DatagenError as error:
        ...     print(error.exit_code)
        3
    """

    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        """Return one line that no text of a file can make long, or let steer a terminal."""
        return message(super().__str__())

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how another process makes it again, whatever its class is made of."""
        return _again, (type(self), self.args), self.__dict__ or None


def _again(kind: type[DatagenError], args: tuple[Any, ...]) -> DatagenError:
    return kind.__new__(kind, *args)


class UsageError(DatagenError):
    """What was asked makes no sense."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that its registry does not hold."""

    def __init__(self, kind: str, given: str, valid: Iterable[str]) -> None:
        names = sorted(valid)
        near = difflib.get_close_matches(str(given)[:QUOTED], names, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        super().__init__(f"unknown {kind} {quoted(given)}{hint}; valid: {', '.join(names)}")


class OutOfRangeError(UsageError):
    """A number that is too small or too large; the message begins with the parameter's name."""


class RecipeError(UsageError):
    """A recipe that cannot be read or does not validate."""


class RuleError(DatagenError):
    """A rule of budget, split or dataset is broken."""

    exit_code = 3


class BudgetError(RuleError):
    """More images than the budget allows, counted exactly or in batches."""


class SplitError(RuleError):
    """One identity would be on both sides of the split, or one side would have too little."""


class DatasetError(RuleError):
    """A dataset on disk breaks its own contract."""


class LicenceError(RuleError):
    """A source of a dataset whose licence does not let images made of it be published."""


class InputError(DatagenError):
    """Input is missing or corrupt."""

    exit_code = 4


class MissingInputError(InputError):
    """A file, folder or archive member that is not there."""


class CorruptInputError(InputError):
    """A file that is there and cannot be trusted."""


class LightInkError(CorruptInputError):
    """An image is light ink on dark paper, where dark ink on light paper is expected."""


class DownloadError(InputError):
    """A fetch that did not end in a verified file."""


class BuildError(DatagenError):
    """The work itself failed: a full disk, a killed worker."""


class EvaluationError(DatagenError):
    """The evaluator could not do its work: not installed, killed, no memory, a full disk."""


class SweepError(DatagenError):
    """Trials of a sweep failed, or the place they are kept in is out of reach."""


class StoppedError(DatagenError):
    """An evaluation or a sweep was interrupted; the message says where, and how to go on."""

    exit_code = 130


def all_named(errors: Sequence[InputError]) -> InputError:
    """Return one error that says all of several, so that a person puts all right at once.

    Example:
        >>> print(all_named([MissingInputError("no a"), MissingInputError("no b")]))
        no a; no b
    """
    told = "; ".join(dict.fromkeys(map(str, errors)))
    return errors[0] if len(errors) == 1 else type(errors[0])(told)
