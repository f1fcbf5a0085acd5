import warnings

import numpy as np
import pytest
from sklearn.utils import Bunch

from skfusion.datasets import (
    concat_datasets,
    make_breast_images,
    make_label_pairs,
)
from skfusion.exceptions import DataQualityWarning


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


def test_the_description_warns(pairs):
    assert "not a woman" in pairs.DESCR


def test_every_pair_is_marked(pairs):
    assert (pairs.data["paired_by"] == "label").all()


def test_polarity_rides_along(sets):
    mammography, ultrasound = sets
    marked = Bunch(**mammography | {"data": mammography.data.assign(inverted=True)})
    pairs = make_label_pairs(marked, ultrasound, n_blocks=3, random_state=0)
    assert pairs.data["mammogram_inverted"].all()
    assert "ultrasound_inverted" not in pairs.data


def test_region_rides_along(sets):
    mammography, ultrasound = sets
    regions = [f"0,0,8,{row + 1}" for row in range(len(ultrasound.data))]
    data = ultrasound.data.assign(region=regions)
    data.loc[0, "region"] = None
    boxed = Bunch(**ultrasound | {"data": data})
    plain = mammography.data.drop(columns="region", errors="ignore")
    unboxed = Bunch(**mammography | {"data": plain})
    pairs = make_label_pairs(unboxed, boxed, n_blocks=3, random_state=0).data
    box = dict(zip(data["image"], data["region"], strict=True))
    expected = pairs["ultrasound"].map(box)
    assert pairs["ultrasound_region"].tolist() == expected.tolist()
    assert pairs["ultrasound_region"].notna().sum() >= len(pairs) - 1
    assert "mammogram_region" not in pairs


def test_data_sets_in_the_wrong_order_are_refused(sets):
    with pytest.raises(ValueError, match=r"'mammography' only.*Got \['ultrasound'\]"):
        make_label_pairs(*sets[::-1])


def test_a_data_set_of_both_modalities_is_refused(sets):
    mammography, ultrasound = sets
    both = concat_datasets(mammography, ultrasound)
    with pytest.raises(ValueError, match=r"'ultrasound' only.*Got \['mammography'\]"):
        make_label_pairs(mammography, both)


def test_pixels_cannot_be_paired(sets):
    pixels = make_breast_images(8, image_size=16, random_state=0)
    with pytest.raises(TypeError, match=r"DataFrame of paths.*folder="):
        make_label_pairs(pixels, sets[1])


def test_too_many_blocks_are_warned_of(sets):
    mammography, ultrasound = sets
    few_groups = np.array([f"patient{label}" for label in mammography.target])
    few = Bunch(**mammography | {"groups": few_groups})
    with pytest.warns(DataQualityWarning, match=r"possible pairs.*Lower n_blocks"):
        make_label_pairs(few, ultrasound, n_blocks=40, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataQualityWarning)
        make_label_pairs(*sets, n_blocks=5, random_state=0)
