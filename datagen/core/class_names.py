"""Which class a folder's name means, where it is a class's name written in another way.

Enters: a name. Leaves: a class, or None where nobody can be sure. Pure functions.
"""

import re
import unicodedata
from typing import Final, get_args

from datagen.core.numerals import Numeral

_CLASSES: Final[dict[str, Numeral]] = {name: name for name in get_args(Numeral)}
_LETTERS: Final = str.maketrans(
    # drawn like i, v or x in many typefaces: Latin l, the bar, Cyrillic, Greek, the times sign
    {
        **dict.fromkeys("l|1ıіӏι", "i"),
        **dict.fromkeys("ѵνᴠ∨", "v"),
        **dict.fromkeys("хχ×✕", "x"),
    }
)
_FILLERS: Final = {"class", "klasse", "classe", "clase", "label", "numeral", "roman", "copy", "of"}
_COPY_NUMBER: Final = re.compile(r"\(\d+\)\s*$")  # "iv (2)": a file manager's second iv


def meant_class(name: str) -> Numeral | None:
    """Return the class that a name surely means, None for all others.

    Sure are another case (`III`), spaces and signs around it (`iv `, `_v_`), letters that look the
    same (`viil`, a Cyrillic `х`, `Ⅳ`), the number (`4`, `04`), and words beside it (`class_iv`).
    What is only near to a class (`xi`, `viiii`, `u`) or a word (`one`) is none.

    Example:
        >>> meant_class("Class IV"), meant_class("xi")
        ('iv', None)
    """
    if re.match(r"\s*-\d", name):  # -1: by custom what has no label
        return None
    words = _words(name)
    found = {_one_word(word) for word in words}
    return found.pop() if len(found) == 1 else None


def _words(name: str) -> list[str]:
    """Return the words of a name, accents and words that say nothing left out."""
    plain = unicodedata.normalize("NFKD", _COPY_NUMBER.sub("", name))
    plain = "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Cf"))
    words = re.split(r"[^\w|×✕∨]|_", plain)
    return [word for word in words if word and word.casefold() not in _FILLERS]


def _one_word(word: str) -> Numeral | None:
    if word.isdecimal():  # before letters: 11 is a number, not ii
        position = int(word) if len(word) < 4 else 0
        return list(_CLASSES.values())[position - 1] if 1 <= position <= len(_CLASSES) else None
    alone = re.sub(r"^class(?=.)", "", word, flags=re.IGNORECASE)  # "classiv"
    if "L" in alone:  # fifty; a small l is drawn like an i
        return None
    return _CLASSES.get(alone.casefold().translate(_LETTERS))
