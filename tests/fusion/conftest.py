"""Synthetic pairs of a mammogram and an ultrasound image."""

import pytest

from skfusion.datasets import make_breast_images, make_label_pairs


@pytest.fixture(scope="session")
def pairs(tmp_path_factory):
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
