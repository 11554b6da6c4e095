"""Models as tables in the terminal: the list; of one its facts, phases and layers."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from datagen.core.text import duration

if TYPE_CHECKING:
    from datagen.evaluation.models import Model, ModelDescription, ModelLayer, ModelPhase

_MEASURES = {"val_accuracy": "val accuracy", "val_loss": "val loss"}


def list_table(models: "Sequence[Model]") -> Any:
    """Return a `FittedTable`: name on the left, what it is and its numbers on the right."""
    from rich.text import Text

    from datagen.cli.views.tables import Column, FittedTable

    table = FittedTable(Column("", "word", "bold"), Column("", "text"), below=1)
    for model in models:
        facts = Text(model.summary)
        facts.append(f"\n{_numbers(model)}", style="dim")
        table.add_row(model.name, facts)
    return table


def _numbers(model: "Model") -> str:
    weights = ", ImageNet weights" if model.pretrained else ""
    epochs = f"≤ {model.epochs:,} epochs"
    return f"{model.parameters:,} parameters{weights}, {_images(model)}, {epochs}"


def _images(model: "Model") -> str:
    grey = " grey" if model.channels == 1 else ""
    return f"{model.image_size}×{model.image_size}{grey}, batch {model.batch_size}"


def facts_table(model: "ModelDescription") -> Any:
    """Return a grid: what is known of the model besides its phases and layers."""
    from datagen.cli.views.tables import Column, FittedTable

    table = FittedTable(Column("", "word"), Column("", "text"))
    for title, fact in _facts(model):
        table.add_row(title, fact)
    return table


def _facts(model: "ModelDescription") -> Iterator[tuple[str, str]]:
    own = "its own ten" if model.classes else "those of the dataset"
    yield "source", model.source
    yield "images", _images(model)
    yield "classes", own if model.classes else f"{own}; {model.with_classes} below"
    yield "parameters", f"{model.parameters:,}"
    *others, last = model.engines
    yield "engine", f"{', '.join(others)} or {last}" if others else last
    if model.pretrained:
        yield "weights", f"{model.pretrained} from ImageNet (--weights imagenet|none|FILE)"
    if model.extra_train:
        yield "extra", "further training folders (--extra-train DIR), never in one batch"
    if model.speed is not None:
        speed = model.speed
        times = ", ".join(
            duration(phase.seconds_per_epoch)
            + (f" ({phase.name})" if len(speed.phases) > 1 else "")
            for phase in speed.phases
        )
        threads = f", threads: {speed.threads}" if speed.device == "cpu" else ""
        yield "an epoch", f"{times} of training on {speed.images:,} images"
        yield "", f"by {speed.steps} steps here: {speed.engine} on {speed.device}{threads}"


def phases_table(model: "ModelDescription") -> Any:
    """Return a `FittedTable` of phases: what learns, how, until when."""
    from datagen.cli.views.tables import Column, FittedTable

    table = FittedTable(
        Column("phase", "word", "bold"),
        Column("trained parameters", "number"),
        Column("optimiser", "word"),
        Column("ends", "text"),
        Column("scored", "word"),
    )
    for phase in model.phases:
        optimiser = f"{phase.optimiser} {phase.learning_rate:g}"
        table.add_row(phase.name, f"{phase.trainable:,}", optimiser, _ends(phase), _kept(phase))
    return table


def _ends(phase: "ModelPhase") -> str:
    parts = [f"after {phase.epochs:,} epochs"]
    if phase.patience is not None:
        parts.append(f"or {phase.patience} without better {_MEASURES[phase.monitor]}")
    if phase.plateau is not None:
        fall = phase.plateau
        parts.append(f"(rate × {fall.factor:g} after {fall.patience} without lower val loss)")
    return " ".join(parts)


def _kept(phase: "ModelPhase") -> str:
    return "last" if phase.keep == "last" else f"best {_MEASURES[phase.monitor]}"


def layers_table(model: "ModelDescription") -> Any:
    """Return a `FittedTable` of layers; of a network inside, how many it has."""
    from datagen.cli.views.tables import Column, FittedTable

    table = FittedTable(
        Column("layer", "name"), Column("kind", "text"), Column("output"), Column("parameters")
    )
    for layer in model.layers:
        shape = "×".join("?" if side is None else f"{side:,}" for side in layer.shape)
        table.add_row(layer.name, _kind(layer, model), shape, f"{layer.parameters:,}")
    return table


def _kind(layer: "ModelLayer", model: "ModelDescription") -> str:
    if not layer.layers:
        return layer.kind
    whole = model.pretrained if layer.name == "base" and model.pretrained else "network"
    return f"{whole} of {_count(layer) - 1} layers"


def _count(layer: "ModelLayer") -> int:
    return 1 + sum(map(_count, layer.layers))
