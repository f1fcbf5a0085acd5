"""Threads, processes and a cluster compute what one thread computes, to the bit."""

import importlib.util
import pickle
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor, make_feature_classifier
from skfusion.fusion import PatchClassifier
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

EXAMPLE = Path(__file__).parents[2] / "examples" / "compare_on_cluster.py"


@pytest.fixture(scope="module", autouse=True)
def _many_threads_here():
    """More threads than a worker has: without the limit, sums would round otherwise."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    assert torch.get_num_threads() == 3
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
    # Its own n_jobs adds the scores of trees in any order; in a fit it has no effect.
    forest = RandomForestClassifier(20, n_jobs=-1, random_state=0)
    frozen = CNNFeatureExtractor("squeezenet1_1", cache=cache, **random)
    of_patches = CNN17Classifier(width=4, weights=None, max_epochs=1, **small)
    patches = {"patches": (2, 1), "n_drawn": 1, "cv": 2, "random_state": 0}
    return [
        ("frozen", make_feature_classifier("svm", cache=cache, **random)),
        ("forest", make_pipeline(frozen, forest)),
        ("cnn17", CNN17Classifier(width=4, weights=None, max_epochs=2, **small)),
        ("transfer", network),
        ("patches", PatchClassifier(of_patches, **patches)),
    ]


def compare(models, data, **options):
    options = {"cv": 4, **options}
    comparison = compare_models(models, data.data, data.target, **options)
    return comparison.predictions.groupby("model")["y_score"].agg(list)


@pytest.fixture(scope="module")
def alone(data):
    return compare(make_models(), data)


def check_same(place, data, alone, folder, n_jobs=None):
    models = make_models(cache=folder)
    with place:
        elsewhere = compare(models, data, n_jobs=n_jobs)
    assert elsewhere.to_dict() == alone.to_dict()
    # The features that were cached on the way are the same, too.
    again = compare(models[:2], data)
    assert again.to_dict() == alone[["forest", "frozen"]].to_dict()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_comparison_is_the_same_for_each_n_jobs(data, alone, tmp_path, n_jobs):
    check_same(nullcontext(), data, alone, tmp_path, n_jobs)


# They are more threads than a small machine has cores.
@pytest.mark.filterwarnings("ignore:.*fits at once:RuntimeWarning")
def test_a_comparison_is_the_same_in_four_threads(data, alone, tmp_path):
    check_same(parallel_config("threading", n_jobs=4), data, alone, tmp_path)


def test_a_comparison_is_the_same_in_two_processes(data, alone, tmp_path):
    check_same(parallel_config("loky", n_jobs=2), data, alone, tmp_path)


@pytest.mark.filterwarnings("ignore:.*fits at once:RuntimeWarning")
def test_a_comparison_of_two_threads_a_fit_is_the_same_in_two_processes(data):
    # Small, because four threads may compete for two cores.
    network = CNN17Classifier(
        width=4, weights=None, image_size=32, max_epochs=1, random_state=0
    )
    options = {"cv": 2, "threads_per_fit": 2}
    one, two = (compare([("a", network)], data, n_jobs=n, **options) for n in (1, 2))
    assert one.to_dict() == two.to_dict()


@pytest.mark.usefixtures("cluster")
def test_a_comparison_is_the_same_on_a_cluster(data, alone, tmp_path):
    check_same(parallel_config("dask"), data, alone, tmp_path)


@pytest.mark.usefixtures("cluster")
def test_the_example_gives_the_numbers_of_one_process(example, data):
    alone = example.compare(data)
    with parallel_config("dask"):
        together = example.compare(data)
    assert together.predictions.equals(alone.predictions)


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
