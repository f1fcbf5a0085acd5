"""A small part of the real data through the whole line: file, model, kappa."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score

from skfusion.datasets import load_breast_lesions_usg, load_busi, load_rsna
from skfusion.feature_extraction import make_feature_classifier
from skfusion.metrics import kappa_scorer


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
    assert (np.abs(scores) <= 1).all()
    assert len(np.unique(groups)) == 40
