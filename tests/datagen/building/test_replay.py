import numpy as np
import pytest

from datagen.building.open_sources import open_pool
from datagen.building.replay import stages
from datagen.core.errors import MissingInputError
from datagen.datasets.format import read_manifest
from datagen.files.decode import decode_gray
from datagen.recipes.schema import Ingredient


def test_the_last_stage_is_the_image_and_every_op_has_one(dataset, pen: Ingredient) -> None:
    pools = {"pen": open_pool(pen)}
    for entry in read_manifest(dataset)[::25]:
        found = list(stages(entry, pools))
        file = dataset / entry.path
        assert np.array_equal(found[-1].image, decode_gray(file.read_bytes(), str(file)))
        assert [stage.applied for stage in found] == [None, *entry.ops]
        assert found[0].image.shape != (32, 32)


def test_a_source_that_is_not_there_is_named(dataset) -> None:
    entry = read_manifest(dataset)[0]
    with pytest.raises(MissingInputError, match="source pen, which the recipe does not name"):
        next(iter(stages(entry, {})))
