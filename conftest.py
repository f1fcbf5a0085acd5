"""Fixtures of every test, those in docstrings and in the documentation included."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory):
    """Keep what the tests make out of the home folder of whoever runs them."""
    os.environ["SKFUSION_HOME"] = str(tmp_path_factory.mktemp("home"))
