import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from skfusion.model_selection import compare_models

MODELS = [("prior", DummyClassifier())]
DATASET = ["b"] * 8 + ["a"] * 6 + ["c"] * 4
PATHS = [f"{row}.png" for row in range(18)]
X = pd.DataFrame({"image": PATHS, "dataset": DATASET, "group": np.arange(18) // 2})
Y = np.tile([0, 1], 9)


def test_each_data_set_is_left_out_once_in_the_order_of_the_rows():
    study = compare_models(MODELS, X, Y, cv="dataset")
    tested = [X["dataset"].iloc[test].unique().tolist() for _, test in study.splits]
    assert tested == [["b"], ["a"], ["c"]]
    for train, test in study.splits:
        assert sorted([*train, *test]) == list(range(18))
    assert study.folds["n"].tolist() == [8, 6, 4]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            X[["image", "group"]],
            r"needs the column 'dataset' in X. Got the columns \['",
        ),
        (X.to_numpy(), "needs a DataFrame with the column 'dataset'. Got ndarray"),
        (X.assign(dataset="a"), r"at least two data sets .* Got \['a'\]"),
        (
            X.assign(dataset=[None, *DATASET[1:]]),
            "column 'dataset' of X. Got none in row 0",
        ),
        (X.assign(group=X["group"] % 4), "Got 4 groups in two or more"),
    ],
)
def test_what_cannot_be_left_out_raises_a_clear_error(table, message):
    groups = None if isinstance(table, pd.DataFrame) else X["group"]
    with pytest.raises(ValueError, match=message):
        compare_models(MODELS, table, Y, groups=groups, cv="dataset")


def test_another_name_is_refused():
    with pytest.raises(ValueError, match="'cv' parameter of compare_models"):
        compare_models(MODELS, X, Y, cv="hospital")
