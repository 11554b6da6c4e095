"""What the frozen evaluator's protocol fixes, as constants: the one place where we repeat it.

`fixed_eval/protocols/` is the source. This package never imports it; a test holds every constant
here to it, and `datagen.core.numerals.CLASSES` to its class order.
"""

from typing import Final

PROTOCOL: Final = "cutoff-resnet50"
"""Name of the protocol that scores are made by unless another one is asked for."""

ROMAN_PROTOCOLS: Final = (PROTOCOL, "cutoff-resnet50-earlystop")
"""Protocols that know our ten classes only; the others take those of the dataset's folders."""

OFFICIAL_SEED: Final = 123
"""Seed of an official score; the seeds of further runs follow it."""

OFFICIAL_EPOCHS: Final = 100
"""Epochs of an official score."""

BATCH: Final = 8
"""Images per training step; the published script counts its budget in such batches."""

MAX_IMAGES: Final = 10_000
"""The budget, train + val: a rule of the 2021 Data-Centric AI Competition."""

SIDE: Final = 32
"""Side of the network's square input, in pixels."""
