"""The frozen order: batch by batch what Keras' own `image_dataset_from_directory` yields."""

import itertools
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from fixed_eval import data
from fixed_eval.order import epoch_orders
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50 as PROTOCOL


@pytest.fixture(scope="module")
def nested(make_dataset, encode, strokes) -> Path:
    """More images than the shuffle buffer, classes of unequal size, a folder within a class."""
    root = make_dataset(train=8, val=1)
    inner = root / "train" / "ii" / "inner"
    inner.mkdir()
    rng = np.random.default_rng(1)
    for number in range(5):
        (inner / f"{number}.PNG").write_bytes(encode(strokes(1, rng)))
    return root


@pytest.mark.parametrize("seed", [123, 124])
def test_three_epochs_equal_keras_batch_by_batch(nested: Path, load, seed: int):
    split = load(nested, seed)[0]
    keras.utils.set_random_seed(seed)
    published = keras.utils.image_dataset_from_directory(
        nested / "train",
        labels="inferred",
        label_mode="categorical",
        class_names=list(PROTOCOL.classes),
        shuffle=True,
        seed=seed,
        batch_size=8,
        image_size=(32, 32),
        verbose=False,
    )
    theirs = [list(published.as_numpy_iterator()) for _ in range(3)]
    for order, batches in zip(
        epoch_orders(len(split), PROTOCOL.shuffle_buffer, seed), theirs, strict=False
    ):
        assert len(batches) == PROTOCOL.batches(len(split)) == 11
        for number, (images, labels) in enumerate(batches):
            ours = order[8 * number : 8 * (number + 1)]
            np.testing.assert_array_equal(split.images[ours], images)
            np.testing.assert_array_equal(split.labels[ours], labels.argmax(axis=1))
    assert len(theirs[0][-1][0]) == 85 % 8


def test_a_test_set_is_read_in_sorted_order(nested: Path):
    published = keras.utils.image_dataset_from_directory(
        nested / "train", class_names=list(PROTOCOL.classes), shuffle=False, verbose=False
    )
    ours = data.list_split(nested / "train", PROTOCOL, shuffle_seed=None)
    assert [str(file.path) for file in ours] == published.file_paths


def test_tf_2_5_shuffled_after_decoding_which_is_the_same_order():
    """The published pipeline: elements are decoded and zipped first, then shuffled, then batched.

    (tensorflow/python/keras/preprocessing/image_dataset.py of TF 2.4 and 2.5.)
    """
    tf.random.set_seed(123)
    numbers = tf.data.Dataset.range(100, output_type=tf.int32)
    decoded = tf.data.Dataset.zip((numbers.map(lambda x: x * 2), numbers))
    published = decoded.shuffle(buffer_size=8 * 8, seed=123).batch(8)
    ours = list(itertools.islice(epoch_orders(100, PROTOCOL.shuffle_buffer, 123), 2))
    for order in ours:
        theirs = np.concatenate([label for _, label in published.as_numpy_iterator()])
        np.testing.assert_array_equal(order, theirs)
    assert not np.array_equal(*ours)


def tf_data(count: int, seed: int, epochs: int) -> list[list[int]]:
    """The first epochs of the published shuffle, by TensorFlow."""
    tf.random.set_seed(seed)
    shuffled = tf.data.Dataset.range(count).shuffle(PROTOCOL.shuffle_buffer, seed=seed)
    return [next(iter(shuffled.batch(count))).numpy().tolist() for _ in range(epochs)]


@pytest.mark.parametrize("seed", [0, 1, 123, 2**31 - 1, 2**31, 2**32 - 1])
@pytest.mark.parametrize("count", [1, 2, 7, 63, 64, 65, 129, 500])
def test_any_number_of_images_and_any_seed_gives_tensorflows_order(count: int, seed: int):
    ours = itertools.islice(epoch_orders(count, PROTOCOL.shuffle_buffer, seed), 3)
    assert [order.tolist() for order in ours] == tf_data(count, seed, 3)


def test_a_whole_budget_of_images_gives_tensorflows_order():
    theirs = tf_data(9_000, 123, 2)
    ours = list(itertools.islice(epoch_orders(9_000, PROTOCOL.shuffle_buffer, 123), 2))
    assert [order.tolist() for order in ours] == theirs
    assert {order.dtype for order in ours} == {np.dtype(np.int32)}


def test_a_resumed_run_sees_the_later_epochs_as_they_would_have_been():
    whole = list(itertools.islice(epoch_orders(200, PROTOCOL.shuffle_buffer, 7), 6))
    resumed = list(itertools.islice(epoch_orders(200, PROTOCOL.shuffle_buffer, 7, skip=4), 2))
    np.testing.assert_array_equal(whole[4:], resumed)
    np.testing.assert_array_equal(np.sort(whole[5]), np.arange(200))
    late = next(
        epoch_orders(200, PROTOCOL.shuffle_buffer, 7, skip=19)
    )  # odd and even epochs share a block
    assert late.tolist() == tf_data(200, 7, 20)[19]


def test_two_streams_do_not_disturb_each_other():
    alone = list(itertools.islice(epoch_orders(90, PROTOCOL.shuffle_buffer, 123), 3))
    first, second = (
        epoch_orders(90, PROTOCOL.shuffle_buffer, 123),
        epoch_orders(20, PROTOCOL.shuffle_buffer, 123),
    )
    mixed = [(next(first), next(second))[0] for _ in range(3)]
    np.testing.assert_array_equal(alone, mixed)
