"""Everything that one evaluation reads: the dataset, further training folders, the test sets.

Enters: folders and a protocol. Leaves: splits in memory; and, at the end, that no file has changed
meanwhile.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fixed_eval import data, fingerprint
from fixed_eval.data import ImageFile, Split
from fixed_eval.errors import ChangedError, InputError, RuleError
from fixed_eval.protocols.base import Protocol


@dataclasses.dataclass(frozen=True)
class Listed:
    """The files of one evaluation, found but not read."""

    train: list[ImageFile]
    val: list[ImageFile]
    extra: list[list[ImageFile]]
    tests: list[list[ImageFile]]


@dataclasses.dataclass(frozen=True)
class Inputs:
    """The images of one evaluation.

    Attributes:
        train: The dataset's training images.
        val: Its validation images.
        extra: Those of the further training folders, one split each.
        tests: The test sets.
    """

    train: Split
    val: Split
    extra: tuple[Split, ...]
    tests: tuple[Split, ...]

    @property
    def dataset(self) -> tuple[Split, Split]:
        """Train and val."""
        return self.train, self.val

    @property
    def parts(self) -> tuple[int, ...]:
        """How many images each training folder has."""
        return tuple(map(len, (self.train, *self.extra)))

    def learned(self) -> Split:
        """All that is trained on, the further folders behind the dataset's own images."""
        return _joined((self.train, *self.extra)) if self.extra else self.train


def list_inputs(
    dataset: Path, protocol: Protocol, seed: int, *, extra: Sequence[Path], tests: Sequence[Path]
) -> Listed:
    """Find all files, and refuse what breaks a rule before any is read.

    Raises:
        RuleError: If the dataset breaks a rule (budget, classes).
        InputError: If something is missing.
    """
    train, val, further = data.list_dataset(dataset, protocol, seed, extra)
    return Listed(train, val, further, [_list_test(folder, protocol) for folder in tests])


def _list_test(folder: Path, protocol: Protocol) -> list[ImageFile]:
    files = data.list_split(folder, protocol, shuffle_seed=None)
    if not files:
        raise InputError(f"{folder} holds no images in class folders {' '.join(protocol.classes)}")
    return files


def load_inputs(files: Listed, protocol: Protocol) -> Inputs:
    """Read, decode and resize everything.

    Raises:
        InputError: If a file cannot be read or decoded.
        RuleError: If a further training folder holds pictures of val.
    """
    inputs = Inputs(
        train=data.load_split("train", files.train, protocol),
        val=data.load_split("val", files.val, protocol),
        extra=tuple(data.load_split("train", each, protocol) for each in files.extra),
        tests=tuple(data.load_split("test", each, protocol) for each in files.tests),
    )
    _refuse_val_pictures(inputs)
    return inputs


def _refuse_val_pictures(inputs: Inputs) -> None:
    val = set(inputs.val.pixel_sha256)
    for split in inputs.extra:
        shared = [
            file.path
            for file, digest in zip(split.files, split.pixel_sha256, strict=True)
            if digest in val
        ]
        if shared:
            raise RuleError(
                f"{len(shared):,} of the {len(split):,} further training images, such as "
                f"{shared[0]}, are in val, which chooses the epoch: leave them out"
            )


def _joined(splits: Sequence[Split]) -> Split:
    """Splits one behind the other, as one."""
    return Split(
        name=splits[0].name,
        files=tuple(file for split in splits for file in split.files),
        images=np.concatenate([split.images for split in splits]),
        labels=np.concatenate([split.labels for split in splits]),
        file_sha256=tuple(digest for split in splits for digest in split.file_sha256),
        pixel_sha256=tuple(digest for split in splits for digest in split.pixel_sha256),
    )


def check_unchanged(folder: Path, split: Split, protocol: Protocol) -> None:
    """Read every file of `split` again: a score belongs to the data as it was all the time.

    Raises:
        ChangedError: If a file came, went, or has other bytes.
    """
    try:
        files = data.list_split(folder, protocol, shuffle_seed=None)
        now = {file.relative: fingerprint.hash_file(file.path) for file in files}
    except OSError as error:
        raise ChangedError(f"{folder} changed while it was evaluated: {error}") from error
    before = {
        file.relative: digest for file, digest in zip(split.files, split.file_sha256, strict=True)
    }
    changed = sorted(name for name, _ in now.items() ^ before.items())
    if changed:
        raise ChangedError(
            f"{folder} changed while it was evaluated ({changed[0]}"
            + (", and others" if len(set(changed)) > 1 else "")
            + "); there is no score: evaluate it again"
        )
