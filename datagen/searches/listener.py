"""What a search tells its caller while it runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from datagen.sweeps.candidates import Candidate
from datagen.sweeps.listener import Listener

if TYPE_CHECKING:
    from datagen.searches.plan import SearchPlan


class SearchListener(Listener):
    """Is told how a search goes, beside what a sweep tells; this one ignores everything."""

    def planned(self, plan: "SearchPlan") -> None:
        """Hear what the search will do, before it does anything."""

    def dividing(self, step: str, done: int, total: int) -> None:
        """Hear how the division of the images goes."""

    def generation(self, number: int, candidates: Sequence[Candidate], *, known: bool) -> None:
        """Hear that the candidates of a generation are tried now, or were known to be."""

    def leader(self, candidate: Candidate, mean: float) -> None:
        """Hear which candidate leads after a generation, with its mean accuracy."""

    def ending(self, why: str) -> None:
        """Hear why no more candidates are tried; the best is scored on the kept part now."""
