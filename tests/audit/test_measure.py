import numpy as np
import pytest
from PIL import Image

from skfusion.audit._measure import BORDER_COLUMNS, SIZE_COLUMNS, measure_images
from skfusion.images._pixels import read_pixels


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 200, (60, 90), dtype=np.uint8)


def test_files_and_pixels_have_the_same_measurements(tmp_path, image):
    Image.fromarray(image).save(tmp_path / "a.png")
    thumbnails, measured = measure_images([tmp_path / "a.png"])
    thumbnails_of_array, measured_of_array = measure_images(image[np.newaxis])
    assert np.array_equal(thumbnails, thumbnails_of_array)
    assert measured.drop(columns="cells").equals(
        measured_of_array.drop(columns="cells")
    )
    assert measured[SIZE_COLUMNS].to_numpy().tolist() == [[60, 90, 1.5]]


def test_a_grey_image_in_colour_is_the_same_image(tmp_path, image):
    paths = [tmp_path / "grey.png", tmp_path / "rgb.png", tmp_path / "rgba.png"]
    for path, mode in zip(paths, ("L", "RGB", "RGBA"), strict=True):
        Image.fromarray(image).convert(mode).save(path)
    thumbnails, measured = measure_images(paths)
    assert measured["digest"].nunique() == 1
    assert (thumbnails == thumbnails[0]).all()


def test_an_image_of_low_contrast_and_16_bits_keeps_its_structure(tmp_path, image):
    dark = image.astype(np.uint16)  # below 200 of 65,535
    Image.fromarray(dark).save(tmp_path / "dark.png")
    Image.fromarray(image).save(tmp_path / "bright.png")
    thumbnails, measured = measure_images(
        [tmp_path / "dark.png", tmp_path / "bright.png"]
    )
    a, b = thumbnails.reshape(2, -1).astype(int)
    assert np.abs(a - b).max() <= 2
    assert measured["brightness"][0] < 0.01


def test_an_unreadable_file_is_a_row_without_numbers(tmp_path, image):
    Image.fromarray(image).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:2000])
    thumbnails, measured = measure_images([tmp_path / n for n in ("a.png", "b.png")])
    assert measured["problem"].isna().tolist() == [True, False]
    assert str(tmp_path) not in measured["problem"][1]
    assert measured[BORDER_COLUMNS].loc[1].isna().all()
    assert not thumbnails[1].any()


def test_border_names_go_clockwise():
    image = np.zeros((80, 80), dtype=np.uint8)
    image[0, :20] = 255  # the left quarter of the upper side
    image[60:, 79] = 255  # the lower quarter of the right side
    _, measured = measure_images(image[np.newaxis])
    bright = measured[BORDER_COLUMNS[:16]].loc[0]
    assert bright[bright > 0.5].index.tolist() == ["border_00", "border_07"]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
def test_pixels_of_any_mode(tmp_path, image, mode):
    path = tmp_path / "image.tif"
    Image.fromarray(image).convert("RGB").convert(mode).save(path)
    pixels, size = read_pixels(path, 64)
    assert pixels.dtype == np.uint8
    assert size == (60, 90) == pixels.shape[:2]
    assert pixels.ndim == (2 if mode in ("1", "L", "LA") else 3)


def test_pixels_of_16_bits_are_grey_floats(tmp_path, image):
    Image.fromarray(image.astype(np.uint16) * 256).save(tmp_path / "image.png")
    pixels, _ = read_pixels(tmp_path / "image.png", 64)
    assert pixels.dtype == np.float32
    assert np.allclose(pixels, image / 256, atol=1e-4)


def test_a_ppm_is_read_in_grey(tmp_path, image):
    Image.fromarray(image).save(tmp_path / "image.pgm")
    pixels, size = read_pixels(tmp_path / "image.pgm", 64)
    assert np.allclose(pixels, image / 255)
    assert size == (60, 90)


def test_a_white_frame_is_not_the_border():
    image = np.zeros((1, 80, 80), dtype=np.uint8)
    image[0, [0, -1]] = image[0, :, [0, -1]] = 255
    _, measured = measure_images(image)
    assert measured["border_00"][0] == 1
    assert measured["air"][0] == 0
