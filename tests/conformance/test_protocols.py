"""What every evaluator protocol promises, and that `datagen` plans for the same rules."""

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.core.budget import BATCH, ELIGIBLE_BUDGET, Count
from datagen.core.evaluator_facts import OFFICIAL_SEED, PROTOCOL
from datagen.core.evaluator_resize import SIDE
from datagen.core.numerals import CLASSES
from datagen.evaluation.request import EvaluationRequest
from fixed_eval.errors import BudgetError, EvaluatorError
from fixed_eval.fingerprint import protocol_fingerprint
from fixed_eval.protocols.base import (
    BUDGET_BATCH,
    MAX_IMAGES,
    Protocol,
    budget_used,
    check_budget,
)
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
def test_its_classes_are_ours_or_those_of_the_folders(protocol: Protocol) -> None:
    assert protocol.classes in (CLASSES, ())


def test_the_size_of_the_official_one_is_ours() -> None:
    assert get_protocol(PROTOCOL).image_size == SIDE


@EVERY
def test_its_constants_make_sense(protocol: Protocol) -> None:
    for name in ("batch_size", "shuffle_buffer", "epochs", "image_size", "parameters"):
        assert getattr(protocol, name) > 0, name
    assert protocol.shuffle_buffer >= protocol.batch_size
    assert protocol.seed >= 0
    assert protocol.engines
    names = [phase.name for phase in protocol.phases]
    assert len(set(names)) == len(names) >= 1
    for phase in protocol.phases:
        assert 0 < phase.learning_rate < 1
        assert phase.epochs > 0
        assert phase.patience is None or 0 < phase.patience < phase.epochs


@EVERY
@given(epochs=st.integers(1, 2_000))
def test_a_preview_shortens_every_phase(protocol: Protocol, epochs: int) -> None:
    shortened = protocol.shortened(epochs)
    for phase, short in zip(protocol.phases, shortened, strict=True):
        assert short == dataclasses.replace(phase, epochs=min(phase.epochs, epochs))
    assert protocol.shortened(None) == protocol.phases


@given(train=st.integers(0, 12_000), val=st.integers(0, 12_000))
def test_the_budget_is_counted_as_a_plan_does(train: int, val: int) -> None:
    count = Count(train, val)
    assert MAX_IMAGES == ELIGIBLE_BUDGET
    assert BUDGET_BATCH == BATCH
    assert budget_used(train, val) == count.in_batches
    if count.within(ELIGIBLE_BUDGET):
        check_budget(train, val)
    else:
        with pytest.raises(BudgetError, match=f"{train:,}"):
            check_budget(train, val)


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
