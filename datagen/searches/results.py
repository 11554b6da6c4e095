"""What a search found, computed from what it knows; `search.json` and the recipe are written."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev

import numpy as np

from datagen.core.errors import CorruptInputError
from datagen.core.intervals import Z_95
from datagen.datasets.format import RECIPE
from datagen.evaluation.summary import wilson
from datagen.files.atomic import staged_file
from datagen.files.paths import recorded_place
from datagen.recipes.load import load
from datagen.searches import words
from datagen.searches.answer import ANSWER, Reported, SearchAnswer, State, Tried
from datagen.searches.begun import CANDIDATES, Begun
from datagen.searches.found import SearchState
from datagen.searches.importance import importances
from datagen.searches.judge import Noise, gap, noise_of
from datagen.searches.looks import LOOKS, count_looks, read_looks
from datagen.searches.spec import SearchSpec
from datagen.searches.trials import KEPT, Trials, accuracy
from datagen.sweeps.records import Scored


def answer_of(
    spec: SearchSpec, folder: Path, trials: Trials, found: SearchState, seconds: float
) -> SearchAnswer:
    """Return what a search found, and write it with the best recipe to its folder."""
    noise = noise_of(found.stages.values())
    best = found.leaders[-1]
    tried = [_tried(each, spec, trials, found, noise) for each in found.begun]
    order = {"done": 0, "stopped": 1, "failed": 2}
    tried.sort(key=lambda each: (order[each.state], -each.epochs, -(each.mean or 0)))
    first = found.stages[spec.stages[0]]
    by_settings = [
        (each.settings, fmean(first[each.id].values()))
        for each in found.begun
        if each.settings and each.id in first
    ]
    scores = {
        each: _kept_scores(each, spec, trials)
        for each in dict.fromkeys((best, found.reference))
        if each
    }
    names = {each.id: each.name for each in found.begun}
    reported = [_reported(each, names[each], kept) for each, kept in scores.items() if kept]
    answer = SearchAnswer(
        folder=str(folder),
        real=str(spec.real),
        budget=spec.budget,
        folds=spec.folds,
        epochs=spec.epochs,
        official=spec.preview is None,
        seconds=round(seconds, 1),
        why=found.why,
        best=best,
        reference=found.reference,
        candidates=tuple(tried),
        noise_std=round(noise.std, 5),
        kept_images=max((s.images for kept in scores.values() for s in kept.values()), default=0),
        kept=tuple(reported),
        difference=_difference(*scores.values()) if len(scores) == 2 else None,
        importance=importances(by_settings, spec.seed),
        looks=count_looks(read_looks(folder / LOOKS)),
    )
    write_recipe(answer, found.begun, folder)
    moved = answer.model_copy(update={"folder": ".", "real": recorded_place(answer.real, folder)})
    with staged_file(folder / ANSWER) as temporary:
        temporary.write_text(moved.model_dump_json(indent=1) + "\n", "utf-8")
    return answer


def _tried(
    each: Begun, spec: SearchSpec, trials: Trials, found: SearchState, noise: Noise
) -> Tried:
    reached = [until for until in spec.stages if each.id in found.stages[until]]
    keys = each.model_dump(include={"id", "name", "generation", "shipped", "settings"})
    failure = trials.failure(each.id)
    if not reached:
        return Tried(**keys, state="failed", error=failure or "not trained")
    until = reached[-1]
    folds = found.stages[until][each.id]
    best = found.stages[until].get(found.leaders[-1])
    compared = None if best is None or each.id == found.leaders[-1] else gap(folds, best, noise)
    state: State = "failed" if failure else "done" if until is None else "stopped"
    return Tried(
        **keys,
        state=state,
        epochs=spec.length(until),
        folds={fold: round(value, 5) for fold, value in folds.items()},
        mean=round(fmean(folds.values()), 5),
        to_best=None if compared is None else round(compared.mean, 5),
        noise=None if compared is None else round(compared.half, 5),
        error=failure,
    )


def _kept_scores(each: str, spec: SearchSpec, trials: Trials) -> dict[int, Scored]:
    """Return the scores of a candidate on the kept part, by seed."""
    found = {}
    for seed in spec.seed_list:
        outcome = trials.outcomes.get((f"{each}-{KEPT}", seed, None))
        if outcome is not None and outcome.selection is not None:
            found[seed] = outcome.selection
    return found


def _reported(each: str, name: str, scores: Mapping[int, Scored]) -> Reported:
    accuracies = [accuracy(score) for score in scores.values()]
    mean = fmean(accuracies)
    low, high = wilson(mean, next(iter(scores.values())).images)
    seeds = stdev(accuracies) ** 2 / len(accuracies) if len(accuracies) > 1 else 0.0
    chance = Z_95 * math.sqrt(seeds)
    least, most = mean - math.hypot(mean - low, chance), mean + math.hypot(high - mean, chance)
    return Reported(
        id=each,
        name=name,
        seeds=tuple(scores),
        accuracies=tuple(round(value, 5) for value in accuracies),
        mean=round(mean, 5),
        interval=(round(max(0.0, least), 5), round(min(1.0, most), 5)),
    )


def _difference(
    ours: Mapping[int, Scored], theirs: Mapping[int, Scored]
) -> tuple[float, float, float] | None:
    """Return the mean difference on the kept part, and its 95 % interval.

    It counts that other images would have been right, and that other seeds would have. Images that
    a dataset knows are among them, which the accuracies leave out: who knows them is not recorded.
    """
    seeds = sorted(ours.keys() & theirs.keys())
    if not seeds:
        return None
    each = np.array([_hits(ours[seed]) - _hits(theirs[seed]) for seed in seeds])
    variance = float(each.mean(axis=0).var(ddof=1)) / each.shape[1] if each.shape[1] > 1 else 1.0
    if len(seeds) > 1:
        variance += float(each.mean(axis=1).var(ddof=1)) / len(seeds)
    mean, half = float(each.mean()), Z_95 * math.sqrt(variance)
    return round(mean, 5), round(max(-1.0, mean - half), 5), round(min(1.0, mean + half), 5)


def _hits(scored: Scored) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.array([float(hit) for hit in scored.hits])


def write_recipe(answer: SearchAnswer, begun: Sequence[Begun], folder: Path) -> None:
    """Write the best recipe to a search's folder.

    Raises:
        CorruptInputError: the best is none of the candidates that are logged.
    """
    best = next((each for each in begun if each.id == answer.best), None)
    if best is None:
        raise CorruptInputError(
            f"{folder / CANDIDATES} lacks the best candidate, so {RECIPE} cannot be written; "
            "choose another --out to search anew"
        )
    recipe = best.candidate(folder).recipe
    said = "".join(
        f"# {line}\n"
        for text in words.header(answer)
        for line in textwrap.wrap(text, 78, break_long_words=False)
    )
    with staged_file(folder / RECIPE) as temporary:
        temporary.write_text(said + recipe.to_yaml(folder), "utf-8")
    load(str(folder / RECIPE))  # it can be read back before anybody relies on it
