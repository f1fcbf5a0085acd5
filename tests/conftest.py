"""Fixtures of every test."""

import os
from pathlib import Path

import matplotlib
import pytest

matplotlib.use("Agg")


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
