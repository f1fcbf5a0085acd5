"""Fixtures of every test, those in docstrings and in the documentation included."""

import gc
import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory):
    """Keep what the tests make out of the home folder of whoever runs them."""
    os.environ["SKFUSION_HOME"] = str(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module", autouse=True)
def _short_collections():
    """Exempt what is imported from collections of garbage.

    `compare_models` collects garbage after each fit. Among the objects of all imports
    this takes longer than the fit of a small model.
    """
    gc.collect()
    gc.freeze()
