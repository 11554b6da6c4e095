"""What the numbers of a score say, in sentences, without HTML."""

from datagen.datasets.leakage import known_in_words
from datagen.evaluation.records import Metrics, Score, TestResult
from datagen.evaluation.summary import Summary, TestSummary, short_path

_WORST: int = 2  # classes named as the weakest


def findings(score: Score, summary: Summary) -> list[str]:
    """Return what a person should take from the report, most important first."""
    found = [_learning(score)]
    for result, test in zip(score.tests, summary.tests, strict=True):
        found += [_gap(test, summary), _weakest(result.metrics, short_path(test.path))]
        if test.leaked:
            found.append(leakage(test))
        if test.in_split_warning:
            found.append(f"{test.in_split_warning}.")
    if not score.tests:
        found.append(_weakest(score.val, "val"))
    if len(summary.runs) > 1:
        found.append(f"The details below, classes and images, are those of seed {score.seed}.")
    return found


def _learning(score: Score) -> str:
    """Say how far train accuracy is above val accuracy at the end."""
    last, chosen = score.history[-1], score.history[score.chosen_epoch - 1]
    best = max(score.history, key=lambda row: row.val_accuracy)
    is_best = chosen.val_accuracy == best.val_accuracy
    text = (
        f"Of {len(score.history)} epochs, epoch {score.chosen_epoch} "
        + (
            f"has the best val accuracy, {chosen.val_accuracy:.3f}, and its weights are the ones "
            "scored"
            if is_best
            else f"is the one that the protocol keeps, with a val accuracy of "
            f"{chosen.val_accuracy:.3f} (the best was {best.val_accuracy:.3f}, in epoch "
            f"{best.epoch})"
        )
        + f"; train accuracy was {chosen.accuracy:.3f} there and ended at {last.accuracy:.3f}."
    )
    if score.chosen_epoch == len(score.history) and is_best:
        return text + " The best epoch is the last one: it was still learning."
    if last.accuracy - chosen.val_accuracy > 0.2:
        return text + (
            f" That is {last.accuracy - chosen.val_accuracy:.2f} above the val accuracy: "
            "overfitting. More varied data, or labels that agree, would make the gap smaller."
        )
    return text


def _gap(test: TestSummary, summary: Summary) -> str:
    """Say whether val accuracy predicted test accuracy."""
    drop = summary.val.mean - test.accuracy.mean
    name = short_path(test.path)
    low, high = test.interval
    if low <= summary.val.mean <= high:
        return f"On {name} the accuracy equals that on val, within the interval of the test set."
    if drop > 0:
        return (
            f"On {name} the accuracy is {drop:.3f} below that on val: val is easier than the test, "
            "or like train in ways in which the test is not."
        )
    return f"On {name} the accuracy is {-drop:.3f} above that on val: val is the harder set."


def _weakest(metrics: Metrics, name: str) -> str:
    """Name the classes that fail most, and the commonest confusions."""
    known = [each for each in metrics.classes if each.recall is not None and each.support]
    worst = sorted(known, key=lambda each: each.recall or 0.0)[:_WORST]
    wrong = metrics.accuracy.images - metrics.accuracy.correct
    if not wrong:
        return f"On {name} every image is right."
    classes = " and ".join(
        f"{each.name} ({round((each.recall or 0.0) * each.support)} of {each.support} right)"
        for each in worst
    )
    top = metrics.top_confusions[:3]
    share = sum(each.count for each in top) / wrong
    words = ", ".join(each.words.replace(" ", "\u00a0") for each in top)
    return (
        f"On {name} the weakest classes are {classes}; {words} "
        f"{'make' if len(top) > 1 else 'makes'} up {share:.0%} of the {wrong:,} mistakes."
    )


def leakage(test: TestSummary) -> str:
    """Say how many test images the dataset holds too, and what is left without them."""
    clean = (
        f"without them the accuracy is {test.leak_free.mean:.4f} instead of "
        f"{test.accuracy.mean:.4f}"
        if test.leak_free
        else "no other image is left"
    )
    known = known_in_words(
        short_path(test.path), test.images, leaked=test.leaked, parents=test.parents
    )
    return f"{known}: {clean}."


def confidence(result: TestResult) -> str:
    """Say how sure the network was when it was wrong."""
    wrong = [max(image.probabilities) for image in result.results if not image.hit]
    if not wrong:
        return "No image is wrong."
    sure = sum(probability >= 0.9 for probability in wrong)
    return (
        f"{sure:,} of {len(wrong):,} mistakes were made with a probability of 0.9 or more. Look "
        "for wrong labels and unreadable images as well as for what the training data lack."
    )
