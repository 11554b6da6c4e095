"""Label algebra: what moving the ink does to what is written. Facts only; no image enters.

A mirrored IV is a VI; a mirrored VII is no numeral at all. The tables say, for every move and
case, which class each of the ten becomes, `-` where it becomes none of them; `Limits` says how
far a numeral may lean and shift and still be read.
"""

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from pipelines.errors import WrongLabelError

Move = Literal["mirror", "flip", "half turn", "quarter turn", "remove stroke", "add stroke"]
Style = Literal["lower", "upper", "mixed", "unknown"]

CLASSES: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
MOVES: Final[tuple[Move, ...]] = get_args(Move)
STYLES: Final[tuple[Style, ...]] = get_args(Style)

# A capital X may carry bars: a quarter turn stands them upright beside it, and it reads IXI.
_UPPER: Final[dict[Move, str]] = {
    #                i   ii   iii  iv  v   vi  vii  viii  ix  x
    "mirror":        "i   ii   iii  vi  v   iv  -    -     -   x",
    "flip":          "i   ii   iii  -   -   -   -    -     ix  x",
    "half turn":     "i   ii   iii  -   -   -   -    -     -   x",
    "quarter turn":  "-   -    -    -   -   -   -    -     -   -",
    "remove stroke": "-   i    ii   -   -   v   vi   vii   -   -",
    "add stroke":    "ii  iii  -    -   -   vii viii -     -   -",
}  # fmt: skip
# A lower-case i carries a dot, which a mirror leaves above it and a flip hangs below.
_LOWER: Final[dict[Move, str]] = _UPPER | {
    "flip":          "-   -    -    -   -   -   -    -     -   x",
    "half turn":     "-   -    -    -   -   -   -    -     -   x",
    "quarter turn":  "-   -    -    -   -   -   -    -     -   x",
}  # fmt: skip

_WHY: Final[dict[Move, str]] = {
    "mirror": "mirrored, it reads {backwards}, which is no class",
    "flip": "upside down, its v would open downwards or a dot of its i hang below",
    "half turn": "turned by 180°, it reads backwards, a v opens downwards, a dot hangs below",
    "quarter turn": "turned by 90°, its strokes or bars lie on their side",
    "remove stroke": "it has no upright stroke to remove that leaves another class",
    "add stroke": "one more stroke makes it no class",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a whole pipeline may go before a numeral is read as another, or not at all.

    Attributes:
        turn: degrees; at 45 an x is a plus, a v an angle bracket's half.
        shear: degrees; beyond it the two arms of a v lean the same way.
        shift: share of a side by which ink may leave the sheet; margins of the organisers' scans
            are about that wide.
        shrink: least scale; at the evaluator's 32×32 a smaller iii is one blot.
        enlarge: largest scale, beyond which letters leave the sheet.
    """

    turn: float = 45.0
    shear: float = 30.0
    shift: float = 0.25
    shrink: float = 0.5
    enlarge: float = 1.5


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Effect:
    """The most that a step may do to what is written.

    Attributes:
        moves: the moves it may make; any one of them.
        turn: largest angle, degrees; below `LIMITS.turn` for a numeral to be read.
        shear: largest angle, degrees.
        shift: largest share of a side that ink moves or loses.
        scale: smallest and largest factor.
    """

    moves: tuple[Move, ...] = ()
    turn: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    scale: tuple[float, float] = field(default=(1.0, 1.0))

    def then(self, other: "Effect") -> "Effect":
        """Return the most that this step and then `other` may do together, moves left out."""
        return Effect(
            turn=self.turn + other.turn,
            shear=self.shear + other.shear,
            shift=self.shift + other.shift,
            scale=(
                min(self.scale[0], 1.0) * min(other.scale[0], 1.0),
                max(self.scale[1], 1.0) * max(other.scale[1], 1.0),
            ),
        )


def becomes(move: Move, numeral: str, style: Style) -> str | None:
    """Return the class that `numeral` shows after `move`, None where it shows none.

    Mixed and unknown case take the strictest: what capitals and small letters agree on.

    Raises:
        ValueError: the move, class or style is not one of ours.
    """
    if move not in MOVES or numeral not in CLASSES or style not in STYLES:
        raise ValueError(f"no rule for {move!r} of {numeral!r} in {style!r} case")
    return _BECOMES[style][move][numeral]


def outcome(effect: Effect, op: str, numeral: str, style: Style) -> str:
    """Return the class that `numeral` shows after a step.

    Raises:
        WrongLabelError: it may show none.
    """
    shown = numeral
    for move in effect.moves:
        after = becomes(move, numeral, style)
        if after is None:
            reason = _WHY[move].format(backwards=numeral[::-1])
            raise WrongLabelError(op, numeral, style, reason)
        shown = after
    return shown


def check_limits(total: Effect, op: str, numeral: str, style: Style) -> None:
    """Refuse what leans or moves too far for any numeral.

    Raises:
        WrongLabelError: it goes beyond `LIMITS`.
    """
    low, high = total.scale
    for refused, reason in (
        (total.turn >= LIMITS.turn, f"it may turn {total.turn:g}°; below {LIMITS.turn:g}° is read"),
        (
            total.shear > LIMITS.shear,
            f"it may lean {total.shear:g}°; the limit is {LIMITS.shear:g}°",
        ),
        (
            total.shift > LIMITS.shift,
            f"it may move or cut {total.shift:.0%} of the sheet; the limit is {LIMITS.shift:.0%}",
        ),
        (
            low < LIMITS.shrink or high > LIMITS.enlarge,
            f"it may scale by {low:g} … {high:g}; {LIMITS.shrink:g} … {LIMITS.enlarge:g} is read",
        ),
    ):
        if refused:
            raise WrongLabelError(op, numeral, style, f"{reason}; reduce it")


def _table(rows: dict[Move, str]) -> dict[Move, dict[str, str | None]]:
    return {
        move: {
            numeral: None if shown == "-" else shown
            for numeral, shown in zip(CLASSES, row.split(), strict=True)
        }
        for move, row in rows.items()
    }


def _agreed() -> dict[Move, dict[str, str | None]]:
    upper, lower = _table(_UPPER), _table(_LOWER)
    return {
        move: {
            numeral: shown if shown == lower[move][numeral] else None
            for numeral, shown in upper[move].items()
        }
        for move in MOVES
    }


_BECOMES: Final[dict[Style, dict[Move, dict[str, str | None]]]] = {
    "upper": _table(_UPPER),
    "lower": _table(_LOWER),
    "mixed": _agreed(),
    "unknown": _agreed(),
}
