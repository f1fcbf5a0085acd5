"""Patches are drawn, predicted and pooled by breast."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedGroupKFold,
    cross_val_predict,
)
from sklearn.pipeline import make_pipeline

from skfusion.exceptions import DataQualityWarning, ImageReadError
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import PatchClassifier
from skfusion.images import ImageSource, _batch_readers
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier
from skfusion.over_sampling import ImageOverSampler

SIDE, LESION = 256, 8  # pixels
CV = StratifiedGroupKFold(3)


class Brightest(TransformerMixin, BaseEstimator):
    """Features of small images: their mean and their brightest pixel."""

    def __init__(self, region="image", image_size=16):
        self.region = region
        self.image_size = image_size

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        source = ImageSource(X, image_size=self.image_size, region=self.region)
        pixels = source[:].reshape(len(source), -1)
        return np.column_stack([pixels.mean(axis=1), pixels.max(axis=1)])


class Spy(ClassifierMixin, BaseEstimator):
    """Classifier that keeps the tables that it learnt from and predicted."""

    def __init__(self, log=None, region="image"):
        self.log = log
        self.region = region

    def __sklearn_clone__(self):
        return Spy(self.log, self.region)

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.learnt_ = set(X["group"])
        self.log.append(("fit", X, y, None))
        return self

    def predict_proba(self, X):
        self.log.append(("predict", X, None, self.learnt_))
        p = np.random.default_rng(len(X)).uniform(0.1, 0.9, len(X))
        return np.column_stack([1 - p, p])


def lesions(folder, n_patients=24):
    """Two views of each breast; a malignant one has a small bright lesion."""
    rng, rows = np.random.default_rng(0), []
    y, x = np.mgrid[:SIDE, :SIDE]
    breast = np.hypot(x / 180, (y - SIDE / 2) / 110) < 1
    for patient in range(n_patients):
        for view in range(2):
            image = breast * rng.uniform(0.3, 0.5) + 0 * y
            if patient % 2:
                top, left = rng.integers(90, 150), rng.integers(10, 100)
                image[top : top + LESION, left : left + LESION] += 0.4
            image = (255 * image + rng.normal(0, 1, image.shape)).clip(0, 255)
            path = str(folder / f"{patient}_{view}.png")
            Image.fromarray(image.astype(np.uint8)).save(path)
            rows.append((path, f"patient{patient}", patient % 2))
    table = pd.DataFrame(rows, columns=["image", "group", "target"])
    return table[["image", "group"]], table["target"].to_numpy()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return lesions(tmp_path_factory.mktemp("lesions"))


@pytest.fixture
def log():
    return []


@pytest.fixture
def model():
    return make_pipeline(Brightest(), LogisticRegression())


def auc(model, data, **params):
    X, y = data
    scores = cross_val_predict(
        model, X, y, groups=X["group"], cv=CV, method="predict_proba", **params
    )
    return roc_auc_score(y, scores[:, 1])


def test_a_small_lesion_is_found_in_patches_and_not_in_the_whole_image(data, model):
    """At 16 pixels, the whole image has nearly lost the lesion."""
    whole = auc(model, data)
    patches = auc(PatchClassifier(model, cv=2, random_state=0), data)
    assert whole < 0.8
    assert patches > 0.95


def test_a_lesion_in_few_patches_is_pooled_over_few(data, model):
    X, y = data
    fitted = PatchClassifier(model, cv=2, random_state=0).fit(X, y)
    assert 1 <= fitted.n_pooled_ <= 4


def test_pooling_is_learnt_from_the_scores():
    from skfusion.fusion._patches import _learn_pooling

    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    few, all_alike = rng.normal(size=(2, 200, 6))
    few[:, 0] += 3 * y
    all_alike += 0.5 * y[:, np.newaxis]
    assert _learn_pooling(few, y)[0] == 1
    assert _learn_pooling(all_alike, y)[0] > 3


def test_training_draws_patches_and_prediction_takes_all(data, log):
    X, y = data
    model = PatchClassifier(Spy(log), patches=(3, 2), n_drawn=2, cv=3, random_state=0)
    model.fit(X, y).predict(X)
    fits = [(table, target) for kind, table, target, _ in log if kind == "fit"]
    table, target = fits[-1]
    assert len(fits) == 4
    assert table["image"].tolist() == X["image"].repeat(2).tolist()
    np.testing.assert_array_equal(target, y.repeat(2))
    assert (table.groupby("image")["patch"].nunique() == 2).all()
    assert table["patch"].nunique() == 6
    asked = log[-1][1]
    assert (asked.groupby("image")["patch"].nunique() == 6).all()
    for fold, _ in fits[:-1]:  # an image has the same patches in each fold
        both = fold[["image", "patch"]].merge(table[["image", "patch"]])
        assert len(both) == len(fold)


def test_a_patch_is_read_once_even_if_more_are_drawn(data, log):
    model = PatchClassifier(Spy(log), patches=(1, 2), n_drawn=9, cv=2, random_state=0)
    model.fit(*data)
    assert len(log[-1][1]) == 2 * len(data[0])


@pytest.mark.parametrize("over_sampled", [False, True])
def test_inner_folds_split_no_group(data, log, over_sampled):
    X, y = data
    model = PatchClassifier(Spy(log), patches=(2, 2), cv=3, random_state=0)
    if over_sampled:
        model = make_sampling_pipeline(ImageOverSampler(random_state=0), model)
        X, y = X[5:], y[5:]
    model.fit(X, y)
    asked = [(table, learnt) for kind, table, _, learnt in log if kind == "predict"]
    assert len(asked) == 3
    for table, learnt in asked:
        assert learnt
        assert not learnt & set(table["group"])


def test_a_search_inside_splits_no_group(data, log):
    X, y = data
    search = GridSearchCV(Spy(log), {"region": ["breast"]}, scoring="roc_auc", cv=CV)
    PatchClassifier(search, patches=(2, 2), cv=2, random_state=0).fit(X, y)
    asked = [(table, learnt) for kind, table, _, learnt in log if kind == "predict"]
    assert len(asked) == 2 + 3 * 3  # of the inner folds, and of the search in each fit
    assert all(not learnt & set(table["group"]) for table, learnt in asked)


def test_groups_of_fit_are_kept_together(data, log):
    X, y = data
    groups = np.arange(len(X)) // 12
    model = PatchClassifier(Spy(log), patches=(2, 2), cv=3, random_state=0)
    model.fit(X.drop(columns="group"), y, groups=groups)
    for kind, table, _, learnt in log:
        assert kind == "fit" or not learnt & set(table["image"].map(_patient(X)) // 6)


def _patient(X):
    return dict(zip(X["image"], X["group"].str[7:].astype(int), strict=True))


def test_rows_of_one_file_stay_together_without_groups(data, log):
    X, y = data
    X = pd.concat([X, X], ignore_index=True)[["image"]]
    model = PatchClassifier(Spy(log), patches=(2, 2), cv=3, random_state=0)
    model.fit(X, np.tile(y, 2))
    sides = [set(table["image"]) for _, table, _, _ in log]
    assert all(not sides[n] & sides[n + 1] for n in (0, 2, 4))


def test_every_form_of_paths_gives_the_same_predictions(data, model):
    X, y = data
    X = X[["image"]]
    forms = [X, X["image"], X["image"].tolist()]
    first, *others = (
        PatchClassifier(model, patches=(2, 2), cv=2, random_state=0)
        .fit(form, y)
        .predict_proba(form)
        for form in forms
    )
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_columns_of_x_are_left_alone(data, model):
    X, y = data
    X = X.assign(patch="mine", region=None)
    PatchClassifier(model, patches=(2, 2), cv=2, random_state=0).fit(X, y)
    assert (X["patch"] == "mine").all()


def test_each_region_inside_the_estimator_is_set(log):
    features = CNNFeatureExtractor("squeezenet1_1", weights=None, region="lesion")
    model = PatchClassifier(make_pipeline(features, LogisticRegression()))
    inner = model._model(pd.DataFrame({"image": []}))
    assert inner[0].region == "breast"
    assert features.region == "lesion"


def test_an_estimator_without_a_region_is_an_error(data):
    with pytest.raises(ValueError, match=r"parameter 'region'.*LogisticRegression"):
        PatchClassifier(LogisticRegression()).fit(*data)


@pytest.mark.parametrize("patches", [(4,), (0, 3), (2, 2, 2), (1.5, 2)])
def test_a_grid_is_two_integers(data, model, patches):
    with pytest.raises(ValueError, match=r"'patches' parameter .* two integers"):
        PatchClassifier(model, patches=patches).fit(*data)


def test_pixels_are_refused(image_arrays):
    with pytest.raises(ValueError, match="full resolution"):
        PatchClassifier(CNN17Classifier(max_epochs=1)).fit(*image_arrays)


def test_three_classes_are_refused(data, model):
    X, y = data
    with pytest.raises(ValueError, match=r"2 classes\. Got 3"):
        PatchClassifier(model).fit(X, np.arange(len(y)) % 3)


def test_a_fold_of_one_class_is_an_error(data, model):
    X, y = data
    with pytest.raises(ValueError, match=r"both classes in each inner fold.*Lower cv"):
        PatchClassifier(model, cv=2).fit(X, y, groups=y)


def test_the_positive_class_is_named_where_only_the_alphabet_decides(data, model):
    X, y = data
    names = np.where(y == 1, "cancer", "normal")
    with pytest.warns(DataQualityWarning, match="treats 'normal' as the positive"):
        PatchClassifier(model, patches=(2, 2), cv=2, random_state=0).fit(X, names)


def test_an_unreadable_file_names_its_row(data, model, tmp_path):
    X, y = data
    X = X.copy()
    X.loc[3, "image"] = str(tmp_path / "no.png")
    with pytest.raises(ImageReadError, match=r"Row 3 of X: .*no\.png"):
        PatchClassifier(model, patches=(2, 2), cv=2, random_state=0).fit(X, y)


def test_a_file_is_decoded_for_the_drawn_patches_and_for_the_others(
    tmp_path, monkeypatch
):
    """In all inner folds together, and never again for prediction."""
    data = lesions(tmp_path, n_patients=8)
    decoded, decode = Counter(), _batch_readers.read_shared

    def counting(path, *arguments):
        if path.parent == tmp_path:  # threads of another test may still read its files
            decoded[path] += 1
        return decode(path, *arguments)

    monkeypatch.setattr(_batch_readers, "read_shared", counting)
    network = CNN17Classifier(
        width=2,
        weights=None,
        image_size=16,
        max_epochs=1,
        image_cache=tmp_path,
        random_state=0,
    )
    model = PatchClassifier(network, patches=(2, 2), n_drawn=2, cv=2, random_state=0)
    model.fit(*data)
    assert len(decoded) == len(data[0])
    assert max(decoded.values()) <= 2
    decoded.clear()
    model.predict(data[0])
    assert not decoded


def test_a_network_of_patches_in_a_comparison(data):
    X, y = data
    network = CNN17Classifier(
        width=2, weights=None, image_size=16, max_epochs=1, random_state=0
    )
    models = [
        ("whole", network),
        ("patches", PatchClassifier(network, patches=(2, 1), cv=2, random_state=0)),
    ]
    result = compare_models(models, X, y, groups=X["group"], cv=CV)
    assert result.predictions.groupby("model").size().to_dict() == {
        "patches": len(X),
        "whole": len(X),
    }


def test_patches_at_chance_are_warned_of(data, model):
    X, _ = data
    y = np.arange(len(X)) // 4 % 2  # half of the patients of each class
    with pytest.warns(DataQualityWarning, match="the same probability for all images"):
        model = PatchClassifier(model, patches=(2, 2), random_state=0).fit(X, y)
    assert len(np.unique(model.predict_proba(X)[:, 1])) == 1
