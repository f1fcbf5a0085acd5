"""With region="lesion" the square around a box is read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from PIL import Image
from pydicom import uid

from skfusion._store._keys import digest
from skfusion.exceptions import ImageReadError
from skfusion.images import (
    ImageSource,
    _batch_readers,
    augment_image,
    read_image,
    resize_image,
)


def lesions(X, **params):
    return ImageSource(X, region="lesion", **params)


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(1, 256, (40, 60), dtype=np.uint8)


@pytest.fixture
def X(pixels, tmp_path):
    """Three lesions in two files of 60 x 40 pixels."""
    paths = [str(tmp_path / f"{name}.png") for name in "ab"]
    for path, image in zip(paths, (pixels, pixels[::-1]), strict=True):
        Image.fromarray(image).save(path)
    boxes = ["20,10,40,20", "0,30,10,40", "20,10,40,20"]
    return pd.DataFrame({"image": [paths[0], *paths], "region": boxes})


def test_the_crop_is_the_square_around_the_box(X, pixels):
    crop = lesions(X, margin=0)[[0]][0, ..., 0]
    assert_array_equal(crop, pixels[5:25, 20:40] / np.float32(255))


def test_the_margin_is_a_fraction_of_the_longer_side(X, pixels):
    crop = lesions(X, margin=0.25)[[0]][0, ..., 0]
    assert_array_equal(crop, pixels[0:30, 15:45] / np.float32(255))


def test_it_is_padded_with_0_beyond_the_edge(X):
    crop = lesions(X, margin=0.5)[[1]][0, ..., 0]
    assert_array_equal(crop[15:], 0)
    assert_array_equal(crop[:, :5], 0)
    assert_array_equal(crop[:15, 5:], read_image(X["image"][1])[25:40, 0:15])


def test_it_is_resized_and_augmented_afterwards(X):
    crop = lesions(X)[[0]][0]
    small = lesions(X.assign(augmentation=[7, 0, 0]), image_size=16)
    assert_array_equal(lesions(X, image_size=16)[:][0], resize_image(crop, 16))
    expected = augment_image(resize_image(crop, 16), 7).clip(0, 1)
    assert_array_equal(small[:][0], expected)


def test_polarity_is_corrected_before_padding(X):
    plain, inverted = (
        lesions(X.assign(inverted=value), margin=0.5)[[1]][0, ..., 0]
        for value in (False, True)
    )
    assert_array_equal(inverted[:15, 5:], 1 - plain[:15, 5:])
    assert_array_equal(inverted[15:], 0)


def test_a_box_of_one_pixel_is_read(X, pixels):
    crop = lesions(X.assign(region="7,8,8,9"), margin=0)[[0]]
    assert_array_equal(crop.ravel(), pixels[8, 7] / np.float32(255))


def test_a_crop_is_read_in_full_resolution(make, write):
    """A JPEG 2000 file is decoded in part only where the whole image is read."""
    image = np.random.default_rng(0).integers(0, 4096, (256, 256), dtype=np.uint16)
    dataset = make(image, BitsStored=12)
    path = write(dataset, uid.JPEG2000Lossless, "a.dcm")
    X = pd.DataFrame({"image": [str(path)], "region": ["64,64,96,96"]})
    crop = lesions(X, margin=0, image_size=32)[:][0, ..., 0]
    assert_array_equal(crop, read_image(path)[64:96, 64:96])


@pytest.mark.parametrize("missing", [None, np.nan, "", "12", "5,5,2,9", 3.0])
def test_a_row_without_a_box_is_an_error(X, missing):
    X["region"] = X["region"].astype(object)
    X.loc[1, "region"] = missing
    with pytest.raises(ValueError, match=r"Row 1 of X.*Drop.*region='image'"):
        lesions(X)


@pytest.mark.parametrize("form", ["paths", "table", "pixels"])
def test_x_without_boxes_is_an_error(form, X, pixels):
    forms = {"paths": X["image"], "table": X[["image"]], "pixels": pixels[np.newaxis]}
    with pytest.raises(ValueError, match=r"region='lesion' needs .* column 'region'"):
        lesions(forms[form])


@pytest.mark.parametrize(
    "box", ["30,10,62,20", "100,100,120,130", "-5,0,10,10", "0,0,9,45", "60,0,61,9"]
)
def test_a_box_beyond_the_image_is_an_error(X, box):
    """It is that of another size of the image."""
    X.loc[2, "region"] = box
    with pytest.raises(ImageReadError) as caught:
        lesions(X, image_size=16)[:]
    for part in ("Row 2 of X", "60 x 40", repr(box), "another size"):
        assert part in str(caught.value)
    assert str(Path(X["image"][2]).parent) not in str(caught.value)


def test_a_box_rounded_outwards_is_read(X):
    assert lesions(X.assign(region="-1,0,61,41"))[[0]].shape == (1, 99, 99, 1)


@pytest.mark.parametrize(
    "params", [{"region": "box"}, {"margin": -0.1}, {"margin": np.inf}]
)
def test_bad_parameters_are_refused(X, params):
    with pytest.raises(ValueError, match=next(iter(params))):
        ImageSource(X, **params)


def test_whole_images_keep_the_keys_of_a_table_without_boxes(X):
    source = ImageSource(X, image_size=16)
    plain = ImageSource(X.drop(columns="region"), image_size=16, margin=2)
    assert source.digests() == plain.digests()
    status = Path(X["image"][0]).stat()
    times = status.st_size, status.st_mtime_ns, status.st_ctime_ns
    file = digest(str(Path(X["image"][0]).absolute()), *times, False)
    version = _batch_readers.reading_versions()
    expected = digest(16, "pad", version, digest(0, file))
    assert source.digests()[0] == expected


def test_each_crop_of_a_file_has_its_own_key(X):
    keys = ImageSource(X, image_size=16).digests()
    assert keys[0] == keys[1]
    crops = lesions(X, image_size=16).digests()
    wider = lesions(X, image_size=16, margin=0.5).digests()
    assert len({*keys, *crops, *wider}) == 2 + 3 + 3


def test_images_and_crops_share_a_cache(X, tmp_path, monkeypatch):
    options = {"image_size": 16, "image_cache": tmp_path}
    plain = [ImageSource(X, image_size=16)[:], lesions(X, image_size=16)[:]]
    for _ in range(2):
        for source, expected in zip(
            [ImageSource(X, **options), lesions(X, **options)], plain, strict=True
        ):
            np.testing.assert_allclose(source[:], expected, atol=0.5 / 255 + 1e-6)
        monkeypatch.setattr(_batch_readers, "read_shared", None)  # all are stored
