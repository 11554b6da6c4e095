"""A spec becomes its candidates, the recipes of the sweep, each once.

Only files that the recipes name are read.

Ratios are exact fractions until they enter a recipe, so that 0.1 + 0.2 and 0.3 are one mix.
"""

import hashlib
import itertools
import json
import math
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, TypeGuard

from datagen.core.errors import UsageError
from datagen.files.hashing import file_hash
from datagen.files.paths import real_path, recorded
from datagen.planning.pool_keys import PoolRequest, pool_keys
from datagen.recipes import load as recipes
from datagen.recipes.paths import recorded_recipe
from datagen.recipes.schema import Recipe
from datagen.sweeps.records import DATASETS, TRIALS, Setting, read_trials
from datagen.sweeps.spec import Spec, axis_values

MOST_CANDIDATES: Final = 10_000
"""More is taken for a typing error: each candidate is hours of work."""

MOST_MIXES: Final = 10_000_000
"""Combinations of ratios of which the mixes are chosen; more would take minutes to look through."""

Mix = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One recipe of a sweep.

    Attributes:
        id: first 16 digits of the recipe's fingerprint.
        name: for people: `pen=0.25 emnist=0.75`.
        ratios: share of each source of the mix, adding up to 1; empty where no ratio varies.
        settings: what else varies; paths as records in the sweep's folder say them.
        recipe: what to build.
    """

    id: str
    name: str
    ratios: Mapping[str, float]
    settings: Mapping[str, Setting]
    recipe: Recipe


def candidates_of(spec: Spec, folder: Path | None = None) -> tuple[Candidate, ...]:
    """Return every candidate of a sweep, in the order of its axes.

    Args:
        spec: of the sweep.
        folder: of the sweep, from which its ids take paths, so that it can be moved together with
            what it names; None: paths in ids are absolute.

    Raises:
        UsageError: nothing varies, or far too much.
        RecipeError: a varied key is none of a recipe, or a value does not fit it.
    """
    _refuse_many("mixes", math.prod(len(axis_values(part.ratio)) for part in spec.mix), MOST_MIXES)
    _refuse_many("settings", math.prod(map(len, spec.vary.values())), MOST_CANDIDATES)
    mixes = mixes_of(spec)
    settings = [
        dict(zip(spec.vary, values, strict=True))
        for values in itertools.product(*spec.vary.values())
    ]
    if len(mixes) * len(settings) > MOST_CANDIDATES:
        raise UsageError(
            f"{len(mixes) * len(settings):,} candidates; at most {MOST_CANDIDATES:,} make sense: "
            "use larger steps or fewer values"
        )
    base = spec.base()
    found: dict[str, Candidate] = {}
    place = _Place(real_path(folder), _known(folder)) if folder else None
    for mix, setting in itertools.product(mixes, settings):
        candidate = _candidate(spec, base, mix, setting, place)
        found.setdefault(candidate.id, candidate)
    if len(found) < 2:
        raise UsageError(
            f"nothing varies: all is {_only(found)}; give a ratio an axis such as "
            "--mix pen=0:1:0.25, or a key values such as --vary val.fraction=0.1,0.2"
        )
    return tuple(found.values())


def _refuse_many(what: str, number: int, most: int) -> None:
    if number > most:
        raise UsageError(
            f"{number:,} {what} to try; at most {most:,} make sense: use larger steps or fewer "
            "values"
        )


@dataclass(frozen=True, slots=True)
class _Place:
    """The folder of a sweep, absolute, and the ids that are known in it already."""

    folder: Path
    known: frozenset[str]


def _known(folder: Path) -> frozenset[str]:
    """Return the ids that datasets and ended trials have in a sweep's folder."""
    built = (folder / DATASETS).iterdir() if (folder / DATASETS).is_dir() else ()
    ended = read_trials(folder) if (folder / TRIALS).is_file() else ()
    return frozenset((*(path.name for path in built), *(trial.point for trial in ended)))


def fingerprint(recipe: Recipe, folder: Path | None = None) -> str:
    """Return the SHA-256 of what decides a dataset's bytes: a recipe and the files it names.

    Its name does not count. The files are those of pipelines, reviews and weights: one that was
    edited makes another dataset. What sources hold is not read.

    Args:
        recipe: with absolute paths.
        folder: that paths are taken from, as a record in it would say them; None: absolute.

    Raises:
        CorruptInputError: such a file cannot be read.
    """
    plain = recipe.model_dump(mode="json", exclude={"name"}, exclude_none=True)
    written = {str(path): file_hash(path) for path in _files(recipe)}
    if folder is not None:
        plain = recorded_recipe(plain, folder)
        written = {recorded(path, folder): digest for path, digest in written.items()}
    if written:
        plain["files"] = written
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _files(recipe: Recipe) -> list[Path]:
    """Return the files that a recipe names beside its sources."""
    parts = (*recipe.mix, *recipe.val.mix)
    named = [recipe.pipeline, *(part.pipeline for part in parts)]
    named += [value for part in parts for value in part.options.values() if isinstance(value, str)]
    paths = {Path(name) for name in named if name}
    return sorted(path for path in paths if path.is_absolute() and path.is_file())


def mixes_of(spec: Spec) -> list[Mix]:
    """Return the shares of the sources, each mix once, adding up to 1; `[()]` without a mix."""
    axes = [axis_values(part.ratio) for part in spec.mix]
    if spec.points == "simplex" and all(part.varies for part in spec.mix):
        whole = max((axis[-1] for axis in axes), default=Fraction(0))
        combinations: Iterable[Mix] = _adding_up(axes, whole)
    else:
        combinations = itertools.product(*axes)
    if not axes:
        return [()]
    unique: dict[Mix, None] = {}
    for combination in combinations:
        if total := sum(combination):
            unique[tuple(ratio / total for ratio in combination)] = None
            if len(unique) > MOST_CANDIDATES:
                break
    return list(unique)


def _adding_up(axes: Sequence[Sequence[Fraction]], whole: Fraction) -> Iterable[Mix]:
    """Yield the combinations that add up to `whole`, without trying all others."""
    if not axes:
        if whole == 0:
            yield ()
        return
    for ratio in axes[0]:
        if ratio > whole:
            break
        for rest in _adding_up(axes[1:], whole - ratio):
            yield (ratio, *rest)


def source_keys(spec: Spec) -> list[str]:
    """Name the ingredients of the mix as manifests name their sources: `pen`, `images-2`.

    Ingredients of one source that differ in their pipelines alone are told apart by these:
    `pen`, `pen+scanned`.
    """
    seen: Counter[str] = Counter()
    keys = []
    for key, part in zip(_pool_keys(spec), spec.mix, strict=True):
        pipeline = (part.model_extra or {}).get("pipeline")
        name = f"{key}+{Path(pipeline).stem}" if seen[key] and isinstance(pipeline, str) else key
        seen[key] += 1
        keys.append(name if name not in keys else f"{name}+{seen[key]}")
    return keys


def _pool_keys(spec: Spec) -> list[str]:
    options = [(part.model_extra or {}).get("options") or {} for part in spec.mix]
    return pool_keys(
        [
            PoolRequest(part.source, part.path, each)
            for part, each in zip(spec.mix, options, strict=True)
        ]
    )


def _mixed(spec: Spec, shares: Iterable[float]) -> list[dict[str, Any]]:
    """Return the ingredients of a mix, without those of share 0.

    Where a source is given several times, those stay: its numbers are then the same in all recipes.
    """
    given = Counter(part.source for part in spec.mix)
    return [
        part.plain(share)
        for part, share in zip(spec.mix, shares, strict=True)
        if share > 0 or given[part.source] > 1
    ]


def _ids(recipe: Recipe, spec: Spec, place: _Place | None) -> tuple[str, bool]:
    """Return a candidate's id, and whether paths in it are as records of the sweep say them.

    Ingredients of share 0 have no influence on it.
    """
    used = tuple(part for part in recipe.mix if part.ratio > 0)
    counted = recipe.model_copy(update={"mix": used}) if spec.mix else recipe
    known = fingerprint(counted)[:16]
    if place is None or known in place.known:  # earlier versions took absolute paths
        return known, False
    return fingerprint(counted, place.folder)[:16], True


def _candidate(
    spec: Spec, base: Recipe, mix: Mix, settings: Mapping[str, Setting], place: _Place | None
) -> Candidate:
    shares = dict(zip(source_keys(spec), map(float, mix), strict=True))
    ratios = shares if any(part.varies for part in spec.mix) else {}
    named = {key: _short(value, spec.vary[key]) for key, value in settings.items()}
    named = {key: f"{share:.4g}" for key, share in ratios.items()} | named
    name = " ".join(f"{key}={value}" for key, value in named.items())
    plain = base.model_dump(mode="json", exclude_none=True)
    if spec.mix:
        plain["mix"] = _mixed(spec, shares.values())
    plain |= spec.model_dump(include={"images", "budget"}, exclude_none=True)
    for key, value in settings.items():
        _set(plain, key, value)
    plain["name"] = name or base.name
    recipe = recipes.validate(plain, origin=f"candidate {name}", folder=Path.cwd())
    own, movable = _ids(recipe, spec, place)
    told = dict(settings)
    if place is not None and movable:
        told = {key: recorded_recipe(value, place.folder, key) for key, value in told.items()}
    return Candidate(own, recipe.name, ratios, told, recipe)


def _set(plain: dict[str, Any], key: str, value: Setting) -> None:
    """Write `value` at the dotted `key`; the recipe's own validation says whether it is one.

    Raises:
        UsageError: the key leads into something that has no keys.
    """
    place: Any = plain
    *path, last = key.split(".")
    for step in path:
        place = _step(place, step, key)
    if isinstance(place, list):
        place[_index(place, last, key)] = value
    elif isinstance(place, dict):
        place[last] = value
    else:
        raise UsageError(f"cannot vary {key!r}: {'.'.join(path)} is {place!r} and has no keys")


def _step(place: Any, step: str, key: str) -> Any:
    if isinstance(place, list):
        return place[_index(place, step, key)]
    if isinstance(place, dict):
        return place.setdefault(step, {})
    raise UsageError(f"cannot vary {key!r}: there are no keys before {step!r}")


def _index(place: list[Any], step: str, key: str) -> int:
    if step.isdecimal() and int(step) < len(place):
        return int(step)
    raise UsageError(f"cannot vary {key!r}: {step!r} is not a position from 0 to {len(place) - 1}")


def _short(value: Setting, values: Iterable[Setting]) -> str:
    """Return a value for a name: of a path only the part in which the values of its key differ."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if not _is_path(value):
        return str(value)
    folders = [str(Path(other).parent) for other in values if _is_path(other)]
    return str(Path(value).relative_to(os.path.commonpath(folders)))


def _is_path(value: Setting) -> TypeGuard[str]:
    return isinstance(value, str) and Path(value).is_absolute()


def _only(found: Mapping[str, Candidate]) -> str:
    return "empty" if not found else repr(next(iter(found.values())).name)
