"""Finished numerals: images in class folders, such as the competition's data or one's own photos.

Enters: a folder that holds folders `i … x`, or `train/` and `val/` that do. Leaves: each distinct
picture once, read when asked.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from datagen.core.arrays import GrayImage
from datagen.core.errors import (
    CorruptInputError,
    LightInkError,
    MissingInputError,
    UsageError,
)
from datagen.core.glyphs import NumeralInfo, NumeralPool
from datagen.core.numerals import Split
from datagen.core.text import how_many
from datagen.files.class_folders import list_numerals
from datagen.files.decode import DECODER
from datagen.files.hashing import file_hash, hash_files, pixel_hash, view_hash
from datagen.files.leftovers import require_folder
from datagen.images.polarity import MIN_CONTRAST, contrast
from datagen.sources.images.read import DARK_INK_EXPECTED, Invert, read_both, read_numeral
from datagen.sources.images.review import LabelCorrection, Review, Reviewed, apply, load
from datagen.sources.images.weights import read_weights
from datagen.sources.registry import Options, Source, register
from pipelines.ops import scan as scan_conversion

_log = logging.getLogger(__name__)


def _yes_or_no(given: object) -> object:
    """Return what YAML makes of a bare `yes` or `no` as the word that was meant."""
    return {True: "yes", False: "no"}[given] if isinstance(given, bool) else given


class ImagesOptions(Options):
    """How to read the images, and what is accepted.

    Attributes:
        scan: pass each through the organisers' scan conversion, `pipelines.ops.scan`.
        part: take only the folder `train`, `val` or `test` of a collection that has several.
        partial: some of the ten class folders may be missing or empty.
        skip_bad: pass over unusable files with one warning instead of refusing.
        invert: what is done with light ink on dark paper: `auto` turns such images, `yes` turns
            every image, `no` takes all as they are. Without it they count as unusable.
        review: a list of bad images by name or as a YAML file (see `review`); what it drops
            is never decoded, what it relabels counts as of the other class.
        boost: a record by `datagen mine` or `datagen rare`: what is hard or rare serves more often
            where a pipeline uses pictures again.
    """

    scan: bool = False
    part: Split | None = None
    partial: bool = False
    skip_bad: bool = False
    invert: Annotated[Invert | None, BeforeValidator(_yes_or_no)] = None
    review: str | None = None
    boost: Path | None = None


@register
class ImagesSource(Source):
    """Images of numerals, dark ink on light paper, of any size, mode and common format."""

    name = "images"
    summary = "finished numerals in class folders i … x: the competition's data, your own photos"
    licence = "that of the images given"
    citation = "the images given"
    path_hint = (
        "a folder that holds the class folders i ii iii iv v vi vii viii ix x, "
        "or train and val that hold them"
    )
    options = ImagesOptions

    def open(self, path: Path | None, options: ImagesOptions) -> NumeralPool:
        """Return every distinct picture once; see `survey`.

        Raises:
            MissingInputError, UnknownNameError, RecipeError, CorruptInputError: see `survey`.
            UsageError: `boost` knows none of the pictures.
        """
        if path is None:
            raise MissingInputError(
                f"source 'images' needs a path: {self.path_hint}; say `--source images:PATH`, or "
                "`--path images=PATH` beside a recipe"
            )
        part = f"{options.part}/" if options.part else ""
        root = path / part
        found = survey(root, options)
        weights = _weights(root, found.kept, options.boost)
        infos = [
            NumeralInfo(
                id=part + name,  # below `path`: i/0.png of train is not that of val
                numeral=found.names[name],
                identity=found.identities[name],
                weight=weights.get(name, 1.0),
                pixels=found.views[name],
                loaded=found.hashes[name],
            )
            for name in found.kept
        ]

        def load(k: int) -> GrayImage:
            return read_numeral(path / infos[k].id, scan=options.scan, invert=options.invert)

        return NumeralPool(self.name, infos, load)


@dataclass(frozen=True, slots=True)
class ImageSurvey:
    """What lies in a folder of numerals, and what of it is used.

    Attributes:
        given: path below the folder → the class it lies under, of every file.
        names: the same after the review: without what it drops, some under another class.
        judged: path → what the review says of it.
        hashes: path → pixel hash, of those in `names` that can be used.
        identities: path → pixel hash after the scan conversion, whether or not it is asked for.
        views: path → `view_hash` of the picture as given, before any conversion.
        kept: the paths to use: of equal pictures the first, of contradicting ones none.
    """

    given: Mapping[str, str]
    names: Mapping[str, str]
    judged: Mapping[str, LabelCorrection]
    hashes: Mapping[str, str]
    identities: Mapping[str, str]
    views: Mapping[str, str]
    kept: Sequence[str]


def survey(root: Path, options: ImagesOptions) -> ImageSurvey:
    """Look through a folder of numerals.

    Pictures that are equal pixel by pixel count once, under the first path; where equal pictures
    lie in folders of different classes, one of them is mislabelled and nobody knows which, so all
    of them are left out, unless a review knows. All is told in warnings.

    Raises:
        MissingInputError: no folder, no class folders, or not all of them; no such review.
        UnknownNameError: no shipped review has that name.
        RecipeError: the review is none.
        CorruptInputError: a folder that is no class, or an unusable image.
    """
    require_folder(root, ImagesSource.path_hint)
    given = list_numerals(root, partial=options.partial)
    reviewed = Reviewed(given, {})
    if options.review is not None:
        reviewed = _put_right(root, given, load(options.review))
    verdicts = hash_files(
        root,
        list(reviewed.names),
        f"scan={options.scan}, invert={options.invert}, decoder {DECODER}, and as given",
        lambda file: _hashes(*read_both(file, scan=options.scan, invert=options.invert)),
    )
    bad = [verdict for verdict in verdicts.values() if isinstance(verdict, CorruptInputError)]
    if bad:
        _refuse_mostly_light(bad, len(verdicts), root)
        _report_bad(bad, options.skip_bad)
    found = {name: each.split() for name, each in verdicts.items() if isinstance(each, str)}
    hashes, identities, views = (
        {name: each[place] for name, each in found.items()} for place in range(3)
    )
    kept = _distinct(reviewed.names, hashes)
    return ImageSurvey(given, reviewed.names, reviewed.judged, hashes, identities, views, kept)


def _hashes(given: GrayImage, image: GrayImage) -> str:
    """Return three hashes of a picture: as it is used, of what a scan leaves of it, and as given.

    The second is the same whether the picture was scanned before: a picture in train and its scan
    in val are told to be one. What a scan would erase is itself, not one with all that is blank.
    The third is that of the evaluator's view, by which a test picture is told to be this one.
    """
    scanned = scan_conversion(image)
    identity = scanned if contrast(scanned) >= MIN_CONTRAST else image
    return f"{pixel_hash(image)} {pixel_hash(identity)} {view_hash(given)}"


def _put_right(root: Path, names: Mapping[str, str], review: Review) -> Reviewed:
    """Return `names` as `review` would have them."""
    reviewed = apply(review, root, names)
    if reviewed.judged:
        _log.warning(
            "images: review %s drops %d and relabels %d of %d files",
            review.name,
            reviewed.count("drop"),
            reviewed.count("relabel"),
            len(names),
        )
    elif not reviewed.moved_before and not reviewed.sound:
        _log.warning(
            "images: review %s names none of the %d files of %s: they were reviewed with it "
            "already, or it is a review of other images",
            review.name,
            len(names),
            root,
        )
    return reviewed


def _refuse_mostly_light(bad: Sequence[CorruptInputError], count: int, root: Path) -> None:
    """Refuse a folder whose images are light ink on dark paper, whatever is to be passed over."""
    light = [error for error in bad if isinstance(error, LightInkError)]
    if 2 * len(light) > count:
        raise LightInkError(f"{root} is {DARK_INK_EXPECTED} ({len(light):,} of {count:,} images)")


def _report_bad(bad: list[CorruptInputError], skip: bool) -> None:
    more = f", and {how_many(len(bad) - 1, 'more unusable file')}" if len(bad) > 1 else ""
    if not skip:
        raise type(bad[0])(
            f"{bad[0]}{more}; --skip-bad passes over such files (in a "
            "recipe: the option skip_bad), and `datagen doctor` lists them"
        )
    what = how_many(len(bad), "unusable file")
    _log.warning("images: %s passed over, the first: %s", what, bad[0])


def _distinct(names: Mapping[str, str], hashes: Mapping[str, str]) -> list[str]:
    """Return the names to keep: of equal pictures the first, of contradicting ones none."""
    equal: dict[str, list[str]] = {}
    for name, found in hashes.items():
        equal.setdefault(found, []).append(name)
    kept = [group[0] for group in equal.values() if len({names[name] for name in group}) == 1]
    torn = [group for group in equal.values() if len({names[name] for name in group}) > 1]
    repeated = len(hashes) - len(kept) - sum(map(len, torn))
    if repeated:
        copies = (
            "1 copy of another image of its class counts once"
            if repeated == 1
            else f"{repeated:,} copies of other images of their class count once"
        )
        _log.warning("images: %s", copies)
    if torn:
        _log.warning(
            "images: %d files hold %d pictures that lie under different classes; all left out: %s",
            sum(map(len, torn)),
            len(torn),
            "; ".join(" = ".join(group) for group in torn[:3]) + (" …" if len(torn) > 3 else ""),
        )
    return kept


def _weights(root: Path, names: Sequence[str], boost: Path | None) -> dict[str, float]:
    """Return how much more often pictures are to serve, by their content.

    Raises:
        MissingInputError, CorruptInputError: see `read_weights`.
        UsageError: it knows none of the pictures.
    """
    if boost is None:
        return {}
    weights = read_weights(boost)
    digests = {name: file_hash(root / name) for name in names}
    found = {name: weights[digest] for name, digest in digests.items() if digest in weights}
    if names and not found:
        raise UsageError(
            f"{boost} names none of the {len(names):,} pictures in {root}; make it from "
            "pictures of that folder, or leave the option boost out"
        )
    return found
