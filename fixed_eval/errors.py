"""Everything the evaluator refuses, as one small tree of exceptions.

Library code raises these; only the command line prints them, and exits with their code::

    EvaluatorError            1   something this package could not do
    ├── UsageError            2   an option that does not go with the others
    ├── RuleError             3   the dataset breaks a rule of the protocol
    │   └── BudgetError       3   more images than the budget allows
    ├── InputError            4   a folder or file is missing, unreadable, or not an image
    │   └── ChangedError      4   the dataset is not the one that was read at the start
    ├── StateError            1   the resumable state could not be written
    ├── DivergedError         1   the loss is no number any more
    └── StoppedError          130 Ctrl-C, with where it stopped and how to go on
"""


class EvaluatorError(Exception):
    """Base of all errors that this package raises on purpose."""

    exit_code = 1


class UsageError(EvaluatorError):
    """An option that does not go with the others, or with the protocol."""

    exit_code = 2


class RuleError(EvaluatorError):
    """The dataset is readable but breaks a rule of the protocol."""

    exit_code = 3


class BudgetError(RuleError):
    """The dataset holds more images than the protocol's budget."""


class InputError(EvaluatorError):
    """A folder or file is missing, unreadable, or not what its name says."""

    exit_code = 4


class ChangedError(InputError):
    """The dataset changed between reading it and scoring it."""


class StateError(EvaluatorError):
    """The resumable state could not be written, so a stop would lose the run."""


class DivergedError(EvaluatorError):
    """The training has diverged: its loss is no number any more, so there is no score."""


class StoppedError(EvaluatorError):
    """The run was interrupted; the message says where, and how to go on."""

    exit_code = 130
