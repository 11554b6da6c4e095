"""The table of all candidates. On a phone each row becomes a small card, its cells named."""

from pathlib import Path

from datagen.reports.html.markup import Markup, html, join, section, tag
from datagen.sweeps.page.colours import Scale, scale_of
from datagen.sweeps.results import words
from datagen.sweeps.results.ranking import Answer, CandidateResult, SweepAccuracy


def listing(answer: Answer) -> Markup:
    """Return the section."""
    scored: list[str] = [answer.ranked_by]
    scored += [f"test {Path(images.path).name}" for images in answer.tests]
    if answer.ranked_by != "val":
        scored.append("val")
    names = ["candidate", *scored, "to the best", "trained", "seconds"]
    head = tag("tr", tag("th", "", scope="col"), *(tag("th", n, scope="col") for n in names))
    rows = [
        _row(answer, rank, candidate, names) for rank, candidate in enumerate(answer.candidates, 1)
    ]
    return section(
        "All candidates",
        tag(
            "figure",
            tag("table", tag("thead", head), tag("tbody", join(rows)), style="candidates"),
            tag("figcaption", _caption(answer)),
        ),
        lead="Best first: what ran to the end, then what was stopped, then what failed.",
    )


def _caption(answer: Answer) -> str:
    text = "Accuracy ± standard deviation over the seeds, and its 95 % interval over the images."
    if answer.judge is not None:
        text += (
            f" To the best: difference of accuracy on {words.set_name(answer, answer.judge)}, on "
            "the same images and seeds; ≈ where it is within noise, by p-values corrected for how "
            "many candidates are compared with the best (Holm)."
        )
    return text


def _row(answer: Answer, rank: int, candidate: CandidateResult, names: list[str]) -> Markup:
    is_best = answer.best is not None and candidate.id == answer.best.id
    found = [answer.score(candidate), *(answer.on(candidate, images) for images in answer.tests)]
    if answer.ranked_by != "val":
        found.append(candidate.val)
    colours = scale_of(answer) if candidate in answer.finished else None
    cells = [
        *(_score(each, colours) for each in found[: 1 + len(answer.tests)]),
        *(_score(each, None) for each in found[1 + len(answer.tests) :]),
        html(_to_best(candidate, is_best=is_best)),
        _state(answer, candidate),
        html(
            f"{candidate.seconds:,.0f}"
            + (f" ({candidate.cached} cached)" if candidate.cached else "")
        ),
    ]
    named = [
        Markup(f'<td data-name="{html(name)}">{cell}</td>')
        for name, cell in zip(names[1:], cells, strict=True)
    ]
    notes = [tag("div", error, style="soft") for error in candidate.errors]
    return tag(
        "tr",
        tag("td", rank, style="rank"),
        tag("th", candidate.name, *notes, scope="row"),
        *named,
        style="best" if is_best else candidate.state,
    )


def _score(found: SweepAccuracy | None, colours: Scale | None) -> Markup:
    if found is None:
        return html("–")
    std = "" if found.std is None else f" ± {found.std:.4f}"
    shown = tag("b", f"{found.mean:.4f}")
    if colours is not None:
        paint = f"background:{colours.fill(found.mean)};color:{colours.text(found.mean)}"
        shown = Markup(f'<b style="{paint};padding:0 .3em">{found.mean:.4f}</b>')
    parts: list[object] = [shown, std]
    if found.interval is not None:
        parts.append(tag("span", f"{found.interval[0]:.3f}–{found.interval[1]:.3f}", style="soft"))
    return join(parts)


def _to_best(candidate: CandidateResult, *, is_best: bool) -> str:
    if is_best:
        return "best"
    if candidate.to_best is None:
        return "–"
    sign = "" if candidate.to_best.real else "≈ "
    return f"{sign}{candidate.to_best.accuracy.mean:+.4f}".replace("-", "−")


def _state(answer: Answer, candidate: CandidateResult) -> Markup:
    marked = words.mark(candidate)
    badge = tag("span", marked, style="badge alarm") if marked else ""
    return join((words.state(candidate, answer), " ", badge))
