import numpy as np
import pytest
from PIL import Image

from skfusion.datasets._mask_boxes import mask_boxes
from skfusion.exceptions import ImageReadError
from skfusion.images._size import image_size


@pytest.fixture
def mask():
    mask = np.zeros((24, 30), dtype=bool)
    mask[5:9, 10:18] = True
    mask[12:22, 2:7] = True
    return mask


def test_lesions_from_the_largest_to_the_smallest(mask):
    assert mask_boxes(mask) == ([(2, 12, 7, 22), (10, 5, 18, 9)], (30, 24))


def test_pixels_that_touch_at_a_corner_are_one_lesion():
    mask = np.zeros((10, 10), dtype=bool)
    mask[0:5, 0:5] = mask[5:10, 5:10] = True
    assert mask_boxes(mask)[0] == [(0, 0, 10, 10)]


@pytest.mark.parametrize(("n_pixels", "n_lesions"), [(9, 2), (10, 3)])
def test_speck_beside_a_lesion_is_left_out(mask, n_pixels, n_lesions):
    mask[0, :n_pixels] = True
    assert len(mask_boxes(mask)[0]) == n_lesions


def test_only_lesion_may_be_small():
    mask = np.zeros((9, 9), dtype=bool)
    mask[4, 5] = True
    assert mask_boxes(mask)[0] == [(5, 4, 6, 5)]


def test_lesion_reaches_all_edges():
    assert mask_boxes(np.ones((3, 4))) == ([(0, 0, 4, 3)], (4, 3))


def test_empty_mask():
    assert mask_boxes(np.zeros((3, 4, 3))) == ([], (4, 3))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA"])
def test_file_of_any_mode(mask, tmp_path, mode):
    image = Image.fromarray((mask * 200).astype(np.uint8))
    image.convert(mode).save(tmp_path / "mask.png")
    assert mask_boxes(tmp_path / "mask.png") == mask_boxes(mask)


@pytest.mark.parametrize("value", [1, 60000])
def test_file_of_sixteen_bits(mask, tmp_path, value):
    Image.fromarray((mask * value).astype(np.uint16)).save(tmp_path / "mask.png")
    assert mask_boxes(tmp_path / "mask.png") == mask_boxes(mask)


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 1)])
def test_colour_of_a_mask(tmp_path, colour):
    image = Image.new("RGB", (20, 10))
    image.paste(colour, (3, 4, 15, 8))
    image.save(tmp_path / "mask.png")
    assert mask_boxes(tmp_path / "mask.png")[0] == [(3, 4, 15, 8)]


def test_transparent_pixels_are_no_lesion(tmp_path):
    image = Image.new("RGBA", (20, 10), (0, 0, 0, 0))
    image.paste((255, 255, 255, 255), (3, 4, 15, 8))
    image.save(tmp_path / "mask.png")
    assert mask_boxes(tmp_path / "mask.png")[0] == [(3, 4, 15, 8)]


def test_faint_pixels_of_jpeg_are_no_lesion(tmp_path):
    pixels = np.zeros((64, 64), dtype=np.uint8)
    pixels[20:40, 10:33] = 255
    Image.fromarray(pixels).save(tmp_path / "mask.jpg", quality=50)
    decoded = np.array(Image.open(tmp_path / "mask.jpg"))
    assert (decoded > 0).sum() > (pixels > 0).sum()
    assert mask_boxes(tmp_path / "mask.jpg")[0] == [(10, 20, 33, 40)]


def test_file_that_is_no_image(tmp_path):
    (tmp_path / "mask.png").write_bytes(b"no image")
    with pytest.raises(ImageReadError, match=r"mask\.png"):
        mask_boxes(tmp_path / "mask.png")


@pytest.mark.slow
def test_real_dicom(data_folder):
    (mammogram,) = data_folder.glob("dicom/**/*36*/*.dcm")
    _, size = mask_boxes(mammogram)
    assert size == image_size(mammogram)
