import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from skfusion.datasets import _breastmnist, fetch_breastmnist, load_breastmnist
from skfusion.exceptions import DatasetNotFoundError


@pytest.fixture
def file(tmp_path, breastmnist_arrays):
    path = tmp_path / "breastmnist" / "breastmnist.npz"
    path.parent.mkdir()
    np.savez_compressed(path, **breastmnist_arrays(28))
    return path


def test_malignant_is_the_positive_class(file, breastmnist_arrays):
    labels = breastmnist_arrays(28)["train_labels"].ravel()
    breast = load_breastmnist(file)
    assert breast.target_names == ["benign or normal", "malignant"]
    assert breast.target[:546].tolist() == (1 - labels).tolist()
    assert breast.target.sum() == 210
    assert breast.frame["label"].value_counts().to_dict() == {
        "benign": 437,
        "malignant": 210,
        "normal": 133,
    }


def test_images_are_in_the_order_of_the_parts(file, breastmnist_arrays):
    arrays = breastmnist_arrays(28)
    breast = load_breastmnist(file)
    assert breast.data.dtype == np.uint8
    assert breast.data.shape == (780, 28, 28)
    for part, name in (("train", "train"), ("validation", "val"), ("test", "test")):
        assert np.array_equal(
            breast.data[breast.split == part], arrays[f"{name}_images"]
        )


def test_splits_hold_the_rows_of_the_official_split(file):
    breast = load_breastmnist(file)
    for name in ("validation", "test"):
        ((train, held_out),) = breast.splits[name]
        assert set(breast.split[train]) == {"train"}
        assert set(breast.split[held_out]) == {name}
        assert len(held_out) == (breast.split == name).sum()


def test_families_of_near_duplicates_cross_the_official_split(file):
    breast = load_breastmnist(file)
    ((train, test),) = breast.splits.test
    assert np.isin(breast.groups[test], breast.groups[train]).sum() == 50
    assert breast.frame["busi_image"].is_unique


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_file_or_folders_around_it(file, levels):
    path = [file, *file.parents][levels]
    assert len(load_breastmnist(path).data) == 780


def test_return_x_y(file):
    X, y = load_breastmnist(file, return_X_y=True)
    assert X.shape == (780, 28, 28)
    assert y.sum() == 210


def test_larger_images(file, breastmnist_arrays):
    np.savez_compressed(file, **breastmnist_arrays(64))
    assert load_breastmnist(file).data.shape == (780, 64, 64)


def test_no_file_says_how_to_get_it(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"fetch_breastmnist.*10519652"):
        load_breastmnist(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.pop("val_labels"), "val_labels"),
        (
            lambda arrays: arrays.update(test_images=np.zeros((3, 28, 28), np.uint8)),
            r"\(3, 28, 28\) with 156 labels",
        ),
        (
            lambda arrays: arrays.update(val_images=np.zeros((78, 64, 64), np.uint8)),
            r"\(78, 64, 64\)",
        ),
        (
            lambda arrays: arrays.update(train_images=np.zeros((546, 28, 28))),
            "float64",
        ),
        (lambda arrays: arrays.update(train_images=np.uint8(3)), r"\(\) with 546"),
        (
            lambda arrays: arrays.update(test_labels=arrays["test_labels"][::-1]),
            "labels in another order",
        ),
        (
            lambda arrays: arrays.update(test_labels=np.array([{}] * 156)),
            "allow_pickle=False",
        ),
    ],
    ids=[
        "a missing array",
        "too few images",
        "two sizes",
        "floats",
        "a number",
        "another order",
        "pickled objects",
    ],
)
def test_other_arrays_are_refused(file, breastmnist_arrays, change, message):
    arrays = breastmnist_arrays(28)
    change(arrays)
    np.savez_compressed(file, **arrays)
    with pytest.raises(ValueError, match=message) as caught:
        load_breastmnist(file)
    assert "10519652" in str(caught.value)


def test_size_that_is_not_the_publishers(file, breastmnist_arrays):
    np.savez_compressed(file, **breastmnist_arrays(32))
    with pytest.raises(ValueError, match=r"\(546, 32, 32\)"):
        load_breastmnist(file)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + bytes(40)])
def test_file_that_is_no_archive(file, content):
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"Expected the arrays .*breastmnist.npz"):
        load_breastmnist(file)


def test_array_that_would_fill_the_memory_is_refused(file):
    bomb = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        bomb, {"descr": "|u1", "fortran_order": False, "shape": (1 << 28, 28, 28)}
    )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train_images.npy", bomb.getvalue() + bytes(1 << 27))
    with pytest.raises(ValueError, match="'train_images' would have 134"):
        load_breastmnist(file)


def test_header_that_promises_too_much_is_refused(file):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (1 << 44, 28, 28)}
    )
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("train_images.npy", header.getvalue())
    with pytest.raises(ValueError, match="Expected the arrays"):
        load_breastmnist(file)


def test_damaged_files_raise_a_value_error_or_load_the_same(file):
    content = file.read_bytes()
    whole = load_breastmnist(file)
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        damaged = bytearray(content)
        for position in rng.integers(len(content), size=3):
            damaged[position] = rng.integers(256)
        # Most of the file is pixels: hit its directory as well.
        damaged[rng.integers(len(content) - 600, len(content))] ^= 255
        file.write_bytes(damaged)
        try:
            breast = load_breastmnist(file)
        except ValueError:
            refused += 1
        else:
            assert np.array_equal(breast.data, whole.data)
    assert refused > 50


def test_wrong_size_to_fetch():
    with pytest.raises(ValueError, match=r"'size' parameter of fetch_breastmnist must"):
        fetch_breastmnist(size=32)


def test_every_size_has_its_own_file_and_checksum():
    names, checksums = zip(*_breastmnist._FILES.values(), strict=True)
    assert len(set(names)) == len(set(checksums)) == 4


@pytest.mark.slow
def test_real_file(data_folder):
    breast = load_breastmnist(data_folder)
    assert pd.Series(breast.target).groupby(breast.split, sort=False).agg(
        ["size", "sum"]
    ).to_numpy().tolist() == [[546, 147], [78, 21], [156, 42]]
