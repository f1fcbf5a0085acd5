import numpy as np
import pytest
from sklearn.utils import Bunch

from skfusion.datasets import make_breast_images, make_label_pairs


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    return [
        make_breast_images(
            n, modality=name, n_views=2, folder=tmp_path_factory.mktemp(name), **common
        )
        for name, n in (("mammography", 60), ("ultrasound", 40))
        for common in [{"image_size": 16, "random_state": 0}]
    ]


@pytest.fixture(scope="module")
def pairs(sets):
    return make_label_pairs(*sets, n_blocks=5, random_state=0)


def test_both_images_of_a_pair_have_its_label(pairs, sets):
    for column, bunch in zip(("mammogram", "ultrasound"), sets, strict=True):
        label = dict(zip(bunch.data["image"], bunch.target, strict=True))
        assert [label[path] for path in pairs.data[column]] == pairs.target.tolist()


def test_no_image_stands_in_two_pairs(pairs):
    assert not pairs.data[["mammogram", "ultrasound"]].stack().duplicated().any()


@pytest.mark.parametrize("modality", ["mammogram", "ultrasound"])
def test_no_patient_stands_in_two_blocks(pairs, modality):
    blocks = pairs.frame.groupby(f"{modality}_group")["group"].nunique()
    assert (blocks == 1).all()


def test_every_block_has_both_classes(pairs):
    assert (pairs.frame.groupby("group")["target"].nunique() == 2).all()


def test_most_images_of_the_smaller_set_are_paired(pairs):
    assert len(pairs.target) >= 0.8 * 40


def test_the_same_seed_draws_the_same_pairs(sets, pairs):
    again = make_label_pairs(*sets, n_blocks=5, random_state=0)
    np.testing.assert_array_equal(again.data["ultrasound"], pairs.data["ultrasound"])


def test_the_warning_is_carried(pairs):
    assert "not a woman" in pairs.warning
    assert pairs.warning in pairs.DESCR


def test_every_pair_is_marked(pairs):
    assert (pairs.data["paired_by"] == "label").all()


def test_polarity_rides_along(sets):
    mammography, ultrasound = sets
    marked = Bunch(**mammography | {"data": mammography.data.assign(inverted=True)})
    pairs = make_label_pairs(marked, ultrasound, n_blocks=3, random_state=0)
    assert pairs.data["mammogram_inverted"].all()
    assert "ultrasound_inverted" not in pairs.data
