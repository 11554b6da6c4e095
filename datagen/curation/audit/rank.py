"""From signals to one order: how suspect each image is, what to do with it, and why.

Enters: what was found about every image, as arrays. Leaves: suspicion, suggestion, likelier class
and a sentence. Pure functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from datagen.core.numerals import CLASSES, Numeral
from datagen.curation.audit import confident
from datagen.curation.audit.record import Suggestion
from datagen.curation.audit.slips import prior, slip

Strengths = npt.NDArray[np.float64]
Probabilities = npt.NDArray[np.float64]

WEIGHTS: Final[dict[str, float]] = {
    "label": 0.0,
    "outline": 0.0,
    "unlike": 0.6,
    "blank": 0.98,
    "scribble": 0.5,
    "several": 0.1,
    "cut": 0.05,
    "light ink": 0.3,
    "size": 0.05,
    "pen": 0.03,
    "paper": 0.05,
    "copy of another class": 0.5,
    "copy in another part": 0.02,
    "seeds": 0.1,
}
"""How sure a full signal alone makes it that an image should not stay as it is.

The first two stand in the record only: `shown_classes` has made one opinion of both. A near-
duplicate under another class says that one of the two is wrong. A rare pen, ruled paper or a cut
edge is a reason to look, hardly one to drop: what new images look like is to be learnt.
"""

_TRUST: Final = 0.75
"""How far each of two opinions counts: 1 if they were independent, 0.5 if they were one."""
_WRONG: Final = 0.07
"""Share of wrong labels to expect before anything is looked at, as in collections of the web."""
_SHOWN: Final = 0.5
"""Suspicion from which a decision other than keep is suggested."""
_READABLE: Final = 0.55
"""Probability of a class from which an image is taken for it, and not for illegible."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What was found about N images.

    Attributes:
        labels: N positions in `CLASSES`, as given.
        networks: `float64 N×10`, out of sample, mean over the seeds.
        outlines: `float64 N×10`, out of sample, by the outline reader.
        signals: name → `float64 N`, 0 … 1, of those in `WEIGHTS` but "label" and "outline".
        copies: path of a near-duplicate under another class for each image, or None.
        others: path of a near-duplicate in another part for each image, or None.
    """

    labels: npt.NDArray[np.intp]
    networks: Probabilities
    outlines: Probabilities
    signals: Mapping[str, Strengths]
    copies: Sequence[str | None]
    others: Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is made of one image; as in `record.AuditImage`."""

    suspicion: float
    suggestion: Suggestion
    likelier: Numeral | None
    reason: str
    signals: dict[str, float]


def judge(evidence: Evidence) -> list[Judgement]:
    """Return what is made of each image, in the order given."""
    shown = shown_classes(evidence)
    own = confident.self_confidence(evidence.labels, shown)
    signals = dict(evidence.signals)
    for name, said in (("label", evidence.networks), ("outline", evidence.outlines)):
        signals[name] = 1 - confident.self_confidence(evidence.labels, said)
    left = own.copy()  # the chance that nothing is wrong: every signal takes its part of it
    for name, strength in evidence.signals.items():
        left *= 1 - WEIGHTS[name] * strength
    suspicion = 1 - left
    return [
        _judged(evidence, k, float(suspicion[k]), shown[k], {n: signals[n][k] for n in WEIGHTS})
        for k in range(len(evidence.labels))
    ]


def shown_classes(evidence: Evidence) -> Probabilities:
    """Return how likely it is that each image shows each class, `float64 N×10`.

    Both opinions are pooled (the mean of their logarithms), each class's by its threshold, and
    weighed by what is plausible for the label given: mostly itself, then what one slip leads to.
    """
    pooled = np.zeros(evidence.networks.shape)
    for said in (evidence.networks, evidence.outlines):
        fair = confident.adjusted(said, confident.thresholds(evidence.labels, said))
        pooled += _TRUST * np.log(np.maximum(fair, 1e-4))
    count = len(CLASSES)
    plausible = (1 - _WRONG) * np.eye(count) + _WRONG * prior()
    weighed = np.exp(pooled) * plausible[evidence.labels]
    result: Probabilities = weighed / weighed.sum(axis=1, keepdims=True)
    return result


def _judged(
    evidence: Evidence, k: int, suspicion: float, shown: Probabilities, found: dict[str, float]
) -> Judgement:
    given = CLASSES[evidence.labels[k]]
    best = CLASSES[int(shown.argmax())]
    likelier = None if best == given else best
    suggestion: Suggestion = "keep"
    if suspicion >= _SHOWN:
        sure = shown.max() >= _READABLE and _both_read(evidence, k, likelier)
        # what is like no other image is no good example of any class
        odd = any(found[name] >= 0.5 for name in ("unlike", "blank", "scribble"))
        suggestion = "relabel" if sure and not odd else "drop"
    reason = _reason(evidence, k, given, likelier, found)
    return Judgement(
        round(min(max(suspicion, 0.0), 1.0), 6),
        suggestion,
        likelier,
        reason,
        {name: round(float(value), 4) for name, value in found.items()},
    )


def _both_read(evidence: Evidence, k: int, likelier: str | None) -> bool:
    """Return whether the networks and the outline reader each take an image for that class."""
    said = {CLASSES[int(each[k].argmax())] for each in (evidence.networks, evidence.outlines)}
    return said == {likelier}


_WORDS: Final[dict[str, str]] = {
    "unlike": "looks like no other image",
    "blank": "is blank, or nearly so",
    "scribble": "has more strokes than a numeral",
    "several": "seems to hold writing in two places",
    "cut": "is cut by the edge of the sheet",
    "light ink": "is light ink on dark paper, which the evaluator sees as it is",
    "size": "is of an unusual size for its class",
    "pen": "is written with an unusual pen",
    "paper": "lies on unusual paper",
    "seeds": "is read differently by networks of different seeds",
}


def _reads(evidence: Evidence, k: int, given: str, likelier: str) -> str:
    """Return that an image reads as another class, and who reads it so."""
    networks, outline = (_best(said[k]) for said in (evidence.networks, evidence.outlines))
    how = slip(given, likelier)
    reads = f"reads {likelier}, not {given}" + (f" ({how})" if how else "")
    if networks.numeral == likelier:
        return f"{reads}: networks give {networks}"
    if outline.numeral == likelier:
        return f"its outline {reads}; networks give {networks}"
    return f"{reads}, all in all: networks give {networks}, its outline {outline}"


class _Best(NamedTuple):
    numeral: str
    probability: float

    def __str__(self) -> str:
        return f"{self.numeral} {self.probability:.0%}"


def _best(said: Probabilities) -> _Best:
    place = int(said.argmax())
    return _Best(CLASSES[place], float(said[place]))


def _reason(
    evidence: Evidence, k: int, given: str, likelier: str | None, found: Mapping[str, float]
) -> str:
    """Return one sentence, the strongest thing first."""
    parts = []
    if likelier is not None:
        parts.append(_reads(evidence, k, given, likelier))
    elif found["label"] >= 0.5:
        parts.append(f"is hard to read as {given}: networks give it {1 - found['label']:.0%}")
    if (copy := evidence.copies[k]) is not None:
        parts.append(f"is a near-duplicate of {copy} under another class")
    strong = sorted(_WORDS, key=lambda name: -WEIGHTS[name] * found[name])
    parts += [_WORDS[name] for name in strong if found[name] >= 0.5][:2]
    if (other := evidence.others[k]) is not None:
        parts.append(f"is a near-duplicate of {other} in the other part")
    if not parts:
        return f"nothing speaks against {given}"
    return "; ".join(parts)
