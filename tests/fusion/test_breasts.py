"""Each breast is predicted from its views and from the other breast."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    StratifiedGroupKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skfusion.datasets import make_breast_images
from skfusion.exceptions import DataQualityWarning, ImageReadError
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import BreastClassifier, LevelAggregator, PatchClassifier
from skfusion.images import ImageSource
from skfusion.metrics import make_level_scorer
from skfusion.model_selection import compare_models

BREAST = ["group", "laterality"]
BREAST_AUC = make_level_scorer("breast", roc_auc_score, response_method="predict_proba")
CV = StratifiedGroupKFold(3)


def reads(column, model):
    return make_pipeline(make_column_transformer(("passthrough", [column])), model)


def exams(n_patients=60, shift=1.0, random_state=0):
    """Two views of both breasts; half of the women have a cancer in one of them."""
    rng = np.random.default_rng(random_state)
    X = pd.DataFrame(
        {
            "group": np.repeat([f"woman{n}" for n in range(n_patients)], 4),
            "view": np.tile(["CC", "MLO"], 2 * n_patients),
            "laterality": np.tile(["L", "L", "R", "R"], n_patients),
        }
    )
    side = np.repeat(rng.permutation(np.tile(["L", "R", "", ""], n_patients // 4)), 4)
    y = (X["laterality"] == side).to_numpy().astype(int)
    density = shift * rng.normal(size=n_patients).repeat(4)
    X["white"] = density + y + rng.normal(scale=0.4, size=len(y))
    return X, y


class Brightness(TransformerMixin, BaseEstimator):
    """Mean of the pixels."""

    def __init__(self, region="image"):
        self.region = region

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return ImageSource(X, image_size=16, region=self.region)[:].mean(axis=(1, 2))


class Known(ClassifierMixin, BaseEstimator):
    """Predicts the log-odds of a column, and keeps what it learnt and predicted."""

    def __init__(self, log=None):
        self.log = log

    def __sklearn_clone__(self):
        return Known(self.log)

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.learnt_ = set(X["group"])
        return self

    def predict_proba(self, X):
        if self.log is not None:
            self.log.append((self.learnt_, set(X["group"])))
        p = 1 / (1 + np.exp(-X["white"].to_numpy()))
        return np.column_stack([1 - p, p])


class Table(ClassifierMixin, BaseEstimator):
    """Final estimator that keeps what it learnt."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.X_, self.y_ = X, y
        return self

    def predict_proba(self, X):
        return np.tile([0.5, 0.5], (len(X), 1))


@pytest.fixture
def data():
    return exams()


@pytest.fixture
def image():
    return reads("white", LogisticRegression())


@pytest.fixture
def model(image):
    return BreastClassifier(image, cv=3, random_state=0)


@pytest.fixture(scope="module")
def mammograms(tmp_path_factory):
    """Two patients of the generator are the breasts of a woman; the bright are ill."""
    data = make_breast_images(
        48,
        modality="mammography",
        n_views=2,
        image_size=64,
        folder=tmp_path_factory.mktemp("mammograms"),
        random_state=0,
    )
    brightness = data.images.mean(axis=(1, 2)).reshape(-1, 2).mean(axis=1).repeat(2)
    group = np.arange(12).repeat(4).astype(str)
    X = data.data.assign(group=group, laterality=np.tile(["L", "L", "R", "R"], 12))
    return X, (brightness > np.median(brightness)).astype(int)


def test_images_of_a_breast_are_predicted_alike_and_in_the_order_of_x(model, data):
    X, y = data
    model.fit(X, y)
    expected = pd.Series(model.predict_proba(X)[:, 1], index=X.index)
    assert (expected.groupby([X[c] for c in BREAST]).nunique() == 1).all()
    mixed = X.sample(frac=1, random_state=0)
    found = model.predict_proba(mixed)[:, 1]
    np.testing.assert_allclose(found, expected[mixed.index])


def test_the_other_breast_shows_what_density_hides(model, image):
    train, (X, y) = exams(80, shift=2), exams(80, shift=2, random_state=1)
    mean = BREAST_AUC(LevelAggregator(image).fit(*train), X, y)
    assert mean < 0.7
    assert BREAST_AUC(model.fit(*train), X, y) > 0.9


def test_the_final_estimator_reads_mean_and_difference():
    X = pd.DataFrame(
        [
            ("ann", "L", 0.6, 0),
            ("bea", "L", 1.0, 1),
            ("ann", "R", 0.3, 0),
            ("ann", "L", 1.0, 0),
            ("cleo", "R", 0.9, 1),
            ("dora", "R", 0.0, 0),
        ],
        columns=["group", "laterality", "white", "y"],
    )
    model = BreastClassifier(Known(), final_estimator=Table(), cv=2, random_state=1)
    found = model.fit(X, X["y"]).final_estimator_.X_
    expected = [[0.8, 0.5], [1, 0], [0.3, -0.5], [0.9, 0], [0, 0]]
    slope, shift = model.calibrator_.coef_[0, 0], model.calibrator_.intercept_[0]
    assert slope > 0
    np.testing.assert_allclose(found, slope * np.array(expected) + [shift, 0])
    assert model.final_estimator_.y_.tolist() == [0, 1, 0, 1, 0]


def test_a_breast_counts_once_however_many_images_it_has(data):
    X, y = data
    model = BreastClassifier(Known(), final_estimator=Table(), random_state=0)
    once = model.fit(X, y).final_estimator_
    rows = np.r_[np.arange(len(X)), np.repeat([0, 1], 5)]  # both views, five times more
    more = clone(model).fit(X.iloc[rows], y[rows]).final_estimator_
    np.testing.assert_allclose(more.X_, once.X_)
    assert len(once.X_) == 120


def test_no_image_is_scored_by_a_model_of_its_patient(data):
    X, y = data
    log = []
    BreastClassifier(Known(log), cv=4, random_state=0).fit(X, y)
    assert len(log) == 4
    assert all(not learnt & scored for learnt, scored in log)
    assert set().union(*(scored for _, scored in log)) == set(X["group"])


def test_groups_that_are_passed_are_kept_together(data):
    X, y = data
    number, log = X["group"].str[5:].astype(int), []
    groups = pd.Series((number // 2).to_numpy(), index=X["group"])
    BreastClassifier(Known(log), cv=3, random_state=0).fit(X, y, groups=groups)
    for learnt, scored in log:
        assert not set(groups[list(learnt)]) & set(groups[list(scored)])


def test_groups_of_single_images_split_no_patient(data):
    X, y = data
    log = []
    model = BreastClassifier(Known(log), cv=3, random_state=0)
    model.fit(X, y, groups=np.arange(len(y)))
    assert all(not learnt & scored for learnt, scored in log)


def test_the_presence_of_the_other_breast_is_no_feature():
    """As in a data set with one breast of each patient with a cancer."""
    X, y = exams(200)
    X = X.assign(white=0.3 * y + np.random.default_rng(0).normal(size=len(X)))
    has_cancer = pd.Series(y).groupby(X["group"]).transform("max") == 1
    kept = ~has_cancer | (y == 1)
    X, y = X[kept], y[kept]
    models = LevelAggregator(Known()), BreastClassifier(Known(), random_state=0)
    mean, learnt = (BREAST_AUC(model.fit(X, y), X, y) for model in models)
    assert learnt == pytest.approx(mean, abs=0.03)


def test_the_number_of_images_is_no_feature():
    """As in a data set with more images of each breast with a cancer."""
    rng = np.random.default_rng(0)
    has_cancer = rng.permutation(np.repeat([0, 1], 200))
    n_images = np.where(has_cancer, 4, 2)
    group, y = np.repeat(np.arange(400), n_images), np.repeat(has_cancer, n_images)
    white = 0.3 * y + rng.normal(size=len(y))
    X = pd.DataFrame({"group": group, "laterality": "L", "white": white})
    models = LevelAggregator(Known()), BreastClassifier(Known(), random_state=0)
    mean, learnt = (BREAST_AUC(model.fit(X, y), X, y) for model in models)
    assert learnt == pytest.approx(mean, abs=0.01)


def test_a_prediction_depends_on_the_other_breast_alone(model, data):
    X, y = data
    expected = model.fit(X, y).predict_proba(X)
    patient = X["group"] == "woman3"
    np.testing.assert_allclose(model.predict_proba(X[patient]), expected[patient])
    left = patient & (X["laterality"] == "L")
    assert not np.allclose(model.predict_proba(X[left]), expected[left])


def test_without_breasts_each_row_is_one(image, data):
    X, y = data
    X = X[["white"]]
    for form, estimator in ((X, image), (X.to_numpy(), LogisticRegression())):
        model = BreastClassifier(estimator, random_state=0).fit(form, y)
        alone = np.vstack([model.predict_proba(form[n : n + 1]) for n in range(9)])
        np.testing.assert_allclose(model.predict_proba(form)[:9], alone)


@pytest.mark.parametrize("column", BREAST)
def test_one_of_two_columns_is_an_error(model, data, column):
    X, y = data
    with pytest.raises(ValueError, match=f"BreastClassifier needs .* '{column}' in X"):
        model.fit(X.drop(columns=column), y)


def test_a_row_without_a_side_is_named(model, data):
    X, y = data
    X.loc[5, "laterality"] = None
    with pytest.raises(ValueError, match=r"'laterality' of X\. Got none in row 5"):
        model.fit(X, y)


def test_a_side_with_two_names_is_an_error(model, data):
    X, y = data
    mixed = X.assign(laterality=X["laterality"].where(X.index != 1, "left"))
    for call in (lambda: model.fit(mixed, y), lambda: model.fit(X, y).predict(mixed)):
        with pytest.raises(ValueError, match=r"Got \['L', 'left', 'R'\] instead"):
            call()


def test_two_classes_in_a_breast_name_rows_and_no_patient(model, data):
    X, y = data
    y[5] = 1 - y[4]
    with pytest.raises(ValueError, match=r"rows \[4, 5\] of X") as raised:
        model.fit(X, y)
    assert "woman" not in str(raised.value)


def test_three_classes_are_refused(model, data):
    X, y = data
    with pytest.raises(ValueError, match=r"2 classes\. Got 3"):
        model.fit(X, np.arange(len(y)) // 2 % 3)


def test_a_fold_of_one_class_is_an_error(model, data):
    X, y = data
    has_cancer = pd.Series(y).groupby(X["group"]).transform("max")
    with pytest.raises(ValueError, match=r"both classes in each inner fold.*Lower cv"):
        model.set_params(cv=2).fit(X, y, groups=has_cancer)


def test_images_at_chance_are_warned_of(data):
    X, y = data
    X = X.assign(white=-X["white"])  # malignant breasts have lower scores
    with pytest.warns(DataQualityWarning, match="the same probability for all breasts"):
        model = BreastClassifier(Known(), random_state=0).fit(X, y)
    assert len(np.unique(model.predict_proba(X)[:, 1])) == 1


def test_the_positive_class_is_named_where_only_the_alphabet_decides(model, data):
    X, y = data
    with pytest.warns(DataQualityWarning, match="treats 'normal' as the positive"):
        model.fit(X, np.where(y == 1, "cancer", "normal"))


def test_decision_values_are_enough(data):
    X, y = data
    model = BreastClassifier(reads("white", LinearSVC()), random_state=0)
    assert BREAST_AUC(model.fit(X, y), X, y) > 0.9


def test_a_model_without_scores_is_refused(data):
    with pytest.raises(ValueError, match="'estimator' parameter of BreastClassifier"):
        BreastClassifier(CNNFeatureExtractor()).fit(*data)


def test_the_final_estimator_may_weigh_classes_alike(model, data):
    X, y = data
    balanced = clone(model).set_params(
        final_estimator=LogisticRegression(class_weight="balanced")
    )
    means = [each.fit(X, y).predict_proba(X)[:, 1].mean() for each in (model, balanced)]
    assert means[0] == pytest.approx(y.mean(), abs=0.01)
    assert means[1] > means[0] + 0.05


def test_a_search_inside_keeps_patients_together(image, data):
    X, y = data
    grid = {"logisticregression__C": [0.1, 1]}
    model = BreastClassifier(GridSearchCV(image, grid, cv=GroupKFold(3)), cv=3)
    assert model.fit(X, y).estimator_.best_params_  # it fails without groups


def test_a_final_search_keeps_patients_together(model, data):
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=GroupKFold(3))
    model.set_params(final_estimator=search).fit(*data)
    assert model.final_estimator_.best_params_  # it fails without groups


def test_a_search_outside_reaches_both_models(model, data):
    X, y = data
    model = model.set_params(final_estimator=LogisticRegression())
    grid = {
        "final_estimator__C": [0.1, 1],
        "estimator__logisticregression__C": [0.1, 1],
    }
    search = GridSearchCV(model, grid, cv=CV, scoring=BREAST_AUC, error_score="raise")
    assert search.fit(X, y, groups=X["group"]).best_score_ > 0.8


def test_it_stands_in_a_comparison(model, image, data):
    X, y = data
    models = [("mean", LevelAggregator(image)), ("learnt", model)]
    result = compare_models(models, X, y, groups=X["group"], cv=CV)
    assert result.predictions.groupby("model").size().tolist() == [len(X), len(X)]


def test_full_resolution_is_read_in_patches(mammograms):
    X, y = mammograms
    image = make_pipeline(Brightness(), StandardScaler(), LogisticRegression())
    patches = PatchClassifier(image, patches=(2, 1), n_drawn=1, cv=2, random_state=0)
    model = BreastClassifier(patches, cv=2, random_state=0).fit(X, y)
    scores = pd.Series(model.predict_proba(X)[:, 1])
    assert (scores.groupby([X[c] for c in BREAST]).nunique() == 1).all()
    assert BREAST_AUC(model, X, y) > 0.8
    assert model.estimator_.estimator_[0].region == "breast"


def test_paths_without_breasts_are_enough(mammograms):
    X, y = mammograms
    image = make_pipeline(Brightness(), LogisticRegression())
    forms = [X[["image"]], X["image"], X["image"].tolist()]
    first, *others = (
        BreastClassifier(image, cv=2, random_state=0).fit(form, y).predict_proba(form)
        for form in forms
    )
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_an_unreadable_file_names_its_row(mammograms, tmp_path):
    X, y = mammograms
    X = X.assign(image=X["image"].where(X.index != 7, str(tmp_path / "no.png")))
    image = make_pipeline(Brightness(), LogisticRegression())
    with pytest.raises(ImageReadError, match=r"Row 7 of X: .*no\.png"):
        BreastClassifier(image, cv=2, random_state=0).fit(X, y)
