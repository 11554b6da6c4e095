"""The native engine: the same network and updates as compiled loops, by a team of threads.

Same mathematics as the reference, without a graph: the 3×3 convolutions by Winograd's algorithm,
the other linear parts as matrix products, the rest in loops over what lies in the core's cache. As
in `fast`, the convolutions' biases stay as they are while learning: batch norm takes them out. The
first convolution needs a third of the products where all images are grey; see `stem`.

Any x86-64 CPU with fused multiply-adds gives the same bits, for any number of threads: every sum is
in one order, every product and sum an IEEE operation, and nothing comes from a library.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from fixed_eval.cores import Cores
from fixed_eval.data import Split
from fixed_eval.engines.native import network, plan
from fixed_eval.engines.native.build import prepare
from fixed_eval.engines.native.team import run_team
from fixed_eval.initial_weights import initial_weights, trainable
from fixed_eval.network import Weights
from fixed_eval.order import Order
from fixed_eval.protocols.base import Phase
from fixed_eval.protocols.cutoff_resnet50 import CutoffProtocol
from fixed_eval.training import Logits, Snapshot

BITS: Final = 2
"""Counts changes of this engine that change bits."""


class NativeEngine:
    """The cut ResNet50 in compiled parts; see `fixed_eval.training.Engine`.

    Args:
        train: To learn from.
        val: To validate on.
        protocol: Its constants.
        seed: Of the initial weights.
        cores: Says how many threads the team has; that sets the speed, never the bits.
        on_compile: Called before the code is compiled, which is once on a kind of machine.
    """

    name = "native"
    bits = BITS

    def __init__(
        self,
        train: Split,
        val: Split,
        protocol: CutoffProtocol,
        seed: int,
        cores: Cores | None = None,
        on_compile: Callable[[], None] = lambda: None,
    ) -> None:
        prepare(on_compile)
        weights = initial_weights(protocol, seed)
        self._paths, self._trainable = tuple(weights), trainable(weights)
        self._protocol, self._cores = protocol, cores or Cores(1)
        self._means = np.array(protocol.channel_means, np.float32)
        names = network.Settings._fields
        self._settings = network.Settings(*(getattr(protocol, name) for name in names))
        self._memory = plan.make_memory()
        self._which = plan.make_which()
        images, grey = _prepared(train.images)
        self._images, self._grey = images, bool(grey.all())
        self._labels = np.ascontiguousarray(train.labels, np.int32)
        self._val_images, self._val_grey = _prepared(val.images)
        self._val_labels = np.ascontiguousarray(val.labels, np.int32)
        self._step = 0
        self._resting: dict[tuple[int, str], np.ndarray[Any, np.dtype[np.float32]]] = {}
        zeros = tuple(np.zeros(plan.shape(path), np.float32) for path in self._trainable)
        self.restore(Snapshot(tuple(weights.values()), zeros, zeros, step=0))

    def set_phase(self, phase: Phase, rate: float) -> None:
        """Learn at this rate; the protocols of this network have one phase."""
        del phase
        self._settings = self._settings._replace(learning_rate=rate)

    def train_epoch(self, order: Order) -> tuple[float, float]:
        """All steps of one epoch."""
        result = np.zeros(3)
        losses = np.zeros((plan.IMAGES, 2))

        def member(gate: Any, me: int, size: int) -> None:
            network.learn(
                self._memory.ctypes.data,
                self._which,
                self._images,
                self._labels,
                order,
                self._means,
                self._grey,
                self._settings,
                self._step,
                losses,
                result,
                gate,
                me,
                size,
            )

        run_team(self._cores.threads(), member)
        loss, hits, steps = result.tolist()
        self._step = int(steps)
        return loss / len(order), hits / len(order)

    # Scoring -------------------------------------------------------------------------------------

    def evaluate(self, order: Order) -> tuple[float, float]:
        """Loss and accuracy on val; they do not depend on the order."""
        del order
        _, losses = self._infer(self._memory, self._val_images, self._val_grey, self._val_labels)
        loss, hits = (sum(column) / len(losses) for column in losses.T.tolist())
        return loss, hits

    def predict(self, weights: Weights, images: np.ndarray[Any, Any]) -> Logits:
        """Logits under other weights; the present ones stay as they are."""
        memory = plan.make_memory()
        for path, value in zip(self._paths, weights, strict=True):
            plan.weight(memory, path)[:] = value
        return self._infer(memory, *_prepared(images), np.zeros(len(images), np.int32))[0]

    def _infer(
        self, memory: plan.Memory, images: Any, grey: Any, labels: Any
    ) -> tuple[Logits, Any]:
        """Logits of `images`, and each one's loss and hit."""
        logits = np.empty((len(images), plan.CLASSES), np.float32)
        losses = np.empty((len(images), 2))

        def member(gate: Any, me: int, size: int) -> None:
            network.infer(
                memory.ctypes.data,
                self._which,
                images,
                labels,
                self._means,
                grey,
                self._protocol.bn_epsilon,
                logits,
                losses,
                gate,
                me,
                size,
            )

        run_team(self._cores.threads(), member)
        return logits, losses

    # State ---------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Copies, in Keras' order."""
        return Snapshot(
            weights=tuple(plan.weight(self._memory, path).copy() for path in self._paths),
            momentums=self._slots(plan.MOMENTUM),
            velocities=self._slots(plan.VELOCITY),
            step=self._step,
        )

    def _slots(self, copy: int) -> Weights:
        """Adam's momentums or velocities, those of what it does not move as they came."""
        return tuple(
            plan.weight(self._memory, path, copy).copy()
            if path in plan.LEARNED_PATHS
            else self._resting[copy, path]
            for path in self._trainable
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Set weights, moving statistics, Adam's slots and step count to `snapshot`."""
        for path, value in zip(self._paths, snapshot.weights, strict=True):
            plan.weight(self._memory, path)[:] = value
        slots_of = {plan.MOMENTUM: snapshot.momentums, plan.VELOCITY: snapshot.velocities}
        for copy, slots in slots_of.items():
            for path, value in zip(self._trainable, slots, strict=True):
                if path in plan.LEARNED_PATHS:
                    plan.weight(self._memory, path, copy)[:] = value
                else:
                    self._resting[copy, path] = value.copy()
        self._step = snapshot.step


def _prepared(
    images: np.ndarray[Any, Any],
) -> tuple[np.ndarray[Any, np.dtype[np.float32]], np.ndarray[Any, np.dtype[np.bool_]]]:
    """The images as compiled code has them, and what `_are_grey` says of them.

    Where all are grey one colour is kept: it takes a third of the time to read.
    """
    grey = _are_grey(images)
    kept = images[..., :1] if grey.all() else images
    return np.ascontiguousarray(kept, np.float32), grey


def _are_grey(images: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """For each image whether all its colours are equal."""
    return np.array([(image == image[..., :1]).all() for image in images], np.bool_)
