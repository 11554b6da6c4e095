"""The constants of each frozen protocol, and the registry of protocols.

A protocol is a value: nothing here reads a file or imports TensorFlow. A changed constant is a
new version with a new name in the registry, never an edit.
"""

import dataclasses
import math

from fixed_eval.errors import BudgetError, EvaluatorError


@dataclasses.dataclass(frozen=True)
class Protocol:
    """One way of training and scoring, down to the last constant.

    Attributes:
        name: Key in the registry.
        version: Counts changes that can move a score.
        classes: Class folder names; the position is the label.
        image_size: Side of the square network input, pixels.
        batch_size: Images per step; the last batch of an epoch may be smaller.
        shuffle_buffer: Size of the shuffle buffer, images.
        epochs: Passes over the training split.
        learning_rate: Adam's step size.
        beta_1: Adam's decay of the first moment.
        beta_2: Adam's decay of the second moment.
        adam_epsilon: Added to the root of Adam's second moment.
        bn_epsilon: Added to the variance in batch normalisation.
        bn_momentum: Share of the moving statistics that a step keeps.
        cut_layer: The ResNet50 layer whose output is pooled.
        channel_means: Subtracted from the blue, green and red channels (pixel range 0..255).
        max_images: The budget, images.
        seed: Seed of an official score.
        parameters: Weights of the network, moving statistics included.
    """

    name: str
    version: int
    classes: tuple[str, ...]
    image_size: int
    batch_size: int
    shuffle_buffer: int
    epochs: int
    learning_rate: float
    beta_1: float
    beta_2: float
    adam_epsilon: float
    bn_epsilon: float
    bn_momentum: float
    cut_layer: str
    channel_means: tuple[float, float, float]
    max_images: int
    seed: int
    parameters: int

    def batches(self, images: int) -> int:
        """Batches that `images` images fill, the last partial one included."""
        return math.ceil(images / self.batch_size)

    def budget_used(self, train: int, val: int) -> int:
        """Images as the published script counts them: whole batches times the batch size."""
        return (self.batches(train) + self.batches(val)) * self.batch_size

    def check_budget(self, train: int, val: int) -> None:
        """Refuse a dataset over the budget, counted exactly or in whole batches.

        Raises:
            BudgetError: With both counts in the message.
        """
        used = self.budget_used(train, val)
        if train + val > self.max_images or used > self.max_images:
            raise BudgetError(
                f"train {train:,} + val {val:,} = {train + val:,} images, counted in whole batches "
                f"of {self.batch_size}: {used:,}; the budget is {self.max_images:,} by both counts"
            )


# The 2021 Data-Centric AI Competition's train.py, as published (TensorFlow 2.4/2.5): Adam and batch
# normalisation constants it left to Keras are Keras' defaults, except ResNet's own epsilon.
CUTOFF_RESNET50 = Protocol(
    name="cutoff-resnet50",
    version=1,
    classes=("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"),
    image_size=32,
    batch_size=8,
    shuffle_buffer=8 * 8,  # image_dataset_from_directory: batch_size * 8
    epochs=100,
    learning_rate=1e-4,
    beta_1=0.9,
    beta_2=0.999,
    adam_epsilon=1e-7,
    bn_epsilon=1.001e-5,
    bn_momentum=0.99,
    cut_layer="conv2_block3_out",
    channel_means=(103.939, 116.779, 123.68),  # ImageNet, in BGR order
    max_images=10_000,
    seed=123,
    parameters=232_330,
)

PROTOCOLS: dict[str, Protocol] = {p.name: p for p in (CUTOFF_RESNET50,)}


def get_protocol(name: str) -> Protocol:
    """The protocol called `name`.

    Raises:
        EvaluatorError: If there is none; the message lists the valid names.
    """
    try:
        return PROTOCOLS[name]
    except KeyError:
        raise EvaluatorError(
            f"no protocol is called {name!r}; there are: {', '.join(PROTOCOLS)}"
        ) from None
