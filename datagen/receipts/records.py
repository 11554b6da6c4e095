"""What a verification found: checks in their order, and the first difference."""

from typing import Final, Literal

from datagen.core.limits import EvaluatorSeed, Seconds, Tally
from datagen.core.models import StrictModel

Kind = Literal[
    "official",
    "recipe",
    "test image",
    "source",
    "image",
    "dataset",
    "order",
    "engine",
    "initial weights",
    "epoch",
    "predictions",
    "accuracy",
]
"""What may differ, in the order in which it is compared."""

State = Literal["same", "different", "not checked"]

SAME: Final[State] = "same"
DIFFERENT: Final[State] = "different"
NOT_CHECKED: Final[State] = "not checked"


class Mismatch(StrictModel):
    """The first thing that is not as the receipt says.

    Attributes:
        kind: what it is.
        where: which one of them: a file, an epoch, a test set.
        receipt: what the receipt says.
        found: what was found here.
        advice: what that may come from, and what to do.
    """

    kind: Kind
    where: str
    receipt: str
    found: str
    advice: str

    def __str__(self) -> str:
        """Read as one sentence."""
        where = f"{self.where}: " if self.where else ""
        return f"{where}{self.found} here, {self.receipt} in the receipt"


class Check(StrictModel):
    """One thing that was compared, or was not.

    Attributes:
        what: for people, such as `dataset` or `test set label_book`.
        detail: what was compared, or why not.
    """

    what: str
    state: State
    detail: str


class Verification(StrictModel):
    """A score made again, beside its receipt.

    Attributes:
        path: of the score.
        same: whether everything that was checked is the same to the bit.
        difference: the first one; None where all is the same.
        epochs: how many were trained here and compared.
        of: how many the score has.
        checks: in the order of the work; it ends with the first that differs.
        official: whether the score says that it is official.
        label: how it is marked: official, a preview of so many epochs, or why it is not official.
        bits: version of the engine's bits in the receipt; None where the engine promises none.
        notes: what else to know, such as other versions; sentences.
    """

    command: Literal["verify"] = "verify"
    schema_version: Literal[1] = 1
    path: str
    same: bool
    difference: Mismatch | None
    epochs: Tally
    of: Tally
    checks: tuple[Check, ...]
    official: bool
    label: str
    protocol: str
    engine: str
    bits: Tally | None
    seed: EvaluatorSeed
    notes: tuple[str, ...]
    seconds: Seconds

    @property
    def whole(self) -> bool:
        """Whether every epoch was trained again, and so the predictions compared."""
        return self.epochs == self.of

    @property
    def verdict(self) -> str:
        """The answer in a few words."""
        if not self.same:
            return "not the same"
        if self.whole:
            return "the same to the bit"
        first = "epoch 1" if self.epochs == 1 else f"epochs 1 to {self.epochs}"
        return f"the same to the bit, as far as checked: {first} of {self.of}"
