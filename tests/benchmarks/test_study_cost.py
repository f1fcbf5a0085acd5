"""What a comparison costs, as ratios of two things timed in one run."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.metrics import kappa_scorer
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
SCORING = {"kappa": kappa_scorer, "accuracy": "accuracy", "roc_auc": "roc_auc"}


def networks():
    small = {"image_size": 32, "width": 8, "random_state": 0, "device": "cpu"}
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
