"""Successive halving with epochs as the resource, on folds that no group crosses."""

import numpy as np
import pytest
import sklearn
from imblearn.pipeline import make_pipeline
from joblib import parallel_config
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    StratifiedGroupKFold,
)

from skfusion.datasets import make_breast_images, make_breast_pairs
from skfusion.fusion import LevelAggregator, MultiBranchCNNClassifier
from skfusion.metrics import kappa_scorer, make_level_scorer
from skfusion.model_selection import compare_models
from skfusion.model_selection._thread_limit import limited_threads
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.over_sampling import ImageOverSampler

NETWORK = CNN17Classifier(
    width=2, weights=None, image_size=16, random_state=0, device="cpu"
)
PIPELINE = make_pipeline(ImageOverSampler(random_state=0), NETWORK)
RATES = [0.001, 0.01]
HALVING = {
    "resource": "max_epochs",
    "min_resources": 1,
    "max_resources": 2,
    "factor": 2,
    "scoring": kappa_scorer,
    "random_state": 0,
    "error_score": "raise",
}


class Recording(StratifiedGroupKFold):
    """Folds that count their splits, and those that a group crosses."""

    def __init__(self, n_splits=2):
        super().__init__(n_splits)
        self.n_seen = self.n_crossed = 0

    def split(self, X, y, groups):
        for train, test in super().split(X, y, groups):
            self.n_seen += 1
            self.n_crossed += bool(set(groups[train]) & set(groups[test]))
            yield train, test


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    return make_breast_images(
        16, image_size=16, n_views=2, folder=folder, random_state=0
    )


def halving(model=NETWORK, prefix="", **options):
    grid = {f"{prefix}learning_rate": RATES}
    options = {
        **HALVING,
        "cv": Recording(),
        "resource": f"{prefix}max_epochs",
    } | options
    return HalvingGridSearchCV(model, grid, **options)


@pytest.mark.parametrize("form", ["table", "paths", "pixels"])
def test_the_resources_are_epochs(data, form):
    forms = {"table": data.data, "paths": list(data.data["image"])}
    search = halving()
    search.fit(forms.get(form, data.images), data.target, groups=data.groups)
    assert search.n_resources_ == [1, 2]
    assert search.n_candidates_ == [2, 1]
    assert search.cv_results_["param_max_epochs"].tolist() == [1, 1, 2]
    assert search.best_params_["max_epochs"] == search.best_estimator_.n_iter_ == 2
    assert search.cv.n_seen
    assert not search.cv.n_crossed


@pytest.mark.parametrize("routing", [False, True])
def test_a_network_in_a_pipeline_is_halved(data, routing):
    search = halving(PIPELINE, "cnn17classifier__")
    with sklearn.config_context(enable_metadata_routing=routing):
        search.fit(data.data, data.target, groups=data.groups)
    assert search.n_resources_ == [1, 2]
    assert search.best_estimator_[-1].n_iter_ == 2
    assert search.cv.n_seen
    assert not search.cv.n_crossed


def test_epochs_are_at_most_the_resource_with_early_stopping(data):
    network = clone(NETWORK).set_params(early_stopping=True, n_iter_no_change=1)
    options = {"min_resources": 2, "max_resources": 4}
    search = halving(network, **options)
    search.fit(data.data, data.target, groups=data.groups)
    assert search.n_resources_ == [2, 4]
    assert 1 <= search.best_estimator_.n_iter_ <= 4


def test_a_step_may_be_a_candidate_itself(data):
    transfer = TransferCNNClassifier(
        "squeezenet1_1", weights=None, image_size=32, random_state=0, device="cpu"
    )
    networks = [clone(NETWORK).set_params(width=3), transfer]
    options = {**HALVING, "resource": "cnn17classifier__max_epochs"}
    search = HalvingGridSearchCV(
        PIPELINE, {"cnn17classifier": networks}, cv=Recording(), **options
    ).fit(data.data, data.target, groups=data.groups)
    assert search.n_resources_ == [1, 2]
    assert search.best_estimator_[-1].n_iter_ == 2


def test_breasts_can_be_counted(data):
    search = halving(
        LevelAggregator(NETWORK, by="group"),
        "estimator__",
        scoring=make_level_scorer("group"),
    ).fit(data.data, data.target, groups=data.groups)
    assert search.best_estimator_.estimator_.n_iter_ == 2


def test_a_network_of_two_branches_is_halved(tmp_path):
    pairs = make_breast_pairs(16, image_size=16, folder=tmp_path, random_state=0)
    columns = ["mammogram", "ultrasound"]
    network = MultiBranchCNNClassifier(columns, width=2, image_size=16, random_state=0)
    search = halving(network).fit(pairs.data, pairs.target, groups=pairs.groups)
    assert search.best_estimator_.n_iter_ == 2


def test_the_rate_that_learns_is_found():
    """Bright squares, which a network of the lowest rate does not learn."""
    y, groups = np.tile([0, 0, 1, 1], 10), np.repeat(np.arange(20), 2)
    X = np.random.default_rng(0).uniform(0, 0.4, (40, 16, 16)).astype(np.float32)
    X[y == 1, 4:12, 4:12] += 0.5
    network = clone(NETWORK).set_params(width=4, batch_size=8)
    options = {**HALVING, "min_resources": 8, "max_resources": 16, "refit": False}
    rates = {"learning_rate": [0.01, 1e-6]}
    search = HalvingGridSearchCV(network, rates, cv=Recording(), **options)
    search.fit(X, y, groups=groups)
    assert search.best_params_ == {"learning_rate": 0.01, "max_epochs": 16}


def test_candidates_can_be_drawn(data):
    options = {**HALVING, "cv": Recording(), "n_candidates": 2}
    search = HalvingRandomSearchCV(NETWORK, {"learning_rate": RATES}, **options)
    search.fit(data.data, data.target, groups=data.groups)
    assert search.n_resources_ == [1, 2]


def test_a_study_halves_inside_its_folds(data):
    search = halving(cv=StratifiedGroupKFold(2))
    options = {"groups": data.groups, "cv": 2, "error_score": "raise"}
    study = compare_models([("search", search)], data.data, data.target, **options)
    assert study.folds["kappa"].notna().all()


@pytest.mark.slow
def test_two_fits_at_once_find_what_one_finds(data):
    def scores():
        search = halving(scoring="neg_log_loss", refit=False)
        search.fit(data.data, data.target, groups=data.groups)
        return search.cv_results_["mean_test_score"].tolist()

    with limited_threads(1):
        one = scores()
    with parallel_config("loky", n_jobs=2, inner_max_num_threads=1):
        assert scores() == one
