"""Threads, processes and a cluster compute what one thread does, to the bit."""

from contextlib import contextmanager

import pytest
import torch
from joblib import parallel_config

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import make_feature_classifier
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier


@pytest.fixture(scope="module", autouse=True)
def one_core_each():
    """Sums over more of them round otherwise."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    return make_breast_images(24, image_size=32, folder=folder, random_state=0)


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


@contextmanager
def cluster():
    distributed = pytest.importorskip("distributed")
    local = distributed.LocalCluster(
        n_workers=1, threads_per_worker=4, dashboard_address=None
    )
    with local, distributed.Client(local), parallel_config("dask"):
        yield


PLACES = {
    "four threads": lambda: parallel_config("threading", n_jobs=4),
    "two processes": lambda: parallel_config("loky", n_jobs=2, inner_max_num_threads=1),
    "a worker of four threads": cluster,
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_comparison_is_the_same_wherever_it_runs(data, alone, tmp_path, place):
    models = make_models(cache=tmp_path)
    with place():
        there = compare(models, data)
    assert there.to_dict() == alone.to_dict()
    # And so is what was kept on the way.
    assert compare(models[:1], data)["frozen"] == alone["frozen"]
