"""A small part of the real data through the whole line: file, model, kappa."""

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_busi,
    load_rsna,
)
from skfusion.feature_extraction import CNNFeatureExtractor, make_feature_classifier
from skfusion.metrics import kappa_scorer
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.over_sampling import ImageOverSampler


def _some_groups(data, n_groups):
    chosen = np.random.default_rng(0).permutation(np.unique(data.groups))[:n_groups]
    rows = np.isin(data.groups, chosen)
    return data.data[rows].reset_index(drop=True), data.target[rows], data.groups[rows]


@pytest.mark.parametrize("load", [load_rsna, load_busi, load_breast_lesions_usg])
def test_from_file_to_kappa(load, data_folder, weights_folder):
    X, y, groups = _some_groups(load(data_folder), 40)
    weights = next(weights_folder.glob("squeezenet1_1*.pth"))
    model = make_feature_classifier(
        "svm", backbone="squeezenet1_1", weights=weights, image_size=64, random_state=0
    )
    cv = StratifiedGroupKFold(2, shuffle=True, random_state=0)
    scores = cross_val_score(
        model, X, y, groups=groups, scoring=kappa_scorer, cv=cv, error_score="raise"
    )
    assert np.isfinite(scores).all()
    # An SVM knows the images it was fitted on; chance would be about 0.
    assert kappa_scorer(model.fit(X, y), X, y) > 0.4


@pytest.mark.slow
def test_the_mixed_grid_runs_on_real_files(data_folder, weights_folder):
    data = concat_datasets(
        load_rsna(data_folder),
        load_busi(data_folder),
        load_breast_lesions_usg(data_folder),
    )
    X, y, groups = _some_groups(data, 90)
    file = next(weights_folder.glob("mobilenet_v2*.pth"))
    features = CNNFeatureExtractor("mobilenet_v2", weights=file, image_size=64)
    small = {"image_size": 64, "max_epochs": 1}
    transfer = TransferCNNClassifier("mobilenet_v2", weights=file, **small)
    custom = CNN17Classifier(early_stopping=True, width=8, weights=None, **small)
    by_modality = ImageOverSampler(by="modality")
    models = [
        make_pipeline(features, StandardScaler(), SMOTE(), SVC()),
        make_pipeline(by_modality, features, RandomForestClassifier()),
        make_pipeline(by_modality, transfer),
        make_pipeline(RandomOverSampler(), custom),
    ]
    search = GridSearchCV(
        Pipeline([("model", models[-1])]),
        {"model": models},
        scoring=kappa_scorer,
        cv=StratifiedGroupKFold(2),
        error_score="raise",
    ).fit(X, y, groups=groups)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert set(search.predict(X)) <= {0, 1}
