"""What a sweep's answer says, in sentences, without HTML or colours."""

from collections import Counter

from datagen.core.text import duration
from datagen.evaluation.compare import ALPHA, Difference
from datagen.evaluation.process import PARTS, identity
from datagen.evaluation.summary import short_path
from datagen.sweeps.results.advice import misled
from datagen.sweeps.results.ranking import Answer, CandidateResult, ImageSet, SweepAccuracy


def ranked_by(answer: Answer) -> str:
    """Say what decided the order, and that the test images did not."""
    if answer.selection is not None:
        chosen = answer.selection
        text = (
            f"Ranked by accuracy on the selection set {short_path(chosen.path)} "
            f"({chosen.images:,} images)"
        )
    else:
        text = "Ranked by val accuracy, each dataset on its own val images"
    if answer.tests:
        return f"{text}; the test images decided nothing."
    return f"{text}; there is no test set, so nothing here shows how it does on unseen data."


def best(answer: Answer) -> str:
    """Name the best candidate with its score; say why there is none."""
    if answer.best is None:
        return "No candidate has run to the end, so there is no best one yet."
    candidate = answer.best
    text = f"{candidate.name}: {score(answer.score(candidate))} on {decider(answer)}"
    for images in answer.tests:
        found = answer.on(candidate, images)
        if found is not None:
            text += f", {score(found)} on test {short_path(images.path)}"
    return text + f" ({', '.join(filter(None, (seeds(candidate), mark(candidate))))})."


def decider(answer: Answer) -> str:
    """Return the name of what the candidates were ranked by: `selection roman/dev` or `val`."""
    return "val" if answer.selection is None else set_name(answer, answer.selection)


def set_name(answer: Answer, images: ImageSet) -> str:
    """Return a set's short name after its role: `selection roman/dev`, `test roman/book`."""
    chosen = answer.selection is not None and images.fingerprint == answer.selection.fingerprint
    return f"{'selection' if chosen else 'test'} {short_path(images.path)}"


def score(accuracy: SweepAccuracy | None) -> str:
    """Return `0.6538 ± 0.0110`, or a dash."""
    return "–" if accuracy is None else str(accuracy.spread)


def seeds(candidate: CandidateResult) -> str:
    """Return `2 seeds`."""
    return f"{len(candidate.seeds)} seed{'' if len(candidate.seeds) == 1 else 's'}"


def verdict(answer: Answer) -> str:
    """Say whether the best candidate beats the next by more than noise."""
    if answer.best is None:
        return "There is nothing to compare."
    if answer.lead is None:
        return "No other candidate ran to the end, so it cannot be said whether the best beats one."
    lead = answer.lead
    if lead.difference is None or lead.on is None:
        return f"Whether it beats the next, {lead.next.name}, by more than noise is not known: " + (
            "the two share no seed."
            if answer.judge is not None
            else "every candidate has its own val images; a selection set or a test set "
            "would show it."
        )
    text = f"{_compared(lead.next.name, lead.difference)} {_evidence(lead.difference)}"
    text = f"{text} on {set_name(answer, lead.on)}."
    if not lead.ranked:
        text += " This test set was read after the ranking and did not change the order."
    return text + _remedy(lead.difference)


def _compared(following: str, found: Difference) -> str:
    if found.real and found.accuracy.mean > 0:
        return f"It beats the next, {following}, by more than noise:"
    if found.real:
        return f"The next, {following}, is better by more than noise:"
    if found.accuracy.mean < 0:
        return f"The next, {following}, is as good or better, within noise:"
    return f"It does not beat the next, {following}, by more than noise:"


def _evidence(found: Difference) -> str:
    """Return the difference, best minus next, and how likely chance makes one as large."""
    std = "" if found.accuracy.std is None else f" ± {found.accuracy.std:.4f}"
    text = f"{found.accuracy.mean:+.4f}{std}"
    if found.p_seeds is not None:
        chances = f"{p_value(found.p_images)} over images, {p_value(found.p_seeds)} over seeds"
    else:
        chances = (
            f"{found.row_only} images right only by the best, {found.best_only} only by the next, "
            f"{p_value(found.p_images)}"
        )
    return f"{text} ({chances}{_corrected(found)})"


def _corrected(found: Difference) -> str:
    """Say what becomes of the p-value where the best was compared with more than one."""
    if found.compared < 2:
        return ""
    larger = "" if found.p_seeds is None else "the larger one "
    return (
        f"; {larger}corrected to {p_value(found.p)} by Holm's method, the best being compared with "
        f"{found.compared:,} others"
    )


def _remedy(found: Difference) -> str:
    """Say what would decide an open question."""
    if found.real or found.p_seeds is None or found.p_images * found.compared >= ALPHA:
        return ""
    return " Other images would hardly change that, other seeds may: use more seeds."


def p_value(value: float) -> str:
    """Return `p 0.012`."""
    return "p < 0.001" if value < 0.001 else f"p {value:.3f}"


def rivals(answer: Answer) -> str:
    """Say how many candidates differ from the best by more than noise; empty where not known."""
    found = [candidate.to_best for candidate in answer.finished if candidate.to_best is not None]
    if len(found) < 2 or answer.judge is None:
        return ""
    better = sum(each.real and each.accuracy.mean > 0 for each in found)
    counted = [
        (sum(each.real and each.accuracy.mean < 0 for each in found), "worse by more than noise"),
        (sum(not each.real for each in found), "within noise of it"),
        (better, "better by more than noise, though ranked below"),
    ]
    parts = ", ".join(f"{count} {text}" for count, text in counted if count)
    text = (
        f"Of the {len(found)} other candidates, on {set_name(answer, answer.judge)}: {parts} "
        f"(p-values corrected by Holm's method for {len(found):,} comparisons)."
    )
    if len(answer.seeds) == 2:  # Student's t with one degree of freedom: 12.7 at 5 %, one rival
        text += " Two seeds seldom tell candidates apart; use three or more, on few candidates."
    return text


def state(candidate: CandidateResult, answer: Answer) -> str:
    """Return how far a candidate came: `100 epochs`, `stopped at 10`, `failed`."""
    if candidate.state == "failed":
        return "failed"
    if candidate.state == "stopped":
        return f"stopped at {candidate.epochs}"
    text = f"{candidate.epochs} epoch{'' if candidate.epochs == 1 else 's'}"
    if candidate.state == "partly":
        reasons = Counter(candidate.missing.values())
        lacking = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        text += f", {len(candidate.seeds)} of {len(answer.seeds)} seeds ({lacking})"
    return text


def mark(candidate: CandidateResult) -> str:
    """Return the mark of a score that is not official; nothing where it is."""
    if candidate.official or candidate.state in {"stopped", "failed"}:
        return ""
    return "NOT OFFICIAL"


def cost(answer: Answer) -> list[str]:
    """Say what was spent and what was saved, a sentence each."""
    spent = answer.cost
    said = [
        f"Spent: {duration(spent.seconds)} of work, {duration(spent.build_seconds)} building and "
        f"{duration(spent.evaluate_seconds)} evaluating {spent.trials:,} trials."
    ]
    if spent.stopped:
        stopped = f"{spent.stopped:,} trial{'' if spent.stopped == 1 else 's'}"
        if spent.epochs_saved is None or spent.stopped_seconds is None:
            said.append(f"Stopped early: {stopped}; what that saved is not known yet.")
        else:
            said.append(
                f"Saved by stopping {stopped} early: {spent.epochs_saved:,} epochs, about "
                f"{duration(spent.stopped_seconds)}."
            )
    reused = f"{spent.datasets_reused:,} of {spent.datasets:,} datasets reused"
    if spent.cached:
        about = (
            ""
            if spent.cached_seconds is None
            else f", about {duration(spent.cached_seconds)} of evaluating"
        )
        said.append(f"Saved by the cache: {spent.cached:,} scores known already{about}; {reused}.")
    elif spent.datasets_reused:
        said.append(f"Saved by the cache: {reused}.")
    return said


def notes(answer: Answer) -> list[str]:
    """Return the warnings that belong to the answer."""
    said = misled(answer)
    if not answer.official:
        said.append("scores marked NOT OFFICIAL (such as previews) are for a first look only")
    if answer.to_come:
        trials = f"{answer.to_come:,} trial{'' if answer.to_come == 1 else 's'}"
        said.append(f"the sweep is not finished: {trials} to come, so the order may change")
    if any(candidate.state == "partly" for candidate in answer.candidates):
        said.append("candidates that lack a seed rank below those that have all")
    if any(candidate.state == "stopped" for candidate in answer.candidates):
        said.append("a stopped candidate's score is of the epoch it had reached, not of the last")
    if len(answer.seeds) == 1 and len(answer.finished) > 1:
        said.append("one seed does not show how far a score moves from run to run")
    if any(candidate.evaluators - {identity()} for candidate in answer.candidates):
        said.append(
            f"scored by another evaluator than the one installed here ({PARTS}): an older one may "
            "count leaked images in another way; sweep again into another folder"
        )
    return said + _leaks(answer)


def _leaks(answer: Answer) -> list[str]:
    """Say of every set which candidates' datasets know images of it."""
    said = []
    for images in (*((answer.selection,) if answer.selection else ()), *answer.tests):
        found = [(each, answer.on(each, images)) for each in answer.candidates]
        known = [(each, on.leaked) for each, on in found if on is not None and on.leaked]
        if known:
            most, count = max(known, key=lambda pair: pair[1])
            others = f" ({len(known) - 1} other candidates too, of some)" if known[1:] else ""
            said.append(
                f"some images are leaked: {most.name} contains or was made from {count:,} of the "
                f"{images.images:,} images of {set_name(answer, images)}{others}; its accuracy "
                "there is too high, and candidates are ordered by the leak-free one"
            )
    return said
