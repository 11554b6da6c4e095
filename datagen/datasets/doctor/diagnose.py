"""Everything that is wrong in a folder, as one list."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datagen.core.errors import InputError, all_named
from datagen.datasets.doctor.copies import copy_findings
from datagen.datasets.doctor.finding import (
    Finding,
    Severity,
    count_by_severity,
    in_order,
)
from datagen.datasets.doctor.folders import folder_findings
from datagen.datasets.doctor.images import image_findings, is_sound, other_findings
from datagen.datasets.doctor.layout import FolderLayout, look
from datagen.datasets.doctor.leaks import leak_findings
from datagen.datasets.doctor.near import near_findings
from datagen.datasets.doctor.pictures import Picture, measure
from datagen.datasets.doctor.rules import manifest_of, rule_findings
from datagen.datasets.doctor.unlike import unlike_findings
from datagen.datasets.near_duplicates import near_duplicates as find_near_duplicates

Tell = Callable[[str, int, int | None], None]
"""Told the step, how many of its files are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A corrected copy of a folder.

    Attributes:
        path: the copy's folder.
        images: how many it holds.
        done: what was done → to how many files or folders.
        left: kinds of findings that a person has to look at → how many.
        clean: whether the copy breaks no rule.
    """

    path: Path
    images: int
    done: Mapping[str, int]
    left: Mapping[str, int]
    clean: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found in a folder.

    Attributes:
        path: the folder.
        layout: what lies in it.
        pictures: what the evaluator takes for its images, measured.
        others: the other files in class folders, measured.
        findings: what is wrong, the worst first.
        fixed: the corrected copy, if one was asked for.
    """

    path: Path
    layout: FolderLayout
    pictures: tuple[Picture, ...]
    others: tuple[Picture, ...]
    findings: tuple[Finding, ...]
    fixed: Fixed | None = None

    @property
    def clean(self) -> bool:
        """Whether no rule is broken."""
        return not self.counts["broken"]

    @property
    def counts(self) -> dict[Severity, int]:
        """Findings by severity."""
        return count_by_severity(self.findings)


def diagnose(
    root: Path,
    *,
    against: Sequence[Path] = (),
    near_duplicates: bool = True,
    tell: Tell = lambda _step, _done, _total: None,
) -> Diagnosis:
    """Look for everything that is wrong in a folder.

    Args:
        root: class folders, or `train/` and `val/` that hold them.
        against: test sets, whose pictures shall not be in it.
        near_duplicates: look for near-duplicates too, which takes the longest.
        tell: told of the steps "images" and "near-duplicates".

    Raises:
        MissingInputError: there is no such folder or test set, or no class folders in it.
    """
    _refuse_bad(against)  # before work is spent
    layout = look(root)
    files = [*layout.images, *layout.others]
    measured = measure(root, files, lambda done: tell("images", done, len(files)))
    pictures, others = measured[: len(layout.images)], measured[len(layout.images) :]
    entries = manifest_of(root)
    sound = [picture for picture in pictures if is_sound(picture)]

    def findings() -> Iterator[Finding]:
        yield from folder_findings(layout)
        yield from image_findings(pictures, layout.role)
        yield from other_findings(others, layout.role)
        yield from copy_findings(pictures)
        yield from unlike_findings([p for p in sound if not p.light_ink])
        if layout.role == "dataset":
            yield from rule_findings(root, pictures)
        if near_duplicates:
            tell("near-duplicates", 0, None)
            pixels = {picture.name: picture.seen for picture in sound}
            yield from near_findings(find_near_duplicates(root, pixels, entries))
        for test in against:
            tell(f"against {test.name}", 0, None)
            yield from leak_findings(root, pictures, test, near_duplicates=near_duplicates)

    return Diagnosis(
        path=root,
        layout=layout,
        pictures=tuple(pictures),
        others=tuple(others),
        findings=in_order(findings()),
    )


def _refuse_bad(tests: Sequence[Path]) -> None:
    """Refuse test sets that cannot be looked at, all in one message.

    Raises:
        InputError: it names all of them.
    """
    errors: list[InputError] = []
    for test in tests:
        try:
            look(test)
        except InputError as error:
            errors.append(error)
    if errors:
        raise all_named(errors)
