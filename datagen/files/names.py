"""Names of copies in one folder, no two alike: also where a file system does not tell case apart.

Enters: the name that a copy would have, and what tells its source from others. Leaves: a name.
"""

from itertools import count
from pathlib import PurePosixPath


class DistinctNames:
    """The names given so far; whoever comes first keeps the plain one."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def give(self, name: str, mark: str) -> str:
        """Return a name that no other copy has: `name`, or with a mark before its ending.

        Args:
            name: the plain name, a path below the folder with `/`.
            mark: what tells this source from those that want the same name.

        Example:
            >>> names = DistinctNames()
            >>> [names.give(name, "jpg") for name in ("v/a.png", "v/A.png", "v/a.png")]
            ['v/a.png', 'v/A-jpg.png', 'v/a-jpg-2.png']
        """
        found = name
        path = PurePosixPath(name)
        for number in count(1):
            if found.casefold() not in self._taken:
                break
            more = "" if number == 1 else f"-{number}"
            found = str(path.with_name(f"{path.stem}-{mark}{more}{path.suffix}"))
        self._taken.add(found.casefold())
        return found
