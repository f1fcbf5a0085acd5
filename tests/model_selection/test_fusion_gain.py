import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.svm import SVC
from sklearn.utils import Bunch
from threadpoolctl import threadpool_info, threadpool_limits

from skfusion.exceptions import DataQualityWarning
from skfusion.fusion import DecisionFusionClassifier
from skfusion.metrics._paired import holm, paired_kappa_gain
from skfusion.model_selection import fusion_gain
from skfusion.model_selection._fusion_controls import _shuffle_pairs

COLUMNS = ["mammogram", "ultrasound"]


class Reader(ClassifierMixin, BaseEstimator):
    """Believes what the name of a file says."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = np.array([float(path.rpartition("_")[2]) for path in X["image"]])
        return np.column_stack([1 - p, p])


class Remembering(Reader):
    """Writes down the images of each fit."""

    fits = []
    groups = []

    def fit(self, X, y):
        self.fits.append(set(X["image"]))
        self.groups.append(set(X["group"]))
        return super().fit(X, y)


class Counting(Reader):
    """Writes down how many threads compute each fit and each prediction."""

    n_threads = set()

    def fit(self, X, y):
        self.count()
        return super().fit(X, y)

    def predict_proba(self, X):
        self.count()
        return super().predict_proba(X)

    def count(self):
        self.n_threads.update(each["num_threads"] for each in threadpool_info())


def make_samples(n, complementarity, n_of_group=1, seed=0):
    """Samples whose file names say the class, or say nothing."""
    rng = np.random.default_rng(seed)
    y = np.tile([0, 1], n // 2)
    hidden = rng.random(n) < complementarity
    left = rng.random(n) < 0.5
    X = {}
    for column, is_hidden in zip(COLUMNS, (hidden & left, hidden & ~left), strict=True):
        p = np.clip(0.5 + 0.4 * (2 * y - 1) * ~is_hidden + rng.normal(0, 0.12, n), 0, 1)
        X[column] = [f"{column}{row}_{value:.3f}" for row, value in enumerate(p)]
    return pd.DataFrame({**X, "group": np.arange(n) // n_of_group}), y


def decide(reader=None):
    reader = Reader() if reader is None else reader
    return DecisionFusionClassifier(
        [(column, reader) for column in COLUMNS], cv=2, random_state=0
    )


@pytest.fixture(autouse=True, scope="module")
def _without_networks():
    """No network is fitted here, behind which there would be memory to free."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skfusion.model_selection._folds.free_memory", lambda: None)
        yield


SINGLE = [(column, Reader()) for column in COLUMNS]
OPTIONS = {"cv": 3, "inner_cv": 2, "n_resamples": 200}


@pytest.fixture(scope="module")
def complementary():
    X, y = make_samples(240, complementarity=0.5)
    return fusion_gain(SINGLE, [("decisions", decide())], X, y, **OPTIONS)


def test_one_thread_computes_each_fit():
    X, y = make_samples(60, complementarity=0.5)
    single = [(column, Counting()) for column in COLUMNS]
    with threadpool_limits(2):
        fusion_gain(single, [("decisions", decide(Counting()))], X, y, **OPTIONS)
    assert Counting.n_threads == {1}


def row_of(table, **values):
    for column, value in values.items():
        table = table[table[column] == value]
    (record,) = table.to_dict("records")
    return record


def test_complementary_modalities_gain(complementary):
    gain = row_of(complementary.gain, model="decisions")
    assert gain["gain"] > 0.1
    assert gain["lower"] > 0
    assert gain["p_holm"] < 0.05


def test_what_both_see_gains_nothing_for_certain():
    X, y = make_samples(240, complementarity=0.0)
    result = fusion_gain(SINGLE, [("decisions", decide())], X, y, **OPTIONS)
    assert row_of(result.gain, model="decisions")["p_holm"] > 0.05


def test_pairs_shuffled_within_the_class_keep_the_gain_of_two_looks(complementary):
    kappa = row_of(complementary.summary, model="decisions")["kappa"]
    control = row_of(complementary.controls, control="shuffled within the class")
    assert abs(control["kappa"] - kappa) < 0.15


def test_pairs_shuffled_across_classes_lose_it(complementary):
    single = row_of(complementary.summary, model="best single")["kappa"]
    control = row_of(complementary.controls, control="shuffled across classes")
    assert control["kappa"] < single + 0.1


def make_one_sided(n, n_malignant, n_rows=1, seed=0):
    """A mammogram of noise and an ultrasound image that says it all."""
    y, _, group = draw_women(n, n_malignant, 5, n_rows, np.random.default_rng(seed))
    noise = np.random.default_rng(seed).random(len(y))
    X = {
        column: [f"{column}{row}_{value:.3f}" for row, value in enumerate(p)]
        for column, p in zip(COLUMNS, (noise, 0.1 + 0.8 * y), strict=True)
    }
    return pd.DataFrame({**X, "group": group}), y


@pytest.mark.parametrize(("n", "n_malignant", "n_rows"), [(160, 80, 1), (100, 15, 4)])
def test_no_signal_is_made_by_shuffling_across_classes(n, n_malignant, n_rows):
    X, y = make_one_sided(n, n_malignant, n_rows)
    result = fusion_gain(SINGLE, [("decisions", decide())], X, y, **OPTIONS | {"cv": 5})
    assert row_of(result.summary, model="decisions")["kappa"] > 0.9
    across = row_of(result.controls, control="shuffled across classes")
    assert across["lower"] < 0.05
    assert across["kappa"] < 0.2
    within = row_of(result.controls, control="shuffled within the class")
    assert within["kappa"] > 0.9
    assert within["n_blocks"] >= 0.4 * X["group"].nunique()


def test_a_control_that_cannot_be_computed_loses_nothing_else():
    X, y = make_one_sided(60, 7)
    decisions = ("decisions", decide())
    with pytest.warns(DataQualityWarning, match="within the class.*is NaN") as told:
        result = fusion_gain(SINGLE, [decisions], X, y, **OPTIONS | {"cv": 5})
    assert {warning.filename for warning in told} == {__file__}
    within = row_of(result.controls, control="shuffled within the class")
    assert np.isnan(within["kappa"])
    assert np.isnan(within["fall"])
    others = result.controls[result.controls["control"] != within["control"]]
    assert others["kappa"].notna().all()
    assert result.gain["gain"].notna().all()
    assert result.summary["kappa"].notna().all()


def test_too_few_groups_for_inner_folds_are_found_before_the_long_fits(monkeypatch):
    monkeypatch.setattr(Remembering, "fits", [])
    X, y = make_one_sided(60, 2)
    with pytest.raises(ValueError, match="at least 2 classes"):
        fusion_gain(
            SINGLE,
            [("decisions", decide(Remembering()))],
            X,
            y,
            cv=StratifiedGroupKFold(2),
            inner_cv=3,
        )
    assert Remembering.fits == []


class Discerning(Reader):
    """Refuses to learn from blocks, which are fewer than women."""

    def fit(self, X, y):
        if X["group"].nunique() < len(X):
            raise ValueError("too few groups for this")
        return super().fit(X, y)


def test_a_model_that_fails_on_shuffled_pairs_alone_is_named():
    X, y = make_samples(60, complementarity=0.5)
    fusions = [("decisions", decide()), ("discerning", decide(Discerning()))]
    with pytest.warns(DataQualityWarning, match="'discerning' is NaN.*too few groups"):
        result = fusion_gain(SINGLE, fusions, X, y, **OPTIONS)
    of = result.controls.set_index("model")["kappa"]
    assert of["discerning"].isna().all()
    assert of["decisions"].notna().all()


def test_few_groups_are_warned_of_once_and_where_it_is_called():
    X, y = make_samples(96, complementarity=0.5, n_of_group=8)
    with pytest.warns(
        DataQualityWarning, match="Got 12 groups.* p-values and int"
    ) as told:
        fusion_gain(SINGLE, [("decisions", decide())], X, y, **OPTIONS)
    few = [warning for warning in told if "p-values" in str(warning.message)]
    assert [warning.filename for warning in few] == [__file__]


def test_presence_alone_tells_nothing(complementary):
    assert row_of(complementary.controls, control="presence only")["kappa"] == 0


def test_presence_that_gives_the_class_away_is_found():
    X, y = make_samples(240, complementarity=0.5)
    X.loc[(y == 1) & (X["group"] % 4 == 1), "mammogram"] = None
    result = fusion_gain(SINGLE, [("decisions", decide())], X, y, **OPTIONS)
    assert row_of(result.controls, control="presence only")["kappa"] > 0.3


def test_every_model_stands_in_the_summary(complementary):
    assert set(complementary.summary["model"]) == {
        *COLUMNS,
        "pooled",
        "per modality",
        "decisions",
        "best single",
    }


def test_the_best_single_modality_is_chosen_in_each_fold(complementary):
    assert len(complementary.best_single) == 3
    assert set(complementary.best_single) <= set(COLUMNS)


@pytest.mark.parametrize("n_of_group", [1, 12])
def test_no_image_crosses_a_split_of_shuffled_pairs(n_of_group, monkeypatch):
    monkeypatch.setattr(Remembering, "fits", [])
    X, y = make_samples(96, complementarity=0.5, n_of_group=n_of_group)
    result = fusion_gain(
        SINGLE, [("decisions", decide(Remembering()))], X, y, **OPTIONS
    )
    fold_of = result.predictions.drop_duplicates("row").set_index("row")["fold"]
    fold_of_image = {
        path: fold_of[row] for column in COLUMNS for row, path in enumerate(X[column])
    }
    assert len(Remembering.fits) > 0
    for images in Remembering.fits:
        # Of three folds, that of the test side is not learnt from.
        assert len({fold_of_image[image] for image in images}) <= 2


def test_label_made_pairs_are_told_once():
    X, y = make_samples(48, complementarity=0.5)
    fusions = [("decisions", decide())]
    with pytest.warns(DataQualityWarning, match="not a woman") as told:
        fusion_gain(SINGLE, fusions, X.assign(paired_by="label"), y, **OPTIONS)
    assert len([one for one in told if "not a woman" in str(one.message)]) == 1


def test_folds_that_test_a_sample_twice_are_refused():
    X, y = make_samples(24, complementarity=0.5)
    splits = [(np.arange(12), np.arange(12, 24))] * 2
    with pytest.raises(ValueError, match="test every sample once"):
        fusion_gain(SINGLE, [("decisions", decide())], X, y, cv=splits)


def test_a_paired_interval_is_narrower_than_two_intervals():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=400)
    hard = rng.random(400) < 0.3
    better = np.where(hard, 1 - y, y)
    worse = np.where(hard | (rng.random(400) < 0.03), 1 - y, y)
    gain = paired_kappa_gain(y, better, worse, np.arange(400))
    assert 0 < gain["lower"] < gain["gain"] < gain["upper"] < 0.12


def test_holm_corrects_for_the_number_of_tests():
    np.testing.assert_allclose(holm([0.01, 0.02, 0.5]), [0.03, 0.04, 0.5])


def shuffle_rows(y, fold, group, shuffle, seed=0):
    """Row from which each row's ultrasound image comes, and the blocks."""
    X = pd.DataFrame({"mammogram": "m", "ultrasound": "u", "group": group})
    X["ultrasound"] += X.index.astype(str)
    samples = Bunch(X=X, y=y, columns=COLUMNS, fold=fold)
    shuffled, blocks = _shuffle_pairs(samples, shuffle, seed)
    row_of_image = pd.Series(X.index, index=X["ultrasound"])
    return row_of_image[shuffled["ultrasound"]].to_numpy(), blocks


@pytest.mark.parametrize("n", [24, 60, 400])
@pytest.mark.parametrize("one_in", [2, 5])
@pytest.mark.parametrize("n_of_group", [1, 3, 10])
def test_each_sample_gets_an_image_of_another_woman(n, one_in, n_of_group):
    group = np.arange(n * n_of_group) // n_of_group
    y, fold = (group % one_in == 0).astype(int), group // one_in % 2
    rows, blocks = shuffle_rows(y, fold, group, "within the class")
    assert (group[rows] != group).all()
    assert (y[rows] == y).all()
    assert (blocks[rows] == blocks).all()
    assert (fold[rows] == fold).all()
    across, _ = shuffle_rows(y, fold, group, "across classes")
    assert (group[across] != group).all()
    assert (y[across] != y).mean() > 0.2


def draw_women(n, n_malignant, n_folds, n_rows, rng):
    """Labels, stratified folds and groups; women of several classes and rows."""
    y = rng.permutation(np.arange(n) < n_malignant).astype(int)
    fold = np.empty(n, dtype=int)
    for label in (0, 1):
        fold[y == label] = np.arange((y == label).sum()) % n_folds
    rows = np.repeat(np.arange(n), rng.integers(1, n_rows + 1, size=n))
    return y[rows], fold[rows], rows


@pytest.mark.parametrize(("n", "n_malignant"), [(100, 50), (151, 30)])
@pytest.mark.parametrize("n_rows", [1, 4])
def test_across_classes_a_donor_tells_nothing_of_the_class(n, n_malignant, n_rows):
    rng, kappas = np.random.default_rng(0), []
    for seed in range(60):
        y, fold, group = draw_women(n, n_malignant, 5, n_rows, rng)
        rows, _ = shuffle_rows(y, fold, group, "across classes", seed)
        kappas.append(cohen_kappa_score(y, y[rows]))
    # Beside a malignant one of n women, there is one fewer among the others.
    expected = -1 / (n / 5 - 1)
    assert abs(np.mean(kappas) - expected) < 0.06  # three standard errors


def test_blocks_of_label_made_pairs_swap_as_women_do():
    rng, kappas = np.random.default_rng(0), []
    for seed in range(60):
        y, block, _ = draw_women(160, 54, 10, 1, rng)
        X = pd.DataFrame({"mammogram": "m", "ultrasound": y, "group": block})
        samples = Bunch(X=X, y=y, columns=COLUMNS, fold=block // 5)
        shuffled, blocks = _shuffle_pairs(samples, "across classes", seed)
        kappas.append(cohen_kappa_score(y, shuffled["ultrasound"]))
        assert (pd.Series(blocks).groupby(block).nunique() == 1).all()
    assert abs(np.mean(kappas)) < 0.06


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shuffle", ["within the class", "across classes"])
def test_nobody_keeps_her_image_though_women_have_one_to_four_rows(seed, shuffle):
    y, fold, group = draw_women(100, 30, 5, 4, np.random.default_rng(seed))
    rows, blocks = shuffle_rows(y, fold, group, shuffle, seed)
    assert (group[rows] != group).all()
    assert (fold[rows] == fold).all()
    assert (blocks[rows] == blocks).all()
    assert len(np.unique(blocks)) > 40


def test_women_with_images_of_both_classes_swap_within_them():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(60), 3)
    y, fold = rng.integers(2, size=180), group % 4
    rows, blocks = shuffle_rows(y, fold, group, "within the class")
    assert (group[rows] != group).all()
    assert (y[rows] == y).all()
    assert (pd.Series(blocks).groupby(group).nunique() == 1).all()
    assert (pd.Series(fold).groupby(blocks).nunique() == 1).all()


@pytest.mark.parametrize("shuffle", ["within the class", "across classes"])
def test_shuffles_leave_presence_as_it_is(shuffle):
    X, y = make_samples(120, complementarity=0.5, n_of_group=3)
    rng = np.random.default_rng(0)
    X = X.assign(cc=X["mammogram"] + "cc")
    for column in ("cc", "ultrasound"):
        X.loc[rng.random(120) < 0.4, column] = None
    columns = [*COLUMNS, "cc"]
    fold = X["group"].to_numpy() % 3
    samples = Bunch(X=X, y=y, columns=columns, fold=fold)
    shuffled, _ = _shuffle_pairs(samples, shuffle, seed=0)
    assert (shuffled[columns].notna() == X[columns].notna()).all(axis=None)
    assert (shuffled["mammogram"] == X["mammogram"]).all()
    for column in ("cc", "ultrasound"):
        there = X[column].notna()
        group_of = pd.Series(X["group"].to_numpy(), index=X[column])[X[column][there]]
        donor = group_of[shuffled[column][there]].to_numpy()
        assert (donor != X["group"][there]).all()


def test_another_column_of_a_like_name_stays():
    X, y = make_samples(48, complementarity=0.5)
    X = X.rename(columns={"mammogram": "ultrasound_mammogram"}).assign(ultrasound_age=1)
    samples = Bunch(
        X=X.assign(ultrasound_inverted=np.arange(48)),
        y=y,
        columns=["ultrasound_mammogram", "ultrasound"],
        fold=np.arange(48) // 2 % 3,
    )
    shuffled, _ = _shuffle_pairs(samples, "within the class", seed=0)
    first = "ultrasound_mammogram"
    assert (shuffled[first] == X[first]).all()
    moved = shuffled["ultrasound_inverted"].to_numpy()
    assert (X["ultrasound"].to_numpy()[moved] == shuffled["ultrasound"]).all()


def test_a_rare_giveaway_of_presence_is_found():
    X, y = make_samples(240, complementarity=0.5)
    rare = (np.arange(240) % 10 == 1) | (y == 0)
    X, y = X[rare].reset_index(drop=True), y[rare]
    X.loc[np.flatnonzero(y)[8:], "mammogram"] = None
    result = fusion_gain(SINGLE, [("decisions", decide())], X, y, **OPTIONS)
    assert row_of(result.controls, control="presence only")["kappa"] > 0.3


def test_groups_that_are_given_reach_inner_splits(monkeypatch):
    monkeypatch.setattr(Remembering, "fits", [])
    X, y = make_samples(96, complementarity=0.5)
    groups = np.arange(96) // 8
    single = [(column, Remembering()) for column in COLUMNS]
    monkeypatch.setattr(Remembering, "groups", [], raising=False)
    fusion_gain(single, [("decisions", decide())], X, y, groups=groups, **OPTIONS)
    assert len(Remembering.groups) > 0
    assert all(seen <= set(groups) for seen in Remembering.groups)


def test_no_groups_are_warned_of():
    X, y = make_samples(96, complementarity=0.5)
    with pytest.warns(DataQualityWarning, match="fusion_gain.*groups"):
        fusion_gain(
            SINGLE, [("decisions", decide())], X.drop(columns="group"), y, **OPTIONS
        )


def test_it_works_with_metadata_routing():
    X, y = make_samples(96, complementarity=0.5)
    with config_context(enable_metadata_routing=True):
        result = fusion_gain(SINGLE, [("decisions", decide())], X, y, **OPTIONS)
    assert result.inner_kappa.shape == (3, 2)


def test_text_labels_are_no_news():
    X, y = make_samples(96, complementarity=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataQualityWarning)
        names = np.array(["normal", "cancer"])[y]
        fusion_gain(SINGLE, [("decisions", decide())], X, names, **OPTIONS)


@pytest.mark.parametrize(
    ("single", "fusions", "match"),
    [
        (SINGLE[:1], [("decisions", decide())], "at least 2 columns"),
        (SINGLE, [], "and a fusion"),
        (SINGLE, [("pooled", decide())], "distinct names"),
        (SINGLE, [("mammogram", decide())], "distinct names"),
        ([SINGLE[0], ("ultrasound", SVC())], [("f", decide())], "predict_proba"),
    ],
)
def test_models_that_cannot_be_compared_are_refused(single, fusions, match):
    X, y = make_samples(24, complementarity=0.5)
    with pytest.raises(ValueError, match=match):
        fusion_gain(single, fusions, X, y, **OPTIONS)


def test_parameters_of_the_models_are_checked():
    X, y = make_samples(96, complementarity=0.5)
    wrong = clone(decide()).set_params(cv=0)
    with pytest.raises(ValueError, match="'cv' parameter"):
        fusion_gain(SINGLE, [("decisions", wrong)], X, y, **OPTIONS)


def test_a_modality_of_one_class_is_named():
    X, y = make_samples(96, complementarity=0.5)
    X.loc[y == 0, "ultrasound"] = None
    with pytest.raises(ValueError, match="both classes in the column 'ultrasound'"):
        fusion_gain(SINGLE, [("decisions", decide())], X, y, **OPTIONS)


def test_three_classes_are_refused():
    X, y = make_samples(96, complementarity=0.5)
    with pytest.raises(ValueError, match="2 classes"):
        fusion_gain(
            SINGLE,
            [("decisions", decide())],
            X,
            y + np.eye(96, dtype=int)[0] * 2,
            **OPTIONS,
        )
