"""`python -m fixed_eval.models`: what a protocol is, and how fast it trains here."""

import dataclasses
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from fixed_eval import models, score, speed
from fixed_eval.cores import Cores
from fixed_eval.data import Split
from fixed_eval.description import Layer, describe, summarise
from fixed_eval.protocols.base import Phase, Protocol
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50
from fixed_eval.protocols.registry import PROTOCOLS, get_protocol


def test_the_list_imports_no_keras() -> None:
    code = (
        "import sys; from fixed_eval.models import main; main([]); "
        "print(sorted({'keras', 'tensorflow', 'numba'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *lines, loaded = done.stdout.splitlines()
    assert loaded == "[]"
    assert [line.split()[0] for line in lines] == list(PROTOCOLS)


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert models.main(["--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["name"] for each in found] == list(PROTOCOLS)
    by_name = {each["name"]: each for each in found}
    assert by_name["cutoff-resnet50"]["classes"] == list(CUTOFF_RESNET50.classes)
    assert by_name["transfer-mobilenet"]["channels"] == 1
    assert by_name["transfer-mobilenet"]["epochs"] == 1100
    assert by_name["model-m"]["extra_train"]


def test_an_unknown_name_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert models.main(["model-x"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("fixed_eval: no protocol is called 'model-x'; there are: ")


@pytest.mark.parametrize("arguments", [["--classes", "1"], ["--images", "10001"]])
def test_numbers_out_of_range_are_usage_errors(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        models.main(["simple-cnn", *arguments])
    assert ended.value.code == 2


def test_a_network_is_described_with_the_classes_asked_for() -> None:
    found = describe(get_protocol("model-s"), classes=3)
    assert found.with_classes == 3
    assert found.parameters == 156_074 - 7 * 129 == found.phases[0].trainable
    assert found.layers[0] == Layer("images", "InputLayer", (32, 32, 3), 0)
    assert found.layers[-1] == Layer("dense_1", "Dense", (3,), 387)
    assert sum(layer.parameters for layer in found.layers) == found.parameters
    assert found.phases[0].optimiser == "SGD"
    assert found.phases[0].plateau == {"factor": 0.1, "patience": 3, "min_delta": 1e-4}
    assert summarise(get_protocol("model-s")).parameters == 156_074


def test_a_network_inside_is_one_layer_with_layers() -> None:
    found = describe(get_protocol("transfer-mobilenet"))
    assert [phase.trainable for phase in found.phases] == [140_106, 3_325_194]
    (base,) = [layer for layer in found.layers if layer.layers]
    assert (base.name, base.shape, base.parameters) == ("base", (1, 1, 1024), 3_228_864)
    assert sum(layer.parameters for layer in base.layers) == base.parameters


def test_the_official_one_keeps_its_ten_classes() -> None:
    found = describe(CUTOFF_RESNET50, classes=3)
    assert (found.with_classes, found.parameters) == (10, 232_330)
    assert [phase.trainable for phase in found.phases] == [229_386]


class CountingEngine:
    """Takes a second or three for each batch, and five for each epoch, by a clock of its own."""

    def __init__(self, train: Split, val: Split) -> None:
        assert len(train) == len(train.images) == len(train.labels)
        assert len(val) == 1
        self.train, self.now, self.phases = train, 0.0, list[str]()

    def set_phase(self, phase: Phase, rate: float) -> None:
        assert rate == phase.learning_rate
        self.phases.append(phase.name)

    def train_epoch(self, batches: Any) -> tuple[float, float]:
        assert np.concatenate(batches).max() < len(self.train)
        self.now += 5.0 + len(batches) * (1.0 if self.phases[-1] == "head" else 3.0)
        return 0.0, 0.0


def test_an_epoch_is_its_steps_and_its_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[CountingEngine] = []

    def make_engine(name: str, splits: Any, *_: Any, **__: Any) -> CountingEngine:
        assert name == "keras"
        made.append(CountingEngine(*splits))
        return made[0]

    monkeypatch.setattr(score, "make_engine", make_engine)
    monkeypatch.setattr(speed.time, "perf_counter", lambda: made[0].now)
    protocol = dataclasses.replace(get_protocol("transfer-mobilenet"), classes=("a", "b", "c"))
    found = speed.measure(protocol, "keras", "cpu", cores=Cores(1), images=100)
    assert made[0].phases == ["head", "fine-tune"]
    assert (found.steps, found.images, found.threads) == (20, 100, 1)
    assert [each.seconds_per_step for each in found.phases] == [1.0, 3.0]
    assert [each.seconds_per_epoch for each in found.phases] == [9.0, 17.0]  # 32, 32, 32, 4


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cutoff-resnet50", "simple-cnn"])
def test_the_real_engine_is_measured(name: str) -> None:
    protocol: Protocol = get_protocol(name)
    protocol = dataclasses.replace(protocol, classes=CUTOFF_RESNET50.classes)
    engine = protocol.engines[0]
    found = speed.measure(protocol, engine, "cpu", cores=Cores(1), images=9_992, steps=2)
    (phase,) = found.phases
    assert phase.seconds_per_step >= 0
    assert phase.seconds_per_epoch >= 1247 * phase.seconds_per_step
