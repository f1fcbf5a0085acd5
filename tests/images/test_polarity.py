import numpy as np
import pytest

from skfusion.datasets import load_rsna
from skfusion.images import read_image
from skfusion.images._polarity import is_inverted


def mammogram(share_of_border):
    """A breast at the left edge whose base takes a share of that edge."""
    image = np.zeros((40, 30))
    image[: round(40 * share_of_border), :20] = 0.8
    return image


@pytest.mark.parametrize("share_of_border", [0.2, 0.5, 0.8])
def test_a_bright_border_is_inverted(share_of_border):
    image = mammogram(share_of_border)
    assert not is_inverted(image)
    assert is_inverted(1 - image)


def test_an_image_of_one_pixel_has_a_border():
    assert is_inverted(np.ones((1, 1)))
    assert not is_inverted(np.zeros((1, 1)))


@pytest.mark.parametrize("frame", [0, 1])
def test_the_frame_of_a_scanned_film_is_not_the_border(frame):
    image = np.kron(mammogram(0.5), np.ones((4, 4)))
    for polarity in (image, 1 - image):
        framed = polarity.copy()
        framed[0] = framed[-1] = framed[:, 0] = framed[:, -1] = frame
        assert is_inverted(framed) == is_inverted(polarity)


@pytest.mark.slow
def test_the_inverted_machines_of_rsna_are_found(data_folder):
    rsna = load_rsna(data_folder).data
    found = np.array([is_inverted(read_image(path)) for path in rsna["image"]])
    inverted = rsna["inverted"].to_numpy()
    assert found[inverted].sum() >= 378
    assert found[~inverted].sum() <= 2
