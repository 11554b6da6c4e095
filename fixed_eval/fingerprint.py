"""What a score belongs to: hashes of the data and of everything here that can move a score.

Dataset fingerprint, byte for byte: for each image file of `train` and `val` one ASCII line
``<split>/<class>/<sha256>`` followed by a newline, where <split> is `train` or `val`, <class> the
class folder's name and <sha256> the lower-case hex digest of the file's bytes; the lines sorted as
byte strings (equal lines stay, so duplicates count), concatenated, and hashed with SHA-256; the
fingerprint is that lower-case hex digest. File names and times do not enter. A test set's
fingerprint is made the same way with the one split name `test`.

`FROZEN.sha256` lists the hash of every file that can move a score, in the format of `sha256sum`. A
test fails when they differ. After a change that is meant, and is a new protocol version:
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
FROZEN = PACKAGE / "FROZEN.sha256"
FROZEN_FILES = (
    "data.py",
    "decoding.py",
    "engines/fast.py",
    "engines/native/blocks.py",
    "engines/native/build.py",
    "engines/native/compiled.py",
    "engines/native/convolutions.py",
    "engines/native/engine.py",
    "engines/native/exact.py",
    "engines/native/intrinsics.py",
    "engines/native/layers.py",
    "engines/native/matmul.py",
    "engines/native/network.py",
    "engines/native/plan.py",
    "engines/native/statistics.py",
    "engines/native/team.py",
    "engines/native/winograd.py",
    "engines/reference.py",
    "heldout.py",
    "image_size.py",
    "initial_weights.py",
    "metrics.py",
    "network.py",
    "order.py",
    "philox.py",
    "png.py",
    "protocol.py",
    "receipt.py",
    "resize.py",
    "runtime.py",
    "score.py",
    "training.py",
)
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


def source_hashes() -> dict[str, str]:
    """The hashes of the frozen files as they are now."""
    return {name: hash_file(PACKAGE / name) for name in FROZEN_FILES}


def frozen_hashes() -> dict[str, str]:
    """The hashes that `FROZEN.sha256` lists."""
    rows = (line.split("  ", 1) for line in FROZEN.read_text(encoding="ascii").splitlines())
    return {name: digest for digest, name in rows}


def changed_sources() -> list[str]:
    """Names of the frozen files that are not as `FROZEN.sha256` has them."""
    return sorted({name for name, _ in source_hashes().items() ^ frozen_hashes().items()})


def versions() -> dict[str, str]:
    """Versions of what computes a score, read without importing it."""
    names = ("tensorflow", "keras", "numba", "llvmlite", "numpy")
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in names},
    }


def protocol_fingerprint(protocol: Protocol, engine: str, epochs: int, device: str) -> str:
    """Hex SHA-256 of what a score depends on besides the data and the seed.

    The frozen sources, the protocol's name and version, the engine, the number of epochs (an
    official score runs all of them), the versions of the `COMPUTING` packages where the engine is
    not the native one, and the kind of device. Images that are not plain PNGs are decoded by the
    installed TensorFlow for every engine: of those, that version is part of the data.
    """
    present = versions()
    computing = () if engine == "native" else COMPUTING
    record = {
        "sources": source_hashes(),
        "protocol": [protocol.name, protocol.version],
        "engine": engine,
        "epochs": epochs,
        "versions": [present[name] for name in computing],
        "device": device,
    }
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def write_frozen() -> None:
    """Rewrite `FROZEN.sha256` from the files as they are."""
    text = "".join(f"{digest}  {name}\n" for name, digest in source_hashes().items())
    FROZEN.write_text(text, encoding="ascii")


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python -m fixed_eval.fingerprint --write")
    write_frozen()
