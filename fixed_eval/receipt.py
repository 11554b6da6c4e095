"""Digests of what went into a run and of what came out, for the receipt in `score.json`.

Enters: splits in memory and logits. Leaves: the first 16 hex digits of a SHA-256.
"""

import hashlib

from fixed_eval.data import Split
from fixed_eval.training import DIGITS, Logits


def order_digest(splits: tuple[Split, ...]) -> str:
    """The digest of the images' file hashes in the order in which they were read.

    File names decide that order, and the order decides every batch; names alone do not matter.
    """
    lines = (f"{split.name}/{digest}\n" for split in splits for digest in split.file_sha256)
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:DIGITS]


def predictions_digest(logits: Logits, split: Split) -> str:
    """The digest of the float32 logits, rows by label and then by the file's hash.

    So it does not depend on file names, as a fingerprint does not.
    """
    rows = sorted(
        range(len(split)), key=lambda row: (split.files[row].label, split.file_sha256[row])
    )
    return hashlib.sha256(logits[rows].astype("<f4").tobytes()).hexdigest()[:DIGITS]
