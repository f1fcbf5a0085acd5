import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import (
    balanced_accuracy_score,
    cohen_kappa_score,
    precision_score,
    recall_score,
    roc_auc_score,
)
from sklearn.model_selection import cross_val_score

import skfusion.metrics
from skfusion.exceptions import DataQualityWarning
from skfusion.metrics import classification_summary, kappa_scorer


def draw_predictions(n_samples=400, n_classes=2, seed=0):
    rng = np.random.default_rng(seed)
    y_true = rng.integers(n_classes, size=n_samples)
    is_wrong = rng.random(n_samples) < 0.3
    y_pred = np.where(is_wrong, rng.integers(n_classes, size=n_samples), y_true)
    y_score = np.round(y_true + rng.normal(size=n_samples), 1)  # with ties
    return y_true, y_pred, y_score


def test_every_public_name_exists():
    assert all(hasattr(skfusion.metrics, name) for name in skfusion.metrics.__all__)


def test_kappa_scorer_is_cohens_kappa():
    X, y = np.zeros((6, 1)), np.array([0, 0, 0, 1, 1, 1])
    model = DummyClassifier(strategy="constant", constant=1).fit(X, y)
    assert kappa_scorer(model, X, y) == 0


def test_kappa_scorer_pickles_and_scores_a_search():
    scorer = pickle.loads(pickle.dumps(kappa_scorer))
    X, y = np.zeros((12, 1)), np.array(["benign", "malignant"] * 6)
    assert cross_val_score(DummyClassifier(), X, y, scoring=scorer, cv=2).tolist() == [
        0.0,
        0.0,
    ]


def test_estimates_agree_with_scikit_learn():
    y_true, y_pred, y_score = draw_predictions()
    summary = classification_summary(y_true, y_pred, y_score=y_score, n_resamples=0)
    expected = {
        "kappa": cohen_kappa_score(y_true, y_pred),
        "accuracy": np.mean(y_true == y_pred),
        "balanced accuracy": balanced_accuracy_score(y_true, y_pred),
        "sensitivity": recall_score(y_true, y_pred),
        "specificity": recall_score(y_true, y_pred, pos_label=0),
        "PPV": precision_score(y_true, y_pred),
        "NPV": precision_score(y_true, y_pred, pos_label=0),
        "AUC": roc_auc_score(y_true, y_score),
        "prevalence": np.mean(y_true),
    }
    assert summary["estimate"].to_dict() == pytest.approx(expected)


def auc_within(y_true, y_score, folds):
    """Mean AUC of the folds that hold both classes, weighed by their pairs."""
    parts = [folds == fold for fold in np.unique(folds)]
    parts = [part for part in parts if len(np.unique(y_true[part])) == 2]
    areas = [roc_auc_score(y_true[part], y_score[part]) for part in parts]
    n_pairs = [y_true[part].sum() * (1 - y_true[part]).sum() for part in parts]
    return np.average(areas, weights=n_pairs)


def test_the_auc_of_one_fold_is_that_of_scikit_learn():
    y_true, y_pred, y_score = draw_predictions()
    options = {"y_score": y_score, "n_resamples": 50}
    whole = classification_summary(y_true, y_pred, folds=np.zeros(400), **options)
    assert whole.loc["AUC", "estimate"] == roc_auc_score(y_true, y_score)
    pd.testing.assert_frame_equal(
        whole, classification_summary(y_true, y_pred, **options)
    )


def test_the_auc_of_folds_is_their_mean_by_pairs():
    y_true, y_pred, y_score = draw_predictions()
    folds = np.random.default_rng(1).integers(7, size=400)
    y_score = y_score + 2 * folds
    summary = classification_summary(
        y_true, y_pred, y_score=y_score, folds=folds.astype(str), n_resamples=0
    )
    expected = auc_within(y_true, y_score, folds)
    assert summary.loc["AUC", "estimate"] == pytest.approx(expected)
    assert abs(expected - roc_auc_score(y_true, y_score)) > 0.1


def test_folds_of_one_class_are_left_out_and_counted():
    y_true, y_pred, y_score = draw_predictions()
    folds = np.arange(400) % 4
    y_true[folds == 3] = 1
    y_score[folds == 3] = -9
    with pytest.warns(DataQualityWarning, match="1 of 4 .* 100 of 400 sam") as told:
        summary = classification_summary(y_true, y_pred, y_score=y_score, folds=folds)
    assert told[0].filename == __file__
    expected = auc_within(y_true, y_score, folds)
    assert summary.loc["AUC", "estimate"] == pytest.approx(expected)


def test_where_no_fold_holds_both_classes_there_is_no_auc():
    y = np.repeat([0, 1, 0, 1], 5)
    with pytest.warns(DataQualityWarning, match="AUC is NaN: no fold holds both"):
        summary = classification_summary(
            y, y, y_score=-y.astype(float), folds=np.repeat(np.arange(4), 5)
        )
    assert summary.loc["AUC"].isna().all()
    assert summary.loc["kappa", "estimate"] == 1


def test_measures_of_three_classes_agree_with_scikit_learn():
    y_true, y_pred, _ = draw_predictions(n_classes=3)
    summary = classification_summary(y_true, y_pred, n_resamples=0)
    assert summary["estimate"].to_dict() == pytest.approx(
        {
            "kappa": cohen_kappa_score(y_true, y_pred),
            "accuracy": np.mean(y_true == y_pred),
            "balanced accuracy": balanced_accuracy_score(y_true, y_pred),
        }
    )


def test_bounds_do_not_depend_on_how_resamples_are_blocked(monkeypatch):
    y_true, y_pred, y_score = draw_predictions()
    whole = classification_summary(y_true, y_pred, y_score=y_score)
    monkeypatch.setattr("skfusion.metrics._bootstrap._BLOCK_SIZE", 4_000)
    blocked = classification_summary(y_true, y_pred, y_score=y_score)
    pd.testing.assert_frame_equal(whole, blocked)


def test_repeated_views_of_a_patient_do_not_narrow_the_interval():
    y_true, y_pred, _ = draw_predictions(n_samples=60)
    patient = np.repeat(np.arange(60), 4)
    views = np.repeat(y_true, 4), np.repeat(y_pred, 4)
    once = classification_summary(y_true, y_pred)
    clustered = classification_summary(*views, groups=patient)
    naive = classification_summary(*views)
    pd.testing.assert_frame_equal(once, clustered)
    width = naive.loc["kappa", "upper"] - naive.loc["kappa", "lower"]
    assert width < 0.7 * (once.loc["kappa", "upper"] - once.loc["kappa", "lower"])


def test_one_random_state_gives_one_answer():
    y_true, y_pred, y_score = draw_predictions()
    first, second = (
        classification_summary(y_true, y_pred, y_score=y_score, random_state=3)
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, second)


def test_string_labels_give_what_their_codes_give():
    y_true, y_pred, _ = draw_predictions()
    names = np.array(["benign", "malignant"], dtype=object)
    pd.testing.assert_frame_equal(
        classification_summary(names[y_true], names[y_pred]),
        classification_summary(y_true, y_pred),
    )


def test_labels_decide_which_class_is_positive():
    y_true, y_pred, _ = draw_predictions()
    usual = classification_summary(y_true, y_pred, n_resamples=0)["estimate"]
    turned = classification_summary(y_true, y_pred, labels=[1, 0], n_resamples=0)
    assert turned.loc["sensitivity", "estimate"] == usual["specificity"]
    assert turned.loc["PPV", "estimate"] == usual["NPV"]


@pytest.mark.parametrize(
    ("y_true", "y_pred", "undefined"),
    [
        ([0, 0, 0], [0, 1, 0], {"balanced accuracy", "sensitivity"}),
        ([0, 1, 1], [0, 0, 0], {"PPV"}),
        ([0, 0, 0], [0, 0, 0], {"kappa", "balanced accuracy", "sensitivity", "PPV"}),
        ([1, 1, 1], [1, 1, 0], {"balanced accuracy", "specificity"}),
    ],
)
@pytest.mark.filterwarnings("error")
def test_undefined_measures_are_nan_and_only_they(y_true, y_pred, undefined):
    summary = classification_summary(y_true, y_pred)
    missing = set(summary.index[summary["estimate"].isna()]) - {"AUC"}
    assert missing == undefined


def test_an_undefined_measure_has_no_bounds():
    summary = classification_summary([0, 1, 1, 0], [0, 0, 0, 0])
    assert summary.loc["PPV"].isna().all()


def test_auc_needs_scores():
    assert classification_summary([0, 1], [0, 1]).loc["AUC"].isna().all()


def test_auc_is_undefined_in_one_class():
    summary = classification_summary([0, 0], [0, 1], y_score=[0.1, 0.9])
    assert np.isnan(summary.loc["AUC", "estimate"])


def test_one_group_has_an_estimate_and_no_interval():
    summary = classification_summary([0, 1, 1], [0, 1, 0], groups=["a", "a", "a"])
    assert summary["lower"].isna().all()
    assert summary.loc["sensitivity", "estimate"] == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y_pred": [0, 1]}, "inconsistent numbers of samples"),
        ({"groups": ["a", "b"]}, "inconsistent numbers of samples"),
        ({"groups": ["a", None, "b"]}, "row 1"),
        ({"y_score": [0.1, 0.2, 0.3], "folds": [0, 1]}, "inconsistent numbers"),
        ({"y_score": [0.1, 0.2, 0.3], "folds": [0, None, 1]}, "fold .* row 1"),
        ({"y_score": [0.1, np.nan, 0.3]}, r"y_score\[1\] is NaN"),
        ({"y_score": np.zeros((3, 2))}, r"\[:, 1\]"),
        ({"y_score": [0.1, 0.2]}, "inconsistent numbers of samples"),
        ({"labels": [0, 2]}, "labels"),
        ({"labels": [0, 1, 1]}, "distinct"),
        ({"y_pred": ["a", "b", "c"]}, "Mix of label input types"),
        ({"y_pred": [0.1, 0.2, 0.5]}, "Unknown label type|continuous"),
        ({"confidence_level": 1.5}, "'confidence_level' parameter"),
        ({"n_resamples": -1}, "'n_resamples' parameter"),
    ],
)
def test_bad_input_is_named(arguments, message):
    good = {"y_true": [0, 1, 1], "y_pred": [0, 1, 0]}
    with pytest.raises(ValueError, match=message):
        classification_summary(**(good | arguments))


def test_scores_of_three_classes_are_refused():
    with pytest.raises(ValueError, match="two classes"):
        classification_summary([0, 1, 2], [0, 1, 2], y_score=[0.1, 0.2, 0.3])


def test_nothing_to_summarise_is_an_error():
    with pytest.raises(ValueError, match="at least one sample"):
        classification_summary([], [])


def test_a_positive_class_by_the_alphabet_is_warned_of():
    y = ["cancer", "no cancer"]
    with pytest.warns(DataQualityWarning, match="'no cancer' as the positive class"):
        classification_summary(y, y)
    y = ["Malignant", "benign"]  # capital letters come first
    with pytest.warns(DataQualityWarning, match="to make 'Malignant' the positive"):
        classification_summary(y, y)


@pytest.mark.parametrize(
    ("y", "labels"),
    [
        (["benign", "malignant"], None),
        (["Benign", "Malignant"], None),
        (["BENIGN", "MALIGNANT"], None),
        (["benign", "malignant"], ["malignant", "benign"]),
    ],
)
def test_benign_and_malignant_need_no_warning(y, labels):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classification_summary(y, y, labels=labels)


def test_labels_that_differ_in_blanks_are_warned_of():
    y = ["benign", "benign ", "malignant"]
    with pytest.warns(DataQualityWarning, match="differ in blanks"):
        classification_summary(y, y)


def test_groups_that_differ_in_blanks_are_warned_of_once():
    with pytest.warns(DataQualityWarning, match="rows 0 and 1 differ") as caught:
        classification_summary([0, 1, 1], [0, 1, 1], groups=["a", "a ", "b"])
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("labels", [None, [0.5, 1.5]])
def test_labels_of_y_true_are_no_probabilities(labels):
    y_true, y_pred = np.array([1, 1, 0, 0, 0]), np.array([1, 0, 0, 0, 1])
    expected = classification_summary(y_true, y_pred)
    found = classification_summary(y_true + 0.5, y_pred + 0.5, labels=labels)
    pd.testing.assert_frame_equal(found, expected)


def test_labels_that_are_given_are_no_probabilities():
    summary = classification_summary([0.5, 0.5], [1.5, 0.5], labels=[0.5, 1.5])
    assert summary.loc["accuracy", "estimate"] == 0.5


@pytest.mark.parametrize(
    ("y_true", "y_pred"),
    [([0.5, 1.5], [0.5, 0.7]), ([0, 1], [0.2, 1.0]), (["a", "b"], [0.5, 1.5])],
)
def test_numbers_that_are_not_among_the_labels_are_refused(y_true, y_pred):
    with pytest.raises(ValueError, match="class labels in y_pred"):
        classification_summary(y_true, y_pred)


@pytest.mark.parametrize(
    ("y_true", "y_pred"), [([0.2, 0.7], [0, 1]), ([0, np.nan], [0, np.nan])]
)
def test_continuous_or_missing_truth_is_refused(y_true, y_pred):
    with pytest.raises(ValueError, match=r"continuous|NaN"):
        classification_summary(y_true, y_pred)
