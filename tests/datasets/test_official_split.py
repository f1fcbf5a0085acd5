import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import cross_validate
from sklearn.utils import Bunch

from skfusion.datasets import load_breastmnist, make_breast_images, official_split
from skfusion.exceptions import DataQualityWarning
from skfusion.model_selection import compare_models


@pytest.fixture
def breast():
    """Eight images of four patients, with a split and folds that no patient crosses."""
    breast = make_breast_images(8, n_views=2, image_size=16, random_state=0)
    part = ["train", "train", "test", "validation"]
    patients = dict(zip(pd.unique(breast.groups), part, strict=True))
    breast.frame["split"] = [patients[group] for group in breast.groups]
    breast.frame["fold_4"] = np.repeat([3, 1, 2, 4], 2)
    return breast


def test_parts_are_one_pair_without_the_validation_part(breast):
    ((train, test),) = official_split(breast)
    assert train.tolist() == [0, 1, 2, 3]
    assert test.tolist() == [4, 5]


def test_folds_are_a_pair_each_in_their_order(breast):
    splits = official_split(breast, column="fold_4")
    assert [test.tolist() for _, test in splits] == [[2, 3], [4, 5], [0, 1], [6, 7]]
    for train, test in splits:
        assert sorted([*train, *test]) == list(range(8))


def test_folds_are_found_where_there_is_no_split(breast):
    del breast.frame["split"]
    assert len(official_split(breast)) == 4


def test_cross_validate_and_compare_models_take_it(breast):
    breast.frame["half"] = np.repeat([0, 1], 4)
    target = np.tile([0, 1], 4)
    splits = official_split(breast, column="half")
    model = DummyClassifier()
    scores = cross_validate(model, breast.data, target, cv=splits)
    assert len(scores["test_score"]) == 2
    study = compare_models(
        [("dummy", model)], breast.data, target, groups=breast.groups, cv=splits
    )
    assert sorted(set(study.predictions["fold"])) == [0, 1]


def test_groups_that_cross_it_are_counted(breast):
    breast.groups[4] = breast.groups[0]
    with pytest.warns(DataQualityWarning, match="^1 groups .* with 1 of its test rows"):
        official_split(breast)


def test_breastmnist_has_one_that_families_cross(tmp_path, breastmnist_arrays):
    np.savez(tmp_path / "breastmnist.npz", **breastmnist_arrays(28))
    breast = load_breastmnist(tmp_path)
    with pytest.warns(DataQualityWarning, match="with 50 of its test rows"):
        ((train, test),) = official_split(breast)
    assert train.tolist() == breast.splits.test[0][0].tolist()
    assert test.tolist() == breast.splits.test[0][1].tolist()


def test_no_official_split(breast):
    breast.frame = breast.frame.drop(columns=["split", "fold_4"])
    with pytest.raises(ValueError, match=r"without such a column\. Draw folds"):
        official_split(breast)


def test_no_such_column(breast):
    with pytest.raises(ValueError, match=r"Got one with \['split', 'fold_4'\]"):
        official_split(breast, column="fold_5")


def test_pooled_rows_without_a_part(breast):
    breast.frame.loc[[3, 5], "split"] = None
    with pytest.raises(ValueError, match="none in 2 rows, the first of which is row 3"):
        official_split(breast)


@pytest.mark.parametrize("parts", [["train"] * 8, ["test"] * 8, [1] * 8])
def test_one_side_only(breast, parts):
    breast.frame["split"] = parts
    with pytest.raises(ValueError, match="Pass the data set with all its rows"):
        official_split(breast)


@pytest.mark.parametrize("wrong", [(1, 2), Bunch(data=1), None])
def test_not_a_data_set(wrong):
    with pytest.raises(TypeError, match="expects the Bunch of a loader"):
        official_split(wrong)
