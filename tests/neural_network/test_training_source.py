"""The images with which a network is trained."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion.exceptions import DataQualityWarning
from skfusion.neural_network._training_source import TrainingSource


@pytest.fixture
def paths(tmp_path):
    rng = np.random.default_rng(0)
    names = [tmp_path / f"image{number}.png" for number in range(3)]
    for name in names:
        Image.fromarray(rng.integers(0, 256, (20, 10), dtype=np.uint8)).save(name)
    return names


@pytest.mark.parametrize("with_cache", [False, True])
def test_an_unaugmented_source_ignores_the_seeds(paths, tmp_path, with_cache):
    settings = {"image_size": 16, "image_cache": tmp_path if with_cache else None}
    X = pd.DataFrame({"image": paths})
    plain = TrainingSource(X, **settings)
    augmented = TrainingSource(X.assign(augmentation=1), **settings)
    assert not np.array_equal(augmented[:], plain[:])
    np.testing.assert_array_equal(augmented.unaugmented()[:], plain[:])
    assert not np.array_equal(augmented[:], plain[:])


def test_groups_are_those_of_x_or_copies_of_one_image(paths):
    X = pd.DataFrame({"image": [paths[0], paths[1], paths[0]]})
    known = TrainingSource(X.assign(group=["anna", "anna", "berta"])).groups("Model")
    assert known.tolist() == [0, 0, 1]
    for source in (TrainingSource(X), TrainingSource(np.eye(2)[[0, 1, 0]])):
        with pytest.warns(DataQualityWarning, match="No groups were passed to Model"):
            assert source.groups("Model").tolist() == [0, 1, 0]


def test_an_array_of_breasts_is_cropped_before_training():
    """Pixels of the size of the network are not taken as they are."""
    pixels = np.zeros((2, 32, 32), dtype=np.uint8)
    pixels[:, 8:24, :12] = 200
    whole, breast = (
        TrainingSource(pixels, image_size=32, region=region)
        for region in ("image", "breast")
    )
    assert whole.final_array() is not None
    assert breast.final_array() is None
    assert breast.read_pixels([0, 1]).mean() > 1.5 * whole.read_pixels([0, 1]).mean()
