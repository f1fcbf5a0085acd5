import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skfusion.model_selection import compare_models
from skfusion.model_selection._splits import split_by_data_set

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
        (X.to_numpy(), "cv='dataset' needs X as a DataFrame with the .* Got ndarray"),
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


def test_the_printed_comparison_names_what_was_left_out():
    first = str(compare_models(MODELS, X, Y, cv="dataset")).replace("\n", " ")
    assert first.startswith(
        "Comparison of 1 model on 3 folds, each a data set (b, a, c). Estimates"
    )
    assert "each a data set" not in str(compare_models(MODELS, X, Y, cv=2))


def test_the_remedy_for_an_array_leaves_out_its_data_sets():
    array = np.column_stack([Y, Y])
    with pytest.raises(ValueError, match="The protocol 'by data set' needs X as a Dat"):
        split_by_data_set(array, None, "The protocol 'by data set'")
    table = pd.DataFrame(array).add_prefix("x").assign(dataset=DATASET)
    select = ColumnTransformer([("features", "passthrough", ["x0", "x1"])])
    models = [("nearest", make_pipeline(select, KNeighborsClassifier(1)))]
    study = compare_models(models, table, Y, groups=X["group"], cv="dataset")
    assert study.folds["kappa"].tolist() == [1, 1, 1]


def test_another_name_is_refused():
    with pytest.raises(ValueError, match="'cv' parameter of compare_models"):
        compare_models(MODELS, X, Y, cv="hospital")
