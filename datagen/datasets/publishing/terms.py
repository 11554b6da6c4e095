"""Under what terms the images of a dataset stand, source by source, and whether it may go out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from datagen.core.errors import InputError, LicenceError, UnknownNameError, UsageError
from datagen.core.text import how_many
from datagen.datasets.format import (
    INFO,
    SourceInfo,
    image_files,
    info_if_any,
    manifest_if_any,
)
from datagen.datasets.publishing.licences import UNSTATED, Licence, find_licence, stated_licence
from datagen.files.paths import absolute
from datagen.sources import all_sources
from pipelines.text import quoted

IMAGES: Final = "images"
"""The name by which the licence of a dataset is stated that `datagen` did not build."""

_DEEP: Final = 5  # datasets made of datasets made of datasets


@dataclass(frozen=True, slots=True)
class SourceTerms:
    """The terms of one source of a dataset.

    Attributes:
        key: of the source in the recipe.
        images: that are made of it.
        licence: as the source, or who published the dataset, says it.
        citation: as the source says it.
        known: the licences that let its images be published; none where it is refused.
        refusal: why its images may not be published; None where they may.
    """

    key: str
    images: int
    licence: str
    citation: str
    known: tuple[Licence, ...] = ()
    refusal: str | None = None


def source_terms(root: Path, stated: Mapping[str, str] | None = None) -> tuple[SourceTerms, ...]:
    """Return the terms of every source that a dataset has images of.

    Of images that were made of another dataset, whose `dataset.json` is still there, the terms of
    that one count.

    Args:
        root: the dataset.
        stated: source → licence of what was given to it, for sources that have none of their own:
            `images`, `fonts`, `trajectories`, also those of a dataset that images were made of. A
            dataset that `datagen` did not build is `images`.

    Raises:
        UsageError: a licence is stated that is not known to let copies be published, or of a
            source that has its own.
        UnknownNameError: the dataset has no such source.
        MissingInputError: there is no dataset.
        CorruptInputError: `dataset.json` or the manifest is damaged.
    """
    next(image_files(root), None)  # refuses what is no dataset, which has no terms either
    licences = {key: stated_licence(text) for key, text in (stated or {}).items()}
    terms = _terms(root, licences, _DEEP)
    _refuse_needless(licences, list(_all_sources_of(root, _DEEP)))
    return terms


def refusals(root: Path, stated: Mapping[str, str] | None = None) -> list[str]:
    """Say of every source that does not let its images be published why; none says nothing.

    Raises:
        UsageError, UnknownNameError, CorruptInputError: see `source_terms`.
    """
    return _refused(source_terms(root, stated))


def _refused(terms: Sequence[SourceTerms]) -> list[str]:
    return [f"{_counted(each)} {each.refusal}" for each in terms if each.refusal]


def require_publishable(root: Path, terms: Sequence[SourceTerms]) -> None:
    """Refuse a dataset of which a source does not let its images be published.

    Raises:
        LicenceError: one line that says which sources, and why.
    """
    refused = _refused(terms)
    if refused:
        raise LicenceError(f"{root} may not be published: {'; '.join(refused)}")


def _terms(root: Path, stated: Mapping[str, Licence], deep: int) -> tuple[SourceTerms, ...]:
    writers = _writers(root)
    return tuple(_of_source(each, root, writers[each.key], stated, deep) for each in _used(root))


def _used(root: Path) -> list[SourceInfo]:
    """Return the sources that a dataset has images of."""
    known = info_if_any(root)
    if known is not None:
        return [each for each in known.sources if each.images]
    unknown = f"{UNSTATED}the images given"
    return [
        SourceInfo(key=IMAGES, source=IMAGES, path=None, images=0, licence=unknown, citation="")
    ]


def _all_sources_of(root: Path, deep: int) -> Iterator[SourceInfo]:
    """Yield the sources of a dataset, and those of the datasets that its images were made of."""
    for info in _used(root):
        yield info
        if info.path and deep and (inner := _made_of(info.path, root)) is not None:
            with suppress(InputError):  # one that cannot be read is refused for itself
                yield from _all_sources_of(inner, deep - 1)


def _writers(root: Path) -> Mapping[str, set[str]]:
    """Return source → who wrote the letters that the dataset's images are made of."""
    found: dict[str, set[str]] = defaultdict(set)
    for entry in manifest_if_any(root):
        found[entry.source].update(entry.writers)
    return found


def _of_source(
    info: SourceInfo,
    root: Path,
    writers: Iterable[str],
    stated: Mapping[str, Licence],
    deep: int,
) -> SourceTerms:
    texts = _licences(info, writers)
    if info.path and deep and (inner := _made_of(info.path, root)) is not None:
        return _of_dataset(info, inner, stated, deep)
    said = stated.get(info.key) or stated.get(info.source)
    known = [find_licence(text) or (said if _is_unstated(text) else None) for text in texts]
    bad = [text for licence, text in zip(known, texts, strict=True) if licence is None]
    told = [
        licence.name if licence and _is_unstated(text) else text
        for licence, text in zip(known, texts, strict=True)
    ]
    return SourceTerms(
        key=info.key,
        images=info.images,
        licence="; ".join(dict.fromkeys(told)),
        citation=info.citation,
        known=() if bad else tuple(dict.fromkeys(each for each in known if each)),
        refusal=_refusal(info.key, bad) if bad else None,
    )


def _is_unstated(licence: str) -> bool:
    return licence.startswith(UNSTATED)


def _licences(info: SourceInfo, writers: Iterable[str]) -> tuple[str, ...]:
    """Return the licences of a source: of one that is known here not what a file says of it."""
    shipped = {source.name: source for source in all_sources()}
    if info.source in shipped:
        return shipped[info.source].licences(writers)
    return (info.licence,)


def _made_of(path: str, root: Path) -> Path | None:
    """Return the dataset that images were taken from; None where they are of none that is here."""
    try:
        place = absolute(path, root)
        return next((each for each in (place, place.parent) if (each / INFO).is_file()), None)
    except (UsageError, OSError, RuntimeError):  # another's file may name anything
        return None


def _of_dataset(
    info: SourceInfo, inner: Path, stated: Mapping[str, Licence], deep: int
) -> SourceTerms:
    """Return the terms of images that were made of another dataset: those of its sources."""
    try:
        parts = _terms(inner, stated, deep - 1)
    except InputError:
        parts = ()
    bad = [f"source {quoted(part.key)} {part.refusal}" for part in parts if part.refusal]
    told = "; ".join(dict.fromkeys(part.licence for part in parts)) or info.licence
    cited = "; ".join(dict.fromkeys(part.citation for part in parts if part.citation))
    if not parts:
        bad = [f"{INFO} cannot be read"]
    return SourceTerms(
        key=info.key,
        images=info.images,
        licence=told,
        citation=cited or info.citation,
        known=() if bad else tuple(dict.fromkeys(one for part in parts for one in part.known)),
        refusal=f"is made of {inner.name}, whose {bad[0]}" if bad else None,
    )


def _refusal(key: str, bad: Sequence[str]) -> str:
    """Return why images of a source may not be published: because of these licences."""
    if all(_is_unstated(text) for text in bad):
        return (
            f"has no licence but {quoted(bad[0])}; where you may publish them, state it: "
            f"--licence '{key}=CC-BY-4.0'"
        )
    forbidding = next(text for text in bad if not _is_unstated(text))
    return (
        f"is under {quoted(forbidding)}, which is not known to let images made of it be passed "
        "on; build without it, or keep the dataset to yourself"
    )


def _counted(terms: SourceTerms) -> str:
    images = f" ({how_many(terms.images, 'image')})" if terms.images else ""
    return f"source {quoted(terms.key)}{images}"


def _refuse_needless(stated: Mapping[str, Licence], used: Sequence[SourceInfo]) -> None:
    for name in stated:
        found = [info for info in used if name in (info.key, info.source)]
        if not found:
            keys = {info.key for info in used}
            raise UnknownNameError("source of the dataset", name, keys)
        if not all(_is_unstated(info.licence) for info in found):
            raise UsageError(
                f"the licence of source {quoted(name)} is its own, {quoted(found[0].licence)}; "
                "--licence is for what you gave yourself"
            )
