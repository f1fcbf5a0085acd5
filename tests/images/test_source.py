from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydicom import uid

from skfusion.exceptions import ImageReadError
from skfusion.images import (
    ImageSource,
    _batch_readers,
    _worker,
    augment_image,
    resize_image,
)


@pytest.fixture
def paths(tmp_path):
    rng = np.random.default_rng(0)
    names = [tmp_path / f"image{number}.png" for number in range(3)]
    for name in names:
        Image.fromarray(rng.integers(0, 256, (20, 10), dtype=np.uint8)).save(name)
    return names


FORMS = {
    "list of str": lambda paths: [str(path) for path in paths],
    "list of Path": list,
    "1-D array": lambda paths: np.array([str(path) for path in paths]),
    "column of objects": lambda paths: np.array(paths, dtype=object).reshape(-1, 1),
    "Series of objects": lambda paths: pd.Series(paths, dtype=object),
    "Series of strings": lambda paths: pd.Series([str(p) for p in paths], dtype="str"),
    "DataFrame, one column": lambda paths: pd.DataFrame({"file": map(str, paths)}),
    "DataFrame, column image": lambda paths: pd.DataFrame(
        {"view": "CC", "image": [str(path) for path in paths], "group": [1, 2, 3]}
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_paths_reads_the_same(paths, form):
    source = ImageSource(FORMS[form](paths))
    expected = np.asarray(Image.open(paths[1]), np.float32) / 255
    np.testing.assert_allclose(source[[1]][0, ..., 0], expected, rtol=1e-6)
    assert len(source) == 3


@pytest.mark.parametrize(
    ("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535), (np.int32, 1), (float, 1)]
)
def test_unsigned_integers_are_scaled_and_other_numbers_are_not(dtype, top):
    images = np.full((2, 4, 4), top, dtype=dtype)
    np.testing.assert_array_equal(ImageSource(images)[:], np.ones((2, 4, 4, 1)))


def test_float_images_keep_values_outside_zero_and_one():
    assert ImageSource(np.full((1, 4, 4), -3.5))[[0]].min() == np.float32(-3.5)


def test_flattened_images_take_their_shape():
    images = np.arange(24).reshape(2, 12)
    source = ImageSource(images, image_shape=(3, 4))
    np.testing.assert_array_equal(source[[1]][0, ..., 0], images[1].reshape(3, 4))


def test_pad_keeps_the_aspect_ratio_in_the_middle():
    image = np.ones((20, 10, 1), np.float32)
    padded = resize_image(image, 16, "pad")[..., 0]
    np.testing.assert_array_equal(
        padded.sum(axis=0) > 0, [*[0] * 4, *[1] * 8, *[0] * 4]
    )


def test_stretch_fills_the_square():
    image = np.ones((20, 10, 1), np.float32)
    assert resize_image(image, 16, "stretch").min() == 1


def test_reduction_is_antialiased():
    stripes = np.tile([0.0, 1.0], (64, 32))[..., np.newaxis].astype(np.float32)
    np.testing.assert_allclose(resize_image(stripes, 16)[4:12, 4:12], 0.5, atol=0.05)


def test_a_whole_set_of_files_is_held_in_8_bits(paths):
    images = ImageSource(paths, image_size=16).to_array()
    assert (images.shape, images.dtype) == ((3, 16, 16, 1), np.uint8)


def test_a_whole_set_of_other_numbers_stays_as_it_is():
    images = np.random.default_rng(0).normal(size=(3, 8, 8))
    np.testing.assert_allclose(
        ImageSource(images).to_array()[..., 0], images, rtol=1e-6
    )


def test_the_augmentation_column_decides_how_a_row_is_read(paths):
    table = pd.DataFrame({"image": [paths[0]] * 3, "augmentation": [0, 7, 7]})
    plain, first, second = ImageSource(table, image_size=16)[:]
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(plain, first)


def test_the_inverted_column_turns_polarity(paths):
    table = pd.DataFrame({"image": [paths[0]] * 2, "inverted": [False, True]})
    plain, inverted = ImageSource(table)[:]
    np.testing.assert_allclose(plain + inverted, 1, rtol=1e-6)


def test_a_corrupt_file_is_named(paths):
    Path(paths[1]).write_bytes(b"\x89PNG broken")
    with pytest.raises(ImageReadError, match=r"image1\.png"):
        ImageSource(paths)[:]


def test_a_missing_path_names_the_row(paths):
    table = pd.DataFrame({"image": [str(paths[0]), None]})
    with pytest.raises(ValueError, match="row 1 of X"):
        ImageSource(table)


@pytest.mark.parametrize("kept", [False, True])
def test_a_damaged_file_names_its_row(paths, tmp_path, kept):
    paths[1].write_bytes(b"")
    store = tmp_path / "store" if kept else None
    source = ImageSource(paths, image_size=8, image_cache=store)
    with pytest.raises(
        ImageReadError, match=r"Row 1 of X: .*'image1.png': it is empty"
    ):
        source[[0, 1, 2]]


def test_images_of_several_shapes_need_an_image_size(tmp_path, paths):
    other = tmp_path / "other.png"
    Image.new("L", (5, 5)).save(other)
    with pytest.raises(ValueError, match="no image_size"):
        ImageSource([paths[0], other])[:]


def test_a_read_only_memory_map_is_read(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    np.testing.assert_array_equal(ImageSource(mapped).to_array()[..., 0], images)


def test_one_seed_is_one_augmentation():
    image = np.random.default_rng(0).random((16, 16), dtype=np.float32)
    np.testing.assert_array_equal(augment_image(image, 5), augment_image(image, 5))
    assert not np.array_equal(augment_image(image, 5), augment_image(image, 6))


def test_channels_are_augmented_together():
    image = np.random.default_rng(0).random((16, 16, 1), dtype=np.float32)
    colour = augment_image(np.repeat(image, 3, axis=2), 5)
    np.testing.assert_allclose(colour[..., 0], colour[..., 2])


@pytest.fixture
def compressed(make, write, monkeypatch):
    """Eight compressed DICOM files on a machine of two cores."""
    monkeypatch.setattr("joblib.cpu_count", lambda: 2)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 4096, (8, 12, 10), dtype=np.uint16)
    return [
        write(make(image, BitsStored=12), uid.RLELossless, f"{number}.dcm")
        for number, image in enumerate(images)
    ]


@pytest.fixture
def decoded_in_workers(monkeypatch):
    """Files that worker processes were asked for."""
    names, decode = [], _worker.Worker.decode

    def write_down(worker, path, *request):
        names.append(path.name)
        return decode(worker, path, *request)

    monkeypatch.setattr(_worker.Worker, "decode", write_down)
    return names


def test_many_compressed_files_are_what_one_by_one_they_are(
    compressed, decoded_in_workers
):
    source = ImageSource(compressed)
    one_by_one = np.concatenate([source[[row]] for row in range(8)])
    assert decoded_in_workers == []
    np.testing.assert_array_equal(source[:], one_by_one)
    assert sorted(decoded_in_workers) == [path.name for path in compressed]


def test_files_are_read_where_no_worker_starts(
    compressed, decoded_in_workers, monkeypatch
):
    monkeypatch.setattr(_batch_readers, "can_isolate", lambda: False)
    assert len(ImageSource(compressed)[:]) == 8
    assert decoded_in_workers == []


def test_other_files_start_no_worker(paths, monkeypatch):
    monkeypatch.setattr(
        _batch_readers, "can_isolate", lambda: pytest.fail("it was called")
    )
    assert len(ImageSource(paths * 3)[:]) == 9


def test_a_decoder_that_crashes_among_many_files_costs_no_more_than_an_error(
    compressed, monkeypatch
):
    send = _worker.Worker.decode

    def crash_on_the_last(worker, path, *request):
        if path == compressed[-1]:
            worker.kill()
            worker.process.wait()
        return send(worker, path, *request)

    monkeypatch.setattr(_worker.Worker, "decode", crash_on_the_last)
    with pytest.raises(ImageReadError, match=f"{compressed[-1].name!r}.*crashed"):
        ImageSource(compressed)[:]


def test_isolated_decodes_every_file_in_a_worker(paths, decoded_in_workers):
    isolated = ImageSource(paths, isolated=True)[:]
    assert sorted(decoded_in_workers) == [path.name for path in paths]
    np.testing.assert_array_equal(isolated, ImageSource(paths)[:])
    assert len(decoded_in_workers) == 3


def test_isolated_changes_no_digest(paths):
    digests = ImageSource(paths).digests()
    assert ImageSource(paths, isolated=True).digests() == digests
