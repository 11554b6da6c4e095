"""What every evaluator protocol promises, and that `datagen` plans for the same rules."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.core.budget import BATCH, ELIGIBLE_BUDGET, Count
from datagen.core.evaluator_facts import OFFICIAL_SEED
from datagen.core.evaluator_resize import SIDE
from datagen.core.numerals import CLASSES
from datagen.evaluation.evaluate import EvaluationRequest
from fixed_eval.errors import BudgetError, EvaluatorError
from fixed_eval.fingerprint import protocol_fingerprint
from fixed_eval.protocols.base import Protocol
from fixed_eval.protocols.registry import PROTOCOLS, get_protocol

EVERY = pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=lambda protocol: protocol.name)


@EVERY
def test_it_is_found_by_its_name(protocol: Protocol) -> None:
    assert get_protocol(protocol.name) is protocol
    assert re.fullmatch(r"[a-z0-9-]+", protocol.name)
    assert protocol.version >= 1


def test_an_unknown_name_lists_all() -> None:
    with pytest.raises(EvaluatorError, match=re.escape(", ".join(PROTOCOLS))):
        get_protocol("none-of-them")


@EVERY
def test_its_classes_and_size_are_ours(protocol: Protocol) -> None:
    assert protocol.classes == CLASSES
    assert protocol.image_size == SIDE


@EVERY
def test_its_constants_make_sense(protocol: Protocol) -> None:
    for name in ("batch_size", "shuffle_buffer", "epochs", "max_images", "parameters"):
        assert getattr(protocol, name) > 0, name
    for name in ("beta_1", "beta_2", "bn_momentum"):
        assert 0 < getattr(protocol, name) < 1, name
    assert 0 < protocol.learning_rate < 1
    assert protocol.shuffle_buffer >= protocol.batch_size
    assert protocol.seed >= 0


@EVERY
@given(train=st.integers(0, 12_000), val=st.integers(0, 12_000))
def test_it_counts_the_budget_as_a_plan_does(protocol: Protocol, train: int, val: int) -> None:
    count = Count(train, val)
    assert protocol.max_images == ELIGIBLE_BUDGET
    if protocol.batch_size == BATCH:
        assert protocol.budget_used(train, val) == count.in_batches
    if count.within(ELIGIBLE_BUDGET):
        protocol.check_budget(train, val)
    else:
        with pytest.raises(BudgetError, match=f"{train:,}"):
            protocol.check_budget(train, val)


@EVERY
def test_no_other_has_its_fingerprint(protocol: Protocol) -> None:
    prints = [
        protocol_fingerprint(each, "reference", each.epochs, "cpu") for each in PROTOCOLS.values()
    ]
    own = protocol_fingerprint(protocol, "reference", protocol.epochs, "cpu")
    assert prints.count(own) == 1


def test_what_is_asked_for_unsaid_is_the_official_score() -> None:
    fields = EvaluationRequest.__dataclass_fields__
    protocol = get_protocol(str(fields["protocol"].default))
    assert fields["seed"].default == OFFICIAL_SEED == protocol.seed
