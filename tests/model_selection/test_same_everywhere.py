"""Threads, processes and a cluster compute what one thread computes, to the bit."""

import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor, make_feature_classifier
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

EXAMPLE = Path(__file__).parents[2] / "examples" / "compare_on_cluster.py"


@pytest.fixture(scope="module", autouse=True)
def _one_core_each():
    """As many threads as a worker has: sums over more of them round otherwise."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    return make_breast_images(24, image_size=32, folder=folder, random_state=0)


@pytest.fixture(scope="module")
def cluster():
    """Two workers, each of which fits several models at a time."""
    distributed = pytest.importorskip("distributed")
    local = distributed.LocalCluster(
        n_workers=2, threads_per_worker=4, dashboard_address=None
    )
    with local, distributed.Client(local):
        yield


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("compare_on_cluster", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_models(cache=None):
    small = {"image_size": 32, "random_state": 0}
    random = {"weights": None, **small}
    network = TransferCNNClassifier("shufflenet_v2_x0_5", max_epochs=1, **random)
    return [
        ("frozen", make_feature_classifier("svm", cache=cache, **random)),
        ("cnn17", CNN17Classifier(width=4, max_epochs=2, **small)),
        ("transfer", network),
    ]


def compare(models, data):
    comparison = compare_models(models, data.data, data.target, cv=4)
    return comparison.predictions.groupby("model")["y_score"].agg(list)


@pytest.fixture(scope="module")
def alone(data):
    return compare(make_models(), data)


def check_same(place, data, alone, folder):
    models = make_models(cache=folder)
    with place:
        elsewhere = compare(models, data)
    assert elsewhere.to_dict() == alone.to_dict()
    # The features that were cached on the way are the same, too.
    assert compare(models[:1], data)["frozen"] == alone["frozen"]


def test_a_comparison_is_the_same_in_four_threads(data, alone, tmp_path):
    check_same(parallel_config("threading", n_jobs=4), data, alone, tmp_path)


def test_a_comparison_is_the_same_in_two_processes(data, alone, tmp_path):
    place = parallel_config("loky", n_jobs=2, inner_max_num_threads=1)
    check_same(place, data, alone, tmp_path)


@pytest.mark.usefixtures("cluster")
def test_a_comparison_is_the_same_on_a_cluster(data, alone, tmp_path):
    check_same(parallel_config("dask"), data, alone, tmp_path)


@pytest.mark.usefixtures("cluster")
def test_the_example_gives_the_numbers_of_one_process(example, data):
    alone = example.compare(data)
    with parallel_config("dask"):
        together = example.compare(data)
    np.testing.assert_allclose(
        together.predictions["y_score"], alone.predictions["y_score"], atol=1e-5
    )


@pytest.mark.usefixtures("cluster")
def test_a_search_gives_the_numbers_of_one_process(data, tmp_path):
    features = CNNFeatureExtractor(
        "squeezenet1_1", weights=None, image_size=32, random_state=0, cache=tmp_path
    )
    pipeline = make_pipeline(features, LogisticRegression())
    search = GridSearchCV(pipeline, {"logisticregression__C": [0.01, 1]}, cv=2)
    alone = search.fit(data.data, data.target).cv_results_["mean_test_score"]
    with parallel_config("dask"):
        together = search.fit(data.data, data.target).cv_results_["mean_test_score"]
    np.testing.assert_allclose(together, alone)


def test_what_is_sent_is_small(example, data):
    for _, model in example.make_models():
        assert len(pickle.dumps((model, data.data))) < 20_000
