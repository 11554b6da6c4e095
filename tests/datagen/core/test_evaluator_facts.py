"""What this package repeats of the frozen evaluator's protocol is what the evaluator has."""

from datagen.core import evaluator_facts as facts
from datagen.core.numerals import CLASSES
from fixed_eval.protocols.base import MAX_IMAGES
from fixed_eval.protocols.registry import PROTOCOLS


def test_every_fact_is_the_protocols() -> None:
    protocol = PROTOCOLS[facts.PROTOCOL]
    assert {name for name in vars(facts) if name.isupper()} == {
        "PROTOCOL",
        "ROMAN_PROTOCOLS",
        "OFFICIAL_SEED",
        "OFFICIAL_EPOCHS",
        "BATCH",
        "MAX_IMAGES",
        "SIDE",
    }
    assert {name for name, each in PROTOCOLS.items() if each.classes} == set(facts.ROMAN_PROTOCOLS)
    assert protocol.seed == facts.OFFICIAL_SEED
    assert protocol.epochs == facts.OFFICIAL_EPOCHS
    assert protocol.batch_size == facts.BATCH
    assert facts.MAX_IMAGES == MAX_IMAGES
    assert protocol.image_size == facts.SIDE


def test_the_class_order_is_the_protocols() -> None:
    assert PROTOCOLS[facts.PROTOCOL].classes == CLASSES
