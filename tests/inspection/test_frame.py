"""The place of a map in its image."""

import numpy as np
import pytest

from skfusion.images import resize_image
from skfusion.inspection._frame import Frame


@pytest.mark.parametrize("resize", ["pad", "stretch"])
@pytest.mark.parametrize("shape", [(60, 100), (100, 60), (33, 47), (16, 16)])
def test_a_spot_stays_in_its_place(shape, resize):
    image = np.zeros((*shape, 1), dtype=np.float32)
    y, x = round(0.3 * shape[0]), round(0.7 * shape[1])
    image[y - 2 : y + 3, x - 2 : x + 3] = 1
    square = resize_image(image, 64, resize)[..., 0]
    frame = Frame(shape, (0, 0, shape[1], shape[0]), 64, resize)
    found = frame.to_image(square)
    centre = [
        np.average(np.arange(n), weights=found.sum(1 - i)) for i, n in enumerate(shape)
    ]
    np.testing.assert_allclose(centre, [y, x], atol=0.8)
    assert found.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("box", [(10, 20, 30, 40), (-5, -3, 15, 17), (50, 30, 70, 50)])
def test_a_map_is_zero_outside_of_its_box(box):
    found = Frame((40, 60), box, 16, "pad").to_image(np.ones((4, 4)))
    inside = np.zeros((40, 60), dtype=bool)
    x0, y0, x1, y1 = np.maximum(box, 0)
    inside[y0:y1, x0:x1] = True
    assert (found[inside] > 0).all()
    assert (found[~inside] == 0).all()


def test_a_map_without_positive_numbers_is_zero():
    found = Frame((8, 8), (0, 0, 8, 8), 8, "pad").to_image(-np.ones((4, 4)))
    assert (found == 0).all()
