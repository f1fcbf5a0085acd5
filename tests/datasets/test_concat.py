import warnings

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils import Bunch

from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_busi,
    load_rsna,
    make_breast_images,
)
from skfusion.exceptions import DataQualityWarning
from skfusion.images import ImageSource


@pytest.fixture
def pooled(rsna_folder, busi_folder, breast_folder):
    path = rsna_folder.parent
    return concat_datasets(
        load_rsna(path), load_busi(path), load_breast_lesions_usg(path)
    )


def test_rows_stay_together(pooled):
    assert pooled.data["dataset"].value_counts(sort=False).to_dict() == {
        "rsna": 7,
        "busi": 5,
        "breast_lesions_usg": 2,
    }
    assert pooled.data.index.tolist() == list(range(14))
    assert pooled.target.tolist() == pooled.frame["target"].tolist()
    assert pooled.target.dtype == np.int64


def test_groups_carry_their_data_set(pooled):
    assert pooled.groups.tolist() == pooled.data["group"].tolist()
    assert pooled.groups[[0, 8, -1]].tolist() == [
        "rsna:5",
        "busi:family2",
        "breast_lesions_usg:case022",
    ]


def test_equal_patient_numbers_stay_apart(tmp_path):
    first, second = (
        make_breast_images(2, folder=tmp_path / name, random_state=0) for name in "ab"
    )
    second.data["dataset"] = second.frame["dataset"] = "other"
    pooled = concat_datasets(first, second)
    assert len(set(pooled.groups)) == 4


def test_polarity_is_told_for_all(pooled):
    assert pooled.data["inverted"].dtype == bool
    assert pooled.data.groupby("dataset")["inverted"].sum().to_dict() == {
        "rsna": 3,
        "busi": 0,
        "breast_lesions_usg": 0,
    }


def test_no_polarity_where_none_needs_it(busi_folder, breast_folder):
    path = breast_folder.parent
    pooled = concat_datasets(load_busi(path), load_breast_lesions_usg(path))
    assert "inverted" not in pooled.data


def test_region_is_missing_where_a_data_set_has_none(pooled):
    region = pooled.data["region"]
    of_rsna = region[pooled.data["dataset"] == "rsna"]
    assert [value is None for value in of_rsna] == [True] * 7
    assert region.notna().sum() == 7
    assert pooled.frame["region"].equals(region)


def test_no_region_where_no_data_set_has_one(rsna_folder):
    assert "region" not in concat_datasets(load_rsna(rsna_folder)).data


def test_target_names_are_honest(pooled):
    assert pooled.target_names == [
        "no cancer (mostly normal) / benign",
        "cancer / malignant",
    ]


def test_frame_has_all_columns_and_data_none_that_leaks(pooled):
    assert {"BIRADS", "density", "Diagnosis", "label"} < set(pooled.frame.columns)
    assert not {"BIRADS", "density", "target", "age"} & set(pooled.data.columns)


def test_descriptions_are_joined(pooled):
    for word in ("RSNA", "BUSI", "BrEaST"):
        assert word in pooled.DESCR


def test_pooling_twice_prefixes_once(rsna_folder, busi_folder):
    path = rsna_folder.parent
    inner = concat_datasets(load_rsna(path))
    outer = concat_datasets(inner, load_busi(path))
    assert outer.groups[0] == "rsna:5"


def test_inputs_are_left_alone(rsna_folder):
    rsna = load_rsna(rsna_folder)
    before = rsna.data.copy()
    concat_datasets(rsna)
    assert rsna.data.equals(before)


def test_pooled_data_can_be_read_balanced_and_split(pooled):
    X, y = RandomOverSampler(random_state=0).fit_resample(pooled.data, pooled.target)
    assert X.columns.tolist() == pooled.data.columns.tolist()
    assert (y == 0).sum() == (y == 1).sum()
    assert ImageSource(X, image_size=8)[: len(X)].shape == (len(X), 8, 8, 1)
    cv = StratifiedGroupKFold(2)
    for train, test in cv.split(pooled.data, pooled.target, pooled.groups):
        assert not set(pooled.groups[train]) & set(pooled.groups[test])


def test_nothing_given():
    with pytest.raises(ValueError, match="at least one data set"):
        concat_datasets()


def test_patients_of_two_sets_of_one_name_are_counted(tmp_path):
    """Two tables of two hospitals are both called "table" unless they are named."""
    first = make_breast_images(4, folder=tmp_path / "a", random_state=0)
    second = make_breast_images(3, folder=tmp_path / "b", random_state=1)
    with pytest.warns(DataQualityWarning, match="3 groups are in several data sets"):
        concat_datasets(first, second)
    for part in (second.data, second.frame):
        part["dataset"] = "other"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(set(concat_datasets(first, second).groups)) == 7


def test_other_numbers_of_classes_are_refused(busi_folder):
    busi = load_busi(busi_folder)
    three = Bunch(**busi | {"target_names": ["benign", "malignant", "normal"]})
    with pytest.raises(ValueError, match=r"Got .*'normal'\]\]. Pass positive="):
        concat_datasets(busi, three)


def test_arrays_are_refused(busi_folder):
    busi, synthetic = load_busi(busi_folder), make_breast_images(2, random_state=0)
    with pytest.raises(TypeError, match=r"ndarray at position 1.*folder"):
        concat_datasets(busi, synthetic)


def test_tuple_is_refused(busi_folder):
    with pytest.raises(TypeError, match="tuple at position 0"):
        concat_datasets(load_busi(busi_folder, return_X_y=True))
