"""What a search varies, and how settings become a recipe for one's own images.

A setting is a name with a number of a range, or one of several words. The shipped recipes that need
no more than the given images are where a search starts; they are tried as they are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from datagen.composition.handwritten.parameters import HandOptions
from datagen.files.paths import real_path
from datagen.recipes import load as recipes
from datagen.recipes.schema import NO_PIPELINE, Ingredient, Recipe
from datagen.searches.spec import SearchSpec
from datagen.searches.strength import pipeline_of
from datagen.sweeps.candidates import Candidate, fingerprint

REAL: Final = "images"
PEN: Final = "pen"

Value = float | str
Settings = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers from `low` to `high` in steps."""

    low: float
    high: float
    step: float

    def nearest(self, value: float) -> float:
        """Return the number of the range next to `value`."""
        steps = round((min(max(value, self.low), self.high) - self.low) / self.step)
        return round(self.low + steps * self.step, 6)


_STRENGTH: Final = Range(0.5, 1.5, 0.05)

SPACE: Final[Mapping[str, Range | tuple[str, ...]]] = {
    "copies.share": Range(0, 1, 0.05),
    "copies.pipeline": (
        "paper-and-pen",
        "top5",
        "seed-blog",
        "edge-cases",
        "hard-sheets",
        "scanned",
    ),
    "copies.strength": _STRENGTH,
    "pen.pipeline": (NO_PIPELINE, "scanned", "paper-and-pen", "edge-cases", "hard-sheets"),
    "pen.strength": _STRENGTH,
    "pen.twins": Range(0, 0.5, 0.1),
    "ranges": ("fitted", "wide"),
    "legibility": Range(0, 0.6, 0.1),
    "compose.bars": Range(0.1, 0.7, 0.05),
    "compose.fill.low": Range(0.1, 0.5, 0.05),
    "compose.fill.high": Range(0.7, 1.0, 0.05),
    "compose.spacing.high": Range(0.2, 1.2, 0.1),
    "case.upper": Range(0.3, 0.9, 0.05),
    "val.from": ("train", "given", "copies", "both"),
    "val.fraction": Range(0.06, 0.26, 0.02),
}
"""What varies. Every proposal has each image as given once. `copies.share`: of what the budget
leaves open, how much are copies of them through `copies.pipeline`; the pen writes the rest.
`pen.twins`, `legibility`: see `Ingredient` and `Recipe`. `ranges`: of the pen and of the sheet.
`case.upper`: weight of capitals. `val.from`: made like train, of images as given, of copies of
them, or of both."""


def recipe_of(settings: Settings, spec: SearchSpec, folder: Path, name: str) -> Recipe:
    """Return the recipe that settings mean, with all of the person's images.

    Args:
        settings: a value for every name in `SPACE`.
        spec: of the search.
        folder: of the search, which keeps the pipelines made for it.
        name: for people.

    Raises:
        RecipeError: the settings do not go together.
        PipelineError: a pipeline cannot be as strong.
    """
    number = {key: float(value) for key, value in settings.items() if key in _NUMBERS}
    word = {key: str(value) for key, value in settings.items() if key not in _NUMBERS}
    images = {"source": REAL, "path": str(spec.real), "options": spec.images_options}
    given = images | {"per_class": "all"}
    copies = images | {
        "pipeline": pipeline_of(word["copies.pipeline"], number["copies.strength"], folder)
    }
    wide = {} if word["ranges"] == "fitted" else {"ranges": word["ranges"]}
    pen: dict[str, Any] = {"source": PEN, "twins": number["pen.twins"], "options": wide}
    if word["pen.pipeline"] != NO_PIPELINE:
        pen["pipeline"] = pipeline_of(word["pen.pipeline"], number["pen.strength"], folder)
    share = number["copies.share"]
    open_shares = ((copies, share), (pen, round(1 - share, 4)))
    mix = [given, *(part | {"ratio": ratio} for part, ratio in open_shares if ratio > 0)]
    val: dict[str, Any] = {"fraction": number["val.fraction"]}
    if word["val.from"] != "train":
        val["mix"] = {"given": [given], "copies": [copies], "both": [given, copies]}[
            word["val.from"]
        ]
    upper = number["case.upper"]
    lower = round(0.75 * (1 - upper), 4)
    plain: dict[str, Any] = {
        "name": name,
        "mix": mix,
        "val": val,
        "case_styles": {"upper": upper, "lower": lower, "mixed": round(1 - upper - lower, 4)},
        "compose": {
            "method": "hand",
            **wide,
            "bars": number["compose.bars"],
            "fill": [number["compose.fill.low"], number["compose.fill.high"]],
            "spacing": [HandOptions().spacing[0], number["compose.spacing.high"]],
        },
    }
    if number["legibility"] > 0:
        plain["legibility"] = number["legibility"]
    return recipes.validate(plain | _of_all(spec), origin=name, folder=folder)


_NUMBERS: Final = frozenset(key for key, part in SPACE.items() if isinstance(part, Range))


def _of_all(spec: SearchSpec) -> dict[str, Any]:
    """Return the keys that all recipes of a search share: they fill its budget."""
    return {
        "recipe": 1,
        "seed": spec.seed,
        "images": spec.budget,
        "budget": spec.budget,
        "fit": True,
    }


def shipped_starts(spec: SearchSpec, folder: Path) -> tuple[Candidate, ...]:
    """Return the shipped recipes that need no more than the given images, each once.

    They fill the search's budget, and take the person's images and review for the competition's.
    Earlier versions, such as `synthetic-1` beside `synthetic-only`, are left out.
    """
    found: dict[str, Candidate] = {}
    for name in recipes.shipped():
        if re.search(r"-\d+$", name):  # `synthetic-1` is an earlier `synthetic-only`
            continue
        recipe = recipes.load(name)
        parts = (*recipe.mix, *recipe.val.mix)
        if all(_is_enough(part) for part in parts) and recipe.test is None:
            own = _with_own_images(recipe, spec)
            candidate = candidate_of(own, settings_of(own), folder)
            if _order(candidate) < _order(found.get(candidate.id)):
                found[candidate.id] = candidate
    return tuple(sorted(found.values(), key=_order))


def _order(candidate: Candidate | None) -> tuple[int, str]:
    """Return the sort key: a recipe that is not a mere default gives equal ones its name."""
    if candidate is None:
        return 2, ""
    return int(candidate.name == "default"), candidate.name


def candidate_of(recipe: Recipe, settings: Settings, folder: Path) -> Candidate:
    """Return a recipe as a candidate, its id as the search's folder says paths."""
    own = fingerprint(recipe, real_path(folder))[:16]
    return Candidate(own, recipe.name, {}, dict(settings), recipe)


def _is_enough(part: Ingredient) -> bool:
    """Return whether the given images and the embedded pen are enough for an ingredient."""
    if part.source == REAL:  # of given images nobody knows which were train, and which val
        return part.options.get("part") in (None, "all")
    return part.source == PEN and part.path is None


def _with_own_images(recipe: Recipe, spec: SearchSpec) -> Recipe:
    plain = recipe.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    for part in (*plain["mix"], *plain.get("val", {}).get("mix", ())):
        if part["source"] == REAL:
            part |= {"path": str(spec.real), "options": spec.images_options}
    return recipes.validate(plain | _of_all(spec), origin=recipe.name, folder=Path.cwd())


def at(recipe: Recipe, images: Path) -> Recipe:
    """Return a recipe whose real images are those in `images`."""

    def placed(mix: tuple[Ingredient, ...]) -> tuple[Ingredient, ...]:
        return tuple(
            part.model_copy(update={"path": images}) if part.source == REAL else part
            for part in mix
        )

    val = recipe.val.model_copy(update={"mix": placed(recipe.val.mix)})
    return recipe.model_copy(update={"mix": placed(recipe.mix), "val": val})


def has_real(recipe: Recipe) -> bool:
    """Return whether any image of a recipe is real, or made of a real one."""
    return any(part.source == REAL for part in (*recipe.mix, *recipe.val.mix))


def settings_of(recipe: Recipe) -> dict[str, Value]:
    """Return the settings nearest to a recipe, from which proposals learn.

    One without real images has none: it lies outside of what varies.
    """
    if not has_real(recipe):
        return {}
    copies = [p for p in recipe.mix if p.source == REAL and p.per_class is None]
    pens = [p for p in recipe.mix if p.source == PEN]
    open_ratio = sum(p.ratio for p in (*copies, *pens))
    hand = recipe.compose if isinstance(recipe.compose, HandOptions) else HandOptions()
    styles = recipe.case_styles
    val = {"copies" if part.pipeline else "given" for part in recipe.val.mix}
    said: dict[str, Value | None] = {
        "copies.share": sum(p.ratio for p in copies) / open_ratio if open_ratio else 1.0,
        "copies.pipeline": copies[0].pipeline if copies else None,
        "copies.strength": 1.0,
        "pen.pipeline": (pens[0].pipeline if pens else None) or recipe.pipeline,
        "pen.strength": 1.0,
        "pen.twins": pens[0].twins if pens else 0.0,
        "ranges": hand.ranges,
        "legibility": recipe.legibility or 0.0,
        "compose.bars": hand.bars,
        "compose.fill.low": hand.fill[0],
        "compose.fill.high": hand.fill[1],
        "compose.spacing.high": hand.spacing[1],
        "case.upper": styles.get("upper", 0) / sum(styles.values()),
        "val.from": "both" if len(val) > 1 else next(iter(val), "train"),
        "val.fraction": recipe.val.share,
    }
    return {key: _nearest(part, said[key]) for key, part in SPACE.items()}


def _nearest(part: Range | tuple[str, ...], value: Value | None) -> Value:
    if isinstance(part, Range):
        return part.nearest(float(value or 0))
    return str(value) if value in part else part[0]
