"""What a search knows while it runs."""

from datagen.searches.begun import Begun
from datagen.searches.judge import Folds
from datagen.searches.spec import SearchSpec


class SearchState:
    """What a search knows: candidates, what they reached at each stage, and who led when.

    Attributes:
        begun: every candidate.
        stages: accuracies by stage.
        leaders: the best so far after each generation that did not fail; at least one once there
            is any.
        failed: how many generations in a row every candidate failed of, up to now.
        reference: the best shipped recipe; None where all failed.
        why: why it ended.
    """

    def __init__(self, spec: SearchSpec) -> None:
        self.begun: list[Begun] = []
        self.stages: dict[int | None, dict[str, Folds]] = {until: {} for until in spec.stages}
        self.leaders: list[str] = []
        self.failed = 0
        self.reference: str | None = None
        self.why = ""
