"""``ModelComparison.tests``."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from skfusion.exceptions import DataQualityWarning
from skfusion.metrics import corrected_resampled_ttest, delong_test
from skfusion.metrics._paired import holm, paired_kappa_gain
from skfusion.model_selection import compare_models

COLUMNS = ["model", "reference", "measure", "difference", "lower", "upper"]
COLUMNS += ["p", "p_holm", "n_groups"]


def draw(n_classes=2, n_groups=40):
    rng = np.random.default_rng(0)
    y = rng.integers(n_classes, size=n_groups).repeat(3)
    X = y[:, np.newaxis] + rng.normal(size=(len(y), 3))
    return X, y, np.arange(n_groups).repeat(3)


MODELS = [
    ("prior", DummyClassifier()),
    ("linear", LogisticRegression()),
    ("tree", DecisionTreeClassifier(max_depth=3, random_state=0)),
]


@pytest.fixture(scope="module")
def study():
    X, y, groups = draw()
    return compare_models(MODELS, X, y, groups=groups, cv=4)


def wide(study, column):
    """One row for each predicted row, one column for each model."""
    return study.predictions.pivot(
        index=["fold", "row", "group", "y_true"], columns="model", values=column
    ).reset_index()


@pytest.mark.parametrize(
    ("measure", "method"),
    [
        ("kappa", "bootstrap"),
        ("AUC", "bootstrap"),
        ("PPV", "bootstrap"),
        ("AUC", "delong"),
        ("kappa", "t_test"),
        ("sensitivity", "t_test"),
    ],
)
def test_every_pair_of_models_is_one_row(study, measure, method):
    tests = study.tests(measure, method)
    assert tests.columns.tolist() == COLUMNS
    pairs = tests[["model", "reference"]].to_numpy().tolist()
    assert pairs == [["linear", "prior"], ["tree", "prior"], ["tree", "linear"]]
    assert (tests["measure"] == measure).all()
    assert (tests["n_groups"] == 40).all()
    np.testing.assert_allclose(tests["p_holm"], holm(tests["p"]))
    if measure != "PPV":
        estimates = study.summary.query("measure == @measure and modality == 'all'")
        estimates = estimates.set_index("model")["estimate"]
        expected = estimates["tree"] - estimates["linear"]
        tolerance = 0.2 if method == "t_test" else 1e-9
        assert tests.loc[2, "difference"] == pytest.approx(expected, abs=tolerance)


def test_the_bootstrap_is_that_of_patients(study):
    table = wide(study, "y_pred")
    gain = paired_kappa_gain(
        table["y_true"], table["tree"], table["linear"], table["group"]
    )
    found = study.tests().loc[2].rename({"difference": "gain"})
    assert found[list(gain)].to_dict() == pytest.approx(gain)


def test_delong_compares_within_folds(study):
    table = wide(study, "y_score")
    expected = delong_test(
        *(table["y_true"], table["tree"], table["linear"]),
        groups=table["group"],
        folds=table["fold"],
    )
    found = study.tests("AUC", "delong").loc[2]
    for name in ("difference", "lower", "upper", "p"):
        assert found[name] == pytest.approx(expected[name])


def test_the_t_test_is_that_of_the_folds(study):
    kappa = study.folds.pivot(index="fold", columns="model", values="kappa")
    sizes = [
        np.mean([len(side) for side in sides])
        for sides in zip(*study.splits, strict=True)
    ]
    expected = corrected_resampled_ttest(
        kappa["tree"], kappa["linear"], n_train=sizes[0], n_test=sizes[1]
    )
    found = study.tests(method="t_test").loc[2]
    for name in ("difference", "lower", "upper", "p"):
        assert found[name] == pytest.approx(expected[name])


def test_repeated_folds_count_a_patient_once():
    X, y, groups = draw()
    repeats = [
        StratifiedGroupKFold(4, shuffle=True, random_state=seed) for seed in range(3)
    ]
    study = compare_models(MODELS[:2], X, y, groups=groups, cv=repeats)
    once = compare_models(MODELS[:2], X, y, groups=groups, cv=repeats[0])
    for measure, method in [("kappa", "bootstrap"), ("AUC", "delong")]:
        many, one = (each.tests(measure, method).loc[0] for each in (study, once))
        assert many["n_groups"] == 40
        width, width_of_one = many["upper"] - many["lower"], one["upper"] - one["lower"]
        assert width > 0.7 * width_of_one
    assert study.tests(method="t_test").loc[0, "p"] < 0.05


def test_three_classes_are_tested():
    X, y, groups = draw(n_classes=3)
    study = compare_models(MODELS[:2], X, y, groups=groups, cv=3)
    assert study.tests("balanced accuracy").loc[0, "p"] < 0.05
    assert study.tests("kappa", "t_test").loc[0, "difference"] > 0
    with pytest.raises(ValueError, match=r"measure to be one of .* for 3 classes"):
        study.tests("AUC")


class FailsInOneFold(LogisticRegression):
    """A model that fails where row 0 is not in its training part."""

    def fit(self, X, y):
        if not (X == FIRST).all(axis=1).any():
            raise RuntimeError("no convergence")
        return super().fit(X, y)


FIRST = draw()[0][0]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.parametrize(
    ("measure", "method"),
    [("kappa", "bootstrap"), ("AUC", "delong"), ("kappa", "t_test")],
)
def test_rows_that_a_model_did_not_predict_are_left_out_of_its_tests(measure, method):
    X, y, groups = draw()
    models = [*MODELS[:2], ("fails", FailsInOneFold())]
    study = compare_models(models, X, y, groups=groups, cv=4)
    fold = study.folds.query("model == 'fails'").set_index("fold")["kappa"]
    lost = study.splits[fold.index[fold.isna()][0]][1]
    message = f"'fails' and 'linear' uses the {120 - len(lost)} of 120 predictions"
    with pytest.warns(DataQualityWarning, match=message) as told:
        tests = study.tests(measure, method)
    assert {warning.filename for warning in told} == {__file__}
    n_left = 40 - len(np.unique(groups[lost]))
    assert tests["n_groups"].tolist() == [40, n_left, n_left]
    # The model equals "linear" in the folds in which it did not fail.
    assert tests.loc[2, ["difference", "p"]].tolist() == [0, 1]


def test_a_fold_that_does_not_define_the_measure_is_left_out_of_the_t_test():
    X, y, _ = draw()
    order = np.argsort(y, kind="stable")  # the first fold holds one class only
    rest = np.random.default_rng(0).permutation(order[15:])
    tests = [order[:15], *np.array_split(rest, 3)]
    splits = [(np.setdiff1d(np.arange(120), test), test) for test in tests]
    with pytest.warns(DataQualityWarning):
        study = compare_models(MODELS[:2], X, y, groups=np.arange(120), cv=splits)
    with pytest.warns(DataQualityWarning, match="1 of 4 folds do not define the AUC"):
        assert study.tests("AUC", "t_test").loc[0, "difference"] > 0


def test_one_model_cannot_be_compared():
    X, y, groups = draw()
    study = compare_models(MODELS[:1], X, y, groups=groups, cv=3)
    with pytest.raises(ValueError, match=r"two models or more. Got \['prior'\]"):
        study.tests()


class WithoutScores(ClassifierMixin, BaseEstimator):
    """A model that predicts labels only."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return (X[:, 0] > 0.5).astype(int)


@pytest.mark.parametrize("method", ["bootstrap", "delong", "t_test"])
@pytest.mark.filterwarnings("ignore:.*folds do not define")
def test_the_auc_of_a_model_without_scores_is_not_tested(method):
    X, y, groups = draw()
    models = [*MODELS[:2], ("labels", WithoutScores())]
    study = compare_models(models, X, y, groups=groups, cv=3)
    tests = study.tests("AUC", method)
    assert tests["p"].isna().tolist() == [False, True, True]
    assert tests["difference"].isna().tolist() == [False, True, True]


def test_few_groups_are_warned_of_once():
    X, y, groups = draw(n_groups=12)
    study = compare_models(MODELS, X, y, groups=groups, cv=3)
    with pytest.warns(DataQualityWarning, match="Got 12") as told:
        study.tests()
    assert [warning.filename for warning in told] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study.tests(method="t_test")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("kappa", "delong"), "measure='AUC' for method='delong'. Got 'kappa'"),
        (("prevalence",), "'AUC', 'NPV', .*'sensitivity', .* Got 'prevalence'"),
        (("kappa", "mcnemar"), "one of 'bootstrap', 'delong', 't_test'. Got 'mcn"),
    ],
)
def test_bad_input_is_named(study, arguments, message):
    with pytest.raises(ValueError, match=message):
        study.tests(*arguments)


@pytest.fixture(scope="module")
def external():
    """Comparison with two modalities and an external data set."""
    X, y, groups = draw()
    X = pd.DataFrame(X, columns=["a", "b", "c"])
    modality = np.where(groups % 2, "ultrasound", "mammography")
    numbers = make_column_transformer(("passthrough", ["a", "b", "c"]))
    models = [(name, make_pipeline(numbers, model)) for name, model in MODELS[:2]]
    study = compare_models(models, X.assign(modality=modality), y, groups=groups, cv=4)
    other = X.sample(90, random_state=0) + 1
    return study.external("B", other, y[other.index], 100 + groups[other.index])


@pytest.mark.parametrize(
    ("measure", "method"), [("kappa", "bootstrap"), ("AUC", "delong")]
)
def test_external_data_are_tested(external, measure, method):
    (row,) = external.tests(measure, method, data="B").itertuples()
    estimates = external.summary.query("data == 'B' and measure == @measure")
    estimates = estimates.set_index("model")["estimate"]
    difference = estimates["linear"] - estimates["prior"]
    np.testing.assert_allclose(row.difference, difference)
    assert row.n_groups == external.externals["B"]["group"].nunique()
    assert row.lower < row.difference < row.upper


@pytest.mark.parametrize("method", ["bootstrap", "t_test"])
def test_a_modality_is_tested_by_itself(external, method):
    (row,) = external.tests("kappa", method, modality="ultrasound").itertuples()
    scores = external.folds.query("modality == 'ultrasound'")
    if method == "t_test":
        kappa = scores.groupby("model")["kappa"].mean()
    else:
        rows = external.summary.query("modality == 'ultrasound' and measure == 'kappa'")
        kappa = rows.set_index("model")["estimate"]
    np.testing.assert_allclose(row.difference, kappa["linear"] - kappa["prior"])
    assert row.n_groups == 20


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": "B", "method": "t_test"}, "Got 'B', an external data set without"),
        ({"data": "C"}, "data to be one of 'cross-validation', 'B'. Got 'C'"),
        ({"modality": "CT"}, "modality to be one of 'all', 'mammography'"),
    ],
)
def test_data_that_cannot_be_tested_are_named(external, options, message):
    with pytest.raises(ValueError, match=message):
        external.tests(**options)


def test_a_pickle_can_be_tested(study):
    pd.testing.assert_frame_equal(
        pickle.loads(pickle.dumps(study)).tests(), study.tests()
    )


def test_printed_tests_show_every_number_in_80_columns():
    X, y, groups = draw(n_classes=3)
    names = [f"a frozen backbone with a support vector machine {n}" for n in "ab"]
    models = [(name, DecisionTreeClassifier(max_depth=2)) for name in names]
    study = compare_models(models, X, y, groups=groups, cv=3)
    tests = study.tests("balanced accuracy", "t_test")
    text = repr(tests)
    assert text == str(tests)
    assert max(map(len, text.splitlines())) <= 80
    assert " ".join(COLUMNS[3:8]) in " ".join(text.split())
    for column in ("difference", "lower", "upper", "p", "p_holm"):
        assert f"{tests[column].iloc[0]:.3f}" in text
    assert "a frozen...achine a" in text
    assert "[1 rows x 9 columns; not shown: n_groups, measure]" in text


def test_short_tests_are_printed_whole(study):
    text = repr(study.tests())
    assert "p_holm  n_groups" in text
    assert "not shown" not in text
    assert type(study.tests().head(1)) is pd.DataFrame
