"""Findings about near-duplicates: one writing twice, on both sides or in a test set too."""

from collections.abc import Iterable, Iterator

from datagen.datasets.doctor.finding import Finding


def near_findings(pairs: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Yield a finding for each image that has a near-duplicate in an earlier part.

    Args:
        pairs: as `datagen.datasets.near_duplicates` returns them.
    """
    for image, earlier in pairs:
        yield Finding(
            "near-duplicate",
            "broken",
            image,
            f"shows the same writing as {earlier}",
            "keep both in one part; `datagen holdout` does so",
            (earlier,),
        )
