"""What a comparison costs, as ratios of two things timed in one run."""

import numpy as np
import pytest
import torch
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.images import ImageSource, read_image
from skfusion.images._eight_bits import to_uint8
from skfusion.metrics import kappa_scorer
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
SCORING = {"kappa": kappa_scorer, "accuracy": "accuracy", "roc_auc": "roc_auc"}


def networks():
    small = {
        "image_size": 32,
        "width": 8,
        "weights": None,
        "random_state": 0,
        "device": "cpu",
    }
    return [
        ("short", CNN17Classifier(max_epochs=6, **small)),
        ("long", CNN17Classifier(max_epochs=10, **small)),
    ]


def frozen():
    features = CNNFeatureExtractor(
        "mobilenet_v2",
        weights=None,
        image_size=96,
        random_state=0,
        device="cpu",
    )
    return [
        ("linear", make_pipeline(features, LogisticRegression(max_iter=1000))),
        ("svm", make_pipeline(features, SVC())),
    ]


@pytest.mark.parametrize("has_store", [False, True], ids=["plain", "with a store"])
@pytest.mark.parametrize("make_models", [networks, frozen], ids=["trained", "frozen"])
def test_a_comparison_costs_its_cross_validations(
    make_models, has_store, tmp_path, compare
):
    """compare_models / cross_validate of each of its models, from cold."""
    data = make_breast_images(
        160, image_size=96, folder=tmp_path / "images", random_state=0
    )
    groups, cv = np.arange(160), StratifiedKFold(4)
    folders = (tmp_path / str(number) for number in range(100))

    def comparison():
        store = next(folders) if has_store else None
        # As many threads as the cross-validations have.
        threads = torch.get_num_threads()
        options = {"groups": groups, "cv": cv, "store": store}
        options["threads_per_fit"] = threads
        compare_models(make_models(), data.data, data.target, **options)

    def cross_validations():
        for _, model in make_models():
            cross_validate(model, data.data, data.target, cv=cv, scoring=SCORING)

    compare(comparison, cross_validations, at_most=1.03)


CV = StratifiedKFold(5)
SMALL = {"image_size": 64, "max_epochs": 4, "random_state": 0, "device": "cpu"}
LARGE = {"image_size": 96, "weights": None, "random_state": 0, "device": "cpu"}
NETWORKS = {
    "transfer": TransferCNNClassifier("mobilenet_v2", weights=None, **SMALL),
    "cnn17": CNN17Classifier(**SMALL),
}


def on_features():
    """Steps after the frozen network."""
    sampler, forest = SMOTE(random_state=0), RandomForestClassifier(random_state=0)
    return {
        "svm": [("scale", StandardScaler()), ("sampler", sampler), ("svm", SVC())],
        "forest": [("sampler", sampler), ("forest", forest)],
    }


def by_hand(data):
    """Decode each file once for both sizes, and each image passes once."""
    images = np.stack([read_image(path) for path in data.data["image"]])[..., None]
    large, small = (ImageSource(images, image_size=side)[:] for side in (96, 64))
    features = CNNFeatureExtractor("mobilenet_v2", **LARGE).fit(large).transform(large)
    models = {name: Pipeline(steps) for name, steps in on_features().items()}
    scores = {}
    for name, model in {**models, **NETWORKS}.items():
        X, X_test = (to_uint8(small), small) if name in NETWORKS else (features,) * 2
        scores[name] = np.zeros(len(X))
        for train, test in CV.split(X, data.target):
            fitted = clone(model).fit(X[train], np.asarray(data.target)[train])
            scores[name][test] = scores_of(fitted, X_test[test])
    return scores


def scores_of(fitted, X):
    if isinstance(fitted, Pipeline):
        fitted.predict(X)  # which a network derives from its probabilities
    if hasattr(fitted, "predict_proba"):
        return fitted.predict_proba(X)[:, 1]
    return fitted.decision_function(X)


def by_study(data, store):
    frozen = {
        name: Pipeline([("features", CNNFeatureExtractor("mobilenet_v2", **LARGE)), *s])
        for name, s in on_features().items()
    }
    models = list({**frozen, **NETWORKS}.items())
    options = {"groups": np.arange(len(data.target)), "cv": CV, "store": store}
    options["threads_per_fit"] = torch.get_num_threads()  # as many as by hand
    return compare_models(models, data.data, data.target, **options)


@pytest.mark.parametrize("has_store", [False, True], ids=["plain", "with a store"])
def test_a_study_costs_its_training_loops(has_store, tmp_path, compare):
    """compare_models of four models / their loops by hand, one decode and one pass."""
    data = make_breast_images(
        200, image_size=256, folder=tmp_path / "images", random_state=0
    )
    folders = (tmp_path / str(number) for number in range(100))

    def study():
        return by_study(data, next(folders) if has_store else None)

    predictions, scores = study().predictions, by_hand(data)
    for name, rows in predictions.groupby("model"):
        found = rows.sort_values("row")["y_score"]
        np.testing.assert_array_equal(found, scores[name])
    compare(study, lambda: by_hand(data), at_most=1.10)
