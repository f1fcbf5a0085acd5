"""Layers that several networks share."""

import numpy as np
import pytest
import torch

from skfusion.networks._layers import Standardize, find_present


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_training_images_are_standardised_to_mean_0_and_deviation_1(dtype):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (600, 4, 4, 2)).astype(dtype)
    images[..., 1] = 7  # a constant channel
    layer = Standardize(2)
    assert layer.learn(np.array_split(images, 7))
    scale = 255 if dtype == "uint8" else 1
    out = layer(torch.from_numpy(images / scale).float().permute(0, 3, 1, 2))
    torch.testing.assert_close(out.mean((0, 2, 3)), torch.zeros(2), atol=1e-4, rtol=0)
    deviation = out.std((0, 2, 3), correction=0)
    torch.testing.assert_close(deviation, torch.tensor([1.0, 0.0]), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("missing", "expected"),
    [(0.0, [False, False, True]), (np.nan, [True, True, True])],
)
def test_an_image_without_a_pixel_above_0_is_missing(missing, expected):
    images = torch.tensor([-1.0, 0.0, 0.0]).reshape(1, 3, 1, 1).repeat(1, 1, 4, 4)
    images[0, 2, 1, 1] = 1
    assert find_present(images, missing).tolist() == [expected]


def test_a_number_is_missing_where_it_is_nan():
    images = torch.tensor([-1.0, 0.0, torch.nan]).reshape(1, 3, 1, 1)
    assert find_present(images, np.nan).tolist() == [[True, True, False]]
