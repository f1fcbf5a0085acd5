import numpy as np
import pytest
from PIL import Image

from skfusion.audit._overlays import count_overlays, measure_overlays


@pytest.fixture
def speckle():
    """A dark grey image with horizontal bright layers."""
    image = np.random.default_rng(0).integers(20, 90, (200, 300), dtype=np.uint8)
    image[50:53, 40:260] = image[120:122, 10:200] = 250
    return image


def count(image):
    mode = "RGB" if image.ndim == 3 else "L"
    cells = [measure_overlays(Image.fromarray(image, mode))]
    return count_overlays(cells, np.zeros(1))[0][0].tolist()


def in_colour(image, tint=(1, 1, 1)):
    return np.rint(image[..., np.newaxis] * np.array(tint)).astype(np.uint8)


def test_bright_layers_of_tissue_are_no_marks(speckle):
    assert count(speckle) == [0, 0]
    assert count(in_colour(speckle)) == [0, 0]


def test_a_bluish_grey_is_no_colour(speckle):
    assert count(in_colour(speckle, (0.85, 0.92, 1))) == [0, 0]


@pytest.mark.parametrize("colour", [(230, 220, 40), (40, 220, 60)])
def test_coloured_calipers_are_marks(speckle, colour):
    image = in_colour(speckle, (0.85, 0.92, 1))
    image[80:91, 150] = image[85, 145:156] = colour
    colour_pixels, mark_pixels = count(image)
    assert colour_pixels == 0
    assert mark_pixels >= 10


@pytest.mark.parametrize("colour", [(220, 40, 20), (30, 40, 230)])
def test_doppler_is_colour(speckle, colour):
    image = in_colour(speckle)
    image[100:110, 200:212] = colour
    assert count(image) == [120, 0]


def test_white_letters_are_marks(speckle):
    for x in (100, 110, 120):
        speckle[150:160, x : x + 2] = 255
    assert count(speckle) == [0, 60]


def test_what_most_images_share_is_not_counted(speckle):
    image = in_colour(speckle)
    image[180:190, 280:295] = (230, 220, 40)
    cells = [measure_overlays(Image.fromarray(image)) for _ in range(25)]
    image[80:91, 150] = image[85, 145:156] = (230, 220, 40)
    cells.append(measure_overlays(Image.fromarray(image)))
    counts, n_shared = count_overlays(cells, np.zeros(26))
    assert counts[:25].sum() == 0
    assert counts[25, 1] >= 10
    assert (n_shared == 150).all()


def test_a_drawing_that_moves_a_little_is_shared(speckle):
    cells = []
    for i in range(30):
        image = in_colour(speckle)
        x, y = 260 + 3 * (i % 6), 160 + 3 * (i % 5)
        image[y : y + 3, x : x + 6] = (230, 220, 40)
        cells.append(measure_overlays(Image.fromarray(image)))
    counts, n_shared = count_overlays(cells, np.zeros(30))
    assert counts.sum() == 0
    assert (n_shared == 18).all()


def test_each_data_set_shares_its_own(speckle):
    image = in_colour(speckle)
    image[180:190, 280:295] = (230, 220, 40)
    cells = [measure_overlays(Image.fromarray(image))] * 30
    counts, _ = count_overlays(cells, np.arange(30) // 25)
    assert counts[:25].sum() == 0
    assert (counts[25:, 1] == 150).all()
