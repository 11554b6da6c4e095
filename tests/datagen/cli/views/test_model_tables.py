"""Models in the terminal: nothing is cut at 80 columns."""

import io
from typing import Any

from rich.console import Console

from datagen.cli.views.model_tables import facts_table, layers_table, list_table, phases_table
from datagen.evaluation.models import ModelDescription


def layer(name: str, kind: str, shape: list[int | None], parameters: int) -> dict[str, Any]:
    return {"name": name, "kind": kind, "shape": shape, "parameters": parameters, "layers": []}


PLAIN: dict[str, Any] = {
    "name": "transfer-inceptionv3",
    "version": 1,
    "summary": "a pretrained InceptionV3 with a new head, then fine-tuned",
    "source": "published",
    "parameters": 22_073_962,
    "classes": (),
    "image_size": 28,
    "channels": 1,
    "batch_size": 32,
    "epochs": 1100,
    "engines": ("keras",),
    "pretrained": "InceptionV3",
    "extra_train": True,
    "with_classes": 10,
    "phases": [
        {
            "name": name,
            "epochs": epochs,
            "optimiser": "Adam",
            "learning_rate": rate,
            "monitor": "val_accuracy",
            "patience": 10,
            "keep": "best",
            "plateau": {"factor": 0.1, "patience": 3, "min_delta": 1e-4},
            "trainable": trainable,
        }
        for name, epochs, rate, trainable in (
            ("head", 1000, 1e-4, 271_178),
            ("fine-tune", 100, 1e-6, 22_022_314),
        )
    ],
    "layers": [
        {
            "name": "images",
            "kind": "InputLayer",
            "shape": [28, 28, 1],
            "parameters": 0,
            "layers": [],
        },
        layer("base", "Functional", [1, 1, 2048], 21_802_784)
        | {"layers": [layer(f"conv{k}", "Conv2D", [1], 1) for k in range(3)]},
        layer(
            "global_average_pooling2d_with_a_name_as_long_as_keras_likes",
            "GlobalAveragePooling2D",
            [None, 64],
            0,
        ),
    ],
    "speed": {
        "engine": "keras",
        "device": "cpu",
        "threads": 1,
        "images": 9992,
        "steps": 20,
        "phases": [
            {"name": "head", "seconds_per_step": 0.5, "seconds_per_epoch": 156.5},
            {"name": "fine-tune", "seconds_per_step": 3.0, "seconds_per_epoch": 939.0},
        ],
    },
}


def shown(table: Any) -> str:
    console = Console(width=80, file=io.StringIO())
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_a_model_is_shown_whole() -> None:
    model = ModelDescription.model_validate(PLAIN)
    listed, facts, phases, layers = (
        shown(list_table([model])),
        *(shown(table(model)) for table in (facts_table, phases_table, layers_table)),
    )
    for text in (listed, facts, phases, layers):
        assert max(map(len, text.splitlines())) <= 80
        assert "…" not in text
    assert "22,073,962 parameters, ImageNet weights" in listed
    assert "28×28 grey, batch 32" in facts
    assert "2 min 36 s (head), 15 min 39 s (fine-tune)" in " ".join(facts.split())
    assert "--extra-train DIR" in facts
    assert "keras on cpu, threads: 1" in facts
    assert "22,022,314" in phases
    assert "Adam 1e-06" in phases
    assert "InceptionV3 of 3 layers" in " ".join(layers.split())
    assert "?×64" in layers
    assert "1×1×2,048" in layers


def test_what_a_model_has_not_is_left_out() -> None:
    phase = PLAIN["phases"][0] | {"keep": "last", "patience": None, "plateau": None}
    model = ModelDescription.model_validate(
        PLAIN
        | {"classes": ("i", "ii"), "pretrained": None, "extra_train": False, "speed": None}
        | {"phases": [phase], "engines": ("native", "fast", "reference"), "channels": 3}
    )
    facts = shown(facts_table(model))
    assert "its own ten" in facts
    assert "native, fast or reference" in facts
    assert "28×28, batch" in facts
    assert not any(word in facts for word in ("weights", "extra", "an epoch"))
    phases = shown(phases_table(model))
    assert "after 1,000 epochs " in phases
    assert "last" in phases
    assert "network of 3 layers" in " ".join(shown(layers_table(model)).split())
