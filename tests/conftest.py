"""Fixtures of every test."""

import importlib
import inspect
import os
import pkgutil
from pathlib import Path

import matplotlib
import pytest
from sklearn.base import BaseEstimator

import skfusion
from skfusion.datasets import make_breast_images, make_breast_pairs, make_label_pairs

matplotlib.use("Agg")


@pytest.fixture(scope="session")
def public_estimators():
    """The classes of estimators that the public packages list in ``__all__``."""
    names = [package.name for package in pkgutil.iter_modules(skfusion.__path__)]
    modules = [
        importlib.import_module(f"skfusion.{name}")
        for name in names
        if not name.startswith("_")
    ]
    objects = [getattr(module, name) for module in modules for name in module.__all__]
    return {
        cls
        for cls in objects
        if inspect.isclass(cls) and issubclass(cls, BaseEstimator)
    }


@pytest.fixture(scope="session")
def pairs(tmp_path_factory):
    """Synthetic pairs of a mammogram and an ultrasound image."""
    folder = tmp_path_factory.mktemp("pairs")
    sets = [
        make_breast_images(
            32, modality=name, image_size=32, folder=folder / name, random_state=0
        )
        for name in ("mammography", "ultrasound")
    ]
    return make_label_pairs(*sets, n_blocks=4, random_state=0)


@pytest.fixture
def gaps(pairs):
    """Pairs of which some lack an image."""
    X = pairs.data.copy()
    X.loc[[1, 5], "mammogram"] = None
    X.loc[[2, 7], "ultrasound"] = float("nan")
    return X


@pytest.fixture(scope="session")
def image_rows(tmp_path_factory):
    """A table of one image per row, mammograms and ultrasound, and the labels."""
    folder = tmp_path_factory.mktemp("rows")
    data = make_breast_images(
        24, modality="both", n_views=2, image_size=24, folder=folder, random_state=0
    )
    return data.data, data.target


@pytest.fixture(scope="session")
def image_samples(tmp_path_factory):
    """A table of one sample per row, some of which lack an image, and the labels."""
    folder = tmp_path_factory.mktemp("samples")
    data = make_breast_pairs(24, image_size=24, folder=folder, random_state=0)
    X = data.data
    X.loc[[1, 5, 10], "mammogram"] = None
    X.loc[[2, 7, 11], "ultrasound"] = None
    return X, data.target


@pytest.fixture(scope="session")
def image_arrays():
    """Images in an array, and the labels."""
    data = make_breast_images(24, image_size=24, n_views=2, random_state=0)
    return data.images, data.target


@pytest.fixture(scope="session")
def data_folder():
    """Folder of the real data sets, from SKFUSION_DATA."""
    return _folder_from_environment("SKFUSION_DATA", "the real data sets")


@pytest.fixture(scope="session")
def weights_folder():
    """Folder of ImageNet weights, from SKFUSION_WEIGHTS."""
    return _folder_from_environment("SKFUSION_WEIGHTS", "ImageNet weights")


def _folder_from_environment(variable, contents):
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set to a folder of {contents}")
    folder = Path(value)
    if not folder.is_dir():
        pytest.fail(f"{variable} is set, but is not a folder")
    return folder
