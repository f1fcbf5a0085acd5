"""The test of DeLong against structural components in loops."""

import warnings

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from skfusion.exceptions import DataQualityWarning
from skfusion.metrics import delong_test

# Ovarian cancer and intestinal obstruction, the example of DeLong et al. (1988) without
# the incomplete rows, as in the example of the LOGISTIC procedure in the user's guide
# of SAS/STAT: albumin, total protein, K-G score, and whether surgery helped.
OVARIAN = """
    3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0
    2.5 5.7  8 0  1.6 5.6 5 1  3.8 5.7 5 1  3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1
    4.1 6.6  5 1  3.6 5.7 5 1  4.3 7.0 4 1  3.6 6.7 4 0  2.3 4.4 6 1  4.2 7.6 4 0
    4.0 6.6  6 0  3.5 5.8 6 1  3.8 6.8 7 1  3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1
    3.1 6.6  6 1  4.1 8.2 6 1  4.3 7.0 5 1  4.3 6.5 4 1  3.2 5.1 5 1  2.6 4.7 6 1
    3.3 6.8  6 0  1.7 4.0 7 0  3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1  3.5 6.2 5 1
    2.9 5.7  9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1  3.3 5.7 6 1  3.7 6.9 5 1
    3.6 6.6  5 1
"""


def draw(n_groups=40, n_of_group=3, seed=0, by_group=False):
    """Labels of images, or of groups; two scores with ties; groups in any order."""
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.repeat(np.arange(n_groups), n_of_group))
    y = rng.integers(2, size=len(groups))
    if by_group:
        y = rng.integers(2, size=n_groups)[groups]
    shared = rng.normal(size=n_groups)[groups] + y
    good, poor = (
        np.round(shared + spread * rng.normal(size=len(y)), 1) for spread in (0.8, 1.5)
    )
    return y, good, poor, groups


def compare(positive, negative):
    return 1.0 if positive > negative else 0.5 if positive == negative else 0.0


def components_by_hand(y, score):
    """Structural components of each positive and each negative sample."""
    positive, negative = score[y == 1], score[y == 0]
    of_positive = [np.mean([compare(p, n) for n in negative]) for p in positive]
    of_negative = [np.mean([compare(p, n) for p in positive]) for n in negative]
    return np.array(of_positive), np.array(of_negative)


def covariance_by_hand(y, first, second, groups):
    """Covariance of two areas of Obuchowski, in loops over the patients."""
    (first_1, first_0), (second_1, second_0) = (
        components_by_hand(y, score) for score in (first, second)
    )
    area, other = first_1.mean(), second_1.mean()
    of_1, of_0 = groups[y == 1], groups[y == 0]
    s_10 = s_01 = s_11 = 0
    for group in np.unique(groups):
        is_1, is_0 = of_1 == group, of_0 == group
        sums_1 = (first_1[is_1] - area).sum(), (second_1[is_1] - other).sum()
        sums_0 = (first_0[is_0] - area).sum(), (second_0[is_0] - other).sum()
        s_10 += sums_1[0] * sums_1[1]
        s_01 += sums_0[0] * sums_0[1]
        s_11 += sums_1[0] * sums_0[1] + sums_0[0] * sums_1[1]
    n_1, n_0 = len(of_1), len(of_0)
    i_1, i_0, i = (len(np.unique(each)) for each in (of_1, of_0, groups))
    s_10, s_01 = s_10 * i_1 / (i_1 - 1) / n_1, s_01 * i_0 / (i_0 - 1) / n_0
    return s_10 / n_1 + s_01 / n_0 + s_11 * i / (i - 1) / n_1 / n_0


def statistic_by_hand(y, first, second, groups):
    variance = (
        covariance_by_hand(y, first, first, groups)
        + covariance_by_hand(y, second, second, groups)
        - 2 * covariance_by_hand(y, first, second, groups)
    )
    return (roc_auc_score(y, first) - roc_auc_score(y, second)) / np.sqrt(variance)


def plain_delong(y, first, second):
    """DeLong without patients, by the covariance matrices of numpy."""
    components = [components_by_hand(y, score) for score in (first, second)]
    matrix = sum(
        np.cov([each[side] for each in components]) / len(components[0][side])
        for side in (0, 1)
    )
    difference = components[0][0].mean() - components[1][0].mean()
    return difference / np.sqrt(matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("by_group", [False, True])
def test_it_is_obuchowskis_test_in_patients(seed, by_group):
    y, first, second, groups = draw(seed=seed, by_group=by_group)
    result = delong_test(y, first, second, groups=groups)
    assert result.auc == pytest.approx(roc_auc_score(y, first), abs=1e-9)
    assert result.auc_reference == pytest.approx(roc_auc_score(y, second), abs=1e-9)
    z = statistic_by_hand(y, first, second, groups)
    assert result.z == pytest.approx(z, abs=1e-6)
    assert result.p == pytest.approx(2 * norm.sf(abs(z)), abs=1e-6)
    error = result.difference / z
    bounds = result.difference + norm.ppf([0.025, 0.975]) * error
    assert (result.lower, result.upper) == pytest.approx(bounds, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_without_groups_it_is_delongs_test(seed):
    y, first, second, _ = draw(seed=seed)
    z = plain_delong(y, first, second)
    assert delong_test(y, first, second).z == pytest.approx(z, abs=1e-6)
    alone = delong_test(y, first, second, groups=np.arange(len(y)))
    assert alone.z == pytest.approx(z, abs=1e-6)


def test_the_data_of_delong():
    values = np.array(OVARIAN.split(), dtype=float).reshape(-1, 4)
    y, albumin, protein, score = values[:, 3], values[:, 0], values[:, 1], values[:, 2]
    assert (len(y), y.sum()) == (43, 31)
    for test in (albumin, protein):
        result = delong_test(y.astype(int), test, -score)
        assert result.auc == pytest.approx(roc_auc_score(y, test), abs=1e-9)
        assert result.z == pytest.approx(plain_delong(y, test, -score), abs=1e-6)


def test_copies_of_an_image_do_not_add_evidence():
    y, first, second, _ = draw()
    once = delong_test(y, first, second)
    copies = [np.repeat(each, 5) for each in (y, first, second)]
    clustered = delong_test(*copies, groups=np.repeat(np.arange(len(y)), 5))
    assert clustered.z == pytest.approx(once.z, abs=1e-9)
    assert delong_test(*copies).z > 2 * once.z


def test_only_scores_of_the_same_fold_are_compared():
    y, first, second, groups = draw()
    folds = groups % 4
    found = delong_test(y, first, second, groups=groups, folds=folds)
    shifted = delong_test(y, first + 9 * folds, second, groups=groups, folds=folds)
    assert shifted == found
    assert delong_test(y, first + 9 * folds, second, groups=groups).p != found.p
    one = delong_test(y, first, second, groups=groups, folds=np.zeros(len(y)))
    assert one == delong_test(y, first, second, groups=groups)


def test_repeated_folds_count_a_patient_once():
    y, first, second, groups = draw()
    once = delong_test(y, first, second, groups=groups, folds=groups % 4)
    twice = [np.tile(each, 2) for each in (y, first, second)]
    folds = np.concatenate([groups % 4, groups % 4 + 4])
    repeated = delong_test(*twice, groups=np.tile(groups, 2), folds=folds)
    assert repeated.z == pytest.approx(once.z, abs=1e-9)


def test_swapped_models_change_the_sign_only():
    y, first, second, groups = draw()
    one = delong_test(y, first, second, groups=groups)
    other = delong_test(y, second, first, groups=groups)
    assert (other.z, other.p) == pytest.approx((-one.z, one.p))


def test_equal_scores_have_a_p_value_of_one():
    y, first, _, groups = draw()
    result = delong_test(y, first, first, groups=groups)
    assert (result.difference, result.z, result.p) == (0, 0, 1)


def test_labels_name_the_positive_class():
    y, first, second, _ = draw()
    names = np.array(["benign", "malignant"])[y]
    assert delong_test(names, first, second) == delong_test(y, first, second)
    turned = delong_test(y, first, second, labels=[1, 0])
    assert turned.auc == pytest.approx(1 - delong_test(y, first, second).auc)


def test_a_class_in_one_patient_has_a_difference_and_no_p_value():
    result = delong_test(
        *([1, 1, 0, 0, 0], [5, 3, 2, 4, 1], [5, 5, 2, 2, 2]),
        groups=["a", "a", "b", "c", "d"],
    )
    assert result.difference == pytest.approx(5 / 6 - 1)
    assert np.isnan([result.lower, result.upper, result.z, result.p]).all()


def test_one_class_has_no_area():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = delong_test([1, 1, 1], [1, 2, 3], [1, 2, 3])
    assert np.isnan(list(result.values())).all()


def test_folds_of_one_class_are_warned_of():
    y, first, second, groups = draw()
    y[groups % 4 == 3] = 1
    with pytest.warns(DataQualityWarning, match="1 of 4 folds") as told:
        delong_test(y, first, second, groups=groups, folds=groups % 4)
    assert told[0].filename == __file__


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y_score": [0.1]}, "inconsistent numbers"),
        (
            {"y_score_reference": [0.1, np.nan, 0.2, 0.3]},
            r"y_score_reference\[1\] is NaN",
        ),
        ({"groups": ["a"]}, "inconsistent numbers"),
        ({"y_true": [0, 1, 2, 1]}, "two classes"),
        ({"confidence_level": 2}, "'confidence_level' parameter"),
    ],
)
def test_bad_input_is_named(arguments, message):
    good = {"y_true": [0, 1, 0, 1], "y_score": [0.1, 0.2, 0.3, 0.4]}
    good["y_score_reference"] = [0.2, 0.1, 0.4, 0.3]
    with pytest.raises(ValueError, match=message):
        delong_test(**(good | arguments))
