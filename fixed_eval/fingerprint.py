"""What a score belongs to: hashes of the data and of everything here that can move a score.

Dataset fingerprint, byte for byte: for each image file of `train` and `val` one ASCII line
``<split>/<class>/<sha256>`` followed by a newline, where <split> is `train` or `val`, <class> the
class folder's name and <sha256> the lower-case hex digest of the file's bytes; the lines sorted as
byte strings (equal lines stay, so duplicates count), concatenated, and hashed with SHA-256; the
fingerprint is that lower-case hex digest. File names and times do not enter. A test set's
fingerprint is made the same way with the one split name `test`.

Each protocol has a list of frozen files, `frozen/<protocol>.sha256`: the hash of every file that
can move its scores, in the format of `sha256sum`. So another protocol, new or changed, changes none
of them. A test fails when they differ. After a change that is meant, and is a new protocol version:
``python -m fixed_eval.fingerprint --write``.
"""

import hashlib
import importlib.metadata
import json
import platform
import sys
from collections.abc import Iterable
from pathlib import Path

from fixed_eval.protocols.base import Protocol

PACKAGE = Path(__file__).parent
FROZEN = PACKAGE / "frozen"
# What the engines fast and reference compute with. The native one computes by itself: its sources
# fix every bit, so that a score made elsewhere, with other versions, has the same fingerprint.
COMPUTING = ("tensorflow", "keras")


def content_fingerprint(rows: Iterable[tuple[str, str, str]]) -> str:
    """The fingerprint of (split, class, file sha256) rows; see the module for the format."""
    lines = sorted(f"{split}/{name}/{digest}\n".encode() for split, name, digest in rows)
    return hashlib.sha256(b"".join(lines)).hexdigest()


def hash_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_identity(weights: str | None) -> str | None:
    """What tells weights apart: their name, or the hash of their file's content."""
    path = Path(weights) if weights else None
    return hash_file(path) if path and path.is_file() else weights


def source_hashes(protocol: Protocol) -> dict[str, str]:
    """The hashes of the protocol's frozen files as they are now."""
    return {name: hash_file(PACKAGE / name) for name in protocol.files}


def frozen_hashes(protocol: Protocol) -> dict[str, str]:
    """The hashes that the protocol's list has; none where there is no list."""
    path = FROZEN / f"{protocol.name}.sha256"
    if not path.exists():
        return {}
    rows = (line.split("  ", 1) for line in path.read_text(encoding="ascii").splitlines())
    return {name: digest for digest, name in rows}


def changed_sources(protocol: Protocol) -> list[str]:
    """Names of the frozen files that are not as the protocol's list has them."""
    now, frozen = source_hashes(protocol), frozen_hashes(protocol)
    return sorted({name for name, _ in now.items() ^ frozen.items()})


def versions() -> dict[str, str]:
    """Versions of what computes a score, read without importing it."""
    names = ("tensorflow", "keras", "numba", "llvmlite", "numpy")
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in names},
    }


def protocol_fingerprint(
    protocol: Protocol, engine: str, epochs: int, device: str, weights: str | None = None
) -> str:
    """Hex SHA-256 of what a score depends on besides the data and the seed.

    The frozen sources, the protocol's name and version, the engine, the number of epochs (an
    official score runs all of them), the versions of the `COMPUTING` packages where the engine is
    not the native one, the kind of device, and the `weights` that a pretrained base begins with.
    Images that are not plain PNGs are decoded by the
    installed TensorFlow for every engine: of those, that version is part of the data.
    """
    present = versions()
    computing = () if engine == "native" else COMPUTING
    record = {
        "sources": source_hashes(protocol),
        "protocol": [protocol.name, protocol.version],
        "engine": engine,
        "epochs": epochs,
        "versions": [present[name] for name in computing],
        "device": device,
    }
    if weights is not None:
        record["weights"] = weights
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def write_frozen(protocols: Iterable[Protocol]) -> None:
    """Rewrite the lists of `protocols` from the files as they are, and remove all others."""
    FROZEN.mkdir(exist_ok=True)
    for path in FROZEN.glob("*.sha256"):
        path.unlink()
    for protocol in protocols:
        rows = source_hashes(protocol).items()
        text = "".join(f"{digest}  {name}\n" for name, digest in rows)
        (FROZEN / f"{protocol.name}.sha256").write_text(text, encoding="ascii")


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python -m fixed_eval.fingerprint --write")
    from fixed_eval.protocols.registry import PROTOCOLS

    write_frozen(PROTOCOLS.values())
