import numpy as np
import pytest
from scipy.stats import t as student_t
from scipy.stats import ttest_rel
from sklearn.datasets import make_moons
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.svm import SVC

from skfusion.metrics import corrected_resampled_ttest

SIZES = {"n_train": 90, "n_test": 10}


def draw(n_folds=10, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0.8, 0.05, n_folds), rng.normal(0.78, 0.05, n_folds)


def test_the_worked_example_of_scikit_learn():
    """Its gallery, "Statistical comparison of models": t 0.750, p 0.227, one-sided."""
    X, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    cv = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    scores = [
        cross_val_score(SVC(kernel=kernel), X, y, cv=cv, scoring="roc_auc")
        for kernel in ("rbf", "linear")
    ]
    result = corrected_resampled_ttest(*scores, **SIZES)
    assert round(result.t, 3) == 0.750
    assert round(result.p / 2, 3) == 0.227


def test_it_is_the_formula_of_nadeau_and_bengio():
    scores, reference = draw()
    result = corrected_resampled_ttest(scores, reference, **SIZES)
    differences = scores - reference
    error = np.sqrt((1 / 10 + 10 / 90) * differences.var(ddof=1))
    assert result.t == pytest.approx(differences.mean() / error, abs=1e-9)
    assert result.p == pytest.approx(2 * student_t(9).sf(abs(result.t)), abs=1e-9)
    bounds = student_t(9, loc=result.difference, scale=error).interval(0.95)
    assert (result.lower, result.upper) == pytest.approx(bounds, abs=1e-9)


def test_with_tiny_test_sides_it_is_the_paired_t_test_of_scipy():
    scores, reference = draw()
    result = corrected_resampled_ttest(scores, reference, n_train=1, n_test=1e-12)
    expected = ttest_rel(scores, reference)
    assert result.t == pytest.approx(expected.statistic, abs=1e-6)
    assert result.p == pytest.approx(expected.pvalue, abs=1e-6)
    bounds = expected.confidence_interval(0.95)
    assert (result.lower, result.upper) == pytest.approx(bounds, abs=1e-6)


def test_swapped_models_change_the_sign_only():
    scores, reference = draw()
    one = corrected_resampled_ttest(scores, reference, **SIZES)
    other = corrected_resampled_ttest(reference, scores, **SIZES)
    assert (other.t, other.p) == (-one.t, one.p)
    assert (other.lower, other.upper) == (-one.upper, -one.lower)


def test_equal_scores_have_a_p_value_of_one():
    scores, _ = draw()
    result = corrected_resampled_ttest(scores, scores, **SIZES)
    assert (result.difference, result.t, result.p) == (0, 0, 1)


def test_a_difference_that_never_varies_is_certain():
    result = corrected_resampled_ttest([1.0, 2.0, 3.0], [0.5, 1.5, 2.5], **SIZES)
    assert (result.t, result.p) == (np.inf, 0)
    assert result.lower == result.upper == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"reference": [0.5]}, "inconsistent numbers"),
        ({"scores": [0.5], "reference": [0.5]}, "two folds or more"),
        ({"scores": [[0.5, 1], [1, 1]], "reference": [0.5, 0.5]}, "shape"),
        ({"scores": [0.5, np.nan]}, "scores contains NaN"),
        ({"n_test": 0}, "'n_test' parameter"),
        ({"confidence_level": 95}, "'confidence_level' parameter"),
    ],
)
def test_bad_input_is_named(arguments, message):
    good = {"scores": [0.5, 0.6], "reference": [0.4, 0.6], **SIZES}
    with pytest.raises(ValueError, match=message):
        corrected_resampled_ttest(**(good | arguments))
